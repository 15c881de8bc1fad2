"""What each side of a split did: counts of requests, read from the log and nothing else, so that no crash loses one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from regrove.serving.traffic import SHARES

if TYPE_CHECKING:
    import polars as pl

    from regrove.serving.edges import GuardEdges
    from regrove.serving.store import Publication

__all__ = ["Tally", "Units", "tally"]


class Units(msgspec.Struct, frozen=True, kw_only=True):
    """How many callers first did a thing in one generation on one side; each counts once in all generations together.

    A caller always comes to the same side, so that requests of one are not drawn to a side one by one, and a test that
    takes them for so many units finds differences where there are none. The first of each caller is drawn.
    """

    requests: int
    failed: int
    slow_p95: int
    slow_p99: int
    scores: tuple[int, ...]


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """What one revision did while one generation stood; a request is a unit."""

    generation: int
    revision: int
    candidate: bool
    share: float
    """Of the candidate in this generation, between 0 and 1."""
    requests: int
    """Answered and failed ones together, each request id once."""
    failed: int
    """Requests that the revision failed, by a fault of its own."""
    slow_p95: int
    """Answered requests that took longer than the frozen 95th percentile of the control."""
    slow_p99: int
    scores: tuple[int, ...]
    """Answered requests in each cell of the frozen scores; empty when no edges were frozen."""
    first_at: int
    """Domain time of the first request, in microseconds; 0 for none."""
    last_at: int
    units: Units | None = None
    """The same by callers; None where every request is one of its own."""


def tally(published: Sequence[Publication], requests: pl.DataFrame, failures: pl.DataFrame) -> list[Tally]:
    """The tallies of both sides of each generation in ``published``, the older generation and the control first.

    ``requests`` holds a row an answered request (``request_id``, ``at``, ``generation``, ``revision``, ``seconds``,
    ``overridden``, ``score``), ``failures`` one a failed request. A request that failed and was answered when it was
    sent again counts as failed, once.
    """
    sides = []
    for each in published:
        for place, revision in enumerate(each.arms if each.candidates else ()):
            failed = _of(failures, each.number, revision.number)
            answered = _of(requests, each.number, revision.number)
            # Each request is one unit: what failed is not judged by its time or score as well.
            clean = answered.join(failed.select("request_id"), on="request_id", how="anti")
            sides.append(_Side(each, revision.number, place > 0, _judged(clean, each.edges), failed))
    units = _units(sides)
    return [_tally(side, units.get((side.published.number, side.revision))) for side in sides]


class _Side(NamedTuple):
    """What one revision did in one generation."""

    published: Publication
    revision: int
    candidate: bool
    clean: pl.DataFrame
    """Answered requests with ``slow_p95``, ``slow_p99`` and ``cell``."""
    failed: pl.DataFrame


def _judged(clean: pl.DataFrame, edges: GuardEdges | None) -> pl.DataFrame:
    """Answered requests, held against the frozen edges."""
    import polars as pl

    none = pl.Series("cell", [None] * clean.height, dtype=pl.Int64)
    cells = (
        pl.Series("cell", [edges.cell(each) for each in clean["score"].to_list()], dtype=pl.Int64) if edges else none
    )
    return clean.with_columns(
        (pl.col("seconds") > (edges.p95_s if edges else float("inf"))).fill_null(False).alias("slow_p95"),
        (pl.col("seconds") > (edges.p99_s if edges else float("inf"))).fill_null(False).alias("slow_p99"),
        cells,
    )


def _units(sides: Sequence[_Side]) -> dict[tuple[int, int], Units]:
    """By generation and revision, where any caller came twice; otherwise nothing."""
    import polars as pl

    if not sides:
        return {}
    # A key and an id that read alike are two callers.
    unit = pl.when(pl.col("key").is_null()).then("request_id " + pl.col("request_id")).otherwise("key " + pl.col("key"))
    common = ("at", "generation", "revision", "unit")
    clean = pl.concat([each.clean for each in sides]).with_columns(unit=unit)
    failed = pl.concat([each.failed for each in sides]).with_columns(unit=unit).select(common)
    whole = pl.concat([clean.select(common), failed])
    if whole["unit"].n_unique() == whole.height:
        return {}

    def first(frame: pl.DataFrame, *by: str) -> dict[tuple[int, ...], int]:
        mine = frame.sort("at").unique(["unit", *by], keep="first", maintain_order=True)
        return {tuple(row[:-1]): row[-1] for row in mine.group_by("generation", "revision", *by).len().iter_rows()}

    asked, fell = first(whole), first(failed)
    p95, p99 = first(clean.filter("slow_p95")), first(clean.filter("slow_p99"))
    cells = first(clean.filter(pl.col("cell").is_not_null()), "cell")
    found = {}
    for each in sides:
        key, edges = (each.published.number, each.revision), each.published.edges
        found[key] = Units(
            requests=asked.get(key, 0),
            failed=fell.get(key, 0),
            slow_p95=p95.get(key, 0),
            slow_p99=p99.get(key, 0),
            scores=tuple(cells.get((*key, cell), 0) for cell in range(edges.cells if edges else 0)),
        )
    return found


def _of(frame: pl.DataFrame, generation: int, revision: int) -> pl.DataFrame:
    import polars as pl

    mine = (pl.col("generation") == generation) & (pl.col("revision") == revision) & ~pl.col("overridden")
    return frame.filter(mine).sort("at").unique("request_id", keep="first", maintain_order=True)


def _tally(side: _Side, units: Units | None) -> Tally:
    import polars as pl

    published, clean, failed = side.published, side.clean, side.failed
    counts = dict(clean.group_by("cell").len().iter_rows())
    times = pl.concat([clean["at"], failed["at"]]).to_physical()
    return Tally(
        generation=published.number,
        revision=side.revision,
        candidate=side.candidate,
        share=sum(arm.share for arm in published.candidates) / SHARES,
        requests=clean.height + failed.height,
        failed=failed.height,
        slow_p95=int(clean["slow_p95"].sum()),
        slow_p99=int(clean["slow_p99"].sum()),
        scores=tuple(counts.get(cell, 0) for cell in range(published.edges.cells if published.edges else 0)),
        first_at=int(times.min()) if len(times) else 0,  # type: ignore[arg-type]  # a column of whole numbers
        last_at=int(times.max()) if len(times) else 0,  # type: ignore[arg-type]  # a column of whole numbers
        units=units,
    )

"""What each side of a split did: counts of requests, read from the log and nothing else, so that no crash loses one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from regrove.serving.traffic import SHARES

if TYPE_CHECKING:
    import polars as pl

    from regrove.serving.edges import GuardEdges
    from regrove.serving.store import Publication

__all__ = ["Tally", "tally"]


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


def tally(published: Sequence[Publication], requests: pl.DataFrame, failures: pl.DataFrame) -> list[Tally]:
    """The tallies of both sides of each generation in ``published``, the older generation and the control first.

    ``requests`` holds a row an answered request (``request_id``, ``at``, ``generation``, ``revision``, ``seconds``,
    ``overridden``, ``score``), ``failures`` one a failed request. A request that failed and was answered when it was
    sent again counts as failed, once.
    """
    found = []
    for each in published:
        if not each.candidates:
            continue
        share = sum(arm.share for arm in each.candidates) / SHARES
        for place, revision in enumerate(each.arms):
            answered = _of(requests, each.number, revision.number)
            failed = _of(failures, each.number, revision.number)
            found.append(_tally(each, revision.number, answered, failed, candidate=place > 0, share=share))
    return found


def _of(frame: pl.DataFrame, generation: int, revision: int) -> pl.DataFrame:
    import polars as pl

    mine = (pl.col("generation") == generation) & (pl.col("revision") == revision) & ~pl.col("overridden")
    return frame.filter(mine).sort("at").unique("request_id", keep="first", maintain_order=True)


def _tally(
    published: Publication,
    revision: int,
    answered: pl.DataFrame,
    failed: pl.DataFrame,
    *,
    candidate: bool,
    share: float,
) -> Tally:
    import polars as pl

    edges = published.edges
    # Each request is one unit: what failed is not judged by its time or score as well.
    clean = answered.join(failed.select("request_id"), on="request_id", how="anti")
    times = pl.concat([clean["at"], failed["at"]]).to_physical()
    return Tally(
        generation=published.number,
        revision=revision,
        candidate=candidate,
        share=share,
        requests=clean.height + failed.height,
        failed=failed.height,
        slow_p95=int((clean["seconds"] > edges.p95_s).sum()) if edges else 0,
        slow_p99=int((clean["seconds"] > edges.p99_s).sum()) if edges else 0,
        scores=_cells(edges, clean["score"].to_list()) if edges else (),
        first_at=int(times.min()) if len(times) else 0,  # type: ignore[arg-type]  # a column of whole numbers
        last_at=int(times.max()) if len(times) else 0,  # type: ignore[arg-type]  # a column of whole numbers
    )


def _cells(edges: GuardEdges, scores: Sequence[object]) -> tuple[int, ...]:
    counts = [0] * edges.cells
    for each in scores:
        counts[edges.cell(each)] += 1
    return tuple(counts)

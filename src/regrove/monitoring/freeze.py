"""Freezing a reference from the rows of a run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

import msgspec

from regrove.monitoring import artifact as artifacts
from regrove.monitoring.block import Block, block_at
from regrove.monitoring.column import AnyLayout, Watched, layout_for, watched
from regrove.monitoring.loss import check_metric, judged
from regrove.monitoring.reference import Frozen, FrozenBlock, LossReference
from regrove.monitoring.summary import pack, prepared, summarise

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

    from regrove.monitoring.artifact import Artifact
    from regrove.monitoring.config import Loss, MonitorConfig
    from regrove.registry import ModelVersion, Signature
    from regrove.storage import Vault

__all__ = ["freeze", "usual"]

_DAY: Final = 86_400_000_000
_REACH_DAYS: Final = {"1d": 366, "1h": 60}
"""No more of a run's rows than these days: a reference is of constant size."""
_YEAR: Final = {"1d": 365, "1h": 8760}
_LEAST_BLOCKS: Final = 20
"""Fewer blocks do not show what the loss of a block is like."""
_LEAST_ROWS: Final = 0.1
"""Blocks with less than a tenth of the usual rows are cut off at an end, and are not usual ones."""
_SERIAL: Final = 0.3


def freeze(
    monitor: str, config: MonitorConfig, version: ModelVersion, artifact: Artifact, vault: Vault, sample: pl.DataFrame
) -> Frozen | None:
    """The reference of a model version.

    Args:
        monitor: the monitor's name, for errors.
        config: what is declared of it.
        version: the model version.
        artifact: what its run left behind.
        vault: where the artifact is.
        sample: rows of the log that give cells to columns which the run left no values of.

    Returns None when neither the run nor the log has any row yet. Raises InvalidDeclaration for columns or a metric
    that do not fit the model.
    """
    declared = config.drift.columns if config.drift else ()
    columns = watched(version.signature, declared, monitor=monitor)
    names = [each.name for each in columns]
    known = _rows(vault, artifact, names, config.block)
    if config.performance:
        check_metric(config.performance.metric, version.signature, monitor=monitor)
    if not known.height and not sample.height:
        return None
    columns, layouts = _layouts(columns, known, sample, config.zone)
    timed = known.filter(known["at"].is_not_null())
    if known.height and not timed.height:
        why = f"the rows of {artifact.run} have no time: its split was made at random"
        artifact = msgspec.structs.replace(artifact, why=why)
    from regrove.stats.summaries import layout_to_bytes

    return Frozen(
        model=version.ref,
        signature=version.signature,
        artifact=artifact,
        block=config.block,
        zone=config.zone,
        columns=columns,
        layouts={name: layout_to_bytes(layout) for name, layout in layouts.items()},
        missing=tuple(name for name in declared or () if name not in version.signature.request),
        blocks=tuple(_blocks(timed, columns, layouts, config)),
        loss=_loss(timed, version.signature, config),
    )


def _rows(vault: Vault, artifact: Artifact, names: Sequence[str], block: str) -> pl.DataFrame:
    import polars as pl

    if not artifact.digest:
        return pl.DataFrame(schema={"at": pl.Datetime("us", "UTC")})
    return artifacts.rows(vault, artifact, names, reach=_REACH_DAYS[block] * _DAY)


def _layouts(
    columns: Sequence[Watched], known: pl.DataFrame, sample: pl.DataFrame, zone: str
) -> tuple[tuple[Watched, ...], dict[str, AnyLayout]]:
    """The cells of each column, from the run where it has values, else from the log."""
    import polars as pl

    own, asked = prepared(known, columns, zone), prepared(sample, columns, zone)
    kept, layouts = [], {}
    for each in columns:
        values = next(
            (part[each.name] for part in (own, asked) if each.name in part.columns and part[each.name].count()),
            pl.Series([], dtype=pl.Float64 if each.form in ("number", "hour") else pl.String),
        )
        column, layouts[each.name] = layout_for(each, values)
        kept.append(column)
    return tuple(kept), layouts


def _cut(rows: pl.DataFrame, config: MonitorConfig) -> Iterator[tuple[Block, pl.DataFrame]]:
    """Rows, which are in order of time, by the block that they lie in."""
    import numpy as np

    if not rows.height:
        return
    at = rows["at"].to_physical().to_numpy()
    start = 0
    while start < len(at):
        block = block_at(int(at[start]), config.block, config.zone)
        end = int(np.searchsorted(at, block.end_at))
        yield block, rows[start:end]
        start = end


def _blocks(
    rows: pl.DataFrame, columns: Sequence[Watched], layouts: dict[str, AnyLayout], config: MonitorConfig
) -> Iterator[FrozenBlock]:
    first = next((each.name for each in columns if each.is_output and each.name in rows.columns), None)
    for block, part in _cut(rows, config):
        answered = part.filter(part[first].is_not_null()) if first else part.clear()
        summaries = summarise(part, columns, layouts, config.zone, answered=answered)
        yield FrozenBlock(block=block, rows=part.height, summaries=pack(summaries))


def _loss(rows: pl.DataFrame, signature: Signature, config: MonitorConfig) -> LossReference | None:
    """The loss on the rows that were predicted out of sample and whose label is known."""
    if config.performance is None:
        return None
    metric = config.performance.metric
    answers = [f"output.{name}" for name in signature.output.schema.names]
    lacks = [name for name in (*answers, "label") if name not in rows.columns]
    if lacks:
        return LossReference(metric=metric, scale=None, why="the run left no rows predicted out of sample")
    whole = rows.filter(rows[answers[0]].is_not_null() & rows["label"].is_not_null())
    return _learnt(whole, metric, signature, config)


def _learnt(rows: pl.DataFrame, metric: Loss, signature: Signature, config: MonitorConfig) -> LossReference:
    what = judged(metric, signature, rows)
    scale = what.scale()
    if scale is None:
        why = "has a loss above 0" if rows.height else "with a label is there"
        return LossReference(metric=metric, scale=None, why=f"no row predicted out of sample {why}")
    raw, unit = what.raw(), what.scaled(scale)
    found, place = [], 0
    for block, part in _cut(rows, config):
        here = slice(place, place + part.height)
        found.append((block.start_at, part.height, float(unit[here].mean()), float(raw[here].mean())))
        place += part.height
    return usual(metric, scale, found, block=config.block)


def usual(
    metric: Loss, scale: float, blocks: Sequence[tuple[int, int, float, float]], *, block: str = "1d"
) -> LossReference:
    """The reference of the loss from its blocks: start, rows, mean from 0 to 1 and mean in units of the metric of each.

    Blocks with less than a tenth of the usual rows are left out.
    """
    import numpy as np

    from regrove.stats.sequential import calibrate_cusum, ceiling

    most = float(np.median([each[1] for each in blocks]))
    losses = tuple(each for each in blocks if each[1] >= _LEAST_ROWS * most)
    if len(losses) < _LEAST_BLOCKS:
        unit = "days" if block == "1d" else "hours"
        why = f"the run left {len(losses)} {unit} predicted out of sample; {_LEAST_BLOCKS} are needed"
        return LossReference(metric=metric, scale=scale, losses=losses, why=why)
    means = np.array([each[2] for each in losses])
    run = _run(means)
    top = ceiling(means)
    return LossReference(
        metric=metric,
        scale=scale,
        losses=losses,
        run=run,
        plan=calibrate_cusum(means, year=_YEAR[block], run=run),
        ceiling=top if top > 0.0 else None,
        why="" if top > 0.0 else "the loss was 0 on every block predicted out of sample",
    )


def _run(means: np.ndarray[tuple[int], np.dtype[np.float64]]) -> int:
    """How many neighbours hang together: 1 unless they are clearly alike."""
    from regrove.stats.drift import autocorrelation, automatic_length

    if autocorrelation(means) <= _SERIAL:
        return 1
    return min(automatic_length(means), len(means) // 2)

"""The picture of an alert: the column that moved, or the losses that grew."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from regrove.monitoring.column import AnyLayout
    from regrove.monitoring.drift import Counted
    from regrove.monitoring.loss import MatureLoss
    from regrove.monitoring.reference import LossReference
    from regrove.monitoring.verdict import Finding, Verdict
    from regrove.render import Picture

__all__ = ["of_losses", "of_window", "worst"]

_CELLS: Final = 16
"""So many columns are told apart in a small picture."""
_LOSSES: Final = 90


def worst(found: Sequence[Finding]) -> Finding | None:
    """The finding that an alert is drawn from: the drifting column of the least chance, then of the largest effect."""
    drifting = [each for each in found if each.verdict == "DRIFT"]

    def strength(each: Finding) -> tuple[float, float]:
        ratio = abs(each.value) / each.floor if each.value is not None and each.floor else 0.0
        return (1.0 if each.p is None else each.p, -ratio)

    return min(drifting, key=strength, default=None)


def of_window(verdict: Verdict, name: str, layout: AnyLayout, reference: Counted, window: Counted) -> Picture:
    """The column ``name`` in the reference and in the window of a verdict."""
    import numpy as np

    from regrove.render import Cells, distribution
    from regrove.stats.drift.cells import gather, neighbours
    from regrove.stats.summaries import NumericLayout

    before, after = (
        np.stack([each[name].cells() for _, each in side if name in each]).sum(axis=0).astype(np.float64)
        for side in (reference, window)
    )
    if isinstance(layout, NumericLayout):
        count = layout.cells
        groups = neighbours(before[:count] + after[:count], _CELLS)
        edges = layout.edges[np.flatnonzero(np.diff(groups))].tolist()  # after the last cell of each group but one
        parts = [np.append(gather(side[:count], groups), side[count:]).tolist() for side in (before, after)]
        cells = Cells.numeric(edges, *parts, others=["broken", "null"])
    else:
        labels = (*layout.top, "other", "never seen before", "null")
        cells = Cells(labels=labels, reference=tuple(before.tolist()), window=tuple(after.tolist()))
    return distribution(cells, title=f"{name}: the last {verdict.window} against {verdict.reference}")


def of_losses(usual: LossReference, losses: Sequence[MatureLoss]) -> Picture:
    """The losses of the last blocks of a model, with the largest that still counts as unchanged."""
    from regrove.render import sparkline

    seen = losses[-_LOSSES:]
    floor = None if usual.ceiling is None or usual.scale is None else usual.ceiling * usual.scale
    return sparkline(
        [each.mean for each in seen],
        title=f"{usual.metric} of {losses[-1].model}, the last {len(seen)} blocks",
        floor=floor,
        width=320,
        height=72,
    )

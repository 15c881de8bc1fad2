"""All columns of a window against the reference: one calibration, shared draws, a test and effects for each."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import msgspec
import numpy as np
import numpy.typing as npt
from scipy import special

from regrove.stats.drift.calibration import Calibration, calibrate
from regrove.stats.drift.column import ColumnCounts
from regrove.stats.drift.counts import Floats
from regrove.stats.drift.design import anderson_design, design_effect, f_p, share_design
from regrove.stats.drift.effects import Effect, measure
from regrove.stats.drift.held_out import leave_one_out
from regrove.stats.drift.independent import anderson_moments, anderson_p, drawn_chi_square_p, null_pairs
from regrove.stats.drift.permutation import BlockNull, block_null, chi_square_p, group, statistics_of
from regrove.stats.verdict import InvalidStatistic, Tier

__all__ = ["ColumnTest", "Comparison", "compare"]

_EFFECT_DRAWS = 400


class ColumnTest(msgspec.Struct, frozen=True, kw_only=True):
    """What was found in one column."""

    name: str
    p: float | None
    """The smaller of the p-values times how many there are; None where no test could be made."""
    p_ad: float | None
    p_x2: float | None
    ad: float | None
    x2: float | None
    effects: tuple[Effect, ...]
    tier: Tier
    design_effect: float
    """By how much dependence inside blocks inflates the chi-square; 1 for independent rows."""
    rows_reference: int
    """Rows with a value."""
    rows_window: int
    blocks_reference: int
    """Blocks with rows in this column."""
    blocks_window: int
    cells: int
    """Cells of the chi-square, after small ones were put together."""
    draws: int
    """Drawn or listed windows behind the p-values; 0 for tiers without."""
    exact: bool
    """Whether the p-values are from a list of all arrangements."""
    seed: int

    def effect(self, name: str) -> Effect | None:
        """The effect of this name, if it was measured."""
        return next((each for each in self.effects if each.name == name), None)


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """All columns, and the joint null of their statistics."""

    columns: tuple[ColumnTest, ...]
    tier: Tier
    note: str
    """Why this tier, in a sentence."""
    statistics: npt.NDArray[np.float64] | None
    """Shape (1 + draws, statistics): the observed window, then the drawn ones, for a joint max-T; None if none were."""
    labels: tuple[str, ...]
    """Column and test of each statistic, as "delay ad" or "delay x2"."""
    seed: int


def compare(
    columns: Sequence[ColumnCounts],
    *,
    strata_reference: Sequence[Hashable] | None = None,
    strata_window: Sequence[Hashable] | None = None,
    draws: int = 1999,
    seed: int = 0,
    tier: Tier | str | None = None,
    effects: bool = True,
) -> Comparison:
    """Compare a window with its reference, column by column, on one calibration.

    Args:
        columns: counts of each column, all with the same blocks in the same order of time.
        strata_reference: what kind of block each reference block is (its weekday); blocks are exchanged within.
        strata_window: the same for the window.
        draws: drawn windows; p-values below 10 / draws are refined by a gamma.
        seed: of all draws; the same seed gives the same result.
        tier: the calibration to use in place of the one that the data allow.
        effects: False leaves the effects out, for whoever needs p-values alone; no verdict can be made then.

    Stated levels, as printed by ``python -m soak drift``: P(p <= .05) is at most .05 for exchangeable blocks, on
    permuted days of flights, and for independent rows at windows of 100 to 100,000 rows.

    >>> rng = np.random.default_rng(0)
    >>> column = ColumnCounts(
    ...     name="delay",
    ...     reference=rng.multinomial(500, [0.25] * 4, size=30),
    ...     window=rng.multinomial(500, [0.1, 0.2, 0.3, 0.4], size=5),
    ...     ordered=4,
    ... )
    >>> comparison = compare([column])
    >>> comparison.tier.value, comparison.columns[0].p < 0.001
    ('block', True)
    """
    if not columns:
        raise InvalidStatistic("There are no columns to compare", expected="at least 1 column", received="0")
    sides = [column.blocks() for column in columns]
    shapes = {(len(left), len(right)) for left, right in sides}
    if len(shapes) != 1:
        raise InvalidStatistic(
            "Columns were counted in different blocks",
            expected="the same number of reference and of window blocks in every column",
            received=", ".join(f"{left} and {right}" for left, right in sorted(shapes)),
        )
    calibration = calibrate(
        columns, sides, strata_reference, strata_window, draws=draws, rng=np.random.default_rng(seed), tier=tier
    )
    tests, nulls = [], []
    for number, (column, side) in enumerate(zip(columns, sides, strict=True)):
        rng = np.random.default_rng([seed, number])
        if calibration.tier in {Tier.RAO_SCOTT, Tier.IID}:
            tests.append(_approximated(column, side, calibration, seed, rng, effects=effects))
        else:
            test, null = _permuted(column, side, calibration, seed, effects=effects)
            tests.append(test)
            nulls.append((column.name, null))
    statistics, labels = _joint(nulls)
    return Comparison(
        columns=tuple(tests),
        tier=calibration.tier,
        note=calibration.note,
        statistics=statistics,
        labels=labels,
        seed=seed,
    )


def _permuted(
    column: ColumnCounts, side: tuple[Floats, Floats], calibration: Calibration, seed: int, *, effects: bool
) -> tuple[ColumnTest, BlockNull]:
    left, right = side
    if calibration.selections is None:
        null = leave_one_out(left, right, alike=calibration.alike, ordered=column.ordered)
        windows = left[calibration.alike]
        pairs = left.sum(axis=0) - windows, windows
    else:
        null = block_null(left, right, calibration.selections, ordered=column.ordered)
        chosen = calibration.selections.marks[1 : 1 + _EFFECT_DRAWS]
        windows = chosen @ np.vstack([left, right])
        pairs = left.sum(axis=0) + right.sum(axis=0) - windows, windows
    found = measure(column, *pairs, groups=null.grouping.divergence) if effects and len(windows) > 1 else []
    inflation = 1.0
    if null.x2 is not None and len(null.x2) > 2:
        inflation = max(1.0, float(null.x2[1:].mean()) / null.grouping.degrees)
    test = _test(
        column,
        side,
        calibration,
        seed,
        found=(None if null.ad is None else float(null.ad[0]), null.p_ad),
        counted=(None if null.x2 is None else float(null.x2[0]), null.p_x2),
        cells=null.grouping.degrees + 1,
        effects=found,
        design=inflation,
        draws=len(null.present) - 1,
    )
    return test, null


def _approximated(
    column: ColumnCounts,
    side: tuple[Floats, Floats],
    calibration: Calibration,
    seed: int,
    rng: np.random.Generator,
    *,
    effects: bool,
) -> ColumnTest:
    """The tiers without permutation: few blocks (Rao and Scott), or none."""
    left, right = side
    total = left.sum(axis=0) + right.sum(axis=0)
    share = float(right.sum() / total.sum()) if total.sum() else 0.0
    grouping = group(total, share, column.ordered)
    few = calibration.tier is Tier.RAO_SCOTT and int(np.count_nonzero(left.sum(axis=1))) > 1
    ad, x2, cut, small = statistics_of(left, right, grouping)
    first: tuple[float | None, float | None] = (None, None)
    second: tuple[float | None, float | None] = (None, None)
    inflation = 1.0
    k = grouping.ordered
    if ad is not None:
        first = (ad, anderson_p(cut[0][:, :k].sum(axis=0), cut[1][:, :k].sum(axis=0))[1])
        if few and np.count_nonzero(cut[0][:, :k].sum(axis=1)) > 1:
            pooled = cut[0][:, :k].sum(axis=0) + cut[1][:, :k].sum(axis=0)
            first = (ad, f_p(ad, anderson_moments(pooled)[0], anderson_design(cut[0][:, :k])))
    if x2 is not None:
        second = (x2, chi_square_p(x2, grouping.degrees))
        if few:
            design = design_effect(small[0])
            inflation, second = design.effect, (x2, f_p(x2, float(grouping.degrees), design))
    elif not column.ordered and np.count_nonzero(total) > 1:
        second = drawn_chi_square_p(left.sum(axis=0), right.sum(axis=0), rng=rng)
    measured: list[Effect] = []
    if effects and 0.0 < share < 1.0:
        pairs, widened = _pairs(side, total, few, rng)
        measured = measure(
            column,
            *pairs,
            groups=grouping.divergence,
            inflation=widened,
            shares_design=lambda cells: share_design(left, cells) if few else 1.0,
        )
    return _test(
        column,
        side,
        calibration,
        seed,
        found=first,
        counted=second,
        cells=grouping.degrees + 1,
        effects=measured,
        design=inflation,
        draws=0,
    )


def _pairs(
    side: tuple[Floats, Floats], total: Floats, few: bool, rng: np.random.Generator
) -> tuple[tuple[Floats, Floats], float]:
    """Pairs under the null, and by how much they must still be inflated.

    With a few blocks both halves are drawn from the reference's blocks, which keeps the direction in which days
    differ; what so few blocks understate is made up for, with the width of Student's t.
    """
    left, right = side
    present = left[left.sum(axis=1) > 0]
    if not few:
        return null_pairs(total, float(left.sum()), float(right.sum()), _EFFECT_DRAWS, rng), 1.0
    blocks = len(present)
    uniform = np.full(blocks, 1.0 / blocks)
    halves = tuple(rng.multinomial(count, uniform, size=_EFFECT_DRAWS) @ present for count in (blocks, len(right)))
    student = float(special.stdtrit(blocks - 1, 0.95) / special.ndtri(0.95))
    return (halves[0], halves[1]), blocks / (blocks - 1.0) * student**2


def _test(
    column: ColumnCounts,
    side: tuple[Floats, Floats],
    calibration: Calibration,
    seed: int,
    *,
    found: tuple[float | None, float | None],
    counted: tuple[float | None, float | None],
    cells: int,
    effects: Sequence[Effect],
    design: float,
    draws: int,
) -> ColumnTest:
    left, right = side
    values = column.values()
    ps = [each for each in (found[1], counted[1]) if each is not None]
    empty = left.sum() == 0 or right.sum() == 0
    return ColumnTest(
        name=column.name,
        p=min(1.0, len(ps) * min(ps)) if ps and not empty else None,
        p_ad=found[1],
        p_x2=counted[1],
        ad=found[0],
        x2=counted[0],
        effects=tuple(effects),
        tier=calibration.tier,
        design_effect=design,
        rows_reference=int(left[:, values].sum()),
        rows_window=int(right[:, values].sum()),
        blocks_reference=int(np.count_nonzero(left[:, values].sum(axis=1))),
        blocks_window=int(np.count_nonzero(right[:, values].sum(axis=1))),
        cells=cells,
        draws=draws,
        exact=calibration.selections is not None and calibration.selections.exact,
        seed=seed,
    )


def _joint(nulls: list[tuple[str, BlockNull]]) -> tuple[Floats | None, tuple[str, ...]]:
    """The statistics side by side; a drawn window without rows in a column stands at that column's median."""
    vectors, labels = [], []
    for name, null in nulls:
        for test, statistics in (("ad", null.ad), ("x2", null.x2)):
            if statistics is not None and null.present[1:].any():
                middle = float(np.median(statistics[1:][null.present[1:]]))
                vectors.append(np.where(null.present, statistics, middle))
                labels.append(f"{name} {test}")
    return (np.column_stack(vectors) if vectors else None), tuple(labels)

"""CORP: the Brier score as miscalibration, discrimination and uncertainty, by isotonic regression and without bins."""

from __future__ import annotations

import msgspec
import numpy as np
import numpy.typing as npt
from scipy import special

from regrove.stats.arrays import Codes, Floats, binary, codes, same_rows, shares
from regrove.stats.gate import GateVerdict, keeps
from regrove.stats.verdict import Interval, InvalidStatistic

__all__ = ["Corp", "corp", "miscalibration_gate", "recalibrated"]


class Corp(msgspec.Struct, frozen=True, kw_only=True):
    """Brier score = miscalibration - discrimination + uncertainty, exactly."""

    brier: float
    miscalibration: float
    """What recalibration would gain; at least 0, and above 0 by chance even for a calibrated score."""
    interval: Interval
    """Of the miscalibration; each end errs in 1 - level of cases, so that its own level is 2 level - 1."""
    p: float
    """The chance of so large a miscalibration if every probability were right (independent rows)."""
    discrimination: float
    """What the recalibrated score gains over the base rate; at least 0."""
    uncertainty: float
    """The Brier score of the base rate."""
    rows: int
    blocks: int
    """Blocks that were drawn; the rows themselves where none were given."""
    draws: int
    seed: int


def corp(
    truth: npt.ArrayLike,
    scores: npt.ArrayLike,
    *,
    blocks: npt.ArrayLike | None = None,
    level: float = 0.95,
    draws: int = 200,
    seed: int = 0,
) -> Corp:
    """Decompose the Brier score of probabilities.

    Source: Dimitriadis, Gneiting and Jordan (2021), PNAS 118:e2016191118. The upper end is the ``level`` quantile of
    the miscalibration of drawn rows (of drawn blocks, where given). Isotonic regression follows noise, in the draws
    even more than in the rows, so the end lies too high rather than too low; ``python -m soak calibration`` states how
    often it lies below the true miscalibration. For the lower end the estimate's upward bias is taken off (what chance
    gives to a calibrated score, or what the draws add, whichever is more), then the normal quantile times the draws'
    spread. ``p`` compares with outcomes that are drawn from the scores themselves.

    Args:
        truth: the outcome of each row, 0 or 1.
        scores: its predicted probability.
        blocks: the day, session or user of each row, where rows depend on each other.
        level: of each of the two bounds.
        draws: bootstrap draws, and as many of outcomes for ``p``.
        seed: of the draws.

    >>> found = corp([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
    >>> round(found.miscalibration - found.discrimination + found.uncertainty - found.brier, 12)
    0.0
    """
    y, x = binary("truth", truth).astype(np.float64), shares("scores", scores)
    rows = same_rows(truth=y, scores=x)
    if rows == 0 or not 0.5 < level < 1.0 or draws < 20:
        raise InvalidStatistic(
            "There is nothing to decompose",
            expected="at least 1 row, a level of .5 to 1, at least 20 draws",
            received=f"{rows} rows, level {level}, {draws} draws",
        )
    order = np.argsort(x, kind="stable")
    y, x = y[order], x[order]
    block = None if blocks is None else codes(blocks)[1]
    if block is not None:
        same_rows(truth=y, blocks=block)
        block = block[order]
    rng = np.random.default_rng(seed)
    ones = np.ones(rows)
    mcb, dsc, unc = _parts(y, x, ones)
    drawn = [_parts(y, x, _weights(rows, block, rng))[0] for _ in range(draws)]
    null = [_parts((rng.random(rows) < x).astype(np.float64), x, ones)[0] for _ in range(draws)]
    count = rows if block is None else len(np.unique(block))
    high = max(mcb, float(np.quantile(drawn, level, method="higher"))) if count > 1 else 1.0
    bias = max(float(np.mean(null)), float(np.mean(drawn)) - mcb)
    low = mcb - bias - float(special.ndtri(level)) * float(np.std(drawn, ddof=1)) if count > 1 else 0.0
    return Corp(
        brier=float(np.mean((x - y) ** 2)),
        miscalibration=mcb,
        interval=Interval(max(0.0, min(low, mcb)), high, 2.0 * level - 1.0),
        p=(1 + int(np.sum(np.array(null) >= mcb - 1e-15))) / (draws + 1),
        discrimination=dsc,
        uncertainty=unc,
        rows=rows,
        blocks=count,
        draws=draws,
        seed=seed,
    )


def miscalibration_gate(found: Corp, limit: float = 0.01) -> GateVerdict:
    """PASS when the upper bound of the miscalibration is at or below ``limit``, FAIL when the lower one is above it.

    >>> rng = np.random.default_rng(0)
    >>> scores = rng.random(4000)
    >>> miscalibration_gate(corp(rng.random(4000) < scores, scores)).gate.value
    'pass'
    """
    value, interval = found.miscalibration, found.interval
    return keeps("miscalibration", value, interval, limit, rows=found.rows, least=30, seed=found.seed)


def recalibrated(truth: npt.ArrayLike, scores: npt.ArrayLike) -> Floats:
    """The isotonic regression of the outcome on the score: each row's recalibrated probability.

    >>> recalibrated([0, 1, 0, 1], [0.1, 0.2, 0.3, 0.4]).tolist()
    [0.0, 0.5, 0.5, 1.0]
    """
    y, x = binary("truth", truth).astype(np.float64), shares("scores", scores)
    if same_rows(truth=y, scores=x) == 0:
        return np.zeros(0)
    order = np.argsort(x, kind="stable")
    fitted = np.empty(len(x))
    fitted[order] = _isotonic(y[order], x[order], np.ones(len(x)))
    return fitted


def _weights(rows: int, block: Codes | None, rng: np.random.Generator) -> Floats:
    """How often each row is drawn."""
    if block is None:
        return np.bincount(rng.integers(0, rows, rows), minlength=rows).astype(np.float64)
    count = int(block.max()) + 1
    drawn: Floats = np.bincount(rng.integers(0, count, count), minlength=count).astype(np.float64)[block]
    return drawn


def _isotonic(y: Floats, x: Floats, weights: Floats) -> Floats:
    """Fitted values for rows in the order of x; rows of one score are one point. Weights may be 0."""
    from scipy.optimize import isotonic_regression  # 0.1 s to import, off the paths that do not need it

    starts = np.flatnonzero(np.diff(x, prepend=-1.0))
    weight = np.add.reduceat(weights, starts)
    used = weight > 0.0
    mean = np.add.reduceat(weights * y, starts)[used] / weight[used]
    fitted = np.zeros(len(starts))
    fitted[used] = isotonic_regression(mean, weights=weight[used]).x
    spread: Floats = np.repeat(fitted, np.diff(starts, append=len(x)))
    return spread


def _parts(y: Floats, x: Floats, weights: Floats) -> tuple[float, float, float]:
    """Miscalibration, discrimination and uncertainty of weighted rows in the order of x."""
    total = float(weights.sum())
    base = float(weights @ y) / total
    fitted = _isotonic(y, x, weights)
    of_score, of_fit, of_base = (
        float(weights @ (each - y) ** 2) / total for each in (x, fitted, np.full_like(y, base))
    )
    return max(0.0, of_score - of_fit), max(0.0, of_base - of_fit), of_base

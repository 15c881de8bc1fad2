"""The paired block bootstrap: champion and challengers on the same resamples of the same rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec
import numpy as np
import numpy.typing as npt

from regrove.stats.arrays import Codes, Floats, binary, codes, finite, same_rows
from regrove.stats.comparison.metrics import Metric, row_losses
from regrove.stats.comparison.percentiles import bca, bootstrap_p
from regrove.stats.comparison.ranking import Ranking
from regrove.stats.comparison.resampling import block_weights
from regrove.stats.verdict import Interval, InvalidStatistic, Tier

__all__ = ["Gain", "Paired", "paired_bootstrap", "paired_losses"]

_Resample = Callable[[Floats], Floats]
"""From weights, shape (batch, blocks), to the metric of every model, shape (batch, models)."""


class Gain(msgspec.Struct, frozen=True, kw_only=True):
    """By how much a challenger is better; above 0 it is, whichever way the metric points."""

    name: str
    metric: Metric
    champion: float
    challenger: float
    value: float
    """The gain on all rows."""
    interval: Interval
    error: float
    """Standard error of the gain, of the draws."""
    p: float
    """One-sided, for "there is no gain"."""
    rows: int
    blocks: int
    draws: int
    tier: Tier
    seed: int

    @property
    def units(self) -> tuple[int, str]:
        """What more of which would narrow the interval: blocks, or rows where each is its own block."""
        return (self.rows, "rows") if self.tier is Tier.IID else (self.blocks, "blocks")


class Paired(msgspec.Struct, frozen=True, kw_only=True):
    """Gains of challengers on shared resamples."""

    metric: Metric
    names: tuple[str, ...]
    champion: float
    challengers: tuple[float, ...]
    gains: Floats
    """Shape (challengers,)."""
    drawn: Floats
    """Gains of the resamples, shape (draws, challengers)."""
    without: Floats
    """Gains without each block in turn, shape (blocks, challengers); nan where the metric is undefined."""
    rows: int
    blocks: int
    tier: Tier
    seed: int

    def gain(self, name: str | None = None, *, level: float = 0.9) -> Gain:
        """The gain of one challenger with its BCa interval at ``level``, widened for few blocks.

        Each end of the default is a 95% bound. Stated coverage of one end with 20 blocks or more: at least .92.
        """
        if name is not None and name not in self.names:
            raise InvalidStatistic(
                f"There is no challenger {name!r}", expected=", ".join(self.names), received=repr(name)
            )
        place = 0 if name is None else self.names.index(name)
        value, drawn, without = float(self.gains[place]), self.drawn[:, place], self.without[:, place]
        return Gain(
            name=self.names[place],
            metric=self.metric,
            champion=self.champion,
            challenger=self.challengers[place],
            value=value,
            interval=bca(value, drawn, without, level, blocks=self.blocks),
            error=float(drawn.std(ddof=1)) * float(np.sqrt(self.blocks / (self.blocks - 1.0))),
            p=bootstrap_p(value, drawn, without, 0.0, blocks=self.blocks),
            rows=self.rows,
            blocks=self.blocks,
            draws=len(drawn),
            tier=self.tier,
            seed=self.seed,
        )


def paired_bootstrap(
    metric: Metric | str,
    truth: npt.ArrayLike,
    champion: npt.ArrayLike,
    challengers: npt.ArrayLike | Mapping[str, npt.ArrayLike],
    blocks: npt.ArrayLike | None = None,
    *,
    draws: int = 2000,
    seed: int = 0,
    run: int = 1,
) -> Paired:
    """Gains of one or several challengers over the champion on one holdout, resampled in whole blocks.

    ``truth``, ``champion`` and each challenger have shape (rows,): see ``Metric`` for what they hold. ``blocks`` names
    the block (the day, the batch) of each row; without it rows count as independent, which real rows seldom are.
    ``run`` > 1 draws runs of neighbouring blocks (in the order of their names). The AUC sorts once a model.

    >>> rng = np.random.default_rng(1)
    >>> truth = rng.normal(size=600); day = np.repeat(np.arange(30), 20)
    >>> gain = paired_bootstrap(Metric.MAE, truth, truth + rng.normal(0, 2, 600),
    ...                         truth + rng.normal(0, 1, 600), day).gain()
    >>> gain.interval.low > 0.5, gain.interval.covers(0.8)
    (True, True)
    """
    named = challengers if isinstance(challengers, Mapping) else {"challenger": challengers}
    models = [champion, *named.values()]
    metric = Metric(metric)
    if metric is not Metric.AUC:
        losses = [row_losses(metric, truth, each) for each in models]
        return _of_losses(metric, tuple(named), losses, blocks, draws, seed, run)
    outcome = binary("truth", truth)
    scores = [finite("prediction", each) for each in models]
    for each in scores:
        same_rows(truth=outcome, prediction=each)
    block, count, tier = _homes(len(outcome), blocks, run)
    ranks = [Ranking(outcome, each, block, count) for each in scores]
    without = np.stack([each.without_each() for each in ranks], axis=1)

    def resample(weights: Floats) -> Floats:
        return np.array([[rank.weighted(each) for rank in ranks] for each in weights])

    return _assembled(metric, tuple(named), resample, without, len(outcome), count, tier, draws, seed, run)


def paired_losses(
    champion: npt.ArrayLike,
    challengers: npt.ArrayLike | Mapping[str, npt.ArrayLike],
    blocks: npt.ArrayLike | None = None,
    *,
    draws: int = 2000,
    seed: int = 0,
    run: int = 1,
) -> Paired:
    """The same for losses that the caller computed for each row: many classes, quantiles, money; less is better.

    >>> paired_losses([1.0, 2.0, 3.0], [0.5, 1.5, 2.5]).gains.tolist()
    [0.5]
    """
    named = challengers if isinstance(challengers, Mapping) else {"challenger": challengers}
    losses = [finite("loss", each) for each in (champion, *named.values())]
    return _of_losses(Metric.LOSS, tuple(named), losses, blocks, draws, seed, run)


def _of_losses(
    metric: Metric,
    names: tuple[str, ...],
    losses: list[Floats],
    blocks: npt.ArrayLike | None,
    draws: int,
    seed: int,
    run: int,
) -> Paired:
    rows = same_rows(**{f"model {place}": each for place, each in enumerate(losses)})
    block, count, tier = _homes(rows, blocks, run)
    sums = np.stack([np.bincount(block, each, count) for each in losses], axis=1)
    sizes = np.bincount(block, minlength=count).astype(np.float64)

    def made(total: Floats, size: Floats) -> Floats:
        mean = np.maximum(total, 0.0) / size[:, None] if metric is Metric.RMSE else total / size[:, None]
        return np.sqrt(mean) if metric is Metric.RMSE else mean

    def resample(weights: Floats) -> Floats:
        return made(weights @ sums, weights @ sizes)

    without = made(sums.sum(axis=0) - sums, sizes.sum() - sizes)
    return _assembled(metric, names, resample, without, rows, count, tier, draws, seed, run)


def _homes(rows: int, blocks: npt.ArrayLike | None, run: int) -> tuple[Codes, int, Tier]:
    if blocks is None:
        block, count = np.arange(rows), rows
    else:
        names, block = codes(blocks)
        count = len(names)
        same_rows(rows=np.empty(rows), blocks=block)
    if count < 2:
        unit = "rows" if blocks is None else "blocks"
        raise InvalidStatistic(
            "Nothing can be resampled", expected=f"at least 2 {unit}", received=f"{count} {unit}, {rows} rows"
        )
    tier = Tier.MOVING_BLOCK if run > 1 else Tier.IID if blocks is None else Tier.BLOCK
    return block, count, tier


def _assembled(
    metric: Metric,
    names: tuple[str, ...],
    resample: _Resample,
    without: Floats,
    rows: int,
    blocks: int,
    tier: Tier,
    draws: int,
    seed: int,
    run: int,
) -> Paired:
    if not names:
        raise InvalidStatistic("There is no challenger", expected="at least 1", received="0")
    value = resample(np.ones((1, blocks)))
    rng = np.random.default_rng(seed)
    drawn = np.concatenate([resample(batch) for batch in block_weights(blocks, draws, rng, run=run)])
    drawn = drawn[np.isfinite(drawn).all(axis=1)]
    if 2 * len(drawn) < draws or len(drawn) < 2:
        raise InvalidStatistic(
            "Most resamples lack a class",
            expected="both classes in most of them",
            received=f"both in {len(drawn)} of {draws} resamples of {blocks} blocks",
            mend="choose smaller blocks or a longer holdout",
        )
    sign = 1.0 if metric.higher_is_better else -1.0
    return Paired(
        metric=metric,
        names=names,
        champion=float(value[0, 0]),
        challengers=tuple(value[0, 1:].tolist()),
        gains=sign * (value[0, 1:] - value[0, 0]),
        drawn=sign * (drawn[:, 1:] - drawn[:, :1]),
        without=sign * (without[:, 1:] - without[:, :1]),
        rows=rows,
        blocks=blocks,
        tier=tier,
        seed=seed,
    )

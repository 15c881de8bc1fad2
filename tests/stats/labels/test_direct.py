"""Direct loss estimation."""

from __future__ import annotations

import math

import numpy as np
import pytest

from regrove.stats.labels import direct_loss, prediction_powered
from regrove.stats.verdict import InvalidStatistic


def rows(rng: np.random.Generator, size: int, high: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Noise that grows with x, of which more is drawn near ``high``."""
    x = rng.beta(1 + high, 1 + (1 - high), size=size)[:, None]
    predicted = 3 * x[:, 0]
    return x, predicted, predicted + (0.2 + x[:, 0]) * rng.normal(size=size)


class TestDirectLoss:
    """The error of a regression without labels."""

    @pytest.mark.parametrize("kind", ["absolute", "squared"])
    def test_another_mix_of_rows_is_foretold(self, kind: str) -> None:
        """The interval holds what came out, which lies far from the reference's loss."""
        rng = np.random.default_rng(0)
        x, predicted, truth = rows(rng, 6000, 0.0)
        z, guess, came = rows(rng, 3000, 1.0)
        found = direct_loss(x, predicted, truth, z, guess, kind=kind)
        error = np.abs(came - guess)
        real = error.mean() if kind == "absolute" else (error**2).mean()
        assert found.interval.covers(real)
        assert abs(found.reference - real) > 3 * abs(found.value - real)
        assert found.explained > 0

    def test_dependent_rows_widen_the_interval(self) -> None:
        """Days with errors of their own are the units, not rows."""
        rng = np.random.default_rng(1)
        x, predicted, truth = rows(rng, 3000, 0.5)
        day = np.repeat(np.arange(30), 100)
        truth = truth + rng.normal(size=30)[day] * 2
        by_row = direct_loss(x, predicted, truth, x[:500], predicted[:500])
        by_day = direct_loss(x, predicted, truth, x[:500], predicted[:500], blocks=day)
        assert by_day.interval.width > 2 * by_row.interval.width
        assert (by_day.blocks, by_row.blocks) == (30, 3000)

    def test_a_constant_loss_is_known(self) -> None:
        """And explains nothing, without a division by 0."""
        found = direct_loss(np.arange(50.0)[:, None], np.zeros(50), np.ones(50), [[1.0], [np.nan]], [0.0, 0.0])
        assert (found.value, found.explained) == (1.0, 0.0)
        assert found.interval.covers(1.0)

    def test_estimates_serve_prediction_powered_inference(self) -> None:
        """A wrong estimate after a change of concept is corrected by 200 labels."""
        rng = np.random.default_rng(2)
        x, predicted, truth = rows(rng, 4000, 0.5)
        z, guess, came = rows(rng, 4000, 0.5)
        came = came + 1.0
        found = direct_loss(x, predicted, truth, z, guess)
        real = np.abs(came - guess)
        assert not found.interval.covers(real.mean())
        chosen = rng.choice(4000, 200, replace=False)
        mended = prediction_powered(found.losses, found.losses[chosen], real[chosen], span=5)
        assert mended.interval.covers(real.mean())
        assert not mended.bias_interval.covers(0)

    def test_bad_input_is_refused(self) -> None:
        """Too few rows, other features, infinities, another loss."""
        good = np.arange(20.0)[:, None], np.zeros(20), np.ones(20), [[1.0]], [0.0]
        for place, wrong in ((0, np.ones((20, 2))), (1, np.zeros(3)), (2, np.full(20, math.inf)), (4, [math.nan])):
            given = list(good)
            given[place] = wrong
            with pytest.raises(InvalidStatistic):
                direct_loss(*given)
        for more in ({"kind": "cubed"}, {"level": 1.0}, {"folds": 1}, {"blocks": [1] * 20}):
            with pytest.raises(InvalidStatistic):
                direct_loss(*good, **more)
        with pytest.raises(InvalidStatistic):
            direct_loss(*[each[:5] for each in good[:3]], *good[3:])

"""Numbers too large to be squared."""

from __future__ import annotations

import numpy as np
import pytest

from regrove.stats.labels import (
    direct_loss,
    importance_weighted,
    loss_scale,
    measurable,
    prediction_powered,
    row_losses,
    track_record,
)
from regrove.stats.labels.losses import LossKind
from regrove.stats.verdict import InvalidStatistic

HUGE = 1e200


class TestMeasurable:
    """Refused by name, never a warning of an overflow."""

    def test_large_numbers_are_refused_everywhere(self) -> None:
        """Losses, estimates, truths and predictions."""
        column = np.arange(20.0)[:, None]
        for ask in (
            lambda: measurable("x", [-HUGE]),
            lambda: prediction_powered([HUGE], [0, 1], [0, 1]),
            lambda: prediction_powered([0], [0, 1], [0, HUGE]),
            lambda: importance_weighted([HUGE] * 200, [1] * 200),
            lambda: track_record(0.5, [HUGE], [0.5]),
            lambda: direct_loss(column, np.zeros(20), np.full(20, HUGE), [[1.0]], [0.0]),
            lambda: row_losses(LossKind.ABSOLUTE, [HUGE], [-HUGE], clip=1.0),
            lambda: loss_scale(LossKind.ABSOLUTE, [HUGE], [-HUGE]),
        ):
            with pytest.raises(InvalidStatistic):
                ask()

    def test_large_ones_within_the_limit_serve(self) -> None:
        """Without a warning."""
        found = prediction_powered([1e90], [0, 1e90], [0, 1e90])
        assert found.interval.covers(found.value)
        assert importance_weighted([1e90, 0.0] * 100, [1.0] * 200).value == pytest.approx(5e89)

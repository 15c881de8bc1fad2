"""Losses of rows."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss, log_loss, mean_absolute_error, zero_one_loss

from regrove.stats.labels import LossKind, loss_scale, row_losses
from regrove.stats.verdict import InvalidStatistic

RNG = np.random.default_rng(0)
SCORES = RNG.random(300)
TRUTH = (RNG.random(300) < SCORES).astype(int)


class TestRowLosses:
    """Means agree with scikit-learn; every loss lies between 0 and 1."""

    def test_means_are_scikit_learns(self) -> None:
        """With a clip that nothing reaches."""
        assert row_losses(LossKind.ERROR, TRUTH, SCORES).mean() == pytest.approx(zero_one_loss(TRUTH, SCORES >= 0.5))
        assert row_losses(LossKind.BRIER, TRUTH, SCORES).mean() == pytest.approx(brier_score_loss(TRUTH, SCORES))
        assert 50 * row_losses(LossKind.LOG, TRUTH, SCORES, clip=50).mean() == pytest.approx(log_loss(TRUTH, SCORES))
        found = 9 * row_losses(LossKind.ABSOLUTE, TRUTH, SCORES, clip=9).mean()
        assert found == pytest.approx(mean_absolute_error(TRUTH, SCORES))

    @given(
        kind=st.sampled_from(list(LossKind)),
        rows=st.lists(st.tuples(st.integers(0, 1), st.floats(0, 1)), max_size=20),
        clip=st.floats(1e-3, 10),
    )
    def test_losses_lie_between_0_and_1(self, kind: LossKind, rows: list[tuple[int, float]], clip: float) -> None:
        """Also for a certain answer that is wrong."""
        truth, scores = [y for y, _ in rows], [p for _, p in rows]
        losses = row_losses(kind, truth, scores, clip=clip)
        assert len(losses) == len(rows)
        assert all(0 <= loss <= 1 for loss in losses)

    def test_the_scale_is_the_references_quantile(self) -> None:
        """And 1 where the loss has an end of its own."""
        scale = loss_scale(LossKind.ABSOLUTE, np.zeros(1000), np.arange(1000.0))
        assert scale == pytest.approx(np.quantile(np.arange(1000), 0.995))
        assert loss_scale(LossKind.BRIER, TRUTH, SCORES) == 1.0
        assert loss_scale(LossKind.ABSOLUTE, np.zeros(1000), np.arange(1000) == 7) == 1.0

    def test_bad_input_is_refused(self) -> None:
        """No clip, no loss at all, no probability, no row."""
        for ask in (
            lambda: row_losses(LossKind.LOG, [1], [0.5]),
            lambda: row_losses(LossKind.LOG, [1], [0.5], clip=math.nan),
            lambda: row_losses(LossKind.LOG, [1], [0.5], clip=1e-320),
            lambda: row_losses(LossKind.BRIER, [1], [1.5]),
            lambda: row_losses(LossKind.ERROR, [2], [0.5]),
            lambda: row_losses(LossKind.ERROR, [1, 0], [0.5]),
            lambda: loss_scale(LossKind.ABSOLUTE, [1.0], [1.0]),
            lambda: loss_scale(LossKind.ABSOLUTE, [], []),
            lambda: loss_scale(LossKind.ABSOLUTE, [math.inf], [1.0]),
        ):
            with pytest.raises(InvalidStatistic):
                ask()

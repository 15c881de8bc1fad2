"""Maturity of blocks and the mean loss of those that are not."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regrove.stats.labels import arrival_shares, block_loss, delay_law, matures_in
from regrove.stats.verdict import InvalidStatistic

ROWS = st.lists(st.tuples(st.floats(0, 1), st.booleans(), st.floats(0, 1)), min_size=1, max_size=30)


class TestBlockLoss:
    """The mean of what came, honestly widened."""

    @given(rows=ROWS)
    def test_a_value_lies_in_its_interval_and_between_the_losses(self, rows: list[tuple[float, bool, float]]) -> None:
        """And is missing only with fewer than two labels."""
        losses, came, share = map(np.array, zip(*rows, strict=True))
        found = block_loss(losses, came, share)
        assert found.reason
        assert (found.value is None) == (came.sum() < 2)
        if found.value is not None:
            assert found.interval.covers(found.value)
            assert losses[came].min() - 1e-9 <= found.value <= losses[came].max() + 1e-9
            assert found.effective <= came.sum() + 1e-9

    def test_losses_of_waiting_rows_are_not_read(self) -> None:
        """They are unknown, and may be nan."""
        found = block_loss([0.0, 1.0, math.nan], [1, 1, 0], [0.6, 0.6, 0.6])
        assert (found.value, found.mature, found.plain) == (0.5, False, 0.5)

    def test_weights_are_horvitz_and_thompsons(self) -> None:
        """One label at a share of .5 counts as much as two at a share of 1."""
        found = block_loss([1.0, 0.0, 0.0, 0.0], [1, 1, 1, 0], [0.5, 1.0, 1.0, 0.5])
        assert found.value == pytest.approx(0.5)
        assert found.effective == pytest.approx(16 / 6)

    def test_labels_so_far_are_biased_and_laws_by_outcome_mend_it(self) -> None:
        """Cancellations are known early: after 14 days the plain rate is far too high, the weighted one is right."""
        rng = np.random.default_rng(3)
        old = rng.random(20_000) < 0.37
        delay = rng.exponential(np.where(old, 20, 40))
        laws = {each: delay_law(delay[old == each], np.ones((old == each).sum())) for each in (True, False)}
        overall = delay_law(delay, np.ones(len(delay)))
        new = rng.random(20_000) < 0.37
        came = rng.exponential(np.where(new, 20, 40)) <= 14
        shares = np.full(len(new), overall.share(14))
        shares[came] = arrival_shares(np.full(came.sum(), 14), laws, new[came])
        found = block_loss(new.astype(float), came, shares)
        assert found.plain > 0.45
        assert found.interval.covers(0.37)
        assert not found.mature

    def test_a_mature_block_is_a_plain_mean(self) -> None:
        """From 95% of labels on, as stated."""
        found = block_loss([0.0, 1.0, 1.0, 0.0], [1, 1, 1, 0], [0.95] * 4)
        assert (found.mature, found.value) == (True, pytest.approx(2 / 3))
        assert "mature" in found.reason

    @pytest.mark.parametrize(
        ("losses", "arrived", "shares"),
        [
            ([], [], []),
            ([1.0], [1], [1.0, 1.0]),
            ([2.0], [1], [1.0]),
            ([math.nan], [1], [1.0]),
            ([1.0], [1], [1.5]),
            ([1.0, 1.0], [1], [1.0]),
        ],
    )
    def test_bad_input_is_refused(self, losses: list[float], arrived: list[int], shares: list[float]) -> None:
        """Empty, unequal, out of range."""
        with pytest.raises(InvalidStatistic):
            block_loss(losses, arrived, shares)


class TestArrivalShares:
    """One law, or one for each outcome."""

    def test_one_law_serves_all(self) -> None:
        """By age alone."""
        assert arrival_shares([0.5, 1.0, 9], delay_law([1, 2], [1, 1])).tolist() == [0.0, 0.5, 1.0]

    def test_an_outcome_without_law_is_refused(self) -> None:
        """As are outcomes that are missing."""
        laws = {0: delay_law([1], [1])}
        for outcomes in (None, [0], [0, 1]):
            with pytest.raises(InvalidStatistic):
                arrival_shares([1, 2], laws, outcomes)

    def test_maturity_can_be_foretold(self) -> None:
        """Also when it has come, or never will."""
        law = delay_law([1, 2, 3, 9], [1, 1, 1, 0])
        assert matures_in(law, 1.0, 0.5) == 1.0
        assert matures_in(law, 5.0, 0.5) == 0.0
        assert matures_in(law, 5.0) == math.inf

"""The AUC and its variance."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import roc_auc_score

from regrove.stats.placements import auc_interval, placements
from regrove.stats.verdict import InvalidStatistic

SCORES = st.lists(st.integers(0, 9), min_size=2, max_size=12)


class TestPlacements:
    """Against pairs, scikit-learn and scipy."""

    @given(positives=SCORES, negatives=SCORES)
    def test_the_auc_is_the_share_of_pairs_in_order(self, positives: list[int], negatives: list[int]) -> None:
        """With ties as one half, as scikit-learn counts them."""
        high, low = np.array(positives, float), np.array(negatives, float)
        value, interval = auc_interval(high, low)
        truth = [1] * len(high) + [0] * len(low)
        assert value == pytest.approx(roc_auc_score(truth, np.concatenate([high, low])), abs=1e-12)
        assert value == pytest.approx(stats.mannwhitneyu(high, low).statistic / len(high) / len(low), abs=1e-12)
        assert 0.0 <= interval.low <= value <= interval.high <= 1.0

    @given(positives=SCORES, negatives=SCORES)
    def test_the_placements_are_delongs_components(self, positives: list[int], negatives: list[int]) -> None:
        """The pairwise definition, row by row."""
        high, low = np.array(positives, float), np.array(negatives, float)
        pairs = (high[:, None] > low) + 0.5 * (high[:, None] == low)
        left, right = placements(high, low)
        assert left == pytest.approx(pairs.mean(axis=1), abs=1e-12)
        assert right == pytest.approx(pairs.mean(axis=0), abs=1e-12)

    def test_perfect_order_is_not_certainty(self) -> None:
        """Ten rows of each class leave room below 1."""
        value, interval = auc_interval(np.arange(10.0, 20.0), np.arange(10.0))
        assert value == 1.0
        assert interval.low < 0.8

    def test_one_class_is_refused(self) -> None:
        """There is no pair."""
        with pytest.raises(InvalidStatistic, match="both classes"):
            placements(np.zeros(0), np.ones(3))

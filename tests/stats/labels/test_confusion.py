"""Expected confusion and AUC."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regrove.stats.labels import expected_auc, expected_confusion
from regrove.stats.verdict import InvalidStatistic

ROWS = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 4)), min_size=1, max_size=7)


def outcomes(p: np.ndarray) -> list[tuple[float, np.ndarray]]:
    """Every vector of labels with its chance."""
    found = []
    for labels in itertools.product([0, 1], repeat=len(p)):
        y = np.array(labels)
        found.append((float(np.prod(np.where(y == 1, p, 1 - p))), y))
    return found


class TestExpectedConfusion:
    """Against every vector of labels that is possible."""

    @given(rows=ROWS, cut=st.integers(0, 5))
    def test_counts_and_noise_are_exact(self, rows: list[tuple[float, int]], cut: int) -> None:
        """Expectations and variances, to rounding."""
        p, score = np.array([r[0] for r in rows]), np.array([r[1] for r in rows])
        yes = score >= cut
        every = outcomes(p)
        found = expected_confusion(p, yes)

        def mean(count):
            return sum(chance * count(y) for chance, y in every)

        assert found.true_positives == pytest.approx(mean(lambda y: (y & yes).sum()), abs=1e-9)
        assert found.false_positives == pytest.approx(mean(lambda y: ((1 - y) & yes).sum()), abs=1e-9)
        assert found.false_negatives == pytest.approx(mean(lambda y: (y & ~yes).sum()), abs=1e-9)
        assert found.true_negatives == pytest.approx(mean(lambda y: ((1 - y) & ~yes).sum()), abs=1e-9)
        above = mean(lambda y: (y & yes).sum() ** 2) - found.true_positives**2
        below = mean(lambda y: (y & ~yes).sum() ** 2) - found.false_negatives**2
        assert (found.noise_above, found.noise_below) == pytest.approx((above, below), abs=1e-9)


class TestExpectedAuc:
    """The ratio of expected pairs."""

    @given(rows=ROWS)
    def test_is_exact_over_all_label_vectors(self, rows: list[tuple[float, int]]) -> None:
        """Pairs in order (ties half) over pairs, ties in the score included."""
        p, score = np.array([r[0] for r in rows]), np.array([r[1] for r in rows], float)
        order = (score[:, None] > score[None, :]) + 0.5 * (score[:, None] == score[None, :])
        ordered = sum(chance * (y @ order @ (1 - y)) for chance, y in outcomes(p))
        pairs = sum(chance * y.sum() * (1 - y).sum() for chance, y in outcomes(p))
        value, interval = expected_auc(p, score)
        if value is None:
            assert pairs == pytest.approx(0, abs=1e-9)
            assert (interval.low, interval.high) == (0, 1)
        elif pairs > 1e-6:
            assert value == pytest.approx(ordered / pairs, abs=1e-9)
            assert interval.covers(value)

    @given(rows=ROWS, seed=st.integers(0, 99))
    def test_the_order_of_rows_does_not_matter(self, rows: list[tuple[float, int]], seed: int) -> None:
        """Nor does a rising map of the scores."""
        p, score = np.array([r[0] for r in rows]), np.array([r[1] for r in rows], float)
        turn = np.random.default_rng(seed).permutation(len(p))
        one, other = expected_auc(p, score)[0], expected_auc(p[turn], np.exp(score[turn]))[0]
        assert one == (None if other is None else pytest.approx(other, abs=1e-9))

    def test_the_interval_is_that_of_the_labels(self) -> None:
        """Its width is the spread of the AUC of drawn labels."""
        from sklearn.metrics import roc_auc_score

        rng = np.random.default_rng(0)
        p = rng.beta(1, 3, 800)
        score = np.round(p + 0.1 * rng.random(800), 2)
        value, interval = expected_auc(p, score)
        drawn = [roc_auc_score(rng.random(800) < p, score) for _ in range(400)]
        assert value == pytest.approx(np.mean(drawn), abs=0.004)
        assert interval.width / 3.92 == pytest.approx(np.std(drawn), rel=0.12)

    @pytest.mark.parametrize(
        ("p", "score"), [([0.5], [math.nan]), ([1.5], [0.0]), ([0.5, 0.5], [0.0]), ([math.nan], [0.0])]
    )
    def test_bad_input_is_refused(self, p: list[float], score: list[float]) -> None:
        """No probability, no number, unequal lengths."""
        with pytest.raises(InvalidStatistic):
            expected_auc(p, score)

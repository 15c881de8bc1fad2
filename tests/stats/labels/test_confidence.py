"""Performance without labels, for classifiers."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

from regrove.stats.labels import cbpe
from regrove.stats.verdict import InvalidStatistic

ROWS = st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=40)


class TestCbpe:
    """Against scikit-learn and every vector of labels."""

    def test_certain_probabilities_give_the_metrics_themselves(self) -> None:
        """With probabilities of 0 and 1 nothing is left to chance: values are scikit-learn's, intervals points."""
        rng = np.random.default_rng(0)
        score = np.round(rng.random(400), 2)
        truth = (rng.random(400) < score).astype(int)
        answer = score >= 0.4
        found = cbpe(truth, score, threshold=0.4)
        oracle = {
            "accuracy": metrics.accuracy_score(truth, answer),
            "precision": metrics.precision_score(truth, answer),
            "recall": metrics.recall_score(truth, answer),
            "f1": metrics.f1_score(truth, answer),
            "log_loss": metrics.log_loss(truth, np.clip(score, 1e-15, 1 - 1e-15)),
            "brier": metrics.brier_score_loss(truth, score),
            "auc": metrics.roc_auc_score(truth, score),
        }
        for name, value in oracle.items():
            assert found[name].value == pytest.approx(value, abs=1e-9), name
            assert found[name].interval.width == pytest.approx(0, abs=1e-9)

    def test_expectations_are_exact(self) -> None:
        """Accuracy, Brier and log loss with their variances, over all 64 vectors of six labels."""
        rng = np.random.default_rng(1)
        p, score = rng.random(6), rng.random(6)
        found = cbpe(p, score)
        of = {
            "accuracy": lambda y: np.mean((score >= 0.5) == y),
            "brier": lambda y: np.mean((score - y) ** 2),
            "log_loss": lambda y: metrics.log_loss(y, score, labels=[0, 1]),
        }
        for name, metric in of.items():
            every = [
                (np.prod(np.where(np.array(y) == 1, p, 1 - p)), metric(np.array(y)))
                for y in itertools.product([0, 1], repeat=6)
            ]
            mean = sum(c * m for c, m in every)
            spread = math.sqrt(sum(c * (m - mean) ** 2 for c, m in every))
            assert found[name].value == pytest.approx(mean, abs=1e-9)
            assert found[name].interval.high == pytest.approx(
                min(mean + 1.959963984540054 * spread, math.inf if name == "log_loss" else 1), abs=1e-9
            )

    @pytest.mark.parametrize("name", ["precision", "recall", "f1", "auc"])
    def test_intervals_of_ratios_hold_drawn_labels(self, name: str) -> None:
        """19 of 20 draws of 600 labels, with room for chance."""
        rng = np.random.default_rng(2)
        p = rng.beta(2, 4, 600)
        score = np.clip(p + 0.05 * rng.normal(size=600), 0, 1)
        interval = cbpe(p, score, threshold=0.4)[name].interval
        hold = sum(interval.covers(cbpe(rng.random(600) < p, score, threshold=0.4)[name].value) for _ in range(400))
        assert 0.915 <= hold / 400 <= 0.985

    @given(rows=ROWS, threshold=st.floats(0, 1))
    def test_nothing_is_nan(self, rows: list[tuple[float, float]], threshold: float) -> None:
        """Every value lies in its interval or is missing."""
        found = cbpe([r[0] for r in rows], [r[1] for r in rows], threshold=threshold)
        for each in found.metrics:
            assert each.value is None or (math.isfinite(each.value) and each.interval.covers(each.value))

    def test_what_has_no_meaning_is_missing(self) -> None:
        """No rows; no row answered 1; one class only."""
        assert all(each.value is None for each in cbpe([]).metrics)
        quiet = cbpe([0.1, 0.2])
        assert quiet["precision"].value is None
        assert quiet["recall"].value == 0.0
        assert cbpe([0.0, 0.0])["auc"].value is None
        assert cbpe([0.0, 0.0])["f1"].value is None
        with pytest.raises(KeyError):
            quiet["lift"]

    def test_bad_input_is_refused(self) -> None:
        """What is no probability, no threshold, no level."""
        for ask in (
            lambda: cbpe([math.nan]),
            lambda: cbpe([1.2]),
            lambda: cbpe([0.5], [0.5, 0.5]),
            lambda: cbpe([0.5], threshold=math.nan),
            lambda: cbpe([0.5], level=1.0),
        ):
            with pytest.raises(InvalidStatistic):
                ask()

"""Judging an estimator."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression

from regrove.errors import InvalidInput
from regrove.pipelines.evaluate import evaluate
from regrove.pipelines.given import Holdout


def holdout(x, y):
    return Holdout(pl.DataFrame({"x": x}), pl.Series("y", y))


class TestClasses:
    """Two or more classes."""

    def test_a_guess_is_its_own_baseline(self):
        """The model that answers with the shares is as good as the baseline."""
        x, y = np.arange(20.0), np.arange(20) % 4 == 0
        model = DummyClassifier(strategy="prior").fit(pl.DataFrame({"x": x}), y)
        values, classes = evaluate(model, holdout(x, y), y, "binary")
        assert classes == [False, True]
        for name in ("log_loss", "accuracy", "roc_auc", "brier"):
            assert values[name] == pytest.approx(values[f"baseline_{name}"])

    @pytest.mark.parametrize("labels", [["a", "b", "c"], [3, 1, 2]])
    def test_classes_of_any_kind(self, labels):
        """Texts and numbers, in the estimator's order."""
        x = np.arange(30.0)
        y = np.array(labels)[(x // 10).astype(int)]
        model = LogisticRegression(max_iter=500).fit(pl.DataFrame({"x": x}), y)
        values, classes = evaluate(model, holdout(x, y.tolist()), y, "multiclass")
        assert classes == sorted(labels)
        assert values["log_loss"] < values["baseline_log_loss"]
        assert "roc_auc" not in values

    def test_a_class_that_training_lacks_is_named(self):
        """A holdout with a new class cannot be judged."""
        model = DummyClassifier(strategy="prior").fit(pl.DataFrame({"x": [1.0, 2.0]}), ["a", "b"])
        with pytest.raises(InvalidInput, match="class that train has not") as caught:
            evaluate(model, holdout([1.0], ["z"]), np.array(["a", "b"]), "multiclass")
        assert caught.value.received == "z"

    def test_binary_means_two(self):
        """One class, or three, is no yes and no."""
        model = DummyClassifier(strategy="prior").fit(pl.DataFrame({"x": [1.0]}), ["a"])
        with pytest.raises(InvalidInput, match="two classes"):
            evaluate(model, holdout([1.0], ["a"]), np.array(["a"]), "binary")

    def test_an_estimator_without_probabilities_is_refused(self):
        """The method that is missing is named."""
        model = LinearRegression().fit(pl.DataFrame({"x": [1.0, 2.0]}), [0, 1])
        with pytest.raises(InvalidInput, match="classes_"):
            evaluate(model, holdout([1.0], [0]), np.array([0, 1]), "binary")


class TestRegression:
    """A number."""

    def test_the_mean_is_the_baseline(self):
        """The model that answers with the mean is as good as the baseline."""
        x, y = np.arange(10.0), np.arange(10.0) ** 2
        model = DummyRegressor().fit(pl.DataFrame({"x": x}), y)
        values, classes = evaluate(model, holdout(x, y), y, "regression")
        assert classes == []
        for name in ("rmse", "mae", "r2"):
            assert values[name] == pytest.approx(values[f"baseline_{name}"])

    def test_an_answer_that_is_no_number_is_refused(self):
        """NaN and a wrong shape are named."""

        class Broken:
            def predict(self, features):
                return np.full(len(features), np.nan)

        with pytest.raises(InvalidInput, match="NaN"):
            evaluate(Broken(), holdout([1.0], [1.0]), np.array([1.0]), "regression")

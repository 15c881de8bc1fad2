"""The metrics, against scikit-learn's."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as theirs

from regrove.pipelines import metrics as ours

seeds = st.integers(0, 2**32 - 1)


def draw(seed: int, ties: bool = True):
    """Truth of two classes (both present) and scores, often tied."""
    generator = np.random.default_rng(seed)
    size = int(generator.integers(2, 60))
    truth = generator.integers(0, 2, size)
    truth[:2] = [0, 1]
    score = generator.integers(0, 11, size) / 10 if ties else generator.uniform(size=size)
    return truth, score


class TestClassification:
    """Classes and probabilities."""

    @given(seeds)
    def test_roc_auc(self, seed):
        """Ties count half."""
        truth, score = draw(seed)
        assert ours.roc_auc(truth, score) == pytest.approx(theirs.roc_auc_score(truth, score))

    @given(seeds)
    def test_log_loss(self, seed):
        """Certainties, right and wrong, have a finite loss."""
        truth, score = draw(seed)
        both = np.column_stack([1 - score, score])
        assert ours.log_loss(truth, both) == pytest.approx(theirs.log_loss(truth, both))

    @given(seeds)
    def test_log_loss_of_several_classes(self, seed):
        """Any number of classes."""
        generator = np.random.default_rng(seed)
        truth = np.concatenate([np.arange(4), generator.integers(0, 4, 20)])
        probabilities = generator.dirichlet(np.ones(4), len(truth))
        assert ours.log_loss(truth, probabilities) == pytest.approx(theirs.log_loss(truth, probabilities))

    @given(seeds)
    def test_brier_and_accuracy(self, seed):
        """The plain means."""
        truth, score = draw(seed)
        assert ours.brier(truth, score) == pytest.approx(theirs.brier_score_loss(truth, score))
        assert ours.accuracy(truth, score > 0.5) == theirs.accuracy_score(truth, score > 0.5)

    def test_one_class_has_no_roc(self):
        """NaN says that there is no answer."""
        assert math.isnan(ours.roc_auc(np.array([1, 1]), np.array([0.2, 0.3])))


class TestRegression:
    """Numbers."""

    @given(seeds)
    def test_against_the_library(self, seed):
        """Root mean square, mean absolute, share of variance."""
        generator = np.random.default_rng(seed)
        truth, predicted = generator.normal(size=(2, 30))
        assert ours.rmse(truth, predicted) == pytest.approx(theirs.root_mean_squared_error(truth, predicted))
        assert ours.mae(truth, predicted) == pytest.approx(theirs.mean_absolute_error(truth, predicted))
        assert ours.r2(truth, predicted) == pytest.approx(theirs.r2_score(truth, predicted))

    def test_a_constant_truth_has_no_r2(self):
        """There is no variance to explain."""
        assert math.isnan(ours.r2(np.ones(3), np.array([1.0, 2.0, 3.0])))

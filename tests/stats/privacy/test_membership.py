"""Membership inference."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import roc_auc_score, roc_curve

from regrove.stats.gate import Gate
from regrove.stats.privacy import logit_scores, loss_attack, membership_gate, quantile_attack
from regrove.stats.verdict import InvalidStatistic

LOSSES = st.lists(st.integers(0, 30), min_size=1, max_size=60)


class TestLossAttack:
    """Low loss, likely a member."""

    @given(members=LOSSES, held_out=LOSSES, rate=st.sampled_from([0.05, 0.1, 0.25]))
    def test_auc_and_hits_are_scikit_learns(self, members: list[int], held_out: list[int], rate: float) -> None:
        """The best true positive rate on the ROC curve at no more false alarms than allowed."""
        found = loss_attack(members, held_out, rates=(rate,))
        truth = [1] * len(members) + [0] * len(held_out)
        scores = -np.array(members + held_out, float)
        assert found.auc == pytest.approx(roc_auc_score(truth, scores), abs=1e-12)
        false, true, _ = roc_curve(truth, scores, drop_intermediate=False)
        assert found.hits[0].value == pytest.approx(true[false <= rate + 1e-12].max(), abs=1e-12)
        assert found.hits[0].alarms <= rate * len(held_out) + 1e-9

    def test_the_interval_of_hits_is_exact(self) -> None:
        """Against scipy's binomial."""
        rng = np.random.default_rng(0)
        found = loss_attack(rng.exponential(0.5, 500), rng.exponential(1.0, 1000)).hits[1]
        oracle = stats.binomtest(found.found, 500).proportion_ci(0.95)
        assert (found.interval.low, found.interval.high) == pytest.approx((oracle.low, oracle.high), abs=1e-9)
        assert found.measurable

    def test_a_rate_below_one_row_is_marked(self) -> None:
        """A tenth of a percent of 500 rows cannot be measured."""
        rng = np.random.default_rng(1)
        assert not loss_attack(rng.random(500), rng.random(500)).hits[0].measurable

    def test_a_model_that_gives_nothing_away_does_not_fail(self) -> None:
        """Members and held-out rows of one law: at most 2.5%, with room for chance."""
        rng = np.random.default_rng(2)
        wrong = sum(
            membership_gate(loss_attack(rng.exponential(1, 2000), rng.exponential(1, 300))).gate is Gate.FAIL
            for _ in range(300)
        )
        assert wrong <= 15

    def test_bad_input_is_refused(self) -> None:
        """No rows, nan, a rate of 0."""
        for members, held_out, rates in (([], [1], (0.1,)), ([1], [], (0.1,)), ([1], [1], (0.0,))):
            with pytest.raises(InvalidStatistic):
                loss_attack(members, held_out, rates=rates)
        with pytest.raises(InvalidStatistic):
            loss_attack([np.nan], [1.0])


class TestGate:
    """The verdict on an attack."""

    def test_three_answers(self) -> None:
        """An overfitted model fails, an honest one passes, forty rows are too few."""
        rng = np.random.default_rng(3)
        honest = rng.exponential(1, 4000)
        assert membership_gate(loss_attack(honest[:2000], honest[2000:])).gate is Gate.PASS
        assert membership_gate(loss_attack(honest[:2000] / 5, honest[2000:])).gate is Gate.FAIL
        few = membership_gate(loss_attack(honest[:40], honest[40:80]))
        assert few.gate is Gate.INCONCLUSIVE
        assert "needs 260 more rows" in few.reason

    def test_a_few_members_given_away_for_sure_fail_too(self) -> None:
        """An AUC near a half hides five in a hundred whose loss is nothing."""
        rng = np.random.default_rng(4)
        members = np.where(rng.random(4000) < 0.1, 0.0, rng.exponential(1, 4000) + 0.01)
        verdict = membership_gate(loss_attack(members, rng.exponential(1, 4000) + 0.01))
        assert verdict.interval.high < 0.6
        assert verdict.gate is Gate.FAIL

    def test_a_rate_that_was_not_reported_is_refused(self) -> None:
        """There is no number to decide on."""
        with pytest.raises(InvalidStatistic, match="at this rate"):
            membership_gate(loss_attack([1.0], [1.0]), rate=0.3)


class TestLogitScores:
    """Nearly normal scores."""

    def test_they_are_logits_of_what_happened(self) -> None:
        """And finite for a model that is sure."""
        assert logit_scores([1, 0, 1], [0.8, 0.8, 1.0])[:2] == pytest.approx([math.log(4), -math.log(4)], abs=1e-12)
        assert np.isfinite(logit_scores([1, 0], [0.0, 1.0])).all()


class TestQuantileAttack:
    """Scores against what rows like them should have."""

    def test_it_finds_members_that_the_loss_alone_does_not(self) -> None:
        """Rows differ in difficulty by far more than membership gives."""
        rng = np.random.default_rng(5)
        x = rng.normal(size=(1600, 1))
        scores = 5 * x[:, 0] + 0.5 * rng.normal(size=1600)
        scores[:800] += 1.0
        ours = quantile_attack(scores[:800], x[:800], scores[800:], x[800:], folds=3)
        plain = loss_attack(-scores[:800], -scores[800:])
        assert plain.auc < 0.65
        assert ours.auc > 0.8
        assert ours == quantile_attack(scores[:800], x[:800], scores[800:], x[800:], folds=3)

    def test_without_membership_it_finds_none(self) -> None:
        """Held-out rows are scored out of fold, so that the attack does not flatter itself."""
        rng = np.random.default_rng(6)
        aucs = []
        for seed in range(4):
            x, scores = rng.normal(size=(600, 3)), rng.normal(size=600)
            aucs.append(quantile_attack(scores[:300], x[:300], scores[300:], x[300:], folds=2, seed=seed).auc)
        assert np.mean(aucs) == pytest.approx(0.5, abs=0.04)

    def test_constant_scores_and_absent_features_have_answers(self) -> None:
        """No division by nothing."""
        x = np.full((40, 2), np.nan)
        assert quantile_attack([1.0] * 40, x, [1.0] * 40, x, folds=2).auc == 0.5

    def test_bad_input_is_refused(self) -> None:
        """Other columns, other rows, one fold, texts."""
        x = np.zeros((4, 1))
        for wrong in ({"held_out_features": np.zeros((4, 2))}, {"member_features": np.zeros((3, 1))}, {"folds": 1}):
            given = {"member_features": x, "held_out_features": x, "folds": 2} | wrong
            with pytest.raises(InvalidStatistic):
                quantile_attack(member_scores=[0.0] * 4, held_out_scores=[0.0] * 4, **given)
        with pytest.raises(InvalidStatistic):
            quantile_attack([0.0], [["a"]], [0.0] * 4, x)

    def test_without_scikit_learn_it_says_what_to_install(self, monkeypatch) -> None:
        """The extra, by name."""
        import sys

        from regrove.errors import MissingExtra

        monkeypatch.setitem(sys.modules, "sklearn.ensemble", None)
        x = np.zeros((4, 1))
        with pytest.raises(MissingExtra, match=r"regrove\[train\]"):
            quantile_attack([0.0] * 4, x, [0.0] * 4, x, folds=2)

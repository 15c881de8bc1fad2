"""Domain weights and weighted CBPE."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from regrove.stats.labels import cbpe, domain_weights, fit_calibrator, weighted_cbpe
from regrove.stats.verdict import InvalidStatistic


class TestDomainWeights:
    """Density ratios from a classifier."""

    def test_the_weighted_reference_looks_like_the_window(self) -> None:
        """Its weighted mean is near the window's, and the AUC near that of two normals."""
        rng = np.random.default_rng(0)
        old, new = rng.normal(size=(4000, 2)), rng.normal(size=(4000, 2)) + [0.7, 0]
        found = domain_weights(old, new, seed=1)
        assert found.weights @ old[:, 0] / found.weights.sum() == pytest.approx(0.7, abs=0.12)
        assert found.weights.mean() == pytest.approx(1)
        assert found.auc == pytest.approx(0.69, abs=0.03)
        assert found.effective < 3500
        assert found.outside < 0.01

    def test_without_shift_days_are_not_known_by_heart(self) -> None:
        """Days have a feature of their own: with blocks held out the AUC is about .5, without them it is not."""
        rng = np.random.default_rng(1)
        day = np.repeat(np.arange(40), 25)
        old = day < 20
        with_blocks, without = [], []
        for _ in range(6):
            x = np.column_stack([rng.normal(size=40)[day] + 0.01 * rng.normal(size=1000), rng.normal(size=1000)])
            found = domain_weights(x[old], x[~old], blocks_reference=day[old], blocks_window=day[~old])
            with_blocks.append(found.auc)
            without.append(domain_weights(x[old], x[~old]).auc)
        assert 0.3 < np.mean(with_blocks) < 0.65
        assert min(without) > 0.9

    def test_rows_outside_are_counted(self) -> None:
        """Beyond all that was seen, or absent where nothing ever was; a column without numbers is no obstacle."""
        old = np.column_stack([np.arange(100.0), np.full(100, np.nan)])
        new = old[:10].copy()
        new[0, 0], new[1, 0] = 1e9, np.nan
        # 2 of the 100 reference rows hold an end alone, and would be outside of the others
        assert domain_weights(old, new, folds=2).outside == pytest.approx((0.2 - 0.02) / 0.98)

    def test_many_columns_are_not_outside_by_chance(self) -> None:
        """Of 40 columns some range is exceeded by 7% of rows that have not moved at all."""
        rng = np.random.default_rng(0)
        found = domain_weights(rng.normal(size=(1000, 40)), rng.normal(size=(1000, 40)), folds=2)
        assert found.outside < 0.05

    def test_bad_input_is_refused(self) -> None:
        """Other features, no rows, no matrix."""
        for old, new in (([[1.0]] * 3, [[1.0, 2.0]] * 3), ([[1.0]] * 3, np.empty((0, 1))), ([1.0], [[1.0]] * 3)):
            with pytest.raises(InvalidStatistic):
                domain_weights(old, new)


class TestWeightedCbpe:
    """A calibrator for the window's mix."""

    def test_it_mends_what_plain_cbpe_misses(self) -> None:
        """A score that ignores a feature is right on average only until that feature's mix changes."""
        rng = np.random.default_rng(2)
        group, x = rng.random(20_000) < 0.2, rng.normal(size=20_000)
        y = rng.random(20_000) < expit(x + 2 * group)
        score = expit(x)
        later, z = rng.random(20_000) < 0.8, rng.normal(size=20_000)
        truth, scores = rng.random(20_000) < expit(z + 2 * later), expit(z)
        real = ((scores >= 0.5) == truth).mean()
        plain = cbpe(fit_calibrator(y, score).apply(scores), scores)["accuracy"].value
        weights = domain_weights(np.column_stack([x, group]), np.column_stack([z, later])).weights
        mended = weighted_cbpe(y, score, scores, weights).estimate["accuracy"].value
        assert abs(mended - real) < 0.02 < abs(plain - real)

    def test_equal_weights_are_plain_cbpe(self) -> None:
        """To rounding."""
        rng = np.random.default_rng(3)
        score = rng.random(500)
        y = rng.random(500) < score**2
        plain = cbpe(fit_calibrator(y, score).apply(score), score)
        found = weighted_cbpe(y, score, score, np.full(500, 3.0)).estimate
        for one, other in zip(plain.metrics, found.metrics, strict=True):
            assert one.value == pytest.approx(other.value, abs=1e-9)

    def test_a_few_rows_that_carry_all_are_refused(self) -> None:
        """Below 100 effective rows there is no estimate, and the reason says so."""
        rng = np.random.default_rng(4)
        score, weights = rng.random(500), np.zeros(500)
        weights[:50] = 1
        found = weighted_cbpe(rng.random(500) < score, score, score, weights)
        assert all(each.value is None for each in found.estimate.metrics)
        assert "needs 50 more rows" in found.reason

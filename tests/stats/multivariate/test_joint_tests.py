"""What no single column shows."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.metrics import roc_auc_score

from regrove.stats import InvalidStatistic
from regrove.stats.multivariate import (
    ErrorSums,
    fit_projection,
    kernel_test,
    reconstruction_sums,
    reconstruction_test,
    tell_apart,
)
from regrove.stats.multivariate.projection import scaled_rows
from regrove.stats.summaries import fourier_map, fourier_sums


def rows(rng: np.random.Generator, count: int, correlation: float, columns: int = 2) -> np.ndarray:
    """Normal rows whose columns depend on each other and whose margins do not change."""
    covariance = np.full((columns, columns), correlation) + (1 - correlation) * np.eye(columns)
    return rng.multivariate_normal(np.zeros(columns), covariance, count)


class TestKernel:
    """Sums of random features."""

    def test_the_statistic_is_the_distance_of_the_means_under_the_kernel(self) -> None:
        """The mean of k over all pairs, summed pair by pair."""
        rng = np.random.default_rng(1)
        old, new = [rng.normal(size=(20, 3)) for _ in range(4)], [rng.normal(0.3, 1, (15, 3)) for _ in range(2)]
        through = fourier_map(np.vstack(old), features=64)
        test = kernel_test([fourier_sums(each, through) for each in old], [fourier_sums(each, through) for each in new])

        def phi(x: np.ndarray) -> np.ndarray:
            return np.sqrt(2 / 64) * np.cos(x @ through.weights + through.phases)

        a, b = phi(np.vstack(old)), phi(np.vstack(new))
        direct = (a @ a.T).mean() + (b @ b.T).mean() - 2 * (a @ b.T).mean()
        assert test.statistic == pytest.approx(direct, rel=1e-9)

    def test_a_correlation_is_seen_and_grows_with_itself(self) -> None:
        """Margins alike: the effect rises with the correlation."""
        rng = np.random.default_rng(2)
        through = fourier_map(rows(rng, 500, 0.0))
        old = [fourier_sums(rows(rng, 300, 0.0), through) for _ in range(30)]
        found = [
            kernel_test(old, [fourier_sums(rows(rng, 300, each), through) for _ in range(5)]) for each in (0, 0.4, 0.8)
        ]
        assert found[0].p > 0.01 and found[1].p < 0.01 and found[2].p < 0.001
        assert found[0].effect < found[1].effect < found[2].effect

    def test_other_maps_and_no_blocks_are_refused(self) -> None:
        """Before anything is drawn."""
        rng = np.random.default_rng(0)
        one, two = (
            fourier_sums(rng.normal(size=(9, 2)), fourier_map(rng.normal(size=(9, 2)), features=f)) for f in (8, 16)
        )
        with pytest.raises(InvalidStatistic, match="different Fourier maps"):
            kernel_test([one], [two])
        with pytest.raises(InvalidStatistic, match="nothing to compare"):
            kernel_test([one], [])


class TestReconstruction:
    """Directions of the reference."""

    def test_directions_are_those_of_scikit_learn(self) -> None:
        """On the scaled rows, up to sign."""
        rng = np.random.default_rng(5)
        sample = rows(rng, 400, 0.6, 5) * [1, 2, 3, 4, 5]
        ours = fit_projection(sample, variance=0.8)
        scaled = scaled_rows(sample, ours)
        theirs = PCA(n_components=ours.directions.shape[1], svd_solver="full").fit(scaled - 0.0)
        centred = scaled - scaled.mean(axis=0)
        values, vectors = np.linalg.eigh(scaled.T @ scaled)
        kept = ours.directions.shape[1]
        assert np.allclose(np.abs(np.diag(vectors[:, ::-1][:, :kept].T @ ours.directions)), 1.0, atol=1e-9)
        assert abs(ours.kept - theirs.explained_variance_ratio_.sum()) < 0.02 + np.abs(centred - scaled).max()

    def test_the_error_is_the_distance_to_the_plane(self) -> None:
        """Pythagoras, row by row."""
        rng = np.random.default_rng(6)
        sample = rows(rng, 200, 0.7, 4)
        projection = fit_projection(sample)
        fresh = rows(rng, 50, 0.7, 4)
        scaled = scaled_rows(fresh, projection)
        squared = (scaled**2).sum(axis=1) - ((scaled @ projection.directions) ** 2).sum(axis=1)
        assert reconstruction_sums(fresh, projection).total == pytest.approx(np.sqrt(squared).sum(), rel=1e-9)

    def test_columns_that_part_are_seen(self) -> None:
        """Margins alike, correlation gone."""
        rng = np.random.default_rng(7)
        projection = fit_projection(rows(rng, 1000, 0.9, 4))
        old = [reconstruction_sums(rows(rng, 200, 0.9, 4), projection) for _ in range(30)]
        new = [reconstruction_sums(rows(rng, 200, 0.0, 4), projection) for _ in range(4)]
        same = [reconstruction_sums(rows(rng, 200, 0.9, 4), projection) for _ in range(4)]
        assert reconstruction_test(old, new).p < 0.001 < 0.01 < reconstruction_test(old, same).p

    @pytest.mark.parametrize("sample", [np.full((9, 2), np.nan), np.ones((9, 2)), np.full((9, 1), np.inf)])
    def test_constant_and_empty_columns_have_no_directions(self, sample: np.ndarray) -> None:
        """And no error either."""
        projection = fit_projection(sample)
        assert projection.directions.shape[1] == 0
        assert reconstruction_sums(sample, projection) == ErrorSums(9, 0.0)

    @pytest.mark.parametrize("bad", [np.zeros(3), np.zeros((1, 2)), np.zeros((5, 0))])
    def test_too_little_is_refused(self, bad: np.ndarray) -> None:
        """No matrix, a row, no column."""
        with pytest.raises(InvalidStatistic):
            fit_projection(bad)

    def test_a_block_of_other_columns_is_refused(self) -> None:
        """By its shape."""
        with pytest.raises(InvalidStatistic, match="does not fit"):
            reconstruction_sums(np.zeros((3, 5)), fit_projection(np.eye(4)))


class TestTellApart:
    """A classifier on blocks held out."""

    def test_days_that_differ_by_chance_are_not_told_apart(self) -> None:
        """Each day has its own mean, which rows held out at random would give away."""
        rng = np.random.default_rng(8)
        day = np.repeat(np.arange(30), 60)
        values = rng.normal(size=(30, 2))[day] + rng.normal(size=(1800, 2))
        found = tell_apart(
            values[day < 24], values[day >= 24], blocks_reference=day[day < 24], blocks_window=day[day >= 24], draws=9
        )
        assert found.p > 0.02

    def test_the_column_that_moved_is_named(self) -> None:
        """With a p far below what 9 ranks could give."""
        rng = np.random.default_rng(9)
        old, new = rng.normal(size=(900, 3)), rng.normal(size=(300, 3)) + [0, 0, 1.5]
        found = tell_apart(
            old, new, blocks_reference=np.arange(900) // 30, blocks_window=1000 + np.arange(300) // 30,
            names=("hour", "carrier", "wind"), draws=9, top=2,
        )  # fmt: skip
        assert found.p < 0.001 and found.columns[0][0] == "wind" and len(found.columns) == 2
        assert 0.7 < found.auc < roc_auc_score(np.repeat([0, 1], [900, 300]), np.r_[old[:, 2], new[:, 2]]) + 0.03

    @pytest.mark.parametrize(
        "change",
        [
            {"blocks_window": np.zeros(20)},
            {"blocks_window": np.arange(20) // 10},
            {"names": ("a",)},
            {"draws": 1},
            {"folds": 1},
        ],
    )
    def test_what_cannot_be_held_out_is_refused(self, change: dict) -> None:
        """One block, a block on both sides, too few names, no chance, no folds."""
        given = {"blocks_reference": np.arange(40) // 10, "blocks_window": 10 + np.arange(20) // 10, **change}
        with pytest.raises(InvalidStatistic):
            tell_apart(np.zeros((40, 2)), np.zeros((20, 2)), **given)

"""What rows of blocks are worth."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.regression.linear_model import OLS

from regrove.stats.blocked import design_of


class TestDesignOf:
    """The design effect of a share."""

    def test_it_is_statsmodels_clustered_variance_over_the_binomial_one(self) -> None:
        """The mean as a regression on a constant, errors clustered by block."""
        rng = np.random.default_rng(0)
        block = np.repeat(np.arange(20), rng.integers(5, 60, 20))
        hits = rng.random(len(block)) < rng.beta(2, 5, 20)[block]
        fitted = OLS(hits.astype(float), np.ones(len(hits))).fit(
            cov_type="cluster", cov_kwds={"groups": block, "use_correction": False, "df_correction": False}
        )
        share = hits.mean()
        oracle = float(fitted.cov_params()[0, 0]) * 20 / 19 / (share * (1 - share) / len(hits))
        assert design_of(hits, block) == pytest.approx(oracle, rel=1e-9)

    def test_without_blocks_rows_count_as_rows(self) -> None:
        """And in a single block they count as one."""
        hits = np.array([True, False] * 20)
        assert design_of(hits, None) == 1.0
        assert design_of(hits, ["a"] * 40) == 40.0
        assert design_of(hits[:0], []) == 1.0

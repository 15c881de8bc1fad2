"""Corrections for many p-values and e-values at once."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from regrove.stats import InvalidStatistic
from regrove.stats.multiplicity import benjamini_hochberg, e_bh, holm

PS = st.lists(st.floats(0.0, 1.0), min_size=1, max_size=30)


@pytest.fixture(scope="class")
def _nothing_to_collect() -> Iterator[None]:
    """Statsmodels collects garbage at every Holm: .1 s, unless what is there already is set aside."""
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.mark.usefixtures("_nothing_to_collect")
class TestAgainstStatsmodels:
    """The same numbers as an independent implementation."""

    @given(PS, st.sampled_from([0.01, 0.05, 0.1, 0.5]))
    def test_benjamini_hochberg(self, p: list[float], level: float) -> None:
        """Rejected and adjusted, ties and zeros and ones included."""
        rejected, adjusted, _, _ = multipletests(p, level, "fdr_bh")
        found = benjamini_hochberg(p, level)
        np.testing.assert_allclose(np.array(found.adjusted, dtype=float), adjusted, rtol=1e-12, atol=1e-300)
        far = abs(adjusted - level) > 1e-12
        assert [found.rejected[each] for each in np.flatnonzero(far)] == rejected[far].tolist()

    @given(PS, st.sampled_from([0.01, 0.05, 0.1, 0.5]))
    def test_holm(self, p: list[float], level: float) -> None:
        """Rejected and adjusted, ties and zeros and ones included."""
        rejected, adjusted, _, _ = multipletests(p, level, "holm")
        found = holm(p, level)
        np.testing.assert_allclose(np.array(found.adjusted, dtype=float), adjusted, rtol=1e-9, atol=1e-15)
        far = abs(adjusted - level) > 1e-9
        assert [found.rejected[each] for each in np.flatnonzero(far)] == rejected[far].tolist()


class TestEBh:
    """E-values by their definition."""

    @given(st.lists(st.floats(0.0, 1e6), min_size=1, max_size=12), st.sampled_from([0.05, 0.1, 0.5]))
    def test_the_k_largest_are_rejected(self, e: list[float], level: float) -> None:
        """K is the largest number for which the k-th largest e-value reaches m / (k level)."""
        m = len(e)
        down = sorted(e, reverse=True)
        # e-values at 1 or below never count: m / (k level) > 1
        k = max((k for k in range(1, m + 1) if down[k - 1] * k * level >= m * (1 - 1e-12)), default=0)
        assert e_bh(e, level).count == k

    def test_it_is_bh_on_one_over_e(self) -> None:
        """An infinite e-value is a p-value of 0, and the missing stay missing."""
        found = e_bh([np.inf, None, 4.0, 0.0], 0.3)
        assert found.adjusted == (0.0, None, 0.375, 1.0)
        assert found.rejected == (True, False, False, False)
        assert found.tests == 3

    @pytest.mark.parametrize("e", [[-1.0], [float("nan")]])
    def test_what_is_no_e_value_is_refused(self, e: list[float]) -> None:
        """Negative or nan."""
        with pytest.raises(InvalidStatistic, match="no e-values"):
            e_bh(e)


class TestProperties:
    """What holds for every correction."""

    @given(PS, st.randoms(use_true_random=False))
    def test_the_order_does_not_matter(self, p: list[float], random: np.random.Generator) -> None:
        """Each hypothesis keeps its adjusted value when the list is shuffled."""
        order = list(range(len(p)))
        random.shuffle(order)
        for rule in (benjamini_hochberg, holm):
            straight, mixed = rule(p), rule([p[each] for each in order])
            assert [straight.adjusted[each] for each in order] == list(mixed.adjusted)

    @given(PS)
    def test_holm_is_stricter_than_bh(self, p: list[float]) -> None:
        """A page is never easier than the list, and both never below p."""
        strict, loose = holm(p).adjusted, benjamini_hochberg(p).adjusted
        assert all(a >= b - 1e-12 and b >= c - 1e-12 for a, b, c in zip(strict, loose, p, strict=True))

    def test_what_was_not_tested_does_not_count(self) -> None:
        """None changes nothing for the others, and the reason names it."""
        with_none, without = holm([0.02, None, 0.03]), holm([0.02, 0.03])
        assert (with_none.adjusted[0], with_none.adjusted[2]) == without.adjusted
        assert with_none.reason == "2 of 2 at a chance of any false one of 0.05; 1 could not be tested"
        assert benjamini_hochberg([None]).rejected == (False,)
        assert holm([]).tests == 0

    def test_all_zero_and_all_one(self) -> None:
        """The ends of the scale have an answer."""
        assert benjamini_hochberg([0.0, 0.0]).count == holm([0.0, 0.0]).count == 2
        assert benjamini_hochberg([1.0, 1.0]).adjusted == holm([1.0, 1.0]).adjusted == (1.0, 1.0)

    @pytest.mark.parametrize("p", [[-0.1], [1.1], [float("nan")], [float("inf")]])
    def test_what_is_no_p_value_is_refused(self, p: list[float]) -> None:
        """Outside 0 to 1, or nan."""
        for rule in (benjamini_hochberg, holm):
            with pytest.raises(InvalidStatistic):
                rule(p)

    @pytest.mark.parametrize("level", [0.0, 1.0, float("nan")])
    def test_what_is_no_level_is_refused(self, level: float) -> None:
        """0, 1 and nan."""
        for rule in (benjamini_hochberg, holm, e_bh):
            with pytest.raises(InvalidStatistic, match="no level"):
                rule([0.5], level)

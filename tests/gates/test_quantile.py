"""The interval of a quantile, against the binomial law itself."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from regrove.gates.quantile import quantile
from regrove.stats.verdict import InvalidStatistic


@given(st.integers(1, 3000), st.floats(0.5, 0.995), st.sampled_from([0.8, 0.9, 0.99]))
def test_each_end_errs_as_rarely_as_it_says_and_no_rarer_than_it_must(n, share, level):
    """By scipy's binomial law: the next rank inwards would err too often."""
    value, interval = quantile(np.arange(1.0, n + 1.0), share, level)
    law, tail = stats.binom(n, share), (1 - level) / 2
    low, high = int(interval.low), interval.high
    assert law.cdf(low - 1) <= tail + 1e-12
    assert law.cdf(low) > tail - 1e-12
    if math.isinf(high):
        assert 1 - law.cdf(n - 1) > tail - 1e-12
    else:
        assert 1 - law.cdf(int(high) - 1) <= tail + 1e-12
        assert 1 - law.cdf(int(high) - 2) > tail - 1e-12
    assert value == math.ceil(share * n)


def test_few_values_leave_the_upper_end_open():
    """Of 200 requests none tells where the 99th percentile ends."""
    assert math.isinf(quantile(np.ones(200), 0.99)[1].high)
    assert quantile(np.ones(400), 0.99)[1].high == 1.0


@pytest.mark.parametrize(("values", "share"), [([], 0.5), ([1.0], 0.0), ([1.0], 1.0)])
def test_what_has_no_quantile_is_refused(values, share):
    """No values, and shares that are none."""
    with pytest.raises(InvalidStatistic, match="no such quantile"):
        quantile(values, share)

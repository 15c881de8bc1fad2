"""Shares of traffic: each caller always on the same side, the share as declared, and nobody leaves while it grows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regrove.serving.traffic import SHARES, choose, place

keys = st.text(min_size=1, max_size=30)


@given(keys, st.text(max_size=32), st.integers(0, SHARES), st.integers(0, SHARES))
def test_who_is_in_the_canary_stays_in_it_while_it_grows(key, salt, one, other):
    small, large = sorted((one, other))
    if choose([small], salt, key, "a") == 1:
        assert choose([large], salt, key, "b") == 1


@given(keys, st.text(max_size=32), st.integers(0, SHARES))
def test_the_key_decides_and_not_the_request(key, salt, share):
    assert choose([share], salt, key, "1") == choose([share], salt, key, "2")


@pytest.mark.parametrize("share", [0, 500, 2_000, 5_000, 9_900, SHARES])
def test_the_share_is_the_declared_one(share):
    """Within five standard deviations of a binomial draw over 20,000 callers."""
    count = 20_000
    chosen = sum(choose([share], "salt", f"caller-{number}", "") for number in range(count))
    expected = share / SHARES
    assert abs(chosen / count - expected) <= 5 * (expected * (1 - expected) / count) ** 0.5


def test_another_salt_shuffles_the_callers():
    """Half of those in one canary of 50% are in the next: nobody is the guinea pig of every release."""
    both = sum(
        choose([5_000], "one", f"{number}", "") and choose([5_000], "two", f"{number}", "") for number in range(4_000)
    )
    assert 850 <= both <= 1_150


def test_without_a_key_each_request_is_drawn():
    drawn = {choose([5_000], "salt", None, f"{number}") for number in range(50)}
    assert drawn == {0, 1}
    assert choose([5_000], "salt", "", "1") == choose([5_000], "salt", "", "2")


def test_several_candidates_share_the_line():
    counts = [0, 0, 0]
    for number in range(10_000):
        counts[choose([1_000, 3_000], "salt", f"{number}", "")] += 1
    assert 900 <= counts[1] <= 1_100
    assert 2_800 <= counts[2] <= 3_200


def test_places_lie_on_the_line():
    assert {0 <= place("s", f"{number}") < SHARES for number in range(1_000)} == {True}

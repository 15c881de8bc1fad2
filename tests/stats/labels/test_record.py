"""The record of an estimate."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regrove.stats.labels import Status, conformal_half_width, track_record
from regrove.stats.verdict import InvalidStatistic

ERRORS = st.lists(st.floats(-1, 1), max_size=60)


class TestConformalHalfWidth:
    """The quantile with its plus one."""

    @given(errors=ERRORS, level=st.sampled_from([0.5, 0.8, 0.9]))
    def test_holds_the_stated_share_of_a_full_rotation(self, errors: list[float], level: float) -> None:
        """Leave each error out in turn: at least the level's share are held by the others, exactly."""
        held = [abs(e) <= conformal_half_width(errors[:i] + errors[i + 1 :], level) for i, e in enumerate(errors)]
        assert sum(held) >= level * len(held) - 1e-9

    def test_too_few_errors_give_no_end(self) -> None:
        """Nine are needed for 90%."""
        assert conformal_half_width([0.1] * 8) == math.inf
        assert conformal_half_width([0.1] * 9) == 0.1


class TestTrackRecord:
    """VALIDATED, UNPROVEN, UNRELIABLE."""

    def test_a_short_record_is_unproven(self) -> None:
        """And says what is missing."""
        found = track_record(0.9, [0.9] * 5, [0.91] * 5)
        assert (found.status, found.half_width, found.coverage) == (Status.UNPROVEN, math.inf, None)
        assert "15 more matured blocks" in found.reason
        assert track_record(0.9, [], []).bias is None

    def test_a_good_record_is_validated(self) -> None:
        """Twenty blocks of which the band held its share."""
        rng = np.random.default_rng(0)
        errors = rng.normal(0, 0.01, 20)
        found = track_record(0.9, 0.9 + errors, np.full(20, 0.9))
        assert found.status is Status.VALIDATED
        assert found.judged == 11
        assert found.band.covers(0.9)

    def test_a_broken_record_stays_broken(self) -> None:
        """However many wrong blocks follow: they never widen the band that is judged by."""
        rng = np.random.default_rng(1)
        truth = np.full(120, 0.9)
        truth[40:] = 0.5
        estimates = 0.9 + 0.01 * rng.normal(size=120)
        for end in range(43, 121):
            assert track_record(0.9, estimates[:end], truth[:end]).status is Status.UNRELIABLE

    def test_a_strange_window_is_unreliable_whatever_the_record(self) -> None:
        """By the classifier or by rows outside."""
        errors = np.random.default_rng(2).normal(0, 0.01, 30)
        ask = lambda **more: track_record(0.9, 0.9 + errors, np.full(30, 0.9), **more).status
        assert ask(domain_auc=0.7, outside=0.01) is Status.VALIDATED
        assert ask(domain_auc=0.81) is Status.UNRELIABLE
        assert ask(outside=0.06) is Status.UNRELIABLE

    def test_a_band_too_wide_to_use_is_unproven(self) -> None:
        """Even if it covers."""
        errors = np.random.default_rng(3).normal(0, 0.1, 30)
        assert track_record(0.9, 0.9 + errors, np.full(30, 0.9), tolerance=0.05).status is Status.UNPROVEN

    @given(errors=ERRORS)
    def test_a_record_is_always_graded(self, errors: list[float]) -> None:
        """With a reason, and never nan."""
        found = track_record(0.5, np.array(errors) + 0.5, np.full(len(errors), 0.5))
        assert found.reason
        assert found.band.covers(0.5)
        assert found.coverage is None or 0 <= found.coverage <= 1

    def test_bad_input_is_refused(self) -> None:
        """No number, unequal lengths."""
        for ask in (
            lambda: track_record(math.nan, [], []),
            lambda: track_record(0.5, [0.5], []),
            lambda: track_record(0.5, [math.inf], [0.5]),
            lambda: track_record(0.5, [], [], domain_auc=math.nan),
            lambda: conformal_half_width([0.1], 1.0),
        ):
            with pytest.raises(InvalidStatistic):
                ask()

"""The split."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regrove.errors import InvalidInput
from regrove.pipelines.config import SplitConfig
from regrove.pipelines.given import Holdout, Train
from regrove.pipelines.split import EVENT_TIME, TARGET, event_micros, pack, split, unpack

START = datetime(2013, 1, 1, tzinfo=UTC)
HOUR = 3_600_000_000


def frames(hours: list[int], labels: list[bool | None]):
    request = pl.DataFrame(
        {"at": [START + timedelta(hours=each) for each in hours]}, schema={"at": pl.Datetime("us", "UTC")}
    )
    features = pl.DataFrame({"row": list(range(len(hours)))})
    return features, pl.DataFrame({"late": labels}, schema={"late": pl.Boolean}), request


def by_time(features, target, request, holdout="10h", embargo="0s"):
    return split(features, target, request, SplitConfig(holdout=holdout, embargo=embargo), time="at", seed=0)


class TestByTime:
    """Older rows train, newer rows judge."""

    def test_the_last_stretch_is_held_out(self):
        """The boundary itself is still training."""
        sides = by_time(*frames(list(range(21)), [True] * 21))
        assert sides.train.features["row"].to_list() == list(range(11))
        assert sides.holdout.features["row"].to_list() == list(range(11, 21))

    def test_the_embargo_is_dropped(self):
        """Rows just before the holdout are on neither side."""
        sides = by_time(*frames(list(range(21)), [True] * 21), embargo="3h")
        assert sides.train.features["row"].to_list() == list(range(8))
        assert (sides.embargoed, len(sides.holdout)) == (3, 10)

    def test_rows_without_a_target_are_dropped_first(self):
        """Labels that are not there yet do not shorten the holdout."""
        sides = by_time(*frames(list(range(31)), [True] * 21 + [None] * 10))
        assert (len(sides.train), len(sides.holdout), sides.unlabelled) == (11, 10, 10)

    @given(
        st.lists(st.tuples(st.integers(0, 500), st.sampled_from([True, False, None])), min_size=1, max_size=80),
        st.integers(1, 200),
        st.integers(0, 100),
    )
    def test_no_row_of_training_is_within_the_embargo(self, rows, holdout, embargo):
        """Whatever the rows: every side is labelled, apart by the embargo, complete and in order."""
        hours, labels = [row[0] for row in rows], [row[1] for row in rows]
        try:
            sides = by_time(*frames(hours, labels), holdout=f"{holdout}h", embargo=f"{embargo}h")
        except InvalidInput:
            return
        times = np.array(hours) * HOUR
        train, held = sides.train.features["row"].to_numpy(), sides.holdout.features["row"].to_numpy()
        assert times[held].min() - times[train].max() > embargo * HOUR
        known = [place for place, label in enumerate(labels) if label is not None]
        assert times[held].min() > times[known].max() - holdout * HOUR
        assert sorted([*train, *held]) == sorted(set(train) | set(held))
        assert len(train) + len(held) + sides.embargoed + sides.unlabelled == len(rows)
        assert list(train) == sorted(train) and list(held) == sorted(held)
        assert sides.train.target.null_count() == sides.holdout.target.null_count() == 0

    def test_an_empty_side_is_refused_with_the_times(self):
        """The error shows how long the labelled rows reach."""
        with pytest.raises(InvalidInput, match="no rows for train") as caught:
            by_time(*frames([0, 1, 2], [True] * 3), holdout="90d")
        assert "2013-01-01T02:00:00Z" in caught.value.received

    def test_no_label_at_all_is_refused(self):
        """There is nothing to learn from."""
        with pytest.raises(InvalidInput, match="No row has a target"):
            by_time(*frames([0, 1], [None, None]))


class TestAtRandom:
    """For rows without a time."""

    def test_the_share_is_held_out_and_the_seed_decides(self):
        """The same seed gives the same rows, another one others."""
        features, target, request = frames(list(range(100)), [True] * 100)
        config = SplitConfig(random=0.2)
        one, two, other = (split(features, target, request, config, time="", seed=seed) for seed in (1, 1, 2))
        assert len(one.holdout) == 20
        assert one.holdout.features.equals(two.holdout.features)
        assert not one.holdout.features.equals(other.holdout.features)
        assert one.train.event_time is None


class TestRefused:
    """Frames that do not fit."""

    def test_heights_must_agree(self):
        """A filter in the features would shift labels against rows."""
        features, target, request = frames([0, 1, 2], [True] * 3)
        with pytest.raises(InvalidInput, match="features have another number of rows"):
            by_time(features[:2], target, request)
        with pytest.raises(InvalidInput, match="target have another number of rows"):
            by_time(features, target[:2], request)

    def test_a_target_is_one_column(self):
        """Two columns are refused."""
        features, target, request = frames([0], [True])
        with pytest.raises(InvalidInput, match="one column"):
            by_time(features, target.with_columns(other=1), request)

    def test_reserved_names(self):
        """A side is one frame, so two names are taken."""
        features, target, request = frames([0], [True])
        with pytest.raises(InvalidInput, match="reserved"):
            by_time(features.with_columns(pl.lit(1).alias(TARGET)), target, request)

    @pytest.mark.parametrize(
        ("values", "words"),
        [
            (pl.Series("at", [datetime(2013, 1, 1)]), "no instants"),
            (pl.Series("at", [1]), "no instants"),
            (pl.Series("at", [None], dtype=pl.Datetime("us", "UTC")), "null in 1 rows"),
            (pl.Series("when", [1]), "no column 'at'"),
        ],
    )
    def test_an_event_time_must_be_an_instant(self, values, words):
        """A naive one, a number, a null and a missing one are told apart."""
        with pytest.raises(InvalidInput, match=words):
            event_micros(values.to_frame(), "at")

    def test_dates_and_other_units_are_instants(self):
        """A date is its midnight in UTC; nanoseconds and zones are brought to one scale."""
        day = pl.Series("at", [date(2013, 1, 1)]).to_frame()
        there = (
            pl.Series("at", [START], dtype=pl.Datetime("ns", "UTC")).dt.convert_time_zone("America/New_York").to_frame()
        )
        assert event_micros(day, "at")[0] == event_micros(there, "at")[0] == 1_356_998_400_000_000


class TestPack:
    """A side as one frame."""

    def test_it_comes_back(self):
        """Features, target and time are what they were."""
        sides = by_time(*frames(list(range(21)), [True] * 21))
        for side, kind in ((sides.train, Train), (sides.holdout, Holdout)):
            again = unpack(pack(side), kind)
            assert type(again) is kind
            assert again.features.equals(side.features)
            assert again.target.equals(side.target.rename(TARGET))
            assert again.event_time.equals(side.event_time.rename(EVENT_TIME))

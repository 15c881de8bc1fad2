"""Verdicts on windows, from summaries alone."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from regrove.errors import Corrupt, InvalidDeclaration
from regrove.monitoring.block import block_at
from regrove.monitoring.column import Watched, layout_for, watched
from regrove.monitoring.drift import LEAST_BLOCKS, judge, level_of
from regrove.monitoring.summary import pack, prepared, summarise, unpack
from regrove.registry import Signature
from regrove.registry.signature import Output
from regrove.schema import Column, LogicalType, Schema
from tests.monitoring.world import DAY, START

COLUMNS = (Watched("request.x", "number"), Watched("request.kind", "category"))


def rows(day, n=200, shift=0.0, *, constant=None, nulls=0.0, kinds=("a", "b"), drop=()):
    rng = np.random.default_rng([7, day])
    x = np.full(n, constant) if constant is not None else rng.normal(rng.normal(shift, 0.05), 1, n)
    frame = pl.DataFrame({"request.x": x, "request.kind": rng.choice(kinds, n)})
    missing = pl.Series(rng.random(n) < nulls)
    return frame.with_columns(pl.when(missing).then(None).otherwise(pl.col("request.x")).alias("request.x")).drop(drop)


def blocks(parts, first=0, columns=COLUMNS, layouts=None):
    """Days with their summaries, on the cells of the first ones."""
    whole = prepared(pl.concat(parts, how="diagonal_relaxed"), columns, "UTC")
    made = [layout_for(each, whole[each.name]) for each in columns if each.name in whole.columns]
    layouts = layouts or {each.name: layout for each, layout in made}
    days = [block_at(START + (first + place) * DAY, "1d", "UTC") for place in range(len(parts))]
    return [
        (day, summarise(part, [each for each in columns if each.name in layouts], layouts, "UTC"))
        for day, part in zip(days, parts, strict=True)
    ], layouts


def judged(reference, window, columns=COLUMNS, **more):
    left, layouts = blocks(reference, columns=columns)
    right, _ = blocks(window, first=len(reference), columns=columns, layouts=layouts)
    return judge(right, left, columns, **{"level": 0.03, "seed": 1, **more})


def of(found, name):
    return next(each for each in found.findings if each.column == name)


class TestVerdicts:
    """Three words, each with its reason."""

    def test_a_column_that_moved_is_drift_and_is_named_with_effect_and_interval(self):
        """In a week and on a single day."""
        for days in (7, 1):
            found = judged([rows(day) for day in range(40)], [rows(40 + day, shift=0.8) for day in range(days)])
            assert found.verdict == "DRIFT" and found.reason.startswith("request.x: ")
            assert found.alive and found.odd and found.p <= 0.03
            x = of(found, "request.x")
            assert x.verdict == "DRIFT" and x.low < x.value < x.high and x.value > x.floor
            assert of(found, "request.kind").verdict != "DRIFT"
        assert found.tier == "leave-one-out"

    def test_much_of_the_same_is_stable(self):
        """Shown, not only not found to drift."""
        frames = [pl.DataFrame({"request.kind": np.tile(["a", "b"], 4000)}) for _ in range(47)]
        found = judged(frames[:40], frames[40:], columns=COLUMNS[1:])
        assert (found.verdict, found.alive) == ("STABLE", False)

    def test_little_of_the_same_is_inconclusive_with_what_is_missing(self):
        """Silence is not stability."""
        found = judged([rows(day, 60) for day in range(40)], [rows(41, 60)])
        assert found.verdict == "INCONCLUSIVE" and "2 of 2 columns are open" in found.reason

    def test_the_same_seed_gives_the_same_verdict(self):
        """To the last digit."""
        days = [rows(day) for day in range(37)]
        assert judged(days[:30], days[30:]) == judged(days[:30], days[30:])

    def test_weekdays_are_compared_with_their_like_when_there_are_enough(self):
        """A deployment whose weekends differ does not drift every Saturday; with few weeks the weeks are mixed."""
        days = [rows(day, shift=1.5 * ((day + 4) % 7 >= 5)) for day in range(182)]  # day 0 is a Friday
        saturday = judged(days[:176], days[176 + 1 : 176 + 2])
        assert (saturday.strata, saturday.verdict == "DRIFT") == ("weekday", False)
        assert judged(days[:30], days[30:31]).strata == "none"
        assert judged(days[:35], days[35:42]).strata == "weekday"

    def test_a_single_day_must_be_odd_twice_in_three(self):
        """A missing column need not: it is no matter of chance."""
        days = [rows(day) for day in range(40)]
        moved, gone = rows(41, shift=0.8), rows(41, nulls=1.0)
        first = judged(days, [moved], odd_before=[False, False])
        assert (first.verdict, first.odd, first.alive) == ("INCONCLUSIVE", True, True)
        assert first.reason.endswith("this is DRIFT if one of the next two days is as odd")
        assert judged(days, [moved], odd_before=[False, True]).verdict == "DRIFT"
        assert judged(days, [moved], odd_before=[True]).verdict == "DRIFT"
        assert judged(days, [rows(42)], odd_before=[True, True]).verdict != "DRIFT"
        assert judged(days, [gone], odd_before=[]).verdict == "DRIFT"

    def test_a_day_is_ranked_among_days_and_no_tail_is_guessed(self):
        """The oddest of 41 has p 1/41, however odd it is."""
        found = judged([rows(day) for day in range(40)], [rows(41, shift=50.0)])
        assert found.p == pytest.approx(1 / 41)

    def test_few_days_tell_a_difference_and_call_nothing_drift(self):
        """What is left to compare with rings too often."""
        found = judged([rows(day) for day in range(12)], [rows(41, shift=3.0)])
        assert (found.verdict, found.odd, found.alive) == ("INCONCLUSIVE", False, False)
        assert "12 days are too few to tell that from chance, 8 more would do" in found.reason
        assert judged([rows(day) for day in range(12)], [rows(41, nulls=1.0)], odd_before=[]).verdict == "DRIFT"

    def test_the_level_shares_the_budget(self):
        """Four comparisons: a quarter of a page each a quarter, at 1 in 360 days or 1 in 51 weeks."""
        assert level_of(1.0, 4, 90.0, single=False) == pytest.approx(1 / 360)
        level = level_of(1.0, 4, 90.0, single=True)
        assert level * (1 - (1 - level) ** 2) == pytest.approx(1 / 360)  # odd now and on one of two days before
        assert level_of(90.0, 1, 1.0, single=False) == level_of(90.0, 1, 1.0, single=True) == 0.2


class TestBadInput:
    """What cannot be compared has a verdict that says so."""

    def test_a_window_without_rows(self):
        """No rows, no verdict."""
        found = judged([rows(day) for day in range(20)], [rows(21).clear()])
        assert (found.verdict, found.reason, found.alive) == ("INCONCLUSIVE", "the window has no rows", False)

    def test_days_without_rows_are_left_out_on_either_side(self):
        """They are no evidence of anything."""
        days = [rows(day) if day % 3 else rows(day).clear() for day in range(60)]
        assert judged(days[:50], days[50:]).verdict != "DRIFT"

    def test_a_reference_of_three_days(self):
        """Nobody knows what a day is like from three."""
        found = judged([rows(day) for day in range(3)], [rows(4, shift=5)])
        assert found.verdict == "INCONCLUSIVE"
        assert found.reason == (
            f"3 days of reference are too few to know what a day is like; needs {LEAST_BLOCKS - 3} more"
        )

    def test_a_constant_column_is_no_drift_and_its_change_is(self):
        """With the same value, and with another."""
        days = [rows(day, constant=3.0) for day in range(30)]
        assert of(judged(days, [rows(31, constant=3.0)]), "request.x").verdict != "DRIFT"
        assert of(judged(days, [rows(31, constant=4.0)], level=0.04), "request.x").verdict == "DRIFT"

    def test_a_column_that_is_null_all_day_is_drift_of_its_null_rate(self):
        """And one that always was is none."""
        days = [rows(day) for day in range(40)]
        found = judged(days, [rows(41, nulls=1.0)])
        assert (found.verdict, of(found, "request.x").effect) == ("DRIFT", "nulls")
        empty = [rows(day, nulls=1.0) for day in range(40)]
        assert of(judged(empty, [rows(41, nulls=1.0)]), "request.x").verdict != "DRIFT"
        found = judged(empty, [rows(41)])
        assert of(found, "request.x").verdict == "DRIFT"
        assert "100% of its values are there, at most 0% were in any block of the reference" in found.reason

    def test_a_day_like_the_worst_one_is_no_fault(self):
        """There was one in the reference already."""
        outage = [rows(day, nulls=1.0 if day == 5 else 0.0) for day in range(40)]
        assert judged(outage, [rows(41, nulls=1.0)]).verdict != "DRIFT"

    def test_a_column_that_vanished_leaves_the_answer_open(self):
        """The others are judged, and STABLE is not said of what was not seen."""
        frames = [pl.DataFrame({"request.kind": np.tile(["a", "b"], 4000), "request.x": 1.0}) for _ in range(41)]
        found = judged(frames[:40], [frames[40].drop("request.x")])
        assert found.verdict == "INCONCLUSIVE" and "request.x has no rows in the window" in found.reason

    def test_a_column_that_is_new_waits_for_a_reference(self):
        """It is compared on the days that have it, with the others on all of theirs."""
        days = [rows(day, drop=["request.x"] if day < 15 else []) for day in range(40)]
        layouts = blocks(days)[1]
        for have, open_ in ((18, True), (40, False)):
            left, _ = blocks(days[:have], layouts=layouts)
            right, _ = blocks([rows(50, shift=2.0)], first=50, layouts=layouts)
            found = judge(right, left, COLUMNS, level=0.1, seed=1)
            assert ("is in 3 blocks of the reference; needs 5 more" in found.reason) == open_
            assert (found.verdict == "DRIFT") != open_

    def test_values_that_were_never_there_are_seen(self):
        """A category that nobody knew."""
        found = judged([rows(day) for day in range(40)], [rows(41, kinds=("a", "b", "z"))], level=0.05)
        assert of(found, "request.kind").verdict == "DRIFT"


class TestColumns:
    """What is watched, and as what."""

    SIGNATURE = Signature(
        request=Schema(
            (
                Column("n", LogicalType.INT16),
                Column("flag", LogicalType.BOOLEAN),
                Column("when", LogicalType.TIMESTAMP),
                Column("day", LogicalType.DATE),
                Column("raw", LogicalType.BINARY),
                Column("name", LogicalType.STRING),
            )
        ),
        features=Schema((Column("n", LogicalType.INT16),)),
        output=Output(task="multiclass", classes=("a", "b")),
    )

    def test_what_the_model_answers_comes_first_and_every_type_has_a_form(self):
        """Dates and bytes are watched for being there."""
        found = watched(self.SIGNATURE, None, monitor="m")
        assert [(each.name, each.form) for each in found] == [
            ("output.class", "category"),
            ("output.probability:a", "number"),
            ("output.probability:b", "number"),
            ("request.n", "number"),
            ("request.flag", "category"),
            ("request.when", "hour"),
            ("request.day", "presence"),
            ("request.raw", "presence"),
            ("request.name", "category"),
        ]

    def test_of_many_classes_only_the_answer_is_watched(self):
        """Not a hundred probabilities."""
        many = Output(task="multiclass", classes=tuple(range(100)))
        signature = Signature(request=self.SIGNATURE.request, features=self.SIGNATURE.features, output=many)
        found = watched(signature, ["n"], monitor="m")
        assert [(each.name, each.form) for each in found] == [("output.class", "category"), ("request.n", "number")]

    def test_columns_that_no_request_has_are_refused(self):
        """With the nearest name."""
        with pytest.raises(InvalidDeclaration, match=r"did you mean 'flag'"):
            watched(self.SIGNATURE, ["flags"], monitor="m")

    def test_texts_that_name_rows_are_watched_for_being_there(self):
        """New ids every day are no drift; many values that come again are counted by name, rare ones together."""
        ids = pl.Series([f"id{number}" for number in range(1000)])
        column, layout = layout_for(Watched("request.id", "category"), ids)
        assert column.form == "presence" and layout.top == ("known",)
        tails = pl.Series([f"t{number % 400}" for number in range(4000)])
        column, layout = layout_for(Watched("request.tail", "category"), tails)
        assert column.form == "category" and len(layout.top) == 256 and not layout.complete

    def test_an_hour_is_local(self):
        """As people live it, in summer and in winter."""
        moments = pl.DataFrame({"t": ["2013-01-01T12:30:00Z", "2013-07-01T12:30:00Z", None]}).select(
            pl.col("t").str.to_datetime(time_unit="us", time_zone="UTC").alias("request.when")
        )
        hours = prepared(moments, [Watched("request.when", "hour")], "America/New_York")
        assert hours["request.when"].to_list() == [7.0, 8.0, None]


class TestObjects:
    """The bytes of a block's summaries."""

    def test_they_are_read_back_and_are_the_same_for_the_same_rows(self):
        """In whatever order the rows came."""
        ((_, found),), layouts = blocks([rows(1)])
        data = pack(found)
        again = summarise(rows(1).sample(fraction=1.0, shuffle=True, seed=3), COLUMNS, layouts, "UTC")
        read = unpack(data, layouts)
        assert {name: each.cells().tolist() for name, each in read.items()} == {
            name: each.cells().tolist() for name, each in again.items()
        }

    @pytest.mark.parametrize("data", [b"", b"\x93\x01", b"\x92\x02\x80"])
    def test_other_bytes_are_refused(self, data):
        """Corrupt, whatever they are."""
        with pytest.raises(Corrupt):
            unpack(data, {})

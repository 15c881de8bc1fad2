"""Scripts: every row is asked once, every label finds its prediction, and the same data give the same script."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regrove.clock import to_micros
from regrove.errors import InvalidInput
from regrove.serving.replay import ReplayOptions, Script

START = datetime(2013, 3, 1, 5, tzinfo=UTC)
DAY = 86_400_000_000
END = to_micros(START) + 60 * DAY


def rows(count: int, seed: int, days: int = 5) -> pl.DataFrame:
    """Rows at random times, with a number of their own as what they turned out to be."""
    rng = np.random.default_rng(seed)
    times = [START + timedelta(seconds=float(each)) for each in rng.uniform(0, days * 86_400, count)]
    late = [at + timedelta(hours=float(each)) for at, each in zip(times, rng.uniform(1, 200, count), strict=True)]
    moment = pl.Datetime("us", "UTC")
    return pl.DataFrame(
        {
            "number": list(range(count)),
            "at": pl.Series(times, dtype=moment),
            "known": pl.Series(late, dtype=moment),
            "turned": [None if index % 7 == 3 else index for index in range(count)],
            "x": rng.normal(size=count),
        },
        schema_overrides={"turned": pl.Int64},
    )


def script(frame: pl.DataFrame, **options) -> Script:
    chosen = ReplayOptions(**{"label": "turned", "label_at": "known"} | options)
    return Script(frame, digest="b3-1:0", time="at", request=["number", "x"], options=chosen)


@given(
    st.integers(1, 120), st.integers(0, 9), st.integers(1, 50), st.integers(0, 40), st.sampled_from(["1d", "6h", "2d"])
)
@settings(max_examples=40, deadline=None)
def test_every_row_is_asked_once_and_every_label_finds_it(count, seed, batch, singles, step):
    """The number of a row is in its request; the label that names this request and row must be that number."""
    frame = rows(count, seed)
    asked: dict[str, int] = {}
    told: list[tuple[str, int]] = []
    for each in script(frame, batch=batch, singles=singles, step=step).steps(0, END):
        for ask in each.asks:
            assert len(ask.rows) <= batch
            assert each.begin <= ask.at < each.end
            for place, row in enumerate(ask.rows):
                name = f"{ask.request_id}.{place}"
                assert name not in asked
                asked[name] = row["number"]
        for tell in each.tells:
            told += [(name, value) for name, value, at in tell.labels]
            assert all(each.begin <= at < each.end for _, _, at in tell.labels)
    assert sorted(asked.values()) == list(range(count))
    assert sorted(value for _, value in told) == [index for index in range(count) if index % 7 != 3]
    assert all(asked[name] == value for name, value in told)


def test_begun_again_in_the_middle_it_sends_the_same():
    """Who begins at a later step, with a new object, gets what the first would have sent from there on."""
    frame = rows(300, 1)
    whole = list(script(frame, untidy=0.2).steps(0, END))
    again = list(script(frame, untidy=0.2).steps(whole[2].begin, END))
    assert again == whole[2:]
    assert list(script(frame, untidy=0.2).steps(whole[2].begin + 5, END)) == whole[2:]


def test_until_cuts_a_step():
    """Nothing is sent that lies after the end, and who goes on later sends the cut step under the same ids."""
    frame = rows(300, 2)
    noon = to_micros(START) + DAY // 2
    cut = list(script(frame, batch=10).steps(0, noon))
    assert cut[-1].end == noon
    assert all(ask.at < noon for each in cut for ask in each.asks)
    whole = next(each for each in script(frame, batch=10).steps(0, END) if each.begin == cut[-1].begin)
    assert {each.request_id for each in cut[-1].asks} < {each.request_id for each in whole.asks}


def test_untidy_labels_come_twice_out_of_order_and_for_nobody():
    frame = rows(2_000, 3)
    ids = {
        f"{ask.request_id}.{place}"
        for each in script(frame).steps(0, END)
        for ask in each.asks
        for place in range(len(ask.rows))
    }
    labels = [one for each in script(frame, untidy=0.1).steps(0, END) for tell in each.tells for one in tell.labels]
    names = [name for name, _, _ in labels]
    known = [name for name in names if name in ids]
    assert 100 < len(known) - len(set(known)) < 250
    assert 40 < len(names) - len(known) < 160
    times = [at for _, _, at in labels]
    assert times != sorted(times)


def test_a_label_is_not_known_before_its_row_was_asked():
    frame = rows(50, 4).with_columns(known=pl.col("at") - pl.duration(days=3))
    asked: dict[str, int] = {}
    for each in script(frame, batch=1).steps(0, END):
        asked |= {f"{ask.request_id}.0": ask.at for ask in each.asks}
        for tell in each.tells:
            assert all(asked[name] <= at for name, _, at in tell.labels)


def test_not_a_number_is_sent_as_null():
    frame = rows(3, 5).with_columns(x=pl.Series([float("nan"), 1.0, None]))
    sent = [row["x"] for each in script(frame).steps(0, END) for ask in each.asks for row in ask.rows]
    assert sorted(sent, key=str) == [1.0, None, None]


@pytest.mark.parametrize(
    ("change", "options", "match"),
    [
        ({}, {"label": "turnd"}, "turnd"),
        ({"at": pl.col("at").dt.replace_time_zone(None)}, {}, "no instants"),
        ({"at": pl.lit(None, pl.Datetime("us", "UTC"))}, {}, "null in 5 rows"),
        ({}, {"step": "1y"}, "step"),
        ({}, {"batch": 0}, "batch"),
        ({}, {"untidy": 1.5}, "untidy"),
    ],
)
def test_refused(change, options, match):
    with pytest.raises(InvalidInput, match=match):
        script(rows(5, 6).with_columns(**change), **options)


def test_no_rows():
    assert [each.asks for each in script(rows(5, 7).clear()).steps(0, DAY)] == [[]]

"""Reading a stretch of the log: the same rows and labels as the whole of it holds there, without opening the rest."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regrove.refs import new_id
from regrove.schema import LogicalType, decode_rows
from regrove.serving.records import Label, Labelled, Predicted
from regrove.serving.segment import SegmentWriter
from regrove.workspace.log import PredictionLogs
from tests.serving.doubles import row

DAY = 86_400_000_000
START = 1_362_096_000_000_000
EVER = 2**62


@pytest.fixture
def days(server, deployments, log):
    """Five days of requests, the first three of them compacted day by day, with labels that come a day later."""

    def day(number: int, writer: SegmentWriter) -> None:
        live = server.watcher.live
        for hour in range(4):
            identity = new_id()
            at = START + number * DAY + hour * DAY // 4
            inputs = decode_rows([row(hour=hour, flight=f"UA{number}-{hour}")], live.model.request)
            outputs = live.model.predict(inputs)
            made = Predicted(
                request_id=identity,
                given=False,
                key=None,
                at=at,
                generation=1,
                rows=1,
                inputs=inputs,
                outputs=outputs,
            )
            writer.append(made, answering=live.answering)
            label = Label(identity, 0, hour % 2 == 0, at + DAY)
            writer.append(Labelled(received_at=at + DAY, labels=[label]))

    for number in range(3):
        writer = SegmentWriter(log, "test", "late")
        day(number, writer)
        writer.close()
        deployments.compact("late")
    writer = SegmentWriter(log, "test", "late")
    day(3, writer)
    day(4, writer)
    yield deployments
    writer.close()


@given(st.integers(-DAY, 6 * DAY), st.integers(-DAY, 6 * DAY))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_stretch_is_what_the_whole_holds_there(days, low, high):
    since, until = START + low, START + high
    whole = days.predictions("late").collect()
    at = pl.col("at").to_physical()
    expected = whole.filter((at >= since) & (at < until)).sort("request_id")
    found = days.predictions("late", since=since, until=until).collect().sort("request_id")
    if expected.height:
        assert found.equals(expected)
    assert found.height == expected.height
    assert whole.height == 20


def test_objects_outside_are_not_opened(days, monkeypatch):
    """A year of log costs a day's reading when a day is asked for."""
    opened = []
    fetch = days._history._vault.fetch
    monkeypatch.setattr(days._history._vault, "fetch", lambda digest: opened.append(digest) or fetch(digest))
    assert days.predictions("late", since=START + 2 * DAY, until=START + 3 * DAY).collect().height == 4
    assert len(opened) < 5  # of three days' predictions and labels: one of predictions, the labels from the day before


def test_labels_are_those_that_had_arrived_by_then(days, log):
    """A correction counts from its arrival on, and not before; what was asked later has no label yet."""
    first = days.predictions("late").sort("at").collect().row(0, named=True)
    writer = SegmentWriter(log, "test", "late")
    writer.append(
        Labelled(
            received_at=START + 4 * DAY, labels=[Label(first["request_id"], 0, not first["label"], START + 4 * DAY)]
        )
    )
    writer.close()

    def labels(at):
        return days.predictions("late", labels_until=at).sort("at").collect()["label"].to_list()

    assert labels(START)[:2] == [None, None]
    assert labels(START + 2 * DAY)[:6] == [first["label"], False, True, False, True, None]
    assert labels(START + 4 * DAY)[0] is not first["label"]
    assert labels(START + 4 * DAY - 1)[0] is first["label"]


class TestRowsOfALog:
    """What a dataset is made of."""

    FIELDS = {"flight": LogicalType.STRING, "departs": LogicalType.TIMESTAMP}

    def test_labelled_rows_under_their_own_names(self, days):
        rows = PredictionLogs(lambda: days).rows("late", fields=self.FIELDS, label="late", until=EVER).collect()
        assert rows.columns == ["flight", "departs", "late"]
        assert rows["flight"].to_list()[:2] == ["UA0-0", "UA0-1"]
        assert rows["late"].to_list()[:2] == [True, False]
        assert rows.height == 20

    def test_a_label_that_arrives_later_does_not_count_yet(self, days):
        """Those of the first two days have come within three; so the same instant always gives the same rows."""
        rows = PredictionLogs(lambda: days).rows("late", fields=self.FIELDS, label="late", until=START + 2 * DAY)
        assert rows.collect()["flight"].to_list() == [f"UA0-{hour}" for hour in range(4)] + ["UA1-0"]

    def test_a_field_that_no_request_carries(self, days):
        from regrove.errors import InvalidInput

        with pytest.raises(InvalidInput, match="fligt") as caught:
            PredictionLogs(lambda: days).rows("late", fields={"fligt": LogicalType.STRING}, label="late", until=EVER)
        assert "flight" in caught.value.mend

    def test_never_started(self, deployments):
        """A model that was never served has nothing to learn from its log, and that is no mistake."""
        rows = PredictionLogs(lambda: deployments).rows("other", fields=self.FIELDS, label="late", until=EVER).collect()
        assert (rows.columns, rows.height) == (["flight", "departs", "late"], 0)

"""What a request says beside its body, and the log of a server that is told the time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from regrove.clock import HandClock, iso, parse, to_micros
from regrove.errors import InvalidInput
from regrove.refs import new_id
from regrove.serving.headers import Told, told
from regrove.serving.records import Labelled, Predicted
from regrove.serving.segment import read, segments
from tests.serving.doubles import Server, row

NOON = "2013-03-01T12:00:00Z"
START = datetime(2013, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def replayed(deployments, objects, log):
    """A server of a replayed workspace."""
    deployments.start("late")
    server = Server(objects, log, replayed=True)
    server.watcher.poll()
    yield server
    server.close()


def at(time: str) -> list[tuple[bytes, bytes]]:
    return [(b"host", b"here"), (b"x-regrove-at", time.encode())]


def ask(server, time: str, *rows, **more):
    return server.ask("POST", "/predict", {"rows": list(rows) or [row()], **more}, headers=at(time))


def label(server, time: str, *labels):
    return server.ask("POST", "/feedback", {"labels": list(labels)}, headers=at(time))


def logged(server) -> list:
    return [record for path in segments(server.writer.folder) for record in read(path)[0]]


class TestTold:
    @pytest.mark.parametrize(
        ("time", "same"),
        [(NOON, NOON), ("2013-03-01T07:00:00-05:00", NOON), (" 2013-03-01T12:00:00.000007Z ", None)],
    )
    def test_a_time_is_an_instant(self, time, same):
        assert told(at(time)) == Told(at=parse(same or time.strip()))

    @pytest.mark.parametrize(
        "time", ["", "noon", "2013-03-01T12:00:00", "2013-03-01", "1362139200", "2013-13-01T00:00:00Z"]
    )
    def test_what_names_no_instant_is_refused_by_the_name_of_the_header(self, time):
        with pytest.raises(InvalidInput, match="x-regrove-at") as caught:
            told(at(time))
        assert caught.value.expected and caught.value.received == time

    @pytest.mark.parametrize("number", ["", "-1", "1.0", "two", "１", "9999999999"])
    def test_a_revision_is_a_number(self, number):
        with pytest.raises(InvalidInput, match="x-regrove-revision"):
            told([(b"x-regrove-revision", number.encode())])


class TestReplayed:
    """Domain time comes with the request, and from nowhere else."""

    def test_the_time_of_a_request_is_what_it_says(self, replayed):
        """Of predictions and of labels, in whichever order they come."""
        first = ask(replayed, NOON).json["predictions"][0]["id"]
        ask(replayed, "2013-02-28T23:00:00Z")
        label(replayed, "2013-03-02T08:00:00Z", {"id": first, "value": True})
        predicted = [each.at for each in logged(replayed) if isinstance(each, Predicted)]
        assert predicted == [parse(NOON), parse("2013-02-28T23:00:00Z")]
        (labelled,) = (each for each in logged(replayed) if isinstance(each, Labelled))
        assert labelled.received_at == parse("2013-03-02T08:00:00Z")

    def test_it_is_required_and_nothing_is_logged_without_it(self, replayed):
        identity = new_id()
        for answer in (replayed.predict(row(), id=identity), replayed.label({"id": f"{identity}.0", "value": True})):
            assert answer.status == 422
            assert "must be told the time" in answer.json["error"]["happened"]
            assert "x-regrove-at" in answer.json["error"]["expected"]
        assert logged(replayed) == []
        assert ask(replayed, NOON, row(hour=8), id=identity).status == 200  # the id was not used up

    def test_one_that_is_malformed_is_refused(self, replayed):
        answer = ask(replayed, "yesterday")
        assert (answer.status, answer.json["error"]["received"]) == (422, "yesterday")
        assert logged(replayed) == []

    def test_health_and_metrics_need_none(self, replayed):
        assert {replayed.ask("GET", path).status for path in ("/healthz", "/readyz", "/metrics")} == {200}

    def test_a_label_from_the_future_of_its_request_is_refused(self, replayed):
        """Whatever the machine's clock says; five minutes are allowed, as everywhere."""
        name = ask(replayed, NOON).json["predictions"][0]["id"]
        answer = label(replayed, NOON, {"id": name, "value": True, "at": "2013-03-01T12:05:01Z"})
        assert answer.status == 422 and "in the future" in answer.json["error"]["happened"]
        assert not [each for each in logged(replayed) if isinstance(each, Labelled)]
        assert label(replayed, NOON, {"id": name, "value": True, "at": "2013-03-01T12:05:00Z"}).status == 200


class TestPresent:
    """A server that lives in the present has a clock of its own."""

    def test_it_takes_no_time(self, server):
        for answer in (ask(server, NOON), label(server, NOON, {"id": f"{new_id()}.0", "value": True})):
            assert answer.status == 422
            assert "takes no x-regrove-at" in answer.json["error"]["happened"]
            assert "regrove replay" in answer.json["error"]["mend"]
        assert logged(server) == []

    def test_its_clock_counts(self, deployments, objects, log):
        deployments.start("late")
        mine = Server(objects, log, clock=HandClock(parse(NOON)))
        mine.watcher.poll()
        mine.predict(row())
        assert [each.at for each in logged(mine) if isinstance(each, Predicted)] == [parse(NOON)]
        mine.close()


class TestDays:
    """A replayed log is cut by the days that it lives through."""

    def test_a_day_that_is_over_can_be_compacted_while_the_server_lives(self, replayed, deployments):
        """One segment a day; the day that lasts is left alone."""
        assert week(replayed, 3) == 3
        assert len(segments(replayed.writer.folder)) == 3
        found = deployments.compact("late")
        assert (found.segments, found.predictions, found.live) == (2, 10, 1)
        assert ask(replayed, iso(to_micros(START + timedelta(days=2, hours=5)))).status == 200
        assert len(segments(replayed.writer.folder)) == 1

    def test_a_week_that_was_compacted_day_by_day_holds_what_it_held(self, replayed, deployments):
        """The same rows, labels and times, as long as it lasts and when it is over."""
        compactions = []

        def each_day(until: int) -> None:
            before = rows(deployments)
            compactions.append(deployments.compact("late"))
            assert rows(deployments).equals(before)

        assert week(replayed, 7, each_day) == 7
        whole = rows(deployments)
        replayed.close()
        deployments.compact("late")
        assert rows(deployments).equals(whole)
        assert sum(each.predictions for each in compactions) == 30  # each day but the last
        assert whole.height == 35 and whole["label"].null_count() == 5
        assert deployments.parked("late").is_empty()


def week(server, days: int, then=lambda _: None) -> int:
    """Live through days: each asks about five rows in two requests, and tells how those of the day before ended."""
    before: list[str] = []
    for day in range(days):
        noon = START + timedelta(days=day)
        told = ask(server, iso(to_micros(noon)), *(row(hour=hour) for hour in range(4)), id=new_id()).json
        alone = ask(server, iso(to_micros(noon + timedelta(hours=3))), row(hour=9)).json
        time = iso(to_micros(noon + timedelta(hours=4)))
        for _ in range(2):  # one that comes twice is one
            if before:
                sent = [{"id": name, "value": bool(place % 2), "at": time} for place, name in enumerate(before)]
                assert label(server, time, *sent).json == {"accepted": 5}
        before = [each["id"] for each in (*told["predictions"], *alone["predictions"])]
        then(day)
    return days


def rows(deployments):
    return deployments.predictions("late").sort("at", "request_id", "row").collect()

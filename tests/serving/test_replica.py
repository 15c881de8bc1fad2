"""Which processes answer, as the files beside the log say; real ones are in the tests of canaries."""

from __future__ import annotations

import fcntl

import pytest

from regrove.serving.counters import Counters
from regrove.serving.replica import Replica, replicas


@pytest.fixture
def server(tmp_path):
    """The folder of a server that lives."""
    folder = tmp_path / ".servers" / "one"
    folder.mkdir(parents=True)
    with open(folder / "lock", "xb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder


def worker(server, name: str, **gauges: int) -> None:
    counters = Counters(server / f"{name}.counters")
    for gauge, value in gauges.items():
        counters.put(gauge, value)


def test_the_newest_process_of_each_worker_counts(tmp_path, server):
    """The trouble of one that was replaced went with it."""
    worker(server, "0.9", generation=3, ready=1)
    (server / "0.9.trouble").write_text("it died")
    worker(server, "0.10", generation=4, candidate=2, ready=1)
    worker(server, "1.0", generation=3, ready=1, refused=4)
    (server / "1.0.trouble").write_text("no such object")
    assert replicas(tmp_path) == [
        Replica(server="one", worker=0, generation=4, candidate=2, ready=True, refused=0, trouble=""),
        Replica(server="one", worker=1, generation=3, candidate=0, ready=True, refused=4, trouble="no such object"),
    ]


def test_a_dead_server_has_none(tmp_path, server):
    worker(server, "0.0", generation=3, ready=1)
    server.rename(server.with_name("two"))
    (tmp_path / ".servers" / "three").mkdir()
    (tmp_path / ".servers" / "three" / "lock").touch()
    worker(tmp_path / ".servers" / "three", "0.0", generation=3, ready=1)
    assert [each.server for each in replicas(tmp_path)] == ["two"]


def test_a_process_that_begins_or_ends_just_now_is_none(tmp_path, server):
    """Its counters are not whole yet, or gone since they were listed."""
    (server / "0.0.counters").touch()
    (server / "1.0.counters").symlink_to(server / "gone")
    worker(server, "2.0", generation=1, ready=1)
    assert [each.worker for each in replicas(tmp_path)] == [2]


def test_no_server(tmp_path):
    assert replicas(tmp_path) == []

"""One process of a server, as it is built; what it does over a socket is in the tests of servers."""

from __future__ import annotations

import gc

import pytest

from regrove.serving.worker import Job, build


@pytest.fixture
def job(objects, log, tmp_path):
    """What a worker of the deployment ``late`` is told."""
    (tmp_path / "counters").mkdir()
    return Job(
        objects=str(objects.root), options={}, cache=str(tmp_path / "cache"), project="test", deployment="late",
        log_dir=str(log), server="one", counters=str(tmp_path / "counters"), worker=0, attempt=0, listener=0,
        poll_s=0.01, drain_s=1.0, segment_bytes=1 << 20, segment_s=60,
    )  # fmt: skip


@pytest.fixture
def frozen():
    """How many objects the collector is spared; none before and after."""
    gc.unfreeze()
    yield gc.get_freeze_count
    gc.unfreeze()


def test_the_collector_is_spared_the_libraries_once_a_model_is_there(real, job, frozen):
    """Before it takes the first connection; so no full collection holds a request up while another model is loaded."""
    app = build(job)
    app._watcher.start()
    assert frozen() > 10_000
    app.close()


def test_not_before_there_is_a_model(job, frozen):
    """Its libraries are yet to come."""
    app = build(job)
    app._watcher.start()
    assert frozen() == 0
    app.close()

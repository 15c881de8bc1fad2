"""The pool of processes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from regrove.errors import InvalidInput, Unavailable
from regrove.execution import ProcessPool, Task
from tests.contracts.executor import HERE, ExecutorContract


def eventually(condition, *, within_s=20.0):
    """Wait for what another process does."""
    end = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.005)


def runs(pid: int) -> bool:
    """Whether a process runs; one that is dead and not yet waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


@pytest.fixture(scope="module")
def shared():
    with ProcessPool(2) as pool:
        yield pool


class TestProcessPoolContract(ExecutorContract):
    """The contract of executors."""

    @pytest.fixture
    def executor(self, shared, request):
        if "closed" not in request.node.name:
            yield shared
            return
        with ProcessPool(1) as pool:
            yield pool


class TestProcessPool:
    """Processes that come, die and go."""

    def test_tasks_run_beside_each_other(self, tmp_path):
        """Two tasks that wait for each other both finish, in two processes that are not this one."""
        with ProcessPool(2) as pool:
            futures = [pool.submit(Task(str(n), f"{HERE}:meet", str(tmp_path).encode())) for n in range(2)]
            pids = {future.result() for future in futures}
        assert len(pids) == 2
        assert str(os.getpid()).encode() not in pids

    def test_a_worker_is_used_again_and_none_is_started_in_advance(self):
        """One task after the other needs one process, whatever the limit."""
        with ProcessPool(4) as pool:
            pids = {pool.submit(Task(str(n), f"{HERE}:pid")).result() for n in range(5)}
        assert len(pids) <= 2  # a worker that is about to say that it is free may be overlooked once

    def test_a_short_task_waits_for_the_worker_that_is_there(self, monkeypatch):
        """Starting another takes longer."""
        monkeypatch.setattr("regrove.execution.pool._PATIENCE_S", 60.0)
        with ProcessPool(4) as pool:
            pool.submit(Task("first", f"{HERE}:pid")).result()
            futures = [pool.submit(Task(str(n), f"{HERE}:pid")) for n in range(20)]
            assert len({future.result() for future in futures}) == 1

    def test_what_waits_when_the_pool_is_closed_is_done_beside_each_other_too(self, tmp_path):
        """Two that wait for each other, of which one has no worker yet."""
        pool = ProcessPool(2)
        futures = [pool.submit(Task(str(n), f"{HERE}:meet", str(tmp_path).encode())) for n in range(2)]
        pool.close()
        assert len({future.result() for future in futures}) == 2

    @pytest.mark.parametrize(("function", "cause"), [("die", r"signal 9 \(SIGKILL\)"), ("leave", "exit code 3")])
    def test_a_killed_worker_costs_its_own_task_and_the_pool_heals(self, function, cause):
        """Tasks before and after it are answered."""
        with ProcessPool(1) as pool:
            before = pool.submit(Task("1", f"{HERE}:echo", b"before"))
            dies = pool.submit(Task("2", f"{HERE}:{function}"))
            after = pool.submit(Task("3", f"{HERE}:echo", b"after"))
            with pytest.raises(Unavailable, match=f"worker died of {cause}"):
                dies.result()
            assert (before.result(), after.result()) == (b"before", b"after")

    def test_a_worker_that_died_while_idle_is_replaced_unseen(self):
        """No task pays for a death that was not its own."""
        with ProcessPool(1) as pool:
            first = int(pool.submit(Task("1", f"{HERE}:pid")).result())
            os.kill(first, 9)
            eventually(lambda: not runs(first))
            assert int(pool.submit(Task("2", f"{HERE}:pid")).result()) != first

    def test_cancelling_kills_what_runs_and_drops_what_waits(self, tmp_path):
        """Close returns although a task would never end."""
        pool = ProcessPool(1)
        endless = pool.submit(Task("1", f"{HERE}:hang", str(tmp_path / "mark").encode()))
        waiting = pool.submit(Task("2", f"{HERE}:echo", b"x"))
        eventually((tmp_path / "mark").exists)
        pool.close(cancel=True)
        assert isinstance(endless.exception(), Unavailable)
        assert waiting.cancelled()

    def test_workers_die_with_their_parent(self, tmp_path):
        """Even when it is killed, and even when the worker is busy."""
        mark = tmp_path / "mark"
        code = "from tests.execution.tasks import parent_that_hangs; import sys; parent_that_hangs(sys.argv[1])"
        parent = subprocess.Popen([sys.executable, "-c", code, str(mark)])
        eventually(lambda: mark.exists() and mark.read_text())
        worker = int(mark.read_text())
        assert runs(worker)
        parent.kill()
        parent.wait()
        eventually(lambda: not runs(worker))

    def test_what_a_task_prints_is_no_output_of_the_command(self, capfd):
        """It goes to the standard error."""
        with ProcessPool(1) as pool:
            pool.submit(Task("1", f"{HERE}:speak", b"heard")).result()
        said = capfd.readouterr()
        assert (said.out, said.err) == ("", "heard\n")

    def test_a_pool_without_workers_is_refused(self):
        """At least one is needed."""
        with pytest.raises(InvalidInput, match="needs a worker"):
            ProcessPool(0)

    def test_modules_are_loaded_before_the_first_task(self):
        """What is preloaded is there."""
        with ProcessPool(1, preload=["json"]) as pool:
            assert pool.submit(Task("1", f"{HERE}:echo", b"x")).result() == b"x"

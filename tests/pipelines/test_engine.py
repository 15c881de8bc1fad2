"""Steps in processes of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from regrove.errors import Conflict, StepFailed
from regrove.execution import ProcessPool
from regrove.pipelines import StepRetried, StepStarted
from regrove.storage import Database
from tests.pipelines.light import Light
from tests.pipelines.project import Project

ROOT = Path(__file__).parents[2]

HOLDING = """\
import sys
from pathlib import Path
from regrove.ledger import acting
from regrove.pipelines import StepStarted
from regrove.storage import Database
from tests.pipelines.light import Light

def hold(event):
    if isinstance(event, StepStarted) and event.step == "total":
        print("holding", flush=True)
        sys.stdin.readline()

folder = sys.argv[1]
database = Database.open(f"sqlite:///{folder}/regrove.db")
project = Light(Path(folder), database)
project.declared.apply()
with acting(actor="person:first", project="test"):
    print(project.pipelines.run("late", only="total", progress=hold).run.id)
database.close()
"""


@pytest.fixture(scope="module")
def pool():
    """Two workers."""
    with ProcessPool(2) as found:
        yield found


@pytest.fixture
def light(tmp_path, database, acting, pool):
    """The numbers, in processes."""
    return Light(tmp_path, database, pool).begin()


class TestProcesses:
    """Work outside this process."""

    def test_frames_and_estimators_cross_over(self, tmp_path, database, acting, pool):
        """The whole way from rows to a model; the same model as in one process."""
        project = Project(tmp_path, database, pool).begin()
        report = project.pipelines.run("late")
        assert report.model_ref == "model:late@1"
        again = project.pipelines.run("late", from_step="joined")
        assert len(again.executed) == 10
        assert not again.model_is_new

    def test_an_edit_reaches_a_worker_that_is_warm(self, light):
        """Modules of an older version of the project do not linger."""
        light.total()
        light.edit("near__three", "STEP = 1", "STEP = 41")
        assert "first" in light.total()
        made = next(each for each in light.pipelines.steps("last") if each.step == "total")
        assert light.vault.read(made.outputs[0].object) == b"194"

    def test_large_results_go_by_file(self, light):
        """A frame of some megabytes."""
        path = light.root / "pipeline.py"
        path.write_text(
            path.read_text()
            + "\n\ndef many() -> pl.DataFrame:\n    import polars as pl\n"
            + "    return pl.select(a=pl.int_range(400_000))\n"
            + "\n\ndef count(many: pl.DataFrame) -> int:\n    return many.height\n"
        )
        light.declared.apply()
        report = light.pipelines.run("late", only="count")
        assert light.vault.read(report.steps[-1].outputs[0].object) == b"400000"

    def test_a_worker_that_is_killed_fails_its_step(self, light):
        """The signal is named, and no other step suffers."""
        light.edit("pipeline", "    return second + other", "    import os\n    os.kill(os.getpid(), 9)")
        with pytest.raises(StepFailed, match="total ended without an answer: worker died of signal 9"):
            light.total()
        light.edit("pipeline", "    import os\n    os.kill(os.getpid(), 9)", "    return second + other")
        assert light.total() == {"total"}

    def test_a_worker_that_is_killed_once_is_retried(self, light, tmp_path):
        """With retries the next worker takes over."""
        mark = tmp_path / "mark"
        light.edit("pipeline", "def total(", "import regrove\n\n\n@regrove.step(retries=1, backoff_s=0)\ndef total(")
        light.edit(
            "pipeline",
            "    return second + other",
            f"    import os\n    if not os.path.exists({str(mark)!r}):\n        open({str(mark)!r}, 'w').close()\n"
            "        os.kill(os.getpid(), 9)\n    return second + other",
        )
        told = []
        report = light.pipelines.run("late", only="total", progress=told.append)
        assert report.steps[-1].attempts == 2
        assert any(isinstance(event, StepRetried) for event in told)

    def test_steps_that_do_not_need_each_other_run_at_once(self, light):
        """The second begins before the first has ended."""
        told = []
        light.pipelines.run("late", only="total", progress=told.append)
        started = [event.step for event in told if isinstance(event, StepStarted)]
        assert set(started[:2]) == {"first", "other"}

    def test_full_disk(self, light, monkeypatch):
        """One clear error; when there is room again the run goes on as if nothing had been."""
        from regrove.errors import Unavailable

        def full(*_):
            raise Unavailable("There is no space left on the device", mend="make room, then start again")

        with monkeypatch.context() as patched:
            patched.setattr(light.objects, "put_bytes", full)
            with pytest.raises(Unavailable, match="no space left"):
                light.total()
        assert light.total() == {"first", "second", "other", "total"}
        assert light.ledger.verify().ok


class TestTwoProcesses:
    """The same run started twice."""

    def test_the_second_is_told_who_is_at_it(self, tmp_path, sqlite_database, acting):
        """Process and run are named; the first is not disturbed."""
        project = Light(tmp_path, sqlite_database).begin()
        first = subprocess.Popen(
            [sys.executable, "-c", HOLDING, str(tmp_path)],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        with first:
            assert first.stdout.readline() == "holding\n"
            going = project.runs.get("last")
            with pytest.raises(Conflict) as caught:
                project.pipelines.run("late", only="total")
            assert str(first.pid) in caught.value.received
            assert going.ref in caught.value.happened
            assert len(project.runs.list()) == 1
            first.stdin.write("\n")
            first.stdin.flush()
            assert first.stdout.readline().strip() == going.id
        assert project.total() == set()


class TestOnPostgreSQL:
    """The other database."""

    def test_run_again_and_why(self, tmp_path, postgres_database: Database, acting):
        """The same steps, the same reasons."""
        project = Light(tmp_path, postgres_database).begin()
        assert project.total() == {"first", "second", "other", "total"}
        assert project.total() == set()
        project.edit("near__three", "STEP = 1", "STEP = 2")
        (found,) = project.pipelines.why("late", "first")
        assert found.reasons == ("the value STEP in near.three changed",)
        assert project.total() == {"first", "second", "total"}
        assert project.ledger.verify().ok

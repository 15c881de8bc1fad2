"""``replay``: a project that lives through its past, undisturbed, killed, and driven by a worker's pace."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import threading
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from regrove.clock import parse
from regrove.workspace import open as open_workspace
from tests.cli.conftest import Ask, edit
from tests.journeys.shell import PATIENCE_S, Shell

BEGIN, END = "2025-04-01T00:00:00Z", "2025-04-11T00:00:00Z"
REPLAY = f"replay orders --until {END} --label returned --singles 20 --batch 7 --untidy 0.2 --seed 7"
DAY = 86_400_000_000
ROWS = 400  # forty orders a day
PLAIN = '[datasets.plain]\nsource = "data/orders.csv"\nkey = ["order_id"]\n\n'


@pytest.fixture(scope="module")
def replayed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that stands ten days before the end of its data, with a champion; to be copied."""
    place = tmp_path_factory.mktemp("replayed")
    with Shell(place) as shell:
        shell.run(f"regrove init shop --clock replay && cd shop && regrove clock --turn-to {BEGIN}")
        shell.run("cd shop && regrove run && regrove models promote returns@1 --reason first")
    return place / "shop"


@pytest.fixture
def past(replayed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it, which the commands are given in."""
    monkeypatch.setenv("REGROVE_ACTOR", "person:ann")
    folder = shutil.copytree(replayed, tmp_path / "shop")
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def serving(past: Path) -> Iterator[str]:
    """The address of a server of it."""
    with Shell(past) as shell:
        yield served(shell)


@pytest.fixture(scope="module")
def undisturbed(replayed: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, pl.DataFrame, pl.DataFrame]:
    """What an undisturbed replay says, the log that it leaves, and the labels of nobody."""
    folder = shutil.copytree(replayed, tmp_path_factory.mktemp("undisturbed") / "shop")
    with Shell(folder) as shell:
        served(shell)
        said = shell.run(f"regrove {REPLAY}")
    return said, *log(folder)


def served(shell: Shell) -> str:
    _, said = shell.start("regrove serve --port 0", until="^It is ready")
    return said.partition("listens on ")[2].split()[0]


def log(folder: Path) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The predictions with their labels, and the parked labels, without what depends on the machine."""
    with open_workspace(folder) as ws:
        ws.deployments.compact("returns")
        frame = ws.deployments.predictions("returns").drop("seconds").sort("request_id", "row").collect()
        return frame, ws.deployments.parked("returns").sort("request_id", "row")


def stands(folder: Path) -> int:
    with open_workspace(folder) as ws:
        return ws.clock.now()


def answered(url: str) -> int:
    """How many predictions a server has answered."""
    with urllib.request.urlopen(f"{url}/metrics", timeout=30) as answer:
        lines = answer.read().decode().splitlines()
    return int(next(line for line in lines if line.startswith("regrove_predictions_total")).split()[-1])


def eventually(done: Callable[[], bool]) -> None:
    """Wait for what another process does."""
    pause = threading.Event()
    for _ in range(round(PATIENCE_S * 100)):
        if done():
            return
        pause.wait(0.01)
    raise AssertionError("it never came")


class TestReplay:
    """Requests, labels, then the clock."""

    def test_every_row_is_asked_about_when_it_happened_and_its_label_comes(self, undisturbed: Any, past: Path) -> None:
        """The log holds the rows of the dataset, each once, with what they turned out to be."""
        said, frame, parked = undisturbed
        assert f"{ROWS} predictions in 230 requests and" in said
        assert f"The clock stands at {END}." in said and "next  regrove worker --once" in said
        orders = pl.read_csv(past / "data" / "orders.csv").filter(pl.col("placed_at") >= BEGIN[:10])
        known = frame.select(pl.col("request.order_id").alias("order_id"), "label").sort("order_id")
        assert known.equals(orders.select("order_id", pl.col("returned").alias("label")).sort("order_id"))
        placed = frame.select(pl.col("at") - pl.col("request.placed_at")).to_series()
        assert placed.min().total_seconds() == 0 and placed.max().days == 0  # a batch is asked with its last row
        assert frame.group_by("request_id").len()["len"].max() == 7
        assert frame["key"].to_list() == frame["request.order_id"].to_list()
        assert 20 < parked.height < 65  # a tenth of 400 comes for predictions that nobody made

    def test_killed_in_the_middle_and_begun_again_it_leaves_the_same(
        self, undisturbed: Any, past: Path, serving: str, ask: Ask
    ) -> None:
        """SIGKILL, in the middle of a step or between two; what was sent before is not counted twice."""
        _, frame, parked = undisturbed
        killed = subprocess.Popen(["regrove", *REPLAY.split()], env=Shell(past).environment, stdout=subprocess.DEVNULL)
        eventually(lambda: answered(serving) >= 110 or killed.poll() is not None)
        os.kill(killed.pid, signal.SIGKILL)
        assert killed.wait() == -signal.SIGKILL
        assert parse(BEGIN) < stands(past) < parse(END)
        before = answered(serving)
        assert f"The clock stands at {END}." in ask(REPLAY).out
        assert answered(serving) >= ROWS > before
        assert stands(past) == parse(END)
        again, strangers = log(past)
        assert again.equals(frame)
        assert strangers.equals(parked)
        assert "There is nothing to do" in ask(REPLAY).out
        assert ask(f"{REPLAY} --json").json is None

    def test_each_step_waits_for_the_worker(self, past: Path, serving: str, ask: Ask) -> None:
        """One that holds the lease; so each day is judged before the next one begins."""
        from regrove.storage import Leases, WorkerTicks

        seen: list[int] = []
        over = threading.Event()
        holds = threading.Event()

        def work() -> None:
            with open_workspace(past) as ws, Leases(ws.database).acquire(f"worker:{ws.project}", ttl_s=600):
                ticks = WorkerTicks(ws.database, ws.project)
                holds.set()
                while not over.wait(0.01):
                    now = ws.clock.now()
                    if now > ticks.reached():
                        over.wait(0.05)  # a replay that does not wait is further by now
                        seen.append(ws.clock.now())
                        ticks.reach(now)

        worker = threading.Thread(target=work)
        worker.start()
        try:
            assert holds.wait(PATIENCE_S)
            said = ask(f"replay orders --until 2025-04-05T00:00:00Z --label returned --singles 0 --url {serving}")
        finally:
            over.set()
            worker.join()
        assert "next" not in said.out  # a worker is there already
        assert seen[-4:] == [parse(BEGIN) + day * DAY for day in range(1, 5)]

    def test_ahead_the_next_step_is_sent_while_the_worker_works_and_the_clock_waits(
        self, past: Path, serving: str, ask: Ask
    ) -> None:
        """A worker that is done with a day only when the next one was asked about: else neither would come further."""
        from regrove.storage import Leases, WorkerTicks

        begin, end = parse(BEGIN), parse("2025-04-05T00:00:00Z")
        stood: list[int] = []
        over, holds = threading.Event(), threading.Event()

        def work() -> None:
            with open_workspace(past) as ws, Leases(ws.database).acquire(f"worker:{ws.project}", ttl_s=600):
                ticks = WorkerTicks(ws.database, ws.project)
                ticks.reach(begin)
                holds.set()
                while not over.wait(0.01):
                    if (now := ws.clock.now()) > ticks.reached():
                        asked = 40 * ((now - begin) // DAY + (now < end))
                        eventually(lambda asked=asked: answered(serving) >= asked)
                        stood.append(ws.clock.now())
                        ticks.reach(now)

        worker = threading.Thread(target=work)
        worker.start()
        try:
            assert holds.wait(PATIENCE_S)
            ask(f"replay orders --until 2025-04-05T00:00:00Z --label returned --singles 0 --ahead --url {serving}")
        finally:
            over.set()
            worker.join()
        assert stood == [begin + day * DAY for day in range(1, 5)]

    def test_what_the_server_refuses_is_told_and_the_clock_stands_still(
        self, past: Path, serving: str, ask: Ask
    ) -> None:
        """In the server's own words; so it can be mended and begun again."""
        said = ask(f"{REPLAY.replace('returned', 'country')}", expect=2).err
        assert "refused a replayed request to /feedback (422)" in said and "BOOLEAN" in said.upper()
        assert stands(past) == parse(BEGIN)


class TestRefused:
    """Before anything is sent."""

    @pytest.fixture(autouse=True)
    def still(self, past: Path) -> Iterator[None]:
        """Nothing was turned."""
        yield
        assert stands(past) == parse(BEGIN)

    def test_no_server(self, past: Path, ask: Ask) -> None:
        """With the command that starts one."""
        said = ask(REPLAY, expect=7).err
        assert "No server of deployment:returns runs" in said and "regrove serve returns" in said
        said = ask(f"{REPLAY} --url http://127.0.0.1:9", expect=3).err  # the deployment was never started
        assert "regrove deployments start returns" in said
        ask("deployments start returns")
        said = ask(f"{REPLAY} --url http://127.0.0.1:9", expect=7).err
        assert "cannot be reached" in said and "regrove serve" in said

    def test_a_server_of_another_mode(self, past: Path, shop_serving: str, ask: Ask) -> None:
        """One that lives in the present takes no time from anybody."""
        ask("deployments start returns")
        said = ask(f"{REPLAY} --url {shop_serving}", expect=2).err
        assert "lives in the present" in said and "regrove replay" in said

    @pytest.fixture
    def shop_serving(self, finished_shop: Path, tmp_path: Path) -> Iterator[str]:
        """The address of a server that lives in the present."""
        folder = shutil.copytree(finished_shop, tmp_path / "present")
        with Shell(folder) as shell:
            shell.run("regrove models promote returns@1 --reason first")
            yield served(shell)

    def test_a_dataset_without_event_time(self, past: Path, ask: Ask) -> None:
        """The declaration must say it."""
        edit(past, "regrove.toml", "[models.returns]", PLAIN + "[models.returns]")
        ask("apply")
        said = ask(f"{REPLAY.replace('orders', 'plain')} --url http://127.0.0.1:9", expect=2).err
        assert "has no event time" in said and "event_time =" in said and "[datasets.plain]" in said

    @pytest.mark.parametrize(
        ("old", "new", "code", "says"),
        [
            ("--label returned", "--label returnd", 2, "did you mean 'returned'?"),
            ("--label returned", "--label returned --label-at placed", 2, "did you mean 'placed_at'?"),
            ("--label returned", "--label-at placed_at", 2, "--label"),
            ("replay orders", "replay ordrs", 3, "did you mean 'orders'?"),
            (END, "tomorrow", 2, "is not a time"),
            ("--seed 7", "--step 0d", 2, "step"),
            ("--untidy 0.2", "--untidy 2", 2, "0 to 1"),
            ("--seed 7", "--deployment retuns", 3, "did you mean 'returns'?"),
        ],
    )
    def test_what_cannot_be_meant(self, past: Path, ask: Ask, old: str, new: str, code: int, says: str) -> None:
        """With the nearest name."""
        ask("deployments start returns")
        url = "" if "deployment" in new else " --url http://127.0.0.1:9"
        assert says in ask(REPLAY.replace(old, new) + url, expect=code).err


def test_a_workspace_that_lives_in_the_present(shop: Path, ask: Ask) -> None:
    """Its past is over."""
    said = ask("replay orders --until 2025-04-11T00:00:00Z", expect=5).err
    assert "lives in the present" in said and "regrove init NAME --clock replay" in said

"""``deployments``: what is served by what, whom it answers, and how much its log holds."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from regrove.refs import new_id
from regrove.serving.app import App
from regrove.serving.counters import Counters
from regrove.serving.loading import Loader
from regrove.serving.segment import SegmentWriter
from regrove.serving.watcher import Watcher
from regrove.workspace import Workspace
from regrove.workspace import open as open_workspace
from tests.cli.conftest import Ask
from tests.journeys.shell import Shell
from tests.serving.doubles import call


@pytest.fixture(scope="module")
def two_versions(finished_shop: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project with a second version, of which the first is champion and answers; to be copied."""
    folder = shutil.copytree(finished_shop, tmp_path_factory.mktemp("two") / "shop")
    file = folder / "regrove.toml"
    file.write_text(file.read_text().replace("regularisation = 1.0", "regularisation = 2.0"))
    with Shell(folder) as shell:
        shell.run("regrove run && regrove models promote returns@1 --reason first && regrove deployments start returns")
    return folder


@pytest.fixture
def shop(two_versions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it, which the commands are given in."""
    monkeypatch.setenv("REGROVE_ACTOR", "person:ann")
    folder = shutil.copytree(two_versions, tmp_path / "shop")
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def ws(shop: Path) -> Iterator[Workspace]:
    """The same project in Python."""
    with open_workspace(shop) as ws:
        yield ws


class Server:
    """A server of the deployment with its real models, asked without a socket."""

    def __init__(self, ws: Workspace) -> None:
        counters = Counters()
        self._watcher = Watcher(ws.objects, "shop", "returns", Loader(ws.objects), counters)
        writer = SegmentWriter(ws.deployments.root, "shop", "returns")
        self._app = App("returns", self._watcher, writer, counters)
        self._row = json.loads((ws.root / "sample.json").read_text())["rows"][0]

    def __enter__(self) -> Server:
        assert self._watcher.poll()
        return self

    def __exit__(self, *_: object) -> None:
        self._app.close()

    def predict(self, count: int = 1, **more: Any) -> Any:
        """The answer to one request of so many rows, the sample with another value in each."""
        rows = [self._row | {"value": 10.0 + number} for number in range(count)]
        return self._ask("/predict", {"rows": rows} | more)

    def label(self, *names: str) -> Any:
        return self._ask("/feedback", {"labels": [{"id": name, "value": True} for name in names]})

    def _ask(self, path: str, body: Any) -> Any:
        answer = asyncio.run(call(self._app, "POST", path, json.dumps(body).encode()))
        assert answer.status == 200, answer.body
        return answer.json


def differing(ws: Workspace) -> str:
    """An id that two servers answered for different requests, of which they could not know."""
    identity = new_id()
    for key in ("one", "two"):
        with Server(ws) as server:
            server.predict(id=identity, key=key)
    return identity


def split(ws: Workspace, share: float) -> None:
    ws.deployments.splits.open("returns", candidate="model:returns@2", share=share, salt="spring")


class TestList:
    def test_one_that_answers_alone(self, shop: Path, ask: Ask) -> None:
        """Its revision, model and generation."""
        (line,) = [each for each in ask("deployments list").out.splitlines() if each.startswith("returns")]
        assert line.split()[:5] == ["returns", "running", "deployment:returns@1", "model:returns@1", "1"]
        (found,) = ask("deployments list --json").json
        assert (found["name"], found["state"], found["current"]["candidates"]) == ("returns", "running", [])

    def test_a_split_names_its_candidate(self, ws: Workspace, ask: Ask) -> None:
        """With its share."""
        split(ws, 0.125)
        assert "model:returns@2 12.5%" in ask("deployments list").out
        ask("deployments stop returns")
        said = ask("deployments list").out
        assert "stopped" in said and "model:returns@2" not in said


class TestShow:
    def test_what_its_log_holds(self, ws: Workspace, ask: Ask) -> None:
        """Before compaction and after: predictions, labels, and labels of nobody."""
        with Server(ws) as server:
            told = server.predict(3)
            server.label(told["predictions"][1]["id"], f"{new_id()}.0")
        for _ in range(2):
            said = ask("deployments show returns").out
            assert "deployment:returns is running: deployment:returns@1 answers with model:returns@1" in said
            assert facts(said)["predictions"] == "3" and facts(said)["labelled"] == "1"
            assert facts(said)["parked labels"].startswith("1 whose")
            assert "differing" not in said and "split" not in said
            shown = ask("deployments show returns --json").json
            assert shown["split"] is None
            assert shown["log"] == {
                "predictions": 3, "labelled": 1, "parked": 1, "differing": 0, "differing_requests": [],
            }  # fmt: skip
            ask("deployments compact returns")

    def test_a_split_with_what_each_side_did(self, ws: Workspace, ask: Ask) -> None:
        """In all its generations; what was asked before it does not count."""
        with Server(ws) as server:
            server.predict(key="before")
        split(ws, 0.2)
        split(ws, 0.5)
        with Server(ws) as server:
            asked = [server.predict(key=f"caller-{number}")["revision"] for number in range(20)]
        said = ask("deployments show returns").out
        assert set(asked) == {1, 2} and "split spring" in said
        for number in (1, 2):
            does = facts(said)[f"deployment:returns@{number}"]
            count = asked.count(number)
            assert does == f"model:returns@{number}  50% of the callers  {count} requests, 0 failed"
        assert "model:returns@1, model:returns@2 20%" in facts(said)["2"]
        shown = ask("deployments show returns --json").json
        assert shown["split"]["salt"] == "spring"
        assert [(each["model"], each["share"], each["requests"]) for each in shown["split"]["sides"]] == [
            ("model:returns@1", 0.5, asked.count(1)),
            ("model:returns@2", 0.5, asked.count(2)),
        ]
        ws.deployments.splits.settle("returns", model="model:returns@2")
        said = ask("deployments show returns").out
        assert "deployment:returns@2 answers with model:returns@2" in said and "split spring" not in said

    def test_what_was_answered_and_not_recorded(self, ws: Workspace, ask: Ask) -> None:
        """By how many predictions, and of which request."""
        identity = differing(ws)
        ask("deployments compact returns")
        said = facts(ask("deployments show returns").out)["differing"]
        assert said.startswith("1 predictions were answered and not recorded") and identity in said
        log = ask("deployments show returns --json").json["log"]
        assert (log["predictions"], log["differing"], log["differing_requests"]) == (1, 1, [identity])


class TestCompact:
    def test_what_became_what(self, ws: Workspace, ask: Ask) -> None:
        """And the second time nothing."""
        with Server(ws) as server:
            server.label(*(each["id"] for each in server.predict(4)["predictions"]))
        said = ask("deployments compact returns").out
        assert "1 segments became 2 objects: 4 predictions and 4 labels." in said
        assert facts(said)["objects"].count("b3-1:") == 2 and "differing" not in said
        again = ask("deployments compact returns --json").json
        assert (again["segments"], again["predictions"], again["objects"]) == (0, 0, [])

    def test_an_id_that_stands_for_two_requests_is_named(self, ws: Workspace, ask: Ask) -> None:
        """The first counts; what the other was answered is said."""
        identity = differing(ws)
        said = facts(ask("deployments compact returns").out)
        assert said["sent twice"] == "1 predictions, kept once"
        assert said["differing"].startswith("1 predictions") and identity in said["differing"]

    def test_what_a_server_writes_is_left_for_later(self, ws: Workspace, ask: Ask) -> None:
        """While it lives."""
        with Server(ws) as server:
            server.predict()
            said = ask("deployments compact returns").out
            assert "0 predictions" in said and facts(said)["still written"].startswith("1 segments")
        assert ask("deployments compact returns --json").json["predictions"] == 1

    @pytest.mark.parametrize("command", ["show", "compact", "stop"])
    def test_one_that_is_not_there(self, shop: Path, ask: Ask, command: str) -> None:
        """With the nearest name."""
        assert "did you mean 'returns'?" in ask(f"deployments {command} retuns", expect=3).err


def facts(said: str) -> dict[str, str]:
    """The labels and values that an output aligns."""
    lines = [each.strip() for each in said.splitlines() if each.startswith("  ")]
    return {label.strip(): value.strip() for label, _, value in (each.partition("  ") for each in lines)}

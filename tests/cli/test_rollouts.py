"""``rollouts``: begun, looked at, approved of and ended from the command line."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from regrove.workspace import Workspace
from regrove.workspace import open as open_workspace
from tests.cli.conftest import Ask
from tests.journeys.shell import Shell


@pytest.fixture(scope="module")
def two_versions(finished_shop: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project with a second version, of which the first answers; it promotes at once when somebody approves."""
    folder = shutil.copytree(finished_shop, tmp_path_factory.mktemp("two") / "shop")
    file = folder / "regrove.toml"
    text = file.read_text().replace("regularisation = 1.0", "regularisation = 2.0")
    file.write_text(text + '\n[deployments.returns.rollout]\nphases = ["100%"]\napproval = true\n')
    with Shell(folder) as shell:
        shell.run("regrove run && regrove models promote returns@1 --reason first && regrove deployments start returns")
    return folder


@pytest.fixture
def ws(two_versions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    """A copy of it, which the commands are given in, in Python."""
    monkeypatch.setenv("REGROVE_ACTOR", "person:ann")
    folder = shutil.copytree(two_versions, tmp_path / "shop")
    monkeypatch.chdir(folder)
    with open_workspace(folder) as ws:
        yield ws


def test_from_the_beginning_to_the_promotion(ws: Workspace, ask: Ask) -> None:
    """Each command says what it did and what comes next; for programs the same as JSON."""
    assert "no rollout yet" in ask("rollouts list").out
    begun = ask('rollouts start returns model:returns@2 --reason "the gate is not declared yet"').out
    assert "model:returns@2 beside model:returns@1" in begun and "next  regrove rollouts show returns" in begun
    shown = ask("rollouts show returns").out
    assert "is awaiting" in shown and "person:ann: the gate is not declared yet" in shown
    assert 'regrove rollouts approve returns --reason "..."' in shown
    (line,) = ask("rollouts list --json").json
    assert (line["candidate"], line["state"], line["policy"]["phases"]) == ("model:returns@2", "awaiting", ["100%"])
    assert "is approved" in ask('rollouts approve returns --reason "it looks right"').out
    assert "it is promoted next" in ask("rollouts show returns").out
    ws.rollouts.tick()
    told = ask("rollouts show returns --json").json
    assert told["rollout"]["state"] == "completed" and told["plan"] == []
    assert ws.deployments.get("returns").current.revision.model == "model:returns@2"
    assert told["rollout"]["decision"] in ask("rollouts show returns").out


def test_ended_by_hand(ws: Workspace, ask: Ask) -> None:
    """With a reason, and once."""
    ask('rollouts start returns model:returns@2 --reason "try"')
    assert "reason is missing" in ask("rollouts abort returns", expect=2).err
    assert "model:returns@1 answers everybody" in ask('rollouts abort returns --reason "not today"').out
    assert "has ended already" in ask('rollouts abort returns --reason "again"', expect=5).err
    assert "not today" in ask("rollouts list").out


def test_what_is_refused(ws: Workspace, ask: Ask) -> None:
    """With the exit code of its kind, and nothing recorded."""
    assert "Nothing lets" in ask("rollouts start returns model:returns@2", expect=4).err
    assert "answers everybody already" in ask('rollouts start returns model:returns@1 --reason "x"', expect=4).err
    ask('rollouts start returns model:returns@9 --reason "x"', expect=3)
    ask("rollouts show returns", expect=3)
    assert ask("rollouts list --json").json == []

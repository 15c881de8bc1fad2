"""``playbooks``, ``loop`` and ``worker``: from a word by hand to a judged version, with every room real."""

from __future__ import annotations

import contextlib
import json
import shutil
import signal
import sqlite3
import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import Ask
from tests.journeys.shell import Shell

DECLARED = """
[gates.returns]
quality = { metric = "log_loss", at_most = 5.0 }
champion = { rule = "non-inferior", margin = 5.0 }

[deployments.returns.rollout]
phases = ["100%"]

[playbooks.by-hand]
on = "manual"
model = "returns"
do = ["retrain", "gate", "rollout"]
limits = { cooldown = "2d" }

[playbooks.on-new-version]
on = "model.registered"
when = "model.ordinal > 1"
do = ["notify"]
"""


@pytest.fixture(scope="module")
def declared(finished_shop: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project with playbooks; its first version answers."""
    folder = shutil.copytree(finished_shop, tmp_path_factory.mktemp("declared") / "shop")
    file = folder / "regrove.toml"
    file.write_text(file.read_text() + DECLARED)
    with Shell(folder) as shell:
        shell.run(
            "regrove apply && regrove models promote returns@1 --reason first && regrove deployments start returns"
        )
        shell.run("regrove worker --once")  # from here on the playbooks listen
    return folder


@pytest.fixture
def folder(declared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it, which the commands are given in."""
    monkeypatch.setenv("REGROVE_ACTOR", "person:ann")
    folder = shutil.copytree(declared, tmp_path / "shop")
    monkeypatch.chdir(folder)
    return folder


def new_rows(folder: Path) -> None:
    """Orders of other customers, like those before."""
    file = folder / "data" / "orders.csv"
    head, *rows = file.read_text().splitlines()
    file.write_text("\n".join([head, *rows, *("n" + row[1:] for row in rows[:1000])]) + "\n")


def test_with_nothing_new_to_learn_from(folder: Path, ask: Ask) -> None:
    """It says so, and the gate is not asked."""
    begun = ask('playbooks run by-hand --reason "to see"')
    assert "of playbook by-hand has begun." in begun.out and "next  regrove worker --once" in begun.out
    assert "Next it will retrain returns." in ask("worker plan").out
    assert "nothing new" in ask("worker --once").out
    told = ask("loop show").out
    assert "by hand: to see." in told
    assert "model:returns@1 was made of the same data: dataset:orders@1." in told
    assert "there was nothing new to learn from" in told
    assert len(ask("runs list --json").json) == 1


def test_from_new_data_to_a_promoted_version(folder: Path, ask: Ask) -> None:
    """Retrained because of the person, judged by the gate, rolled out; the other playbook tells of it."""
    new_rows(folder)
    ask('playbooks run by-hand --reason "new customers"')
    said = ask("worker --once").out
    assert "retrain: trained." in said and "model:returns@2 in returns is completed" in said
    loop = ask("loop show --json").json
    told = {each["playbook"]: each for each in ask("loop list --json").json}
    loop = told["by-hand"]
    assert (loop["state"], loop["outcome"], loop["because"]) == ("finished", "promoted", "new customers")
    run = next(ref for action in loop["actions"] for ref in action["refs"] if ref.startswith("run:"))
    shown = ask(f"runs show {run} --json").json["run"]
    assert (shown["cause"], shown["actor"]) == (loop["cause"], "playbook:by-hand")
    assert told["on-new-version"]["outcome"] == "notified"
    way = {
        each["what"]: (each["depth"], dict(each["facts"])) for each in ask("trace model:returns@2 --json").json["steps"]
    }
    assert [way[what][0] for what in ("decision", "gate", "rollout", "run", "loop")] == [1, 2, 2, 1, 2]
    assert (way["gate"][1]["verdict"], way["rollout"][1]["state"]) == ("PROMOTE", "completed")
    assert (way["loop"][1]["because"], way["loop"][1]["outcome"]) == ("new customers", "promoted")
    gate = next(each for each in loop["actions"] if each["action"] == "gate")["refs"][0]
    rollout = next(each for each in loop["actions"] if each["action"] == "rollout")["refs"][0]
    for ref in (gate, rollout):
        stations = ask(f"trace {ref} --json").json["steps"]
        assert stations[0]["ref"] == ref and f"loop:{loop['id']}" in [each["ref"] for each in stations]
    story = ask(f"loop show {loop['id']}").out
    assert "The gate judged" in story and "PROMOTE" in story and "The new version was promoted." in story
    assert ask("audit verify --json").json["faults_found"] == 0
    listed = ask("playbooks list").out
    assert "by-hand" in listed and "on-new-version" in listed
    shown = ask("playbooks show by-hand").out
    assert "4 per 30d, of which 3 are left" in shown and "1 begun, 0 skipped" in shown


def test_a_dry_run_changes_nothing(folder: Path, ask: Ask) -> None:
    """By hand, or because of an event."""
    before = ask("audit log --limit 1 --json").out
    assert "It would retrain returns" in ask("playbooks run by-hand --dry-run").out
    event = ask("audit log --type model.registered --json").json[0]["event_id"]
    assert "does not meet: model.ordinal > 1" in ask(f"playbooks run on-new-version --dry-run --event {event}").out
    assert ask("audit log --limit 1 --json").out == before


def test_what_cannot_be_done_is_told(folder: Path, ask: Ask) -> None:
    """With a code of its own and the mend."""
    for command, code, says in (
        ("playbooks show by-hnd", 3, "did you mean 'by-hand'"),
        ("playbooks run by-hand", 2, "A reason is missing"),
        ("playbooks run by-hand --event 1 --reason x", 2, "add --dry-run"),
        ("playbooks reset by-hand --reason x", 5, "is not broken"),
        ("loop show 0abc", 3, "regrove loop list"),
        ("loop stop last --reason x", 3, "regrove loop list"),
        ("worker --until yesterday", 2, "ISO 8601"),
        ("clock --turn-to 2013-03-01T00:00:00Z", 4, "regrove init NAME --clock replay"),
    ):
        assert says in ask(command, expect=code).err, command


def test_a_loop_is_stopped_by_hand(folder: Path, ask: Ask) -> None:
    """And said so; for programs as JSON."""
    ask('playbooks run by-hand --reason "to see"')
    assert ask('loop stop last --reason "not now" --json').json["state"] == "stopped"
    assert "Somebody stopped it" in ask("loop show").out
    assert ask("clock").out.startswith("It is 20")


def test_a_worker_that_is_asked_to_end_ends_well(folder: Path) -> None:
    """And gives the lease back, so that the next one begins at once."""
    with Shell(folder) as shell:
        shell.run('regrove playbooks run by-hand --reason "to see"')
        process, _ = shell.start("regrove worker", until="nothing new")
        process.send_signal(signal.SIGTERM)
        rest, _ = process.communicate(timeout=60)
        assert process.returncode == 0, rest
        assert "The worker has ended" in rest
        assert "No worker leads this workspace" in shell.run("regrove worker plan")


def test_a_worker_that_is_killed_again_and_again(folder: Path) -> None:
    """In its retraining, between two actions, and at its very end: one run, one decision, the chain whole."""
    new_rows(folder)
    with Shell(folder) as shell:
        shell.run('regrove playbooks run by-hand --reason "new customers"')
        killed_in_its_run(shell, folder)
        for moment in ("retrain: trained", "is completed"):
            process, _ = shell.start("regrove worker", until=moment)
            process.kill()
            process.communicate()
        shell.run("regrove worker --once")
        loop = json.loads(shell.run("regrove loop list by-hand --json"))[0]
        assert (loop["state"], loop["outcome"]) == ("finished", "promoted")
        assert loop["actions"][0]["cut_off"] == 1
        runs = json.loads(shell.run("regrove runs list --json"))
        assert [each["cause"] for each in runs].count(loop["cause"]) == 1
        assert len(runs) == 2
        decided = [json.loads(shell.run(f"regrove models show returns@{n} --json"))["decisions"] for n in (1, 2)]
        assert [len(each) for each in decided] == [1, 1]
        assert json.loads(shell.run("regrove audit verify --json"))["faults_found"] == 0


def killed_in_its_run(shell: Shell, folder: Path) -> None:
    """Begin a worker, and kill it as soon as the run that it began is on record."""
    worker = subprocess.Popen(["regrove", "worker"], cwd=folder, env=shell.environment, stdout=subprocess.DEVNULL)
    database = sqlite3.connect(folder / ".regrove" / "regrove.db")
    while database.execute("SELECT count(*) FROM runs").fetchone() < (2,):
        with contextlib.suppress(subprocess.TimeoutExpired):
            raise AssertionError(f"the worker ended with {worker.wait(0.01)}")
    worker.kill()
    worker.wait()
    database.close()

"""The command line as its users meet it: exit codes, JSON, errors with their mend."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.journeys.shell import Shell


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new project whose model was made once; the tests of this module only read it, or copy it."""
    place = tmp_path_factory.mktemp("shop")
    with Shell(place) as shell:
        shell.run("regrove init shop")
        shell.run("cd shop && regrove run")
    return place / "shop"


class Answer(NamedTuple):
    """How a command ended and what it said."""

    code: int
    said: str


Ask = Callable[[str], Answer]


@pytest.fixture
def regrove(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Ask]:
    """Runs a command in this process, as the script does; nothing that it records goes unnoticed."""

    def ask(command: str) -> Answer:
        from regrove.cli.edge import run

        monkeypatch.setattr(sys, "argv", ["regrove", *shlex.split(command)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            run()
        said = capsys.readouterr()
        return Answer(ended.value.code or 0, said.out + said.err)

    monkeypatch.chdir(folder)
    monkeypatch.setenv("REGROVE_ACTOR", "person:ann")
    before = json.loads(ask("audit log --limit 1 --json").said)
    yield ask
    assert json.loads(ask("audit log --limit 1 --json").said) == before


class TestReading:
    """Commands that change nothing."""

    @pytest.mark.parametrize(
        "command",
        [
            "plan",
            "why",
            "why returns features",
            "datasets list",
            "datasets list orders",
            "datasets show orders",
            "datasets verify orders@1",
            "runs list",
            "runs list --status finished",
            "runs show last",
            "models list",
            "models show returns@1",
            "models verify returns@1",
            "deployments list",
            "audit log",
            "audit log --type run.started",
            "audit show 1",
            "audit verify",
            "trace model:returns@1",
            "trace dataset:orders@1",
            "trace project:shop@1",
        ],
    )
    def test_a_command_answers_people_and_programs(self, regrove: Ask, command: str) -> None:
        """A text, and with --json one JSON value; the ledger is as long as before."""
        people, programs = regrove(command), regrove(f"{command} --json")
        assert people.code == programs.code == 0, people.said
        assert people.said.strip()
        json.loads(programs.said)

    def test_times_in_json_are_texts_with_a_zone(self, regrove: Ask) -> None:
        """A program needs no table of units."""
        (run, *_) = json.loads(regrove("runs list --json").said)
        assert run["started_at"].endswith("Z")

    def test_a_list_says_when_it_is_empty_and_what_fills_it(self, regrove: Ask) -> None:
        """No blank screen."""
        assert "regrove serve starts one" in regrove("deployments list").said


class TestErrors:
    """What cannot be done ends with a code of its own and the mend."""

    @pytest.mark.parametrize(
        ("command", "code", "says"),
        [
            ("nope", 2, "No such command"),
            ("run nope", 3, "mend"),
            ("run --only classifer", 2, "did you mean 'classifier'"),
            ("run --param regularization=2", 2, "did you mean 'regularisation'"),
            ("run --param regularisation", 2, "KEY=VALUE"),
            ("models show nope", 3, "returns"),
            ("models show returns@9", 3, "has no version"),
            ("models promote returns@1", 2, "--reason"),
            ("models promote returns --reason x", 2, "which version"),
            ("models live returns", 3, "mend"),
            ("runs list --status finshed", 2, "did you mean 'finished'"),
            ("runs show fff", 3, "regrove runs list"),
            ("datasets show nope", 3, "orders"),
            ("datasets register oders", 3, "did you mean 'orders'"),
            ("deployments show nope", 3, "There is no deployment"),
            ("predict --from sample.json", 7, "regrove serve returns"),
            ("predict --from nowhere.json", 3, "no such file"),
            ("predict --from pipeline.py", 2, "is not JSON"),
            ("predict --from .", 2, "cannot be read"),
            ("predict --from sample.json --url http://127.0.0.1:port", 2, "no address of a server"),
            ("predict --from sample.json --url http://127.0.0.1:99999", 2, "no address of a server"),
            ("predict --from sample.json --url ftp://127.0.0.1", 2, "no address of a server"),
            ("predict --from sample.json --url 'http://[::1'", 2, "no address of a server"),
            ("predict --from sample.json --url http://", 2, "no address of a server"),
            ("predict --from sample.json --url http://127.0.0.1:1", 7, "does not answer"),
            ("serve nope", 3, "There is no deployment"),
            ("trace nonsense", 2, "This is not a ref"),
            ("trace object:b3-1:aa", 2, "no way back"),
            ("trace prediction:01953a7e5c007000800000000000f117.0", 3, "mend"),
            ("audit show 4711", 3, "There is no such event"),
            ("audit verify --anchor 3", 2, "POSITION:HASH"),
            ("init ../x", 2, "cannot name"),
            ("init new --template tablar", 2, "did you mean 'tabular'"),
        ],
    )
    def test_an_error_has_its_code_and_its_mend(self, regrove: Ask, command: str, code: int, says: str) -> None:
        """One clear error, and nothing was recorded."""
        answer = regrove(command)
        assert says in answer.said
        assert answer.code == code

    def test_with_json_an_error_is_json_too(self, regrove: Ask) -> None:
        """On standard error, with the same parts."""
        error = json.loads(regrove("models show nope --json").said)["error"]
        assert error["code"] == "not-found"
        assert error["mend"]

    def test_outside_a_project_the_mend_makes_one(self, tmp_path: Path) -> None:
        """A stranger's first error."""
        with Shell(tmp_path) as shell:
            assert "regrove init NAME" in shell.run("regrove run", expect=3)

    def test_a_typo_in_the_declaration_is_met_before_anything_changes(self, folder: Path, tmp_path: Path) -> None:
        """Place, line and nearest key; the record is as it was."""
        copy = tmp_path / "shop"
        shutil.copytree(folder, copy)
        file = copy / "regrove.toml"
        file.write_text(file.read_text().replace("trainer =", "trianer ="))
        with Shell(copy) as shell:
            before = shell.run("regrove audit log --limit 1 --json")
            for command in ("plan", "apply", "run"):
                said = shell.run(f"regrove {command}", expect=2)
                assert "[models.returns] has no key 'trianer'" in said
                assert "did you mean 'trainer'" in said
            assert shell.run("regrove audit log --limit 1 --json") == before

    def test_a_reader_that_leaves_early_is_no_error(self, folder: Path) -> None:
        """``| head`` is how people look."""
        with Shell(folder) as shell:
            said = shell.run("regrove datasets show orders --json | head -1")
        assert said.strip() == "{"


class TestFullDisk:
    """A disk that is full, as a limit on the size of files."""

    def test_a_full_disk_is_one_clear_error_and_the_record_stays_whole(self, folder: Path, tmp_path: Path) -> None:
        """What was recorded still verifies; with room again the same command works."""
        copy = tmp_path / "shop"
        shutil.copytree(folder, copy)
        database_kib = os.path.getsize(copy / ".regrove" / "regrove.db") // 1024
        with Shell(copy) as shell:
            said = shell.run(
                f"ulimit -f {max(8, database_kib // 8)}; regrove run --param regularisation=0.25", expect=7
            )
            assert "Traceback" not in said
            assert "one unbroken chain" in shell.run("regrove audit verify")
            assert "registered" in shell.run("regrove run --param regularisation=0.25")


class TestTwoProcesses:
    """Two processes that start the same run."""

    def test_the_second_is_told_who_runs(self, folder: Path, tmp_path: Path) -> None:
        """It changes nothing, and names the first; when that has ended the same command works."""
        copy = tmp_path / "shop"
        shutil.copytree(folder, copy)
        source = copy / "pipeline.py"
        gate = copy / "gate"
        os.mkfifo(gate)
        text = source.read_text().replace(
            "    return placed.select(\n", f"    open({str(gate)!r}).read()\n    return placed.select(\n", 1
        )
        source.write_text(text)
        with Shell(copy) as shell:
            first, _ = shell.start("regrove run", until="^run:")
            said = shell.run("regrove run", expect=5)
            assert "is going on: run:" in said
            gate.write_text("")  # lets the first go on, once for each time that it reads
            while first.poll() is None:
                try:
                    os.close(os.open(gate, os.O_WRONLY | os.O_NONBLOCK))
                except OSError:
                    first.poll()
            assert first.wait() == 0

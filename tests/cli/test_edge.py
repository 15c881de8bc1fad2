"""The edge of the process: whatever goes wrong is one message, with its code and its mend."""

from __future__ import annotations

import errno
import json
import os
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest

from regrove.cli import edge
from tests.cli.conftest import Ask
from tests.conftest import missing_part
from tests.journeys.shell import Shell
from tests.unprivileged import unprivileged


@pytest.fixture
def fresh(tmp_path: Path) -> Path:
    """A new project in which nothing was done yet."""
    from regrove.project import create

    create(tmp_path / "shop", "shop")
    return tmp_path / "shop"


def said(folder: Path, command: str, *, expect: int) -> str:
    """What a user without root's powers is told."""
    with Shell(folder) as shell:
        answer = shell.run(shlex.join(unprivileged(["regrove", *shlex.split(command)])), expect=expect)
    assert "Traceback" not in answer
    return answer


class TestSystem:
    """What the operating system refuses is told with the path and the mend, and never as a traceback."""

    def test_a_new_project_in_a_folder_that_is_closed(self, tmp_path: Path) -> None:
        """The folder is named, and what opens it."""
        tmp_path.chmod(0o555)
        answer = said(tmp_path, "init shop", expect=7)
        tmp_path.chmod(0o755)
        assert "error The project cannot be written into shop." in answer
        assert "chmod u+rwX ." in answer
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize("command", ["plan", "run", "runs list"])
    def test_a_fresh_project_that_is_closed(self, fresh: Path, command: str) -> None:
        """It has no record yet, and cannot begin one."""
        fresh.chmod(0o555)
        answer = said(fresh, command, expect=7)
        fresh.chmod(0o755)
        assert f"received: Permission denied: {fresh}/.regrove" in answer
        assert f"chmod u+rwX {fresh} " in answer

    @pytest.mark.parametrize("name", ["regrove.toml", "pipeline.py"])
    def test_a_file_that_may_not_be_read(self, fresh: Path, name: str) -> None:
        """It is named."""
        (fresh / name).chmod(0)
        answer = said(fresh, "plan", expect=7)
        assert f"error {name} cannot be read." in answer
        assert f"received: Permission denied: {fresh}/{name}" in answer
        assert f"chmod u+rwX {fresh}/{name}" in answer

    def test_a_database_that_may_not_be_read(self, shop: Path) -> None:
        """It is named."""
        file = shop / ".regrove" / "regrove.db"
        file.chmod(0)
        assert f"mend:     ls -ld {shop}/.regrove {file} shows" in said(shop, "runs list", expect=7)

    def test_a_file_where_the_workspace_has_its_folder(self, fresh: Path) -> None:
        """The mend takes it away and then the command works."""
        (fresh / ".regrove").write_text("mine")
        answer = said(fresh, "plan", expect=5)
        assert "received: a file" in answer
        command = answer.partition("mend:")[2].strip()
        with Shell(fresh) as shell:
            shell.run(command)
            shell.run("regrove plan")
        assert (fresh / ".regrove.aside").read_text() == "mine"

    @pytest.mark.parametrize("command", ["plan", "init shop", "runs list --json"])
    def test_a_current_folder_that_was_removed(self, tmp_path: Path, command: str) -> None:
        """It is told, whatever the command."""
        with Shell(tmp_path) as shell:
            answer = shell.run(f"mkdir gone && cd gone && rmdir ../gone && regrove {command}", expect=3)
        assert "The current folder is not there any more" in answer
        assert "Traceback" not in answer

    def test_a_file_where_the_project_should_be(self, tmp_path: Path) -> None:
        """Of the option that names it."""
        (tmp_path / "file").write_text("x")
        assert "There is no regrove.toml here or above" in said(tmp_path, "-C file plan", expect=3)

    def test_output_that_cannot_be_written(self, shop: Path) -> None:
        """A list that did not arrive is no success."""
        if not os.path.exists("/dev/full"):
            missing_part("this system has no /dev/full")
        with Shell(shop) as shell:
            answer = shell.run("regrove audit log --json >/dev/full", expect=7)
        assert "No space left on device: standard output" in answer
        assert "Traceback" not in answer
        assert "Exception ignored" not in answer

    def test_errors_that_cannot_be_told_still_have_their_code(self, shop: Path) -> None:
        """For scripts that look at nothing else."""
        with Shell(shop) as shell:
            assert shell.run("regrove models show nope 2>&-", expect=3) == ""
            assert shell.run("regrove runs list >&-") == ""


class TestUnforeseen:
    """An error that no room foresaw."""

    @pytest.fixture
    def broken(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A command that raises what it must not."""
        from regrove.cli.session import Session

        def fail(_: Session) -> Any:
            raise ZeroDivisionError("division by zero")

        monkeypatch.setattr(Session, "open", fail)

    def test_it_is_one_sentence_and_what_to_report(
        self, shop: Path, ask: Ask, broken: None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Not a traceback, until it is asked for."""
        monkeypatch.delenv(edge.DEBUG, raising=False)
        told = ask("runs list", expect=1).err
        assert "ZeroDivisionError: division by zero (in fail, line" in told
        assert "REGROVE_DEBUG=1 regrove runs list" in told
        assert "Traceback" not in told
        monkeypatch.setenv(edge.DEBUG, "1")
        assert "Traceback (most recent call last)" in ask("runs list", expect=1).err

    def test_programs_are_told_in_json(self, shop: Path, ask: Ask, broken: None) -> None:
        """The same parts as of any other error."""
        error = json.loads(ask("runs list --json", expect=1).err)["error"]
        assert error["code"] == "error"
        assert "REGROVE_DEBUG=1" in error["mend"]

    def test_memory_that_is_not_there_is_no_mistake(
        self, shop: Path, ask: Ask, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It is a part that is missing."""
        from regrove.cli.session import Session

        def fail(_: Session) -> Any:
            raise MemoryError

        monkeypatch.setattr(Session, "open", fail)
        assert "not enough memory" in ask("runs list", expect=7).err

    def test_a_pipe_that_is_not_our_output_is_told(self, shop: Path, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
        """As that of a process which does a part of the work: the command did not do what it was asked."""
        from regrove.cli.session import Session

        def fail(_: Session) -> Any:
            raise BrokenPipeError(errno.EPIPE, "Broken pipe", "a worker")

        monkeypatch.setattr(Session, "open", fail)
        for name in ("stdout", "stderr"):
            monkeypatch.setattr(sys, name, getattr(sys, name))  # put back afterwards: Typer wraps both
        assert "Broken pipe: a worker" in ask("runs list", expect=7).err


class TestUsage:
    """A command line that cannot be read."""

    @pytest.mark.parametrize(
        ("command", "happened", "mend"),
        [
            ("audit log --lmit 3 --json", "No such option: --lmit", "did you mean '--limit'?"),
            ("audit show --json", "Missing argument", "regrove audit show --help"),
            ("audit log --limit many --json", "Invalid value for '--limit'", "regrove audit log --help"),
            ("audit log --limit 0 --json", "--limit", "regrove audit log --help"),
            ("runz list --json", "No such command 'runz'", "regrove --help"),
            ("models promote returns@1 --json --reason", "requires an argument", "regrove --help"),
        ],
    )
    def test_programs_are_told_in_json(self, ask: Ask, command: str, happened: str, mend: str) -> None:
        """The same object as of any other error, alone on standard error."""
        answer = ask(command, expect=2)
        assert answer.out == ""
        error = json.loads(answer.err)["error"]
        assert set(error) == {"code", "happened", "expected", "received", "mend"}
        assert error["code"] == "invalid-input"
        assert happened in error["happened"]
        assert error["received"] == f"regrove {command}"
        assert error["mend"] == mend

    def test_people_are_told_how_it_is_used(self, ask: Ask) -> None:
        """And where to read more."""
        told = ask("audit log --lmit 3", expect=2).err
        assert "Usage: regrove audit log" in told
        assert "--limit" in told

    def test_every_exit_code_is_in_the_documentation(self) -> None:
        """With the words that the code has for it."""
        text = (Path(__file__).parents[2] / "docs" / "cli.md").read_text()
        for _, code, meaning in edge.EXIT_CODES:
            assert f"| {code} | {meaning} |" in text

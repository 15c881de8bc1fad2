"""Commands in this process, in a copy of a project whose model was made once."""

from __future__ import annotations

import json
import shlex
import shutil
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.journeys.shell import Shell


class Answer(NamedTuple):
    """How a command ended, what it said, and what it complained of."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What it said, for programs."""
        return json.loads(self.out)


Ask = Callable[..., Answer]


@pytest.fixture(scope="session")
def finished_shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new project whose model was made once; to be copied, not to be changed."""
    place = tmp_path_factory.mktemp("finished")
    with Shell(place) as shell:
        shell.run("regrove init shop && cd shop && regrove run")
    return place / "shop"


@pytest.fixture(scope="session")
def champion_shop(finished_shop: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with the version as champion; to be copied, not to be changed."""
    folder = shutil.copytree(finished_shop, tmp_path_factory.mktemp("champion") / "shop")
    with Shell(folder) as shell:
        shell.run("regrove models promote returns@1 --reason first")
    return folder


@pytest.fixture
def shop(finished_shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it, which the commands are given in."""
    folder = tmp_path / "shop"
    shutil.copytree(finished_shop, folder)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("REGROVE_ACTOR", "person:ann")
    return folder


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Ask:
    """Runs a command as the script does; fails when it does not end with ``expect``."""

    def answer(command: str, *, expect: int = 0) -> Answer:
        from regrove.cli.edge import run

        monkeypatch.setattr(sys, "argv", ["regrove", *shlex.split(command)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            run()
        said = capsys.readouterr()
        found = Answer(int(ended.value.code or 0), said.out, said.err)
        assert found.code == expect, f"$ regrove {command}\n{found.out}{found.err}\nended with {found.code}"
        return found

    return answer


def edit(folder: Path, name: str, old: str, new: str) -> None:
    """Replace a piece of a file."""
    text = (folder / name).read_text()
    assert old in text
    (folder / name).write_text(text.replace(old, new, 1))


def record(folder: Path) -> tuple[list[str], list[str]]:
    """All that is recorded: each row of each table, and the names of the objects."""
    database = sqlite3.connect(folder / ".regrove" / "regrove.db")
    rows = list(database.iterdump())
    database.close()
    objects = folder / ".regrove" / "objects"
    return rows, sorted(str(path.relative_to(objects)) for path in objects.rglob("*") if path.is_file())

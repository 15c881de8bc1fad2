"""What every command that changes something looks at before it does."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Ask, record
from tests.journeys.shell import Shell
from tests.unprivileged import unprivileged

CHANGES = [
    "run",
    "apply",
    "datasets register",
    'models promote returns@1 --reason "x"',
    "audit erase 1 --reason x",
    "deployments start returns",
]
READS = [
    "plan",
    "why",
    "runs list",
    "runs show",
    "models list",
    "models show returns@1",
    "models verify returns@1",
    "datasets list",
    "datasets show orders",
    "datasets verify orders@1",
    "deployments list",
    "audit log",
    "audit show 1",
    "audit verify",
    "trace model:returns@1",
]


@pytest.fixture(scope="module")
def closed(finished_shop: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A copy of the shop without the right to write anywhere in it."""
    folder = tmp_path_factory.mktemp("closed") / "shop"
    shutil.copytree(finished_shop, folder)
    subprocess.run(["chmod", "-R", "a-w", str(folder)], check=True)
    yield folder
    subprocess.run(["chmod", "-R", "u+w", str(folder)], check=True)


class TestAnotherDatabase:
    """A database that is not the one of the anchors beside it."""

    @pytest.fixture
    def older(self, shop: Path, ask: Ask) -> Path:
        """The shop, whose database was set back to an older copy."""
        file = shop / ".regrove" / "regrove.db"
        shutil.copyfile(file, shop / "older.db")
        ask('models promote returns@1 --reason "the first"')
        shutil.copyfile(shop / "older.db", file)
        return shop

    @pytest.mark.parametrize("command", CHANGES)
    def test_it_is_refused_before_anything_is_written(self, older: Path, ask: Ask, command: str) -> None:
        """With what was anchored and what there is."""
        before = record(older)
        said = ask(command, expect=6).err
        assert "is not the one whose ledger was anchored last" in said
        assert "there is no backup in" in said
        assert record(older) == before

    def test_the_newest_backup_is_named_where_there_is_one(self, older: Path, ask: Ask) -> None:
        """And the command that puts it back."""
        backups = older / ".regrove" / "backups"
        backups.mkdir()
        for name in ("regrove-0009-100.db", "regrove-0001-200.db"):
            (backups / name).touch()
        assert f"cp {backups}/regrove-0001-200.db {older}/.regrove/regrove.db" in ask("run", expect=6).err
        assert f"cp {backups}/regrove-0001-200.db {older}/.regrove/regrove.db" in ask("audit verify", expect=6).err

    def test_it_can_be_read(self, older: Path, ask: Ask) -> None:
        """Someone has to look what is left."""
        ask("runs list")
        assert "anchored are missing at the end" in ask("audit verify", expect=6).out

    def test_the_mend_lets_it_go_on(self, older: Path, ask: Ask) -> None:
        """The anchors that it does not reach are moved away."""
        last = int(ask("audit log --limit 1 --json").json[0]["position"])
        for anchor in (older / ".regrove" / "objects" / "anchors").iterdir():
            if int(anchor.name) > last:
                anchor.rename(older / anchor.name)
        ask('models promote returns@1 --reason "again"')
        assert "proven by an anchor" in ask("audit verify").out

    @pytest.mark.parametrize("command", ["run", "runs list", "audit verify"])
    @pytest.mark.parametrize("how", ["deleted", "emptied"])
    def test_a_lost_one_is_not_begun_anew_without_a_word(self, shop: Path, ask: Ask, how: str, command: str) -> None:
        """Not even to read from it: the answer would be that nothing ever happened."""
        file = shop / ".regrove" / "regrove.db"
        file.unlink() if how == "deleted" else file.write_bytes(b"")
        assert "received: an empty ledger" in ask(command, expect=6).err
        assert not file.exists() or file.read_bytes() == b""


class TestReadOnly:
    """A project that this user may read and not write, such as a colleague's."""

    def ask(self, folder: Path, command: str, *, expect: int = 0) -> str:
        with Shell(folder) as shell:
            return shell.run(shlex.join(unprivileged(["regrove", *shlex.split(command)])), expect=expect)

    @pytest.mark.parametrize("command", READS)
    def test_it_can_be_read(self, closed: Path, command: str) -> None:
        """Every command that only looks answers, and leaves nothing behind."""
        before = sorted(closed.rglob("*"))
        assert self.ask(closed, command).strip()
        assert sorted(closed.rglob("*")) == before

    @pytest.mark.parametrize("command", [*CHANGES, "serve returns"])
    def test_a_change_names_the_path_and_the_right(self, closed: Path, command: str) -> None:
        """At once, and nothing is changed."""
        before = record(closed)
        said = self.ask(closed, command, expect=7)
        assert f"received: {closed}/.regrove/regrove.db" in said
        assert f"chmod u+w {closed}/.regrove" in said
        assert "Traceback" not in said
        assert record(closed) == before

    def test_what_another_user_is_writing_can_be_read(self, closed: Path, tmp_path: Path) -> None:
        """While their process has the database open, its latest events are read."""
        import sqlite3

        folder = tmp_path / "shop"
        shutil.copytree(closed, folder)
        subprocess.run(["chmod", "-R", "u+w", str(folder)], check=True)
        theirs = sqlite3.connect(folder / ".regrove" / "regrove.db", isolation_level=None)
        theirs.execute("UPDATE runs SET status = 'interrupted'")
        subprocess.run(["chmod", "-R", "a-w", str(folder)], check=True)
        assert "interrupted" in self.ask(folder, "runs list")
        theirs.close()
        subprocess.run(["chmod", "-R", "u+w", str(folder)], check=True)

"""SQLite files that this process may not write to."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys

import pytest

from regrove.errors import Unavailable
from regrove.storage.sqlite import undisturbed
from tests.unprivileged import unprivileged

ASK = """
import sys
from sqlalchemy import text
from regrove.errors import RegroveError
from regrove.storage import Database
database = Database.open(sys.argv[1])
try:
    if sys.argv[2] == "read":
        with database.read() as connection, database.read():
            print(connection.execute(text("SELECT sum(n) FROM rows")).scalar())
    else:
        with database.transaction() as transaction:
            transaction.execute(text("INSERT INTO rows VALUES (1)"))
except RegroveError as error:
    print(type(error).__name__, error)
"""


@pytest.fixture
def folder(tmp_path):
    """A folder, named as badly as folders are, with a database of one row."""
    place = tmp_path / "a b?c%20#d"
    place.mkdir()
    connection = sqlite3.connect(place / "x.db")
    connection.executescript("PRAGMA journal_mode = WAL; CREATE TABLE rows (n); INSERT INTO rows VALUES (40)")
    connection.close()
    yield place
    os.chmod(place, 0o755)


def closed(folder):
    """Take the right to write away from the folder and its files."""
    for name in os.listdir(folder):
        os.chmod(folder / name, 0o444)
    os.chmod(folder, 0o555)


def ask(folder, what):
    """What an unprivileged process is told."""
    command = unprivileged([sys.executable, "-c", ASK, f"sqlite:///{folder}/x.db", what])
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


class TestUnwritable:
    """It can be read, and says what it needs to be written."""

    @pytest.mark.parametrize("what", ["folder", "file", "both"])
    def test_what_was_kept_is_read(self, folder, what):
        """Nothing is left beside it."""
        if what == "file":
            os.chmod(folder / "x.db", 0o444)
        else:
            (os.chmod(folder, 0o555) if what == "folder" else closed(folder))
        assert ask(folder, "read") == "40"
        assert os.listdir(folder) == ["x.db"]

    def test_a_change_is_refused_before_it_begins(self, folder):
        """With the path and what gives the right."""
        closed(folder)
        said = ask(folder, "write")
        assert said.startswith("Unavailable The database can only be read here")
        assert f"received: {folder}/x.db" in said
        assert "chmod u+w" in said
        assert os.listdir(folder) == ["x.db"]

    def test_what_another_process_has_just_committed_is_read(self, folder):
        """Its log is read, too."""
        writer = sqlite3.connect(folder / "x.db", isolation_level=None)
        writer.execute("INSERT INTO rows VALUES (2)")
        closed(folder)
        assert ask(folder, "read") == "42"
        writer.close()

    def test_what_a_killed_process_left_is_read(self, folder, tmp_path):
        """From its log."""
        writer = sqlite3.connect(folder / "x.db", isolation_level=None)
        writer.execute("INSERT INTO rows VALUES (2)")
        left = tmp_path / "left"
        shutil.copytree(folder, left)
        writer.close()
        closed(left)
        assert ask(left, "read") == "42"
        os.chmod(left, 0o755)

    def test_a_log_that_cannot_be_read_is_not_left_out(self, folder, tmp_path):
        """The rows in it would be missing without a word."""
        writer = sqlite3.connect(folder / "x.db", isolation_level=None)
        writer.execute("INSERT INTO rows VALUES (2)")
        left = tmp_path / "left"
        shutil.copytree(folder, left)
        writer.close()
        (left / "x.db-shm").unlink()
        closed(left)
        said = ask(left, "read")
        assert said.startswith("Unavailable The database has a log")
        assert f"cp {left}/x.db {left}/x.db-wal FOLDER" in said
        os.chmod(left, 0o755)


class TestUndisturbed:
    """A file that is read as one that does not change."""

    def test_a_change_meanwhile_is_told(self, folder):
        """What was read may be of two states."""
        with pytest.raises(Unavailable, match="while it was read"), undisturbed(str(folder / "x.db")):
            (folder / "x.db").write_bytes((folder / "x.db").read_bytes() * 2)

    def test_without_one_nothing_is_said(self, folder):
        """Also when there is no file yet."""
        with undisturbed(str(folder / "x.db")), undisturbed(str(folder / "none.db")):
            pass

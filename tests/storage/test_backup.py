"""Backups: made whole, found again, and named by the way back."""

from __future__ import annotations

import subprocess

import pytest

from regrove.storage.backup import back_up, newest, restoring
from tests.storage.crowd import prepare


class TestNewest:
    """The copy to go back to."""

    def test_the_time_decides_and_not_the_revision(self, tmp_path):
        """A downgraded installation makes a backup of an older revision later."""
        for name in ("regrove-0009-100.db", "regrove-0002-900.db", ".regrove.db.part", "notes.db", "regrove-0001-x.db"):
            (tmp_path / name).touch()
        assert newest(tmp_path) == tmp_path / "regrove-0002-900.db"

    @pytest.mark.parametrize("folder", ["empty", "missing"])
    def test_there_may_be_none(self, tmp_path, folder):
        """Most workspaces were never migrated."""
        (tmp_path / "empty").mkdir()
        assert newest(tmp_path / folder) is None
        assert newest(None) is None


class TestRestoring:
    """What is said is what helps."""

    def test_the_commands_bring_the_database_back(self, tmp_path):
        """As they stand, in a folder whose name needs quotes."""
        from regrove.storage import Database

        folder = tmp_path / "ann's shop? 100%"
        folder.mkdir()
        file, backups = folder / "regrove.db", folder / "backups"
        prepare(f"sqlite:///{file}")
        made = back_up(file, "0001", backups)
        for name in ("regrove.db", "regrove.db-wal", "regrove.db-shm"):
            (folder / name).write_bytes(b"damaged" * 1000)
        said = restoring(file, backups)
        command = said.partition("then: ")[2].partition(";")[0]
        assert subprocess.run(["bash", "-c", command], check=False).returncode == 0
        assert file.read_bytes() == made.read_bytes()
        assert {path.name for path in folder.iterdir()} <= {
            "regrove.db",
            "backups",
            "regrove.db-turn",
            "regrove.db-queue",
        }
        database = Database.open(f"sqlite:///{file}")
        with database.read() as connection:
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"
        database.close()

    def test_no_backup_is_named_where_none_is(self, tmp_path):
        """It says so, and what remains."""
        (tmp_path / "regrove.db").write_bytes(b"damaged")
        said = restoring(tmp_path / "regrove.db", tmp_path / "backups")
        assert f"there is no backup in {tmp_path / 'backups'}" in said
        assert ".recover" in said
        assert "no folder of backups is known" in restoring(tmp_path / "regrove.db", None)

    def test_where_no_file_is_left_none_is_searched(self, tmp_path):
        """Nothing can be read from nothing."""
        assert ".recover" not in restoring(tmp_path / "regrove.db", None)

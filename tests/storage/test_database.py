"""The database: the contract on both kinds, and what is each one's own."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading

import pytest
from sqlalchemy import text

from regrove.errors import Corrupt, InvalidInput, MissingExtra, Refused, RegroveError, Unavailable
from regrove.storage import Database
from regrove.storage import sqlite as sqlite_module
from tests.contracts.database import DatabaseContract
from tests.storage.crowd import crowd, prepare


class TestSqlite(DatabaseContract):
    """In a file."""

    @pytest.fixture
    def url(self, tmp_path):
        return f"sqlite:///{tmp_path}/regrove.db"

    def test_the_file_is_kept_as_promised(self, db):
        """WAL, full syncs, foreign keys, a long wait."""
        promised = {"journal_mode": "wal", "foreign_keys": 1, "synchronous": 2, "busy_timeout": 60_000}
        with db.read() as connection:
            assert {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in promised} == promised
        assert db.dialect == "sqlite"

    def test_a_writer_waits_for_its_turn_only_so_long(self, db, url):
        """Then one clear error, and nothing is changed."""
        hurried = Database.open(url, busy_timeout=0.05)
        errors = []

        def write():
            try:
                with hurried.transaction():
                    pass
            except RegroveError as error:
                errors.append(error)

        with db.transaction():
            thread = threading.Thread(target=write)
            thread.start()
            thread.join()
        assert isinstance(errors[0], Unavailable)
        assert "fuser -v" in errors[0].mend
        hurried.close()

    def test_another_programs_lock_is_told(self, db, url, tmp_path):
        """One that does not stand in the queue."""
        hurried = Database.open(url, busy_timeout=0.05)
        rude = sqlite3.connect(tmp_path / "regrove.db", isolation_level=None)
        rude.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unavailable, match="busy"), hurried.transaction():
            pass
        rude.close()
        hurried.close()

    def test_a_full_disk_is_one_clear_error_and_what_was_kept_stays(self, tmp_path, url):
        """The file size limit stands for the disk here."""
        prepare(url)
        code = (
            "import resource, sys; from sqlalchemy import text; from regrove.storage import Database\n"
            "database = Database.open(sys.argv[1])\n"
            "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
            "for n in range(1000):\n"
            "    with database.transaction() as transaction:\n"
            "        for k in range(100):\n"
            "            transaction.execute(text('INSERT INTO rows VALUES (:at, 0, 0)'), {'at': n * 100 + k})\n"
            "    print(n, flush=True)\n"
        )
        done = subprocess.run([sys.executable, "-c", code, url], capture_output=True, text=True, check=False)
        assert "Unavailable: The database could not be written" in done.stderr
        assert "nothing of this change was kept" in done.stderr
        kept = len(done.stdout.split())
        database = Database.open(url)
        with database.read() as connection:
            assert connection.execute(text("SELECT count(*) FROM rows")).scalar() == kept * 100
            assert connection.execute(text("PRAGMA integrity_check")).scalar() == "ok"
        with database.transaction() as transaction:
            transaction.execute(text("INSERT INTO rows VALUES (-1, 0, 0)"))
        database.close()

    def test_a_file_that_is_no_database_is_corrupt(self, tmp_path):
        """And says what to do: the newest backup is named when there is one, and none when there is none."""
        (tmp_path / "other.db").write_bytes(b"not a database, whatever its name may say" * 100)
        database = Database.open(f"sqlite:///{tmp_path}/other.db", backups=tmp_path)
        with pytest.raises(Corrupt, match="there is no backup in"), database.read():
            pass
        (tmp_path / "regrove-0001-7.db").touch()
        with pytest.raises(Corrupt, match=r"cp \S+/regrove-0001-7\.db \S+/other\.db"), database.read():
            pass

    def test_a_place_that_cannot_be_written_is_unavailable(self, tmp_path):
        """Whether it is the database or the queue beside it."""
        (tmp_path / "one.db").mkdir()
        (tmp_path / "two.db-queue").mkdir()
        for name in ("one", "two"):
            database = Database.open(f"sqlite:///{tmp_path}/{name}.db")
            with pytest.raises(Unavailable, match="cannot be"), database.transaction():
                pass
            database.close()

    @pytest.mark.parametrize("url", ["sqlite://", "sqlite:///relative.db", "sqlite:///:memory:"])
    def test_a_database_without_a_place_is_refused(self, url):
        """A path must be absolute, since processes stand in different folders."""
        with pytest.raises(InvalidInput, match="absolute path"):
            Database.open(url)

    def test_a_missing_folder_is_refused(self, tmp_path):
        """It is not made in passing."""
        with pytest.raises(InvalidInput, match="folder of the database"):
            Database.open(f"sqlite:///{tmp_path}/nowhere/regrove.db")

    def test_a_network_file_system_is_refused(self, tmp_path, monkeypatch):
        """Its locks cannot be trusted."""
        monkeypatch.setattr(sqlite_module, "_file_system", lambda folder: "nfs4")
        with pytest.raises(Refused, match="network file system"):
            Database.open(f"sqlite:///{tmp_path}/regrove.db")

    def test_the_mount_that_counts_is_the_innermost_and_last(self):
        """As the kernel lists them."""
        mounts = [
            "22 1 8:1 / / rw - ext4 /dev/sda1 rw",
            "23 22 0:5 / /data rw,relatime shared:1 - nfs4 host:/data rw",
            "24 23 0:6 / /data/fast\\040disk rw - xfs /dev/sdb rw",
            "25 22 0:7 / /over rw - nfs host:/x rw",
            "26 22 0:8 / /over rw - tmpfs tmpfs rw",
        ]
        kinds = {"/home": "ext4", "/data": "nfs4", "/data/x": "nfs4", "/database": "ext4", "/over/y": "tmpfs"}
        kinds["/data/fast disk/z"] = "xfs"
        assert {folder: sqlite_module._kind_at(folder, mounts) for folder in kinds} == kinds


class TestPostgresql(DatabaseContract):
    """At a real server."""

    @pytest.fixture
    def url(self, postgres_url):
        return postgres_url

    def test_it_is_what_it_says(self, db):
        """The dialect is told."""
        assert db.dialect == "postgresql"

    def test_a_lost_connection_is_replaced(self, db):
        """One that died in the pool costs no one anything."""
        with db.read() as connection:
            pid = connection.execute(text("SELECT pg_backend_pid()")).scalar()
        other = Database.open(db.url.render_as_string(hide_password=False))
        with other.read() as connection:
            connection.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
        other.close()
        with db.transaction() as transaction:
            assert transaction.execute(text("SELECT 1")).scalar() == 1

    def test_a_writer_waits_for_a_lock_only_so_long(self, db, url):
        """Then one clear error, as on SQLite."""
        prepare(url)
        hurried = Database.open(url, busy_timeout=0.05)
        with db.transaction() as transaction:
            transaction.execute(text("UPDATE counter SET n = 1"))
            errors = []
            thread = threading.Thread(target=self._count, args=(hurried, errors))
            thread.start()
            thread.join()
        assert "busy" in str(errors[0])
        assert isinstance(errors[0], Unavailable)
        hurried.close()

    @staticmethod
    def _count(database, errors):
        try:
            with database.transaction() as transaction:
                transaction.execute(text("UPDATE counter SET n = n + 1"))
        except RegroveError as error:
            errors.append(error)

    def test_a_server_that_is_not_there_is_unavailable(self):
        """And the password is not told."""
        database = Database.open("postgresql://user:hush@127.0.0.1:1/none")
        with pytest.raises(Unavailable, match="cannot be reached") as caught, database.read():
            pass
        assert "hush" not in str(caught.value) + repr(database)

    def test_without_its_driver_the_install_line_is_printed(self, monkeypatch):
        """psycopg is an extra."""
        monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
        with pytest.raises(MissingExtra, match=r"regrove\[postgres\]"):
            Database.open("postgresql://host/name")


class TestAddresses:
    """What can be opened at all."""

    @pytest.mark.parametrize("url", ["", "regrove.db", "mysql://host/x", "/abs/path.db"])
    def test_anything_else_is_refused_with_what_is_accepted(self, url):
        """Both forms are named."""
        with pytest.raises(InvalidInput, match=r"sqlite:////.* or postgresql://"):
            Database.open(url)

    def test_a_refused_address_does_not_tell_its_password(self):
        """It may stand in a log."""
        with pytest.raises(InvalidInput) as caught:
            Database.open("mysql://me:hush@host/x")
        assert "hush" not in str(caught.value)


class TestCrowd:
    """Many processes at one database."""

    def test_no_write_fails_or_is_lost(self, any_database, request):
        """Sixteen processes count to one number together; the full sixty-four are in the soak."""
        self._check(any_database, processes=16, each=25)

    @pytest.mark.soak
    def test_sixty_four_processes(self, any_database):
        """Two hundred writes each."""
        self._check(any_database, processes=64, each=200)

    def _check(self, database, *, processes, each):
        url = database.url.render_as_string(hide_password=False)
        prepare(url)
        database.close()
        _, longest, wrong = crowd(url, processes=processes, each=each)
        assert wrong == []
        assert longest < 60
        with database.read() as connection:
            rows = connection.execute(text("SELECT at FROM rows ORDER BY at")).scalars().all()
            held = connection.execute(text("SELECT count(*) FROM (SELECT DISTINCT who, k FROM rows) AS x")).scalar()
        assert rows == list(range(1, processes * each + 1))
        assert held == processes * each

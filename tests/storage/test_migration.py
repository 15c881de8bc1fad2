"""Migrations: whole revisions, in turn, after a backup."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Column, Text, UniqueConstraint, inspect, text

from regrove.errors import Refused, Unavailable
from regrove.storage import Database, migrate
from regrove.storage import migration as module
from regrove.storage.metadata import metadata
from tests import crash
from tests.conftest import import_tables
from tests.unprivileged import unprivileged

UPGRADE = "tests.storage.acts:upgrade"


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request, tmp_path):
    """An empty database of each kind."""
    url = f"sqlite:///{tmp_path}/regrove.db" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    database = Database.open(url)
    yield database
    database.close()


def versions():
    """The revisions, oldest first, from the names of their files."""
    return sorted(path.name[:4] for path in (Path(module.__file__).parent / "migrations/versions").glob("[0-9]*.py"))


def at_first_revision(database, monkeypatch):
    """Bring a database to the first revision only."""
    with monkeypatch.context() as patch:
        patch.setattr(module, "_next", lambda scripts, at: None if at else scripts.get_revision("0001"))
        migrate(database, backups=None)
    assert module.revision(database) == "0001"


class TestMigrate:
    """From nothing, from the middle, and again."""

    def test_an_empty_database_gets_every_revision(self, empty, tmp_path):
        """In order, without a backup, since nothing can be lost; a second call does nothing."""
        done = migrate(empty, backups=tmp_path / "backups")
        assert (done.applied, done.backup, done.note) == (tuple(versions()), "", "")
        assert module.revision(empty) == module.head() == versions()[-1]
        assert migrate(empty, backups=tmp_path / "backups").applied == ()
        assert not (tmp_path / "backups").exists()

    def test_the_schema_is_that_of_the_tables(self, empty):
        """Neither lacks what the other has: tables, columns, types, keys, indexes."""
        migrate(empty, backups=None)
        import_tables()
        with empty.read() as connection:
            options = {"compare_type": True, "include_name": lambda name, kind, _: name != "alembic_version"}
            assert compare_metadata(MigrationContext.configure(connection, opts=options), metadata) == []
            inspector = inspect(connection)
            for table in metadata.tables.values():
                key = inspector.get_pk_constraint(table.name)["constrained_columns"]
                assert key == table.primary_key.columns.keys()
                unique = {each["name"]: each["column_names"] for each in inspector.get_unique_constraints(table.name)}
                wanted = [each for each in table.constraints if isinstance(each, UniqueConstraint)]
                assert unique == {each.name: each.columns.keys() for each in wanted}

    def test_text_compares_alike_whichever_way_a_table_was_made(self, postgres_database, postgres_url):
        """The collation is written in the revisions too."""
        asked = text(
            "SELECT table_name, column_name, data_type, collation_name, is_nullable FROM information_schema.columns "
            "WHERE table_schema = 'public' AND table_name <> 'alembic_version' ORDER BY 1, 2"
        )
        made = Database.open(postgres_url)
        import_tables()
        with made.transaction() as transaction:
            metadata.create_all(transaction.connection)
        with made.read() as ours, postgres_database.read() as theirs:
            assert ours.execute(asked).all() == theirs.execute(asked).all()
        made.close()

    def test_revisions_are_linear_and_named_by_number_stage_and_content(self):
        """Each knows the one before it, and none reads the tables of today."""
        before = None
        for path in sorted((Path(module.__file__).parent / "migrations/versions").glob("*.py")):
            source = path.read_text()
            assert path.name[:4].isdigit()
            assert path.stem.count("_") >= 2
            assert f'revision = "{path.name[:4]}"' in source
            assert f"down_revision = {None if before is None else chr(34) + before + chr(34)}" in source
            assert "regrove" not in source.replace("Regrove", "")
            before = path.name[:4]

    def test_a_database_newer_than_the_code_is_refused(self, empty, tmp_path):
        """Untouched, with both revisions told."""
        migrate(empty, backups=None)
        with empty.transaction() as transaction:
            transaction.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        with pytest.raises(Refused, match=r"newer than this Regrove(?s:.*)9999"):
            migrate(empty, backups=tmp_path / "backups")
        assert module.revision(empty) == "9999"
        assert not (tmp_path / "backups").exists()

    def test_another_programs_file_is_refused(self, tmp_path):
        """And left as it is."""
        path = tmp_path / "other.db"
        other = sqlite3.connect(path)
        other.execute("CREATE TABLE songs (title TEXT)")
        other.commit()
        other.close()
        database = Database.open(f"sqlite:///{path}")
        with pytest.raises(Refused, match=r"another program(?s:.*)songs"):
            migrate(database, backups=None)
        with database.read() as connection:
            assert inspect(connection).get_table_names() == ["songs"]
        database.close()

    def test_two_at_once_take_turns(self, empty):
        """Each revision is applied by one of them."""
        url = empty.url.render_as_string(hide_password=False)
        done: list[tuple[str, ...]] = []

        def upgrade():
            database = Database.open(url)
            done.append(migrate(database, backups=None).applied)
            database.close()

        threads = [threading.Thread(target=upgrade) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(revision for applied in done for revision in applied) == versions()

    def test_a_revision_that_fails_leaves_the_one_before(self, empty, monkeypatch):
        """Also what it had already changed."""
        at_first_revision(empty, monkeypatch)
        scripts = module._scripts()
        second = scripts.get_revision("0002").module

        def fail():
            second.op.create_table("half", Column("x", Text))
            raise OSError("power")

        monkeypatch.setattr(second, "upgrade", fail)
        monkeypatch.setattr(module, "_scripts", lambda: scripts)
        with pytest.raises(OSError, match="power"):
            migrate(empty, backups=None)
        assert module.revision(empty) == "0001"
        with empty.read() as connection:
            assert not inspect(connection).has_table("half")


class TestFirst:
    """Before an empty database is touched."""

    def test_it_may_be_refused_and_then_no_file_is_made(self, tmp_path):
        """Whoever knows that something should be there looks first."""

        def refuse():
            raise Unavailable("Something should be here")

        database = Database.open(f"sqlite:///{tmp_path}/regrove.db")
        with pytest.raises(Unavailable, match="should be here"):
            migrate(database, backups=None, before_first=refuse)
        assert list(tmp_path.iterdir()) == []
        database.close()

    def test_nobody_is_asked_when_something_is_there(self, tmp_path, monkeypatch):
        """An older database is brought up."""
        database = Database.open(f"sqlite:///{tmp_path}/regrove.db")
        at_first_revision(database, monkeypatch)
        asked = []
        migrate(database, backups=None, before_first=lambda: asked.append(1))
        assert (module.revision(database), asked) == (module.head(), [])
        database.close()

    def test_an_older_one_that_can_only_be_read_says_what_it_lacks(self, tmp_path, monkeypatch):
        """Its tables are not those that this code reads."""
        database = Database.open(f"sqlite:///{tmp_path}/regrove.db")
        at_first_revision(database, monkeypatch)
        database.close()
        code = (
            "import sys; from regrove.storage import Database, migrate\n"
            "migrate(Database.open(sys.argv[1]), backups=None)\n"
        )
        os.chmod(tmp_path, 0o555)
        command = unprivileged([sys.executable, "-c", code, f"sqlite:///{tmp_path}/regrove.db"])
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        os.chmod(tmp_path, 0o755)
        assert "Unavailable: The database can only be read" in done.stderr
        assert f"expected: revision {module.head()}" in done.stderr


class TestBackup:
    """A copy before anything that holds something is changed."""

    def test_what_is_about_to_change_is_copied_first(self, empty, tmp_path, monkeypatch):
        """On SQLite; on PostgreSQL the user is told that it is theirs to do."""
        at_first_revision(empty, monkeypatch)
        with empty.transaction() as transaction:
            transaction.execute(text("INSERT INTO storage_leases VALUES ('kept', 7, '', '', 0, 0, 0, 0)"))
        done = migrate(empty, backups=tmp_path / "backups")
        assert done.applied == tuple(versions()[1:])
        if empty.dialect == "postgresql":
            assert (done.backup, "pg_dump" in done.note) == ("", True)
            return
        backup = Database.open(f"sqlite:///{done.backup}")
        assert module.revision(backup) == "0001"
        with backup.read() as connection:
            assert connection.execute(text("SELECT name, epoch FROM storage_leases")).all() == [("kept", 7)]
        backup.close()
        assert [path.name for path in (tmp_path / "backups").glob(".*")] == []

    def test_a_backup_that_cannot_be_written_stops_the_migration(self, tmp_path, monkeypatch):
        """Nothing is changed."""
        database = Database.open(f"sqlite:///{tmp_path}/regrove.db")
        at_first_revision(database, monkeypatch)
        (tmp_path / "backups").write_text("in the way")
        with pytest.raises(Unavailable, match="was not touched"):
            migrate(database, backups=tmp_path / "backups")
        assert module.revision(database) == "0001"
        database.close()

    def test_a_backup_for_which_there_is_no_room_stops_the_migration(self, tmp_path, monkeypatch):
        """The file size limit stands for the disk; no half copy takes the name of a whole one."""
        database = Database.open(f"sqlite:///{tmp_path}/regrove.db")
        at_first_revision(database, monkeypatch)
        with database.transaction() as transaction:
            rows = [{"name": f"{n:0100}"} for n in range(2000)]
            transaction.execute(text("INSERT INTO storage_leases VALUES (:name, 7, '', '', 0, 0, 0, 0)"), rows)
        database.close()
        code = (
            "import resource, sys; from pathlib import Path; from regrove.storage import Database, migrate\n"
            "resource.setrlimit(resource.RLIMIT_FSIZE, (65536, 65536))\n"
            "migrate(Database.open(sys.argv[1]), backups=Path(sys.argv[2]))\n"
        )
        command = [sys.executable, "-c", code, f"sqlite:///{tmp_path}/regrove.db", str(tmp_path / "backups")]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert "Unavailable: The backup before the migration could not be written" in done.stderr
        assert module.revision(database) == "0001"
        assert list((tmp_path / "backups").glob("*.db")) == []
        database.close()


class TestKilled:
    """A migration that is killed at any of its commit edges, and at random, goes on at the next start."""

    def args(self, folder):
        folder.mkdir()
        return {"url": f"sqlite:///{folder}/regrove.db", "backups": str(folder / "backups")}

    def ends_well(self, args, label):
        crash.run(UPGRADE, args)
        database = Database.open(args["url"])
        assert module.revision(database) == module.head(), label
        with database.read() as connection:
            assert connection.execute(text("PRAGMA integrity_check")).scalar() == "ok", label
        database.close()

    def test_at_every_edge(self, empty, tmp_path):
        """Killed before and after each commit in turn, each start going on from where the last one died."""
        args = {"url": empty.url.render_as_string(hide_password=False), "backups": str(tmp_path / "backups")}
        for number, revision in enumerate(versions()):
            backed_up = 2 if number and empty.dialect == "sqlite" else 0  # the edges of the backup's rename come first
            assert crash.kill_at(UPGRADE, args, backed_up) == "before COMMIT"
            assert module.revision(empty) == (versions()[number - 1] if number else "")
            assert crash.kill_at(UPGRADE, args, backed_up + 1) == "after COMMIT"
            assert module.revision(empty) == revision
        assert crash.edges(UPGRADE, args) == []
        with empty.read() as connection:
            import_tables()
            assert compare_metadata(MigrationContext.configure(connection), metadata) == []

    def test_at_the_edges_of_a_backup(self, tmp_path, monkeypatch):
        """A whole one is there at the end."""
        first = self.args(tmp_path / "first")
        database = Database.open(first["url"])
        at_first_revision(database, monkeypatch)
        database.close()

        def copy(name):
            args = self.args(tmp_path / name)
            (tmp_path / name / "regrove.db").write_bytes((tmp_path / "first/regrove.db").read_bytes())
            return args

        labels = crash.edges(UPGRADE, copy("whole"))
        assert "replace" in labels[0]
        for n, label in enumerate(labels[:4]):  # its rename and the first commit
            args = copy(str(n))
            crash.kill_at(UPGRADE, args, n)
            self.ends_well(args, label)
            backups = list(Path(args["backups"]).glob("regrove-0001-*.db"))
            assert backups, label
            with contextlib.closing(sqlite3.connect(backups[0])) as backup:
                assert backup.execute("SELECT version_num FROM alembic_version").fetchall() == [("0001",)]

    @pytest.mark.parametrize("seed", range(5))
    def test_at_random(self, tmp_path, seed):
        """Five seeded moments."""
        args = self.args(tmp_path / "x")
        crash.kill_randomly(UPGRADE, args, seed, within_s=0.2)
        self.ends_well(args, f"seed {seed}")

    @pytest.mark.soak
    @pytest.mark.parametrize("seed", range(5, 55))
    def test_at_random_often(self, tmp_path, seed):
        """Fifty more."""
        self.test_at_random(tmp_path, seed)

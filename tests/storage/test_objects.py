"""Object stores: the contract on each, and what is each one's own."""

from __future__ import annotations

import errno
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from regrove.errors import InvalidInput, Unavailable
from regrove.storage import LocalObjects, open_objects
from tests import crash
from tests.contracts.objects import ObjectsContract


class TestLocalObjects(ObjectsContract):
    """In a folder."""

    @pytest.fixture
    def store(self, objects):
        return objects

    def test_nothing_is_left_aside(self, store):
        """After puts that created and puts that did not."""
        store.put_bytes("k", b"1")
        store.put_bytes("k", b"2")
        assert list((store.root / ".aside").iterdir()) == []

    def test_an_object_cannot_be_written_by_a_slip(self, store):
        """Its file is read-only."""
        store.put_bytes("k", b"1")
        assert store.local("k").stat().st_mode & 0o222 == 0

    def test_what_killed_writers_left_is_swept(self, store):
        """Old leftovers go, fresh ones may be another writer's and stay."""
        store.put_bytes("k", b"1")
        old, fresh = store.root / ".aside" / "old", store.root / ".aside" / "fresh"
        old.write_bytes(b"half")
        fresh.write_bytes(b"half")
        os.utime(old, (1, 1))
        assert store.sweep() == 1
        assert (old.exists(), fresh.exists()) == (False, True)
        assert [info.key for info in store.list()] == ["k"]

    def test_an_object_reaches_the_disk_before_its_name(self, store, monkeypatch):
        """Bytes first, then the name, then the folder that holds the name."""
        store.put_bytes("a/first", b"1")
        done = []
        sync, link = os.fsync, os.link
        kinds = {True: "folder", False: "file"}
        monkeypatch.setattr(os, "fsync", lambda fd: (done.append(kinds[stat.S_ISDIR(os.fstat(fd).st_mode)]), sync(fd)))
        monkeypatch.setattr(os, "link", lambda old, new: (done.append("link"), link(old, new)))
        store.put_bytes("a/second", b"2")
        assert done == ["file", "link", "folder"]

    def test_a_folder_that_was_taken_away_is_made_again(self, store):
        """A long process survives a clean-up by hand."""
        store.put_bytes("a/k", b"1")
        shutil.rmtree(store.root)
        assert store.put_bytes("a/k", b"2")
        assert store.get("a/k") == b"2"

    def test_a_file_system_without_links_still_creates_only(self, store, monkeypatch):
        """Then a rename takes the link's place."""

        def refuse(*_):
            raise OSError(errno.EPERM, "no links here")

        monkeypatch.setattr(os, "link", refuse)
        assert store.put_bytes("a/k", b"1")
        assert not store.put_bytes("a/k", b"2")
        assert store.get("a/k") == b"1"

    def test_a_full_disk_is_one_clear_error_and_leaves_nothing(self, tmp_path):
        """The file size limit stands for the disk here; what was whole before is whole after."""
        code = (
            "import resource, sys; from pathlib import Path; from regrove.storage import LocalObjects\n"
            "store = LocalObjects(Path(sys.argv[1])); store.put_bytes('small', b'x')\n"
            "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096)); store.put_bytes('large', b'x' * 10_000)\n"
        )
        done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=False)
        assert "Unavailable: The object could not be written" in done.stderr
        assert "no half object was left" in done.stderr
        store = LocalObjects(tmp_path)
        assert [info.key for info in store.list()] == ["small"]
        assert list((tmp_path / ".aside").iterdir()) == []

    def test_a_folder_that_cannot_be_written_is_unavailable(self, tmp_path):
        """With the reason."""
        (tmp_path / "file").write_text("in the way")
        with pytest.raises(Unavailable, match="could not be written"):
            LocalObjects(tmp_path / "file").put_bytes("k", b"x")


class TestRemoteObjects(ObjectsContract):
    """At a stand-in for S3."""

    @pytest.fixture
    def store(self, s3_objects):
        return s3_objects

    def test_a_second_reader_uses_its_own_copy(self, s3_place, s3_options, tmp_path):
        """Two caches, one object."""
        one = open_objects(s3_place, cache=tmp_path / "one", options=s3_options)
        two = open_objects(s3_place, cache=tmp_path / "two", options=s3_options)
        one.put_bytes("k", b"1")
        assert one.local("k") != two.local("k")
        assert two.local("k").read_bytes() == b"1"
        assert two.forget("k") is True
        assert two.forget("k") is False
        assert two.local("k").read_bytes() == b"1"

    def test_a_large_file_goes_up_in_parts(self, store, tmp_path, monkeypatch):
        """And is still not replaced."""
        monkeypatch.setattr("regrove.storage.objects.remote.LARGE", 1 << 20)
        data = os.urandom((6 << 20) + 1)
        (tmp_path / "large").write_bytes(data)
        assert store.put_file("large", tmp_path / "large") is True
        assert store.put_file("large", tmp_path / "large") is False
        assert store.local("large").read_bytes() == data

    def test_a_service_that_is_not_there_is_unavailable(self, s3_options, tmp_path, monkeypatch):
        """The secret is not in the error."""
        monkeypatch.setattr("regrove.storage.objects.remote._RETRY", {"max_retries": 0})
        options = {**s3_options, "endpoint": "http://127.0.0.1:9", "secret_access_key": "hush"}
        store = open_objects("s3://nowhere", cache=tmp_path, options=options)
        with pytest.raises(Unavailable, match="does not answer") as caught:
            store.put_bytes("k", b"x")
        assert "hush" not in str(caught.value) + repr(store)

    def test_a_bucket_that_is_not_there_is_an_error(self, s3_options, tmp_path):
        """Not a success."""
        store = open_objects("s3://no-such-bucket", cache=tmp_path, options=s3_options)
        with pytest.raises(Unavailable, match="bucket is not there"):
            store.put_bytes("k", b"x")


class TestOpenObjects:
    """Which store an address means."""

    def test_a_path_and_a_file_address_are_folders(self, tmp_path):
        """Both ways to write it."""
        for place in (tmp_path, str(tmp_path), f"file://{tmp_path}"):
            assert open_objects(place, cache=tmp_path).root == tmp_path

    def test_opening_a_folder_sweeps_it(self, tmp_path):
        """Old leftovers of killed writers do not gather."""
        (tmp_path / ".aside").mkdir()
        (tmp_path / ".aside" / "old").touch()
        os.utime(tmp_path / ".aside" / "old", (1, 1))
        open_objects(tmp_path, cache=tmp_path)
        assert list((tmp_path / ".aside").iterdir()) == []

    def test_an_unknown_scheme_is_refused(self, tmp_path):
        """With those that are known."""
        with pytest.raises(InvalidInput, match=r"(?s)s3://.*ftp://"):
            open_objects("ftp://host/x", cache=tmp_path)

    def test_an_unknown_option_is_refused_without_its_value(self, tmp_path):
        """A value may be a secret."""
        with pytest.raises(InvalidInput, match="secret_acces_key") as caught:
            open_objects("s3://bucket", cache=tmp_path, options={"secret_acces_key": "hush"})
        assert "hush" not in str(caught.value)


class TestKilledWriters:
    """Objects first, rows after, whatever happens between."""

    KEEP = "tests.storage.acts:keep"

    def test_killed_at_every_edge_no_row_lacks_its_object(self, tmp_path):
        """And running it again completes it."""
        from sqlalchemy import text

        from regrove.storage import Database, Vault

        labels = crash.edges(self.KEEP, {"folder": str(_made(tmp_path / "whole"))})
        for n in range(len(labels)):
            root = _made(tmp_path / str(n))
            crash.kill_at(self.KEEP, {"folder": str(root)}, n)
            for _ in range(2):
                database = Database.open(f"sqlite:///{root / 'regrove.db'}")
                vault = Vault(LocalObjects(root / "objects"))
                with database.read() as connection:
                    there = connection.execute(text("SELECT 1 FROM sqlite_master WHERE name = 'kept'")).scalar()
                    names = connection.execute(text("SELECT name FROM kept")).scalars().all() if there else []
                database.close()
                assert all(vault.read(name).startswith(b"content") for name in names), labels[n]
                crash.run(self.KEEP, {"folder": str(root)})
            assert len(names) == 3


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder

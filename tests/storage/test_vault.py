"""The vault: what goes in comes out, or is told to be damaged."""

from __future__ import annotations

import os

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regrove import digest
from regrove.errors import Conflict, Corrupt, InvalidInput, NotFound
from regrove.storage import Vault


class Note(msgspec.Struct):
    """Something to keep as JSON."""

    text: str
    n: int = 0


@pytest.fixture
def any_vault(any_objects):
    return Vault(any_objects)


def flip(path, at):
    """Change one bit of a file in place, its time with it."""
    data = bytearray(path.read_bytes())
    data[at % len(data)] ^= 1 << (at % 8)
    path.chmod(0o644)
    path.write_bytes(data)


class TestVault:
    """On each object store."""

    def test_bytes_files_and_json_come_out_as_they_went_in(self, any_vault, tmp_path):
        """Each under the digest of its bytes."""
        (tmp_path / "file").write_bytes(b"rows")
        name = any_vault.add_file(tmp_path / "file")
        assert name == any_vault.add_bytes(b"rows") == digest.of_bytes(b"rows")
        assert any_vault.fetch(name).read_bytes() == any_vault.read(name) == b"rows"
        note = any_vault.add_json(Note("é", 2))
        assert any_vault.read(note) == '{"n":2,"text":"é"}'.encode()
        assert any_vault.read_json(note, Note) == Note("é", 2)

    def test_what_is_not_kept_is_missing(self, any_vault):
        """By its name, with what mends it."""
        name = digest.of_bytes(b"nowhere")
        assert not any_vault.has(name)
        for ask in (any_vault.fetch, any_vault.read):
            with pytest.raises(NotFound, match=f"(?s){name[5:]}.*mend"):
                ask(name)

    def test_deleted_is_gone(self, any_vault):
        """And may come again."""
        name = any_vault.add_bytes(b"rows")
        any_vault.fetch(name)
        any_vault.delete(name)
        assert not any_vault.has(name)
        with pytest.raises(NotFound):
            any_vault.fetch(name)
        assert any_vault.fetch(any_vault.add_bytes(b"rows")).read_bytes() == b"rows"

    @pytest.mark.parametrize("name", ["", "b3-1:", "b3-1:" + "0" * 63, "../../etc/passwd", "b3-1:" + "G" * 64])
    def test_a_name_that_is_no_digest_is_refused(self, any_vault, name):
        """Nothing is looked for under it."""
        for ask in (any_vault.fetch, any_vault.read, any_vault.has, any_vault.delete):
            with pytest.raises(InvalidInput, match="not a digest"):
                ask(name)

    def test_json_of_another_form_is_told(self, any_vault):
        """The bytes are right, their meaning is not."""
        with pytest.raises(Corrupt, match="JSON of a Note"):
            any_vault.read_json(any_vault.add_json([1, 2]), Note)


class TestDamage:
    """Bytes that changed where they lie."""

    @settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
    @given(data=st.binary(min_size=1, max_size=2000), at=st.integers(0, 10_000))
    def test_any_flipped_bit_is_found(self, objects, data, at):
        """By each way out, also when the object was read before; the file and both digests are named."""
        vault = Vault(objects)
        name = vault.add_bytes(data)
        path = vault.fetch(name)
        flip(path, at)
        changed = digest.of_bytes(path.read_bytes())
        for ask in (vault.read, Vault(objects).fetch, Vault(objects).read):
            with pytest.raises(Corrupt) as caught:
                ask(name)
            assert path.name in caught.value.happened
            assert (caught.value.expected, caught.value.received) == (name, changed)
            assert "restore the damaged file" in caught.value.mend
        path.unlink()

    def test_a_changed_file_is_checked_again(self, vault):
        """Its time or size says so."""
        name = vault.add_bytes(b"rows")
        path = vault.fetch(name)
        path.chmod(0o644)
        path.write_bytes(b"rowsandmore")
        with pytest.raises(Corrupt):
            vault.fetch(name)

    def test_an_unchanged_file_is_read_once(self, vault, monkeypatch):
        """A large object is not digested at each use."""
        name = vault.add_bytes(b"rows")
        vault.fetch(name)
        monkeypatch.setattr(digest, "of_file", lambda path: pytest.fail("digested again"))
        vault.fetch(name)

    def test_a_damaged_local_copy_is_fetched_anew(self, s3_objects):
        """The object itself is whole."""
        vault = Vault(s3_objects)
        name = vault.add_bytes(b"rows")
        flip(vault.fetch(name), 1)
        assert vault.fetch(name).read_bytes() == b"rows"

    def test_a_damaged_remote_object_is_found(self, s3_objects):
        """After one more try."""
        import obstore

        vault = Vault(s3_objects)
        name = vault.add_bytes(b"rows")
        obstore.put(s3_objects._store, vault.key(name), b"rowz")
        for ask in (vault.fetch, vault.read):
            with pytest.raises(Corrupt, match=name):
                ask(name)


class TestAddFile:
    """Files that are kept."""

    def test_a_file_that_changes_meanwhile_is_not_kept(self, vault, tmp_path, monkeypatch):
        """Its bytes may not be what their name says."""
        source = tmp_path / "file"
        source.write_bytes(b"before")
        put = vault.objects.put_file

        def change(key, path):
            path.write_bytes(b"afterwards")
            return put(key, path)

        monkeypatch.setattr(vault.objects, "put_file", change)
        with pytest.raises(Conflict, match="changed while"):
            vault.add_file(source)
        assert list(vault.objects.list("objects/")) == []

    def test_a_file_that_cannot_be_read_is_refused(self, vault, tmp_path):
        """By its name."""
        with pytest.raises(NotFound, match="nowhere"):
            vault.add_file(tmp_path / "nowhere")
        with pytest.raises(InvalidInput, match="cannot be read"):
            vault.add_file(tmp_path)

    def test_an_empty_file_has_a_name_too(self, vault, tmp_path):
        """Nothing is a content."""
        (tmp_path / "empty").touch()
        assert os.stat(vault.fetch(vault.add_file(tmp_path / "empty"))).st_size == 0

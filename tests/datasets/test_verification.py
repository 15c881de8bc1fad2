from __future__ import annotations

import pytest

from regrove.errors import Corrupt


@pytest.fixture
def registered(house):
    house.put_flights("data/a.parquet", [*range(50), None])
    house.declare(key=["flight_id"], on_failure="quarantine")
    house.datasets.register("flights")
    return house


def path_of(house, digest):
    return house.vault.objects.root / house.vault.key(digest)


def flip(path, place):
    """Flip one bit and leave size and time as they were, as a failing disk would."""
    import os

    before = path.stat()
    data = bytearray(path.read_bytes())
    data[place % len(data)] ^= 1
    path.chmod(0o600)
    path.write_bytes(bytes(data))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


class TestVerify:
    def test_an_untouched_version_is_proven(self, registered):
        """Every part is read and counted."""
        found = registered.datasets.verify("flights")
        assert (found.ok, found.parts, found.rows, found.ref) == (True, 1, 50, "dataset:flights@1")

    @pytest.mark.parametrize("place", [0, 100, 777, -1])
    def test_a_flipped_bit_in_a_part_is_found_wherever_it_is(self, registered, place):
        """Also when size and time of the file are unchanged and it was verified before."""
        registered.datasets.scan("flights").collect()
        part = registered.datasets.manifest("flights").parts[0]
        flip(path_of(registered, part.blob_digest), place)
        found = registered.datasets.verify("flights")
        assert not found.ok
        assert found.faults[0].what.startswith("part 1 of 1")
        assert found.faults[0].expected == part.blob_digest

    def test_a_flipped_bit_in_any_other_object_is_found(self, registered):
        """Manifest, profile, report and refused rows are part of the version."""
        objects = registered.datasets.live_digests()
        assert len(objects) == 5
        for digest in objects:
            flip(path_of(registered, digest), 10)
            assert not registered.datasets.verify("flights").ok
            flip(path_of(registered, digest), 10)
        assert registered.datasets.verify("flights").ok

    def test_a_missing_part_is_found(self, registered):
        """What is gone is told by its digest."""
        part = registered.datasets.manifest("flights").parts[0]
        registered.vault.delete(part.blob_digest)
        assert "missing" in registered.datasets.verify("flights").faults[0].what

    def test_a_damaged_part_is_not_read_as_data(self, registered, vault):
        """A reader gets an error with both digests, never wrong rows."""
        part = registered.datasets.manifest("flights").parts[0]
        flip(path_of(registered, part.blob_digest), 200)
        vault._verified.clear()
        with pytest.raises(Corrupt) as caught:
            registered.datasets.scan("flights")
        assert caught.value.expected == part.blob_digest

    def test_what_was_deleted_is_made_again_from_the_sources(self, registered, monkeypatch):
        """Registering again mends a version, also when the files did not change."""
        monkeypatch.setattr("regrove.datasets.service._SETTLED_NS", -1)
        registered.age()
        version = registered.datasets.register("flights")
        part = registered.datasets.manifest("flights").parts[0]
        for digest in (part.blob_digest, version.manifest_digest):
            registered.vault.delete(digest)
            assert not registered.datasets.verify("flights").ok
            assert registered.datasets.register("flights") == version
            assert registered.datasets.verify("flights").ok

from __future__ import annotations

import contextvars
from concurrent.futures import ThreadPoolExecutor

import msgspec
import pytest

from regrove.datasets import DatasetConfig, Datasets, Expectation, store
from regrove.errors import NotFound


class Told:
    """Declarations of one thread: each has a source of its own."""

    def __init__(self, root, source):
        self.root, self.source = root, source

    def dataset(self, name):
        return DatasetConfig(source=self.source, key=["flight_id"], expect=[Expectation(row_count=(1, 100))])

    def dataset_names(self):
        return ["flights"]


class TestTogether:
    def test_many_at_once_give_one_version_each(self, any_database, tmp_path, vault, objects, clock, acting):
        """Whoever comes first records the version; ordinals have no gap and no twin."""
        from regrove.ledger import Ledger
        from tests.datasets.conftest import flights

        for number in range(2):
            flights(range(10 + number)).write_parquet(tmp_path / f"{number}.parquet")
        ledger = Ledger(any_database, objects, clock)
        services = [
            Datasets(any_database, vault, ledger, clock, Told(tmp_path, f"{number % 2}.parquet")) for number in range(6)
        ]
        with ThreadPoolExecutor(6) as pool:
            context = contextvars.copy_context
            futures = [pool.submit(context().run, service.register, "flights") for service in services]
            found = [future.result() for future in futures]
        assert sorted({version.ordinal for version in found}) == [1, 2]
        assert len({(version.ordinal, version.digest) for version in found}) == 2
        assert [entry.type for entry in ledger.read()] == ["dataset.registered"] * 2
        assert ledger.verify().ok


class TestEvent:
    def test_the_event_names_every_object_by_digest_and_no_row(self, house):
        """The record leads to the bytes and holds no value of the data."""
        house.put_flights("data/a.parquet", [1, 2, None])
        house.declare(key=["flight_id"], on_failure="quarantine")
        version = house.datasets.register("flights")
        (entry,) = house.ledger.read()
        assert entry.event_id == version.event_id
        assert entry.subject == "dataset:flights@1"
        event = entry.event
        assert (event.digest, event.rows, event.refused, event.files) == (version.digest, 2, 1, 1)
        named = {event.manifest_digest, event.profile_digest, event.report_digest, event.refused_digest}
        assert named <= house.datasets.live_digests()

    def test_what_is_rolled_back_is_not_there(self, house):
        """A registration inside a larger unit of work stands or falls with it."""
        house.put_flights("data/a.parquet", range(3))
        house.declare()
        try:
            with house.database.transaction():
                house.datasets.register("flights")
                raise InterruptedError
        except InterruptedError:
            pass
        assert (house.datasets.list(), house.events()) == ([], [])
        assert house.datasets.register("flights").ordinal == 1


class TestRestored:
    """Objects that were lost: registering the same rows again makes the version whole."""

    KINDS = ("manifest", "profile", "part", "report", "refused")

    def whole(self, house):
        """A version with refused rows, and the digests of its objects by kind."""
        house.put_flights("data/a.parquet", [1, 2, None])
        house.declare(key=["flight_id"], on_failure="quarantine")
        house.age()
        version = house.datasets.register("flights")
        event = house.ledger.get(version.event_id).event
        (part,) = house.datasets.manifest("flights").parts
        found = {
            "manifest": version.manifest_digest,
            "profile": version.profile_digest,
            "part": part.blob_digest,
            "report": event.report_digest,
            "refused": event.refused_digest,
        }
        return version, found

    @pytest.mark.parametrize("lost", [*((kind,) for kind in KINDS), KINDS], ids=lambda lost: "+".join(lost))
    def test_registering_again_makes_it_whole(self, house, lost):
        """Whatever was lost, although the files did not change; it stays the same version."""
        version, objects = self.whole(house)
        for kind in lost:
            house.vault.delete(objects[kind])
        assert not house.datasets.verify("flights").ok
        again = house.datasets.register("flights")
        assert (again.ref, again.digest) == (version.ref, version.digest)
        assert house.datasets.get("flights") == again
        assert house.datasets.verify("flights").ok
        assert house.datasets.profile("flights")["distance"].rows == 2
        assert house.datasets.scan("flights").collect().height == 2
        assert house.datasets.refused("flights").height == 1
        assert all(house.vault.has(digest) for digest in house.datasets.live_digests())

    def test_what_has_another_digest_now_is_recorded(self, house):
        """A second profile of many rows is an equal one under another digest, so the record says which one stands."""
        house.put_flights("data/a.parquet", range(20_000))
        house.declare(key=["flight_id"])
        house.age()
        version = house.datasets.register("flights")
        house.vault.delete(version.profile_digest)
        again = house.datasets.register("flights")
        assert again.profile_digest != version.profile_digest
        assert house.events() == ["dataset.registered", "dataset.restored"]
        event = house.ledger.get(2).event
        assert (event.ordinal, event.digest, event.profile_digest) == (1, version.digest, again.profile_digest)
        assert event.manifest_digest == version.manifest_digest
        assert house.ledger.verify().ok

    def test_what_is_whole_is_left_as_it_is(self, house):
        """Read again or not, nothing is recorded twice and no other profile is made."""
        version, objects = self.whole(house)
        assert house.datasets.register("flights") == version
        house.vault.delete(objects["part"])
        assert house.datasets.register("flights") == version
        assert house.events() == ["dataset.registered"]

    def test_a_manifest_whose_parts_another_writer_made_is_replaced_when_they_are_lost(self, house):
        """Equal rows in other bytes: the version names parts that are there."""
        version, objects = self.whole(house)
        manifest = house.datasets.manifest("flights")
        older = house.vault.add_bytes(b"the same rows as an older writer wrote them")
        (part,) = manifest.parts
        other = msgspec.structs.replace(manifest, parts=(msgspec.structs.replace(part, blob_digest=older),))
        with house.database.transaction() as transaction:
            named = msgspec.structs.replace(version, manifest_digest=house.vault.add_json(other))
            store.replace_objects(transaction, "test", named)
        assert house.datasets.register("flights") == named
        house.vault.delete(older)
        again = house.datasets.register("flights")
        assert again.manifest_digest == version.manifest_digest
        assert house.datasets.verify("flights").ok

    def test_what_is_lost_for_good_is_told(self, house):
        """Of a version whose rows the files do not hold any more, with its part and its object."""
        version, objects = self.whole(house)
        house.put_flights("data/a.parquet", [7])
        assert house.datasets.register("flights").ordinal == 2
        for kind in self.KINDS:
            house.vault.delete(objects[kind])
        asked = {
            "profile": house.datasets.profile,
            "manifest": house.datasets.manifest,
            "validation report": house.datasets.report,
            "refused rows": house.datasets.refused,
        }
        for what, ask in asked.items():
            with pytest.raises(NotFound, match=f"The {what} of dataset:flights@1 cannot be read") as caught:
                ask("flights@1")
            assert "objects/b3-1/" in caught.value.expected
            assert "regrove datasets register flights" in caught.value.mend
        named = [fault.what.partition(":")[0] for fault in house.datasets.verify("flights@1").faults]
        assert named == ["manifest", "profile", "report", "refused rows"]

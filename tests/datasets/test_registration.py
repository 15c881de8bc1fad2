from __future__ import annotations

import contextvars
from concurrent.futures import ThreadPoolExecutor

from regrove.datasets import DatasetConfig, Datasets, Expectation


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

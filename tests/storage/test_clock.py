"""The clock of a replayed project: one instant for all processes, which never goes back."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from regrove.clock import Clock
from regrove.errors import Conflict, InvalidInput
from regrove.storage import Database, StoredClock, WorkerTicks
from tests import crash

MARCH = 1_362_096_000_000_000
DAY = 86_400_000_000


class TestStoredClock:
    """Turned by hand, kept in the database."""

    def test_before_the_first_turn_it_tells_no_time(self, any_database: Any) -> None:
        """An error whose mend turns it, not the year 1970."""
        clock = StoredClock(any_database, "flights")
        assert isinstance(clock, Clock)
        assert clock.stands() == 0
        with pytest.raises(Conflict, match="regrove clock --turn-to"):
            clock.now()

    def test_every_process_reads_where_it_was_turned_to(self, any_database: Any) -> None:
        """Another connection and another project are told apart."""
        StoredClock(any_database, "flights").turn_to(MARCH)
        other = Database.open(any_database.url.render_as_string(hide_password=False))
        assert StoredClock(other, "flights").now() == MARCH
        assert StoredClock(other, "ferries").stands() == 0
        other.close()

    @pytest.mark.parametrize("micros", [MARCH - 1, 0, -5])
    def test_it_never_goes_back(self, any_database: Any, micros: int) -> None:
        """And stands where it stood; the same instant again is no turn back."""
        clock = StoredClock(any_database, "flights")
        clock.turn_to(MARCH)
        with pytest.raises(InvalidInput):
            clock.turn_to(micros)
        clock.turn_to(MARCH)
        assert clock.now() == MARCH

    def test_of_many_turns_at_once_the_latest_stands(self, any_database: Any) -> None:
        """Whoever comes late with an earlier instant is refused or was first, and never wins."""
        clock = StoredClock(any_database, "flights")

        def turn(day: int) -> None:
            try:
                clock.turn_to(MARCH + day * DAY)
            except InvalidInput:
                pass

        threads = [threading.Thread(target=turn, args=(day,)) for day in (3, 9, 1, 7, 5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert clock.now() == MARCH + 9 * DAY

    def test_a_turn_belongs_to_the_transaction_it_is_made_in(self, any_database: Any) -> None:
        """Rolled back with it, seen inside it."""
        clock = StoredClock(any_database, "flights")
        clock.turn_to(MARCH)
        with pytest.raises(KeyError), any_database.transaction():
            clock.turn_to(MARCH + DAY)
            assert clock.now() == MARCH + DAY
            raise KeyError
        assert clock.now() == MARCH

    def test_a_killed_turn_happened_or_did_not(self, sqlite_database: Any, tmp_path: Path) -> None:
        """At each edge of its commit."""
        args = {"url": str(sqlite_database.url), "at": MARCH}
        assert crash.kill_at("tests.storage.acts:turn_clock", args, 0) == "before COMMIT"
        assert StoredClock(sqlite_database, "flights").stands() == 0
        assert crash.kill_at("tests.storage.acts:turn_clock", args, 1) == "after COMMIT"
        assert StoredClock(sqlite_database, "flights").now() == MARCH


class TestWorkerTicks:
    """How far the worker has come."""

    def test_it_only_advances(self, any_database: Any) -> None:
        """An earlier time changes nothing: two ticks that overlap end with the later one."""
        ticks = WorkerTicks(any_database, "flights")
        assert ticks.reached() == 0
        for at in (MARCH, MARCH + DAY, MARCH):
            ticks.reach(at)
        assert ticks.reached() == MARCH + DAY
        assert WorkerTicks(any_database, "ferries").reached() == 0

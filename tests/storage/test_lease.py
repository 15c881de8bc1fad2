"""Leases: one worker at a time, and none that commits after it was overtaken."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from regrove import clock
from regrove.errors import Conflict, InvalidInput, LeaseLost, RegroveError
from regrove.storage import Leases
from regrove.storage.process import Process


@pytest.fixture
def leases(any_database):
    return Leases(any_database)


class WallClock:
    """Wall time that a test moves."""

    def __init__(self, monkeypatch):
        self.now = clock.wall()
        monkeypatch.setattr(clock, "wall", lambda: self.now)


class TestLeases:
    """Acquire, renew, release, check."""

    def test_a_held_lease_is_refused_naming_its_holder(self, leases):
        """Process, host and since when."""
        leases.acquire("run:a", ttl_s=60)
        with pytest.raises(Conflict, match=f"works on run:a(?s:.*)process {os.getpid()} on .*, since 20"):
            leases.acquire("run:a", ttl_s=60)
        assert leases.holder("run:a").pid == os.getpid()

    def test_other_names_are_free(self, leases):
        """A lease is one name's."""
        leases.acquire("run:a", ttl_s=60)
        assert leases.acquire("run:b", ttl_s=60).epoch == 1
        assert leases.holder("run:c") is None

    def test_a_released_lease_can_be_taken_and_its_epoch_rises(self, leases):
        """Releasing twice is harmless."""
        with leases.acquire("run:a", ttl_s=60) as first:
            pass
        first.release()
        assert leases.holder("run:a") is None
        assert leases.acquire("run:a", ttl_s=60).epoch == first.epoch + 1

    def test_one_that_ran_out_can_be_taken(self, leases, monkeypatch):
        """And the one who was only asleep finds it lost."""
        wall = WallClock(monkeypatch)
        sleeper = leases.acquire("run:a", ttl_s=10)
        wall.now += 9_000_000
        sleeper.renew()
        wall.now += 9_000_000
        with pytest.raises(Conflict):
            leases.acquire("run:a", ttl_s=10)
        wall.now += 2_000_000
        taker = leases.acquire("run:a", ttl_s=10)
        assert taker.epoch == sleeper.epoch + 1
        with pytest.raises(LeaseLost, match="no longer holds run:a"):
            sleeper.renew()
        sleeper.release()
        assert leases.holder("run:a") is not None

    def test_a_check_stops_the_commit_of_one_who_was_overtaken(self, leases, any_database, monkeypatch):
        """In the same transaction as the work; the holder passes it."""
        wall = WallClock(monkeypatch)
        sleeper = leases.acquire("run:a", ttl_s=10)
        with any_database.transaction():
            sleeper.check()
        wall.now += 11_000_000
        with any_database.transaction():
            sleeper.check()  # run out but taken by no one: its work is still the only one
        taker = leases.acquire("run:a", ttl_s=10)
        with pytest.raises(LeaseLost), any_database.transaction():
            sleeper.check()
        with any_database.transaction():
            taker.check()
        taker.release()
        with pytest.raises(LeaseLost), any_database.transaction():
            taker.check()

    def test_a_check_outside_a_transaction_is_refused(self, leases):
        """Its answer would be worth nothing."""
        with pytest.raises(RegroveError, match="No transaction"):
            leases.acquire("run:a", ttl_s=60).check()

    def test_a_dead_holder_is_taken_over_at_once(self, leases, any_database):
        """Also when it was killed a moment ago."""
        url = any_database.url.render_as_string(hide_password=False)
        code = (
            "import os, sys; from regrove.storage import Database, Leases\n"
            "Leases(Database.open(sys.argv[1])).acquire('run:a', ttl_s=3600); os.kill(os.getpid(), 9)\n"
        )
        assert subprocess.run([sys.executable, "-c", code, url], check=False).returncode == -9
        assert leases.holder("run:a") is None
        assert leases.acquire("run:a", ttl_s=60).epoch == 2

    @pytest.mark.parametrize(("name", "ttl_s"), [("", 1), ("x", 0), ("x", -1)])
    def test_a_lease_without_name_or_time_is_refused(self, leases, name, ttl_s):
        """Before anything is asked."""
        with pytest.raises(InvalidInput, match="a name and a time"):
            leases.acquire(name, ttl_s=ttl_s)

    def test_acquired_in_a_transaction_it_is_undone_with_it(self, leases, any_database):
        """The rollback gives it back."""
        with pytest.raises(ValueError), any_database.transaction():
            leases.acquire("run:a", ttl_s=60)
            raise ValueError
        assert leases.holder("run:a") is None


class TestProcess:
    """Telling a process that is gone from one that is not."""

    def test_this_one_is_here(self):
        """It asks."""
        assert not Process.here().is_gone()

    def test_a_reused_pid_is_another_process(self):
        """Its start says so."""
        here = Process.here()
        assert Process(here.machine, here.host, here.pid, here.started + 1).is_gone()

    def test_a_zombie_is_gone(self):
        """Nobody has waited for it yet, and it does nothing any more."""
        child = subprocess.Popen([sys.executable, "-c", ""], stdout=subprocess.PIPE)
        child.stdout.read()
        here = Process.here()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert Process(here.machine, here.host, child.pid, 0).is_gone()
        child.wait()
        child.stdout.close()
        assert Process(here.machine, here.host, child.pid, 0).is_gone()

    def test_one_on_another_machine_is_not_known_to_be_gone(self):
        """Only its time to live decides."""
        assert not Process("elsewhere", "elsewhere", 2**22 - 1, 1).is_gone()

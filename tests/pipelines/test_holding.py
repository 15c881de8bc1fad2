"""Keeping a lease alive."""

from __future__ import annotations

import threading

import pytest

from regrove.errors import Conflict, LeaseLost
from regrove.pipelines.holding import holding
from regrove.storage import Leases


class Counted:
    """A lease that counts, and ends after some renewals."""

    name = "run:test/late"

    def __init__(self, last: int) -> None:
        self.renewed = 0
        self.last = last
        self.reached = threading.Event()

    def renew(self) -> None:
        self.renewed += 1
        if self.renewed == self.last:
            self.reached.set()
            raise LeaseLost("This process no longer holds it")


class TestHolding:
    """While the block runs."""

    def test_it_is_renewed_until_it_is_lost(self):
        """Again and again, and not after that."""
        lease = Counted(3)
        with holding(lease, every_s=0.001):
            assert lease.reached.wait(30)
        assert lease.renewed == 3

    def test_it_ends_with_the_block(self):
        """No thread is left behind, also when the block raises."""
        before = threading.active_count()
        with pytest.raises(KeyError), holding(Counted(10**9), every_s=1000):
            raise KeyError
        assert threading.active_count() == before

    def test_a_real_lease(self, database):
        """It is still held after more than its time to live."""
        with Leases(database).acquire("run:test/late", ttl_s=60) as lease, holding(lease, every_s=0.001):
            lease.renew()
            with pytest.raises(Conflict):
                Leases(database).acquire("run:test/late", ttl_s=60)

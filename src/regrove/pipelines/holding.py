"""Keeping a lease alive while the work under it takes its time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from regrove.errors import RegroveError

if TYPE_CHECKING:
    from regrove.storage import Lease

__all__ = ["holding"]


@contextmanager
def holding(lease: Lease, *, every_s: float) -> Iterator[None]:
    """Renew ``lease`` every ``every_s`` seconds, in a thread of its own, until the block ends.

    A renewal that fails ends the thread and no more: whatever is committed under the lease checks it, and says then
    that it was lost.
    """
    ended = threading.Event()

    def keep() -> None:
        while not ended.wait(every_s):
            try:
                lease.renew()
            except RegroveError:
                return

    thread = threading.Thread(target=keep, name=f"regrove-lease-{lease.name}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()

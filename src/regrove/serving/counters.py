"""Counters of one server process, in a small file that every process of the server can read.

A counter is eight bytes at a fixed place of a memory map, so adding costs no lock and no system call, and a reader
sees whole values. Each process writes its own file and nobody else's; who reads adds them up. The files live as long
as the server they belong to, so a total does not fall when one of its processes is replaced.
"""

from __future__ import annotations

import mmap
import os
from bisect import bisect_left
from collections.abc import Sequence
from pathlib import Path
from typing import Final

__all__ = ["BUCKETS_S", "GAUGES", "ROUTES", "SIDES", "STATUSES", "TOTALS", "Counters", "read"]

ROUTES: Final = ("/predict", "/feedback", "/healthz", "/readyz", "/metrics", "other")
"""The routes that are counted apart."""

STATUSES: Final = (200, 400, 404, 405, 409, 413, 422, 500, 503)
"""Every status that the application answers with."""

BUCKETS_S: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
"""Upper edges of the prediction time histogram, in seconds; what is slower falls behind the last."""

SIDES: Final = ("control", "candidate")
"""The sides of a split; without one, all is the control's."""

_OF_SIDES = tuple(f"{side}_{what}" for side in SIDES for what in ("requests", "failures", "seconds"))

TOTALS: Final = ("predictions", "labels", "log_bytes", "log_failures", "load_failures", "swaps", "polls", *_OF_SIDES)
"""Counters that only grow."""

GAUGES: Final = ("generation", "revision", "candidate", "refused", "ready", "poll_failing")
"""Values of one process that are set."""

_REQUESTS = {(route, status): index for index, (route, status) in enumerate((r, s) for r in ROUTES for s in STATUSES)}
_BUCKETS = len(_REQUESTS)
_SUM = _BUCKETS + len(BUCKETS_S) + 1
_NAMED = {name: _SUM + 1 + index for index, name in enumerate(TOTALS + GAUGES)}
_SLOTS = _SUM + 1 + len(_NAMED)


class Counters:
    """The counters that this process writes; one thread at a time for each counter.

    With ``path`` None they are kept in memory, seen by this process alone.
    """

    def __init__(self, path: Path | None = None) -> None:
        size = _SLOTS * 8
        if path is None:
            self._map = mmap.mmap(-1, size)
        else:
            handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o640)
            try:
                os.ftruncate(handle, size)
                self._map = mmap.mmap(handle, size)
            finally:
                os.close(handle)
        self._slots = memoryview(self._map).cast("d")

    def request(self, route: str, status: int) -> None:
        """Count one answer."""
        self._slots[_REQUESTS[route, status]] += 1

    def took(self, seconds: float) -> None:
        """Count how long one prediction request took."""
        self._slots[_BUCKETS + bisect_left(BUCKETS_S, seconds)] += 1
        self._slots[_SUM] += seconds

    def add(self, name: str, amount: float = 1) -> None:
        """Add to one of `TOTALS`."""
        self._slots[_NAMED[name]] += amount

    def put(self, name: str, value: float) -> None:
        """Set one of `GAUGES`."""
        self._slots[_NAMED[name]] = value

    def values(self) -> Values:
        """What stands in the counters now."""
        return Values(self._slots.tolist())


class Values:
    """Counters read at one moment, of one process or added up over many.

    >>> one = Counters()
    >>> one.request("/predict", 200); one.took(0.002)
    >>> both = Values.total([one.values(), one.values()])
    >>> both.requests("/predict", 200), both.buckets()[:3], both.named("predictions")
    (2.0, [0.0, 0.0, 2.0], 0.0)
    """

    def __init__(self, slots: Sequence[float]) -> None:
        self.slots = slots
        """The values, slot by slot."""

    @classmethod
    def total(cls, many: Sequence[Values]) -> Values:
        """The sum of ``many``, slot by slot."""
        return cls([sum(each) for each in zip(*(values.slots for values in many), strict=True)])

    @classmethod
    def succession(cls, attempts: Sequence[Values]) -> Values:
        """The counters of processes that followed each other: totals added up, gauges of the last."""
        gauges = [_NAMED[name] for name in GAUGES]
        slots = list(cls.total(attempts).slots)
        for slot in gauges:
            slots[slot] = attempts[-1].slots[slot]
        return cls(slots)

    def requests(self, route: str, status: int) -> float:
        """Answers of this route and status."""
        return self.slots[_REQUESTS[route, status]]

    def buckets(self) -> list[float]:
        """Requests in each bucket of `BUCKETS_S`, not cumulated, then those that were slower."""
        return list(self.slots[_BUCKETS:_SUM])

    def seconds(self) -> float:
        """Time spent in prediction requests."""
        return self.slots[_SUM]

    def named(self, name: str) -> float:
        """One of `TOTALS` or `GAUGES`."""
        return self.slots[_NAMED[name]]


def read(path: Path) -> Values | None:
    """The counters that another process keeps in ``path``; None for a file that is not whole yet."""
    data = path.read_bytes()
    return Values(memoryview(data).cast("d").tolist()) if len(data) == _SLOTS * 8 else None

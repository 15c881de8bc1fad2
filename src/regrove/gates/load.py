"""Asking a server at a steady rate, whatever it answers: the load that users are, and how long each of them waited.

Request ``i`` is due at ``i / rate``. One that is due while all connections wait for an answer waits too, and its time
counts from when it was due: a server that stalls is not spared the requests that it kept from being sent (Tene's
"coordinated omission"). A connection that was free and was woken late by this machine counts from when it was awake.
"""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

import msgspec

__all__ = ["Taken", "paced"]

_CONNECTIONS: Final = 8
_TIMEOUT_S: Final = 30.0


class Taken(msgspec.Struct, frozen=True):
    """How long the requests took, in the order in which they were due."""

    seconds: tuple[float, ...]
    failed: int
    """Requests that were answered with another status than 200, or not at all; they are among ``seconds``."""
    first_failure: str
    rate: float
    """Requests a second that were really sent."""


class _Client(threading.Thread):
    def __init__(self, url: str, bodies: Sequence[bytes], turn: _Turn, seconds: list[float]) -> None:
        super().__init__(name="regrove-load", daemon=True)
        self._host = urlsplit(url).netloc
        self._bodies = bodies
        self._turn = turn
        self._seconds = seconds
        self.failures: list[str] = []

    def run(self) -> None:
        connection = http.client.HTTPConnection(self._host, timeout=_TIMEOUT_S)
        while (place := self._turn.next()) is not None:
            due = self._turn.due(place)
            ahead = due - time.perf_counter()
            if ahead > 0:
                time.sleep(ahead)
                due = time.perf_counter()
            try:
                connection.request("POST", "/predict", self._bodies[place % len(self._bodies)], _HEADERS)
                answer = connection.getresponse()
                said = answer.read()
                if answer.status != 200:
                    self.failures.append(f"{answer.status}: {said[:200].decode(errors='replace')}")
            except (OSError, http.client.HTTPException) as error:
                self.failures.append(f"{type(error).__name__}: {error}")
                connection.close()
            self._seconds[place] = time.perf_counter() - due
        connection.close()


_HEADERS: Final = {"Content-Type": "application/json"}


class _Turn:
    """Which request is next, and when it is due."""

    def __init__(self, count: int, rate: float) -> None:
        self._count = count
        self._rate = rate
        self._next = 0
        self._lock = threading.Lock()
        self.began = time.perf_counter()

    def next(self) -> int | None:
        with self._lock:
            if self._next >= self._count:
                return None
            self._next += 1
            return self._next - 1

    def due(self, place: int) -> float:
        return self.began + place / self._rate


def paced(url: str, bodies: Sequence[bytes], *, rate: float, count: int) -> Taken:
    """Send ``count`` requests, ``rate`` a second, whose bodies are taken in turn."""
    seconds = [0.0] * count
    turn = _Turn(count, rate)
    clients = [_Client(url, bodies, turn, seconds) for _ in range(min(_CONNECTIONS, count))]
    for each in clients:
        each.start()
    for each in clients:
        each.join()
    failures = [failure for each in clients for failure in each.failures]
    took = time.perf_counter() - turn.began
    return Taken(tuple(seconds), len(failures), failures[0] if failures else "", count / took)

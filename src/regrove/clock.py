"""Time, as one integer: microseconds since 1970 in UTC.

Domain time (when something happened in the world that a model lives in) comes from a `Clock` that can be turned by
hand. Wall time (leases, timeouts, ``recorded_at``) always comes from `wall`. A naive datetime is refused at the door:
it names no instant.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol, runtime_checkable

from regrove.errors import InvalidInput

__all__ = ["Clock", "HandClock", "SystemClock", "from_micros", "iso", "parse", "to_micros", "wall"]


@runtime_checkable
class Clock(Protocol):
    """Where domain time comes from. Implementations are safe to share between threads."""

    def now(self) -> int:
        """Microseconds since 1970 in UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> int:
        """Microseconds since 1970 in UTC."""
        return wall()


class HandClock:
    """A clock that stands still until it is turned, and never runs backwards.

    >>> clock = HandClock(1_000)
    >>> clock.advance(5); clock.now()
    1005
    """

    def __init__(self, start: int = 0) -> None:
        self._now = start

    def now(self) -> int:
        """Microseconds since 1970 in UTC."""
        return self._now

    def advance(self, micros: int) -> None:
        """Turn forward by ``micros``; a negative turn is refused."""
        self.turn_to(self._now + micros)

    def turn_to(self, micros: int) -> None:
        """Turn to the instant ``micros``; an earlier one is refused."""
        if micros < self._now:
            raise InvalidInput(
                "A clock was turned backwards", expected=f"at least {iso(self._now)}", received=iso(micros)
            )
        self._now = micros


def wall() -> int:
    """The machine's time now, in microseconds since 1970 in UTC."""
    return time.time_ns() // 1_000


def to_micros(moment: datetime) -> int:
    """Microseconds of an aware datetime; a naive one is refused.

    >>> to_micros(datetime(2013, 1, 1, tzinfo=UTC))
    1356998400000000
    """
    if moment.tzinfo is None:
        raise InvalidInput(
            "A datetime without a time zone names no instant",
            expected="an aware datetime, such as 2013-01-01T05:15:00Z",
            received=moment.isoformat(),
            mend="add the zone: moment.replace(tzinfo=UTC), or Z at the end of the text",
        )
    delta = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds


def from_micros(micros: int) -> datetime:
    """The aware datetime in UTC of ``micros``.

    >>> from_micros(1356998400000000).isoformat()
    '2013-01-01T00:00:00+00:00'
    """
    return datetime.fromtimestamp(micros // 1_000_000, tz=UTC).replace(microsecond=micros % 1_000_000)


def iso(micros: int) -> str:
    """ISO 8601 text in UTC, with microseconds only when there are any.

    >>> iso(1356998400000000)
    '2013-01-01T00:00:00Z'
    """
    return from_micros(micros).isoformat().replace("+00:00", "Z")


def parse(text: str) -> int:
    """Microseconds of an ISO 8601 text with a zone.

    >>> parse("2013-01-01T00:00:00Z")
    1356998400000000
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidInput(
            "This is not a time", expected="ISO 8601 with a zone, such as 2013-01-01T05:15:00Z", received=repr(text)
        ) from None
    return to_micros(moment)

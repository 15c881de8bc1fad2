"""Time, as one integer: microseconds since 1970 in UTC.

Domain time (when something happened in the world that a model lives in) comes from a `Clock` that can be turned by
hand. Wall time (leases, timeouts, ``recorded_at``) always comes from `wall`. A naive datetime is refused at the door:
it names no instant.

A *block* is a stretch of local time, such as a day in New York: `block_start` says in which one an instant lies.
"""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime
from typing import Final, Protocol, runtime_checkable
from zoneinfo import ZoneInfo

from regrove.errors import InvalidInput

__all__ = [
    "Clock",
    "HandClock",
    "SystemClock",
    "block_end",
    "block_start",
    "duration",
    "from_micros",
    "iso",
    "parse",
    "to_micros",
    "wall",
    "zone_of",
]


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


_DURATION: Final = re.compile(r"(\d{1,6})([wdhms])\Z")
_SECONDS: Final = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}


def duration(text: str) -> int:
    """Microseconds of a duration such as ``14d``, ``36h`` or ``90s`` (units w, d, h, m, s); a day has 24 hours here.

    >>> duration("2d")
    172800000000
    """
    match = _DURATION.match(text)
    if match is None:
        raise InvalidInput(
            "This is not a duration",
            expected="a whole number and one of w, d, h, m, s, such as 14d",
            received=repr(text),
        )
    return int(match.group(1)) * _SECONDS[match.group(2)] * 1_000_000


_EVERY: Final = re.compile(r"([1-9]\d{0,2})([dh])\Z")
_QUARTER_HOUR: Final = 900_000_000
_HOUR: Final = 3_600_000_000


def zone_of(name: str) -> ZoneInfo:
    """The IANA zone ``name``; InvalidInput when this machine knows none of that name.

    >>> zone_of("America/New_York").key
    'America/New_York'
    """
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # ZoneInfoNotFoundError is a KeyError; a folder of zones is an OSError
        raise InvalidInput(
            "This is not a time zone",
            expected="a name of the IANA database, such as UTC or America/New_York",
            received=repr(name),
            mend="pip install tzdata, if the machine has no zones at all",
        ) from None


def block_start(micros: int, every: str, zone: str) -> int:
    """The first instant of the block of ``every`` (``1d``, ``7d``, ``1h``, ``6h``) in ``zone`` that holds ``micros``.

    Days begin at local midnight, or where that is skipped at the first instant after it; several days begin with a
    Monday for ``7d``. Hours divide the local day. So a day has 23 or 25 hours when the clocks are changed, and an hour
    that is lived through twice is two blocks.

    >>> iso(block_start(parse("2013-03-11T03:30:00Z"), "1d", "America/New_York"))
    '2013-03-10T05:00:00Z'
    """
    count, unit = _every(every)
    local = from_micros(micros).astimezone(zone_of(zone))
    if unit == "d":
        day = (local.toordinal() - 1) // count * count + 1  # day 1 was a Monday
        return to_micros(datetime.fromordinal(day).replace(tzinfo=local.tzinfo))
    return to_micros(local.replace(hour=local.hour // count * count, minute=0, second=0, microsecond=0))


def block_end(micros: int, every: str, zone: str) -> int:
    """The first instant after the block that holds ``micros``: where the next one begins.

    >>> start = block_start(parse("2013-03-10T12:00:00Z"), "1d", "America/New_York")
    >>> (block_end(start, "1d", "America/New_York") - start) // 3_600_000_000
    23
    """
    count, unit = _every(every)
    start = block_start(micros, every, zone)
    after = start + count * (24 if unit == "d" else 1) * _HOUR
    while (end := block_start(after, every, zone)) <= start:
        after += _QUARTER_HOUR  # the clocks were put back in between
    return end


def _every(text: str) -> tuple[int, str]:
    match = _EVERY.match(text)
    if match is None or (match.group(2) == "h" and 24 % int(match.group(1))):
        raise InvalidInput(
            "Time cannot be cut into blocks of this length",
            expected="days such as 1d, or hours that divide the day: 1h, 6h",
            received=repr(text),
        )
    return int(match.group(1)), match.group(2)

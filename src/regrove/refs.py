"""Names of things: refs such as ``model:late-arrival@7``, and ids.

A ref says *kind:name@version*. The version is an ordinal (``@3``), an alias (``@champion``) or absent. Refs are what
people type and what one room uses to speak of another; evidence uses digests. Ids are UUIDv7 (RFC 9562) as 32
lower-case hex digits, so they sort by creation time and are legal MLflow run ids.
"""

from __future__ import annotations

import os
import re
import threading
import time
from typing import Final

import msgspec

from regrove.errors import InvalidInput, nearest

__all__ = ["KINDS", "Ref", "check_id", "check_name", "id_micros", "new_id", "parse", "prediction_ref"]

KINDS: Final = (
    "alert",
    "code",
    "dataset",
    "decision",
    "deployment",
    "environment",
    "event",
    "gate",
    "loop",
    "model",
    "monitor",
    "object",
    "playbook",
    "prediction",
    "project",
    "rollout",
    "run",
    "step",
)
"""What a ref can speak of."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.\-]{0,127}\Z")
_BODY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.\-/:]{0,255}\Z")
_ALIAS = re.compile(r"[a-z][a-z0-9_\-]{0,62}\Z")
_ID = re.compile(r"[0-9a-f]{32}\Z")


class Ref(msgspec.Struct, frozen=True, order=True):
    """The name of one thing.

    >>> parse("model:late-arrival@7")
    Ref(kind='model', name='late-arrival', version='7')
    >>> str(Ref("dataset", "flights", "3"))
    'dataset:flights@3'
    """

    kind: str
    name: str
    version: str = ""

    def __str__(self) -> str:
        """The ref as text."""
        return f"{self.kind}:{self.name}@{self.version}" if self.version else f"{self.kind}:{self.name}"

    @property
    def ordinal(self) -> int | None:
        """The version as a number, or None for an alias or no version."""
        return int(self.version) if self.version.isdigit() else None


def parse(text: str, *, kind: str = "") -> Ref:
    """Read a ref; with ``kind`` the prefix may be left out (``late-arrival@7`` for a model).

    Raises InvalidInput when the text is no ref or speaks of another kind.

    >>> parse("late-arrival@champion", kind="model").version
    'champion'
    """
    head, colon, rest = text.partition(":")
    if not colon or (kind and head != kind and head not in KINDS):
        if not kind:
            raise _malformed(text, "kind:name@version, such as model:late-arrival@7", nearest(text, KINDS))
        head, rest = kind, text
    if head not in KINDS:
        raise _malformed(text, f"one of {', '.join(KINDS)} before the colon", nearest(head, KINDS))
    if kind and head != kind:
        raise _malformed(text, f"a ref of kind {kind}", f"{kind}:NAME@VERSION")
    name, at, version = rest.partition("@")
    if not _BODY.match(name):
        raise _malformed(text, "a name of letters, digits, '-', '_' or '.' after the colon")
    if at and not (version.isdigit() and version == str(int(version)) and version != "0") and not _ALIAS.match(version):
        raise _malformed(text, "a version number from 1 on, or an alias, after the @")
    return Ref(head, name, version)


def _malformed(text: str, expected: str, mend: str = "") -> InvalidInput:
    return InvalidInput("This is not a ref", expected=expected, received=repr(text), mend=mend)


def check_name(name: str, *, what: str) -> str:
    """Return ``name`` if it can name a ``what`` (a dataset, a model); otherwise raise InvalidInput."""
    if not _NAME.match(name):
        raise InvalidInput(
            f"This cannot name a {what}",
            expected="1 to 128 letters, digits, '-', '_' or '.', beginning with a letter or digit",
            received=repr(name),
        )
    return name


def check_id(text: str, *, what: str = "id") -> str:
    """Return ``text`` if it is 32 lower-case hex digits; otherwise raise InvalidInput."""
    if not _ID.match(text):
        raise InvalidInput(f"This is not a {what}", expected="32 lower-case hex digits", received=repr(text))
    return text


def prediction_ref(request_id: str, row: int) -> str:
    """The ref of row ``row`` of the request ``request_id``.

    >>> prediction_ref("0190a1b2c3d4e5f60718293a4b5c6d7e", 0)
    'prediction:0190a1b2c3d4e5f60718293a4b5c6d7e.0'
    """
    return f"prediction:{request_id}.{row}"


_lock = threading.Lock()
_last = 0


def new_id(at: int | None = None) -> str:
    """A new UUIDv7: milliseconds of ``at`` (default: wall time, microseconds), then 74 random bits.

    Ids made by one process without ``at`` increase strictly (RFC 9562, method 3: the sub-millisecond part counts).

    >>> len(new_id()), new_id() < new_id()
    (32, True)
    """
    global _last  # noqa: PLW0603  # one counter a process is what makes the ids increase
    with _lock:
        micros = time.time_ns() // 1_000 if at is None else at
        stamp = (micros // 1_000 << 12) | (micros % 1_000 << 2)
        if at is None:
            stamp = max(stamp, _last + 1)
            _last = stamp
    millis, sub = stamp >> 12, stamp & 0xFFF
    tail = int.from_bytes(os.urandom(8)) & ((1 << 62) - 1) | (0b10 << 62)
    return f"{(millis << 80) | (7 << 76) | (sub << 64) | tail:032x}"


def id_micros(identifier: str) -> int:
    """The creation time that a UUIDv7 carries, in microseconds, exact to the millisecond."""
    return (int(check_id(identifier), 16) >> 80) * 1_000

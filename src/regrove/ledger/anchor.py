"""Anchors: heads of the ledger, kept where the ledger cannot change them.

An anchor is a create-only object. Whoever could rewrite the whole chain in the database would also have to rewrite
the object store, and every place to which an anchor's text was copied.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from regrove import digest
from regrove.clock import wall
from regrove.errors import Corrupt, InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterator

    from regrove.ledger.entry import Head
    from regrove.storage.objects import ObjectStore

__all__ = ["Anchor", "Anchors", "parse"]

_PREFIX: Final = "anchors/"


class Anchor(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the ledger was at one moment. As text, ``POSITION:HASH``, it can be kept anywhere.

    >>> str(parse("7:b3-1:" + "0" * 64))[:12]
    '7:b3-1:00000'
    """

    position: int
    hash: str
    anchored_at: int = 0
    """Wall time at which it was made; 0 when it was given as text."""

    def __str__(self) -> str:
        return f"{self.position}:{self.hash}"


class Anchors:
    """The anchors in an object store, under ``anchors/``."""

    def __init__(self, objects: ObjectStore) -> None:
        self._objects = objects

    def __repr__(self) -> str:
        return f"{_PREFIX} in {self._objects!r}"

    def make(self, head: Head) -> Anchor:
        """Anchor ``head``; the anchor that stands at its position already is given back.

        Raises Corrupt when that one has another hash: the ledger was rewritten since.
        """
        anchor = Anchor(position=head.position, hash=head.hash, anchored_at=wall())
        if self._objects.put_bytes(_key(head.position), digest.canonical(anchor)):
            return anchor
        earlier = self._get(_key(head.position))
        if earlier.hash != head.hash:
            raise Corrupt(
                f"Event {head.position} of the ledger was anchored with another hash",
                expected=earlier.hash,
                received=head.hash,
                mend="regrove audit verify",
            )
        return earlier

    def last(self) -> int:
        """The highest anchored position; 0 when there is none. A key that names no position is left to `all`."""
        return int(max((_name(key) for key in self._objects.keys(_PREFIX)), default="") or 0)

    def latest(self) -> Anchor | None:
        """The anchor of the highest position; None when there is none. Raises Corrupt for an object that is none."""
        position = self.last()
        return self._get(_key(position)) if position else None

    def all(self, *, after: int = 0, up_to: int | None = None) -> Iterator[Anchor]:
        """The anchors in order of position, read one at a time.

        Raises Corrupt for an object that is no anchor.
        """
        for key in self._objects.keys(_PREFIX):
            position = _position(key)
            if position > after and (up_to is None or position <= up_to):
                yield self._get(key)

    def _get(self, key: str) -> Anchor:
        try:
            anchor = msgspec.json.decode(self._objects.get(key), type=Anchor)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise Corrupt(f"The object {key} is not an anchor", received=str(error), mend=self._aside(key)) from error
        if _key(anchor.position) != key:
            raise Corrupt(
                f"The object {key} is the anchor of another position",
                received=str(anchor.position),
                mend=self._aside(key),
            )
        return anchor

    def _aside(self, key: str) -> str:
        return f"restore {key} in {self._objects!r} from a copy, or move it away: the anchors before it hold"


def parse(text: str) -> Anchor:
    """Read ``POSITION:HASH``; raises InvalidInput for anything else."""
    position, colon, hash_ = text.strip().partition(":")
    if not (colon and position.isascii() and position.isdigit() and len(position) < 20):
        raise InvalidInput(
            "This is not an anchor",
            expected="POSITION:HASH",
            received=repr(text),
            mend="regrove audit anchor prints one",
        )
    return Anchor(position=int(position), hash=digest.check(hash_))


def _key(position: int) -> str:
    return f"{_PREFIX}{position:020d}"


def _position(key: str) -> int:
    name = _name(key)
    if not name:
        raise Corrupt(f"The object {key} is not an anchor", expected=f"{_PREFIX} and 20 digits")
    return int(name)


def _name(key: str) -> str:
    """The 20 digits of an anchor's key, or nothing."""
    name = key.removeprefix(_PREFIX)
    return name if len(name) == 20 and name.isascii() and name.isdigit() else ""

"""Frames: how records stand in a file that is only ever appended to.

A file begins with a preamble: `MAGIC`, then a marker of eight random bytes. Each frame is the marker, the payload's
length and CRC-32 (little endian, four bytes each), then the payload. A process that is killed while it appends leaves
a torn tail: the last frame is short or its checksum does not hold. A reader stops there and says how many bytes are
whole. Damage with a whole frame after it is no torn tail and is reported as corruption; because the marker is random,
no text that a client sends can pass for a frame.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator
from typing import Final

import msgspec

from regrove.errors import Corrupt

__all__ = ["LARGEST", "MAGIC", "PREAMBLE", "Framer", "Frames", "frames", "marker_of", "preamble"]

MAGIC: Final = b"regrove1"
"""What every framed file of format 1 begins with."""

PREAMBLE: Final = len(MAGIC) + 8
"""Bytes before the first frame."""

LARGEST: Final = 1 << 30
"""No payload is larger, in bytes; a length above it is damage."""

_HEAD = struct.Struct("<8sII")


class Frames(msgspec.Struct, frozen=True):
    """What a scan found: whole payloads in order, the bytes they end at, and the bytes of a torn tail."""

    payloads: list[bytes]
    whole: int
    torn: int


def preamble() -> bytes:
    """The first bytes of a new file, with a marker of its own."""
    return MAGIC + os.urandom(8)


def marker_of(data: bytes | memoryview, *, where: str) -> bytes:
    """The marker of a file that begins with ``data``; Corrupt when it is no framed file (``where`` names it)."""
    start = bytes(data[:PREAMBLE])
    if len(start) < PREAMBLE or not start.startswith(MAGIC):
        raise Corrupt(
            f"{where} is not a log segment of format 1",
            expected=f"{MAGIC!r} at its start",
            received=repr(start[: len(MAGIC)]),
            mend="move the file out of the log folder; nothing was read from it",
        )
    return start[len(MAGIC) :]


class Framer:
    """Wraps payloads in frames with one file's marker.

    >>> start = preamble()
    >>> framer = Framer(start[len(MAGIC):])
    >>> found = frames(start + framer.frame(b"one") + framer.frame(b"two")[:-1], where="a test")
    >>> found.payloads, found.torn
    ([b'one'], 18)
    """

    def __init__(self, marker: bytes) -> None:
        self._marker = marker

    def frame(self, payload: bytes) -> bytes:
        """The frame of ``payload``, ready for one write."""
        return _HEAD.pack(self._marker, len(payload), zlib.crc32(payload)) + payload


def frames(data: bytes, *, where: str) -> Frames:
    """The whole frames of a file's bytes.

    Raises Corrupt, naming ``where`` and the offset, when a damaged frame has a whole one after it.
    """
    marker = marker_of(data, where=where)
    payloads = []
    end = PREAMBLE
    for end, payload in _walk(data, marker, PREAMBLE):  # noqa: B007  # the last end is what counts
        payloads.append(payload)
    if end < len(data):
        _refuse_damage(data, marker, end, where)
    return Frames(payloads, end, len(data) - end)


def _walk(data: bytes, marker: bytes, start: int) -> Iterator[tuple[int, bytes]]:
    """Payloads from ``start`` on, each with the offset after it, until the first frame that is not whole."""
    while (payload := _whole(data, marker, start)) is not None:
        start += _HEAD.size + len(payload)
        yield start, payload


def _whole(data: bytes, marker: bytes, start: int) -> bytes | None:
    """The payload of the frame at ``start``, or None when no whole frame stands there."""
    if start + _HEAD.size > len(data):
        return None
    found, length, checksum = _HEAD.unpack_from(data, start)
    begin = start + _HEAD.size
    if found != marker or length > LARGEST or begin + length > len(data):
        return None
    payload = data[begin : begin + length]
    return payload if zlib.crc32(payload) == checksum else None


def _refuse_damage(data: bytes, marker: bytes, end: int, where: str) -> None:
    later = data.find(marker, end + 1)
    while later != -1:
        if _whole(data, marker, later) is not None:
            raise Corrupt(
                f"{where} is damaged at byte {end}",
                expected="a whole frame, as there are whole frames after it",
                received=f"{later - end} bytes that are none",
                mend="restore the file from a backup, or move it out of the log folder to give its records up",
            )
        later = data.find(marker, later + 1)

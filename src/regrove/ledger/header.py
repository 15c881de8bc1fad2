"""The chained part of an event, and the hash that names it.

The header is canonical JSON; its hash is the digest of exactly these bytes, and it holds the hash of the header before
it, so one hash proves everything that came earlier. The payload stays beside it and is named by its digest, so that it
can be erased without breaking the chain. Old bytes are never rewritten; a change of form is another ``form`` number.
"""

from __future__ import annotations

from typing import Final

import msgspec

from regrove import digest
from regrove.errors import Corrupt

__all__ = ["FORM", "GENESIS", "Header", "decode", "encode", "hash_of"]

FORM: Final = 1
"""The form of headers written now."""

GENESIS: Final = digest.of_bytes(b"regrove ledger 1")
"""What the first event holds as the hash of the event before it."""


class Header(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything about an event but its payload."""

    form: int = FORM
    position: int
    event_id: str
    type: str
    version: int
    occurred_at: int
    recorded_at: int
    actor: str
    project: str
    cause: str
    subject: str
    used: tuple[str, ...]
    generated: tuple[str, ...]
    payload_digest: str
    previous: str
    """The hash of the header one position before."""


_encoder = msgspec.json.Encoder(order="sorted")
_decoder = msgspec.json.Decoder(Header)


def encode(header: Header) -> bytes:
    """The exact bytes of a header: its fields hold only text and integers, so this is its canonical JSON."""
    return _encoder.encode(header)


def decode(data: object) -> Header:
    """Read a header. Raises Corrupt unless ``data`` is exactly what `encode` gives for it."""
    if not isinstance(data, bytes):
        raise Corrupt("A header is not bytes", received=type(data).__name__)
    try:
        header = _decoder.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Corrupt("A header cannot be read", received=str(error)) from error
    if _encoder.encode(header) != data:
        raise Corrupt("A header is not in canonical form")
    return header


def hash_of(data: bytes) -> str:
    """The hash that names a header.

    >>> GENESIS == hash_of(b"regrove ledger 1")
    True
    """
    return digest.of_bytes(data)

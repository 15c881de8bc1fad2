"""The bytes of the chain, which must never change."""

from __future__ import annotations

import pytest

from regrove.errors import Corrupt
from regrove.ledger.header import GENESIS, Header, decode, encode, hash_of

FIRST = Header(
    position=1,
    event_id="0190a1b2c3d47e5f8718293a4b5c6d7e",
    type="dataset.registered",
    version=1,
    occurred_at=1_362_096_000_000_000,
    recorded_at=1_362_096_000_000_001,
    actor="person:Ève",
    project="flights",
    cause="",
    subject="dataset:flights@1",
    used=("object:raw",),
    generated=(),
    payload_digest="b3-1:" + "0" * 64,
    previous=GENESIS,
)

BYTES = (
    '{"actor":"person:Ève","cause":"","event_id":"0190a1b2c3d47e5f8718293a4b5c6d7e","form":1,"generated":[],'
    '"occurred_at":1362096000000000,"payload_digest":"b3-1:' + "0" * 64 + '","position":1,"previous":"' + GENESIS + '",'
    '"project":"flights","recorded_at":1362096000000001,"subject":"dataset:flights@1","type":"dataset.registered",'
    '"used":["object:raw"],"version":1}'
).encode()


class TestHeader:
    """The canonical form of a header."""

    def test_frozen_bytes(self):
        """The form of version 1 and its hash are these, on every machine, for good."""
        assert encode(FIRST) == BYTES
        assert GENESIS == "b3-1:3c72b369df6021c74b4a3f69aaef691b59d6ec5097e4843dd8ebdbcd46ae1645"
        assert hash_of(BYTES) == "b3-1:e809887b1841806b1b15582b4a5b4717ae400d263ad2d7fd7affb599f758adc7"

    def test_round_trip(self):
        """A header read back is the header."""
        assert decode(BYTES) == FIRST

    @pytest.mark.parametrize(
        "data",
        [
            None,
            "text",
            b"",
            b"{}",
            b"\xff",
            BYTES + b" ",
            BYTES.replace(b'"position":1', b'"position":1.0'),
            BYTES.replace(b'"version":1', b'"version":1,"more":2'),
            BYTES.replace(b'"actor":', b'"actor":"x","actor":'),
        ],
    )
    def test_other_bytes(self, data):
        """Nothing but the canonical bytes is a header."""
        with pytest.raises(Corrupt):
            decode(data)

"""Heads kept where the ledger cannot change them."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from regrove.errors import Corrupt, InvalidInput
from regrove.ledger.anchor import parse
from tests.ledger.facts import note

pytestmark = pytest.mark.usefixtures("acting")
ZEROS = "b3-1:" + "0" * 64


class TestAnchor:
    """Making and reading anchors."""

    def test_kept(self, database, ledger, objects):
        """An anchor is an object named by its position; the same head gives the same anchor."""
        note(ledger, database)
        first = ledger.anchor()
        assert first == ledger.anchor()
        assert (first.position, first.hash) == (1, ledger.head().hash)
        note(ledger, database)
        second = ledger.anchor()
        assert list(ledger.anchors()) == [first, second]
        assert [info.key for info in objects.list("anchors/")] == [f"anchors/{n:020d}" for n in (1, 2)]
        assert parse(str(second)).hash == second.hash

    def test_empty(self, ledger, objects):
        """Of nothing nothing is kept."""
        assert ledger.anchor().position == 0
        assert list(objects.list("anchors/")) == []

    def test_refuses_broken_chain(self, database, ledger):
        """What was changed since the last anchor is not made proof."""
        note(ledger, database)
        ledger.anchor()
        note(ledger, database)
        with database.transaction() as transaction:
            transaction.execute(text("UPDATE ledger_events SET actor = 'person:eve' WHERE position = 2"))
        with pytest.raises(Corrupt, match="position 2"):
            ledger.anchor()
        assert [anchor.position for anchor in ledger.anchors()] == [1]

    def test_refuses_other_past(self, database, ledger):
        """A ledger that was emptied and filled anew is found out by the first anchor."""
        note(ledger, database)
        ledger.anchor()
        with database.transaction() as transaction:
            for table in ("events", "head", "edges"):
                transaction.execute(text(f"DELETE FROM ledger_{table}"))
        note(ledger, database, "another past")
        with pytest.raises(Corrupt, match="anchored"):
            ledger.anchor()
        note(ledger, database)
        with pytest.raises(Corrupt, match="events 1 and 2"):
            ledger.anchor()

    @pytest.mark.parametrize("given", ["", "1", "x:" + ZEROS, f"-1:{ZEROS}", "1:b3-1:0", ZEROS, "1" * 30 + ":" + ZEROS])
    def test_parse(self, ledger, given):
        """Text that is no anchor is refused before anything is read."""
        with pytest.raises(InvalidInput):
            parse(given)
        if given:
            with pytest.raises(InvalidInput):
                ledger.verify(given)

    @pytest.mark.parametrize(
        ("key", "data"),
        [
            ("anchors/00000000000000000001", b"{}"),
            ("anchors/00000000000000000001", b"\xff"),
            ("anchors/00000000000000000001", b'{"hash":"b3-1:0","position":2}'),
            ("anchors/1", b"{}"),
        ],
    )
    def test_damaged_object(self, database, ledger, objects, key, data):
        """An object that is no anchor is a fault, not proof and not silence."""
        note(ledger, database)
        objects.put_bytes(key, data)
        with pytest.raises(Corrupt, match=r"anchor"):
            list(ledger.anchors())
        found = ledger.verify()
        assert not found.ok
        assert "anchor" in found.faults[0].what

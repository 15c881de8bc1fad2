"""Durable places in the ledger."""

from __future__ import annotations

import pytest

from regrove.errors import Conflict, InvalidInput, RegroveError
from regrove.ledger import acting
from tests.ledger.facts import note

pytestmark = pytest.mark.usefixtures("acting")


@pytest.fixture
def database(any_database):
    """Each of the two databases."""
    return any_database


@pytest.fixture
def filled(database, ledger):
    """Six events, in turn of the projects even and odd."""
    for n in range(6):
        with acting(project="odd" if n % 2 else "even"):
            note(ledger, database, str(n))
    return ledger


class TestCursor:
    """Reading on from where a reader was."""

    def test_goes_on(self, database, filled):
        """Each reader has its place, which outlives it."""
        for expected in ([1, 2, 3, 4], [5, 6], []):
            cursor = filled.cursor("playbooks")
            assert [entry.position for entry in cursor.read(4)] == expected
            with database.transaction():
                cursor.advance()
        assert filled.cursor("playbooks").position == 6
        assert filled.cursor("other").position == 0

    def test_stays_without_advance(self, database, filled):
        """Reading alone, or a transaction that fails, moves nothing."""
        cursor = filled.cursor("playbooks")
        with pytest.raises(ZeroDivisionError), database.transaction():
            cursor.read(2)
            cursor.advance()
            raise ZeroDivisionError
        assert [entry.position for entry in cursor.read(2)] == [1, 2]

    def test_one_by_one(self, database, filled):
        """A reader may be done with each entry in a transaction of its own."""
        cursor = filled.cursor("playbooks")
        for entry in cursor.read():
            with database.transaction():
                assert cursor.advance(entry.position) == entry.position
        assert cursor.position == 6

    def test_project(self, database, filled):
        """A cursor of a project sees its events only, and passes over the others."""
        cursor = filled.cursor("playbooks", project="odd")
        assert [entry.position for entry in cursor.read(2)] == [2, 4]
        with database.transaction():
            assert cursor.advance() == 4
        assert [entry.position for entry in cursor.read(2)] == [6]
        assert filled.cursor("playbooks").position == 0

    def test_types(self, database, filled):
        """What a filter left out is passed over as well."""
        cursor = filled.cursor("playbooks")
        assert cursor.read(types=["no.such"]) == []
        with database.transaction():
            assert cursor.advance() == 6

    def test_refused(self, database, filled):
        """A cursor goes neither back, nor beyond what was read, nor without a transaction."""
        cursor = filled.cursor("playbooks")
        cursor.read(3)
        with pytest.raises(RegroveError, match="transaction"):
            cursor.advance()
        with database.transaction():
            for place in (-1, 4, 100):
                with pytest.raises(InvalidInput, match="cannot go"):
                    cursor.advance(place)
            cursor.advance(2)
            with pytest.raises(InvalidInput, match="cannot go"):
                cursor.advance(1)
        with pytest.raises(InvalidInput, match="cursor"):
            filled.cursor("no name")
        with pytest.raises(InvalidInput, match="project"):
            filled.cursor("name", project="a/b")

    def test_two_readers_of_one_place(self, database, filled):
        """Of two processes at one cursor the second learns that the first was there, and does nothing twice."""
        first, second = filled.cursor("playbooks"), filled.cursor("playbooks")
        first.read(2)
        second.read(3)
        with database.transaction():
            first.advance()
        with pytest.raises(Conflict, match="another reader"), database.transaction():
            second.advance()
        assert [entry.position for entry in second.read(1)] == [3]

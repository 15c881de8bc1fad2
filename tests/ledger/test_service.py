"""Recording and reading, on both databases."""

from __future__ import annotations

import msgspec
import pytest

from regrove import digest
from regrove.errors import Corrupt, InvalidInput, NotFound, Refused, RegroveError
from regrove.ledger import Event, Head, Ledger, PayloadErased, acting
from regrove.ledger.header import GENESIS
from tests.conftest import START
from tests.ledger.facts import Noted, note

pytestmark = pytest.mark.usefixtures("acting")


@pytest.fixture
def database(any_database):
    """Each of the two databases."""
    return any_database


class TestRecord:
    """What it takes for an event to enter the ledger."""

    def test_entry(self, database, ledger):
        """An entry holds everything that was said, who said it, and the event itself."""
        with database.transaction(), acting(cause="person:bob"):
            event_id = ledger.record(
                Noted(text="é"), subject="run:a", used=["dataset:flights@1"], generated=["model:late@1"], occurred_at=7
            )
            assert ledger.read() == []
        (entry,) = ledger.read()
        assert entry == ledger.get(event_id) == ledger.get(1) == ledger.get(f"event:{event_id}")
        assert (entry.position, entry.event_id, entry.type, entry.version) == (1, event_id, "test.noted", 1)
        assert (entry.actor, entry.project, entry.cause) == ("person:test", "test", "person:bob")
        assert (entry.subject, entry.used, entry.generated) == ("run:a", ("dataset:flights@1",), ("model:late@1",))
        assert entry.occurred_at == 7
        assert entry.event == Noted(text="é")
        assert entry.payload_digest == digest.of_bytes(entry.payload)
        assert ledger.head() == entry.head

    def test_times(self, database, ledger, clock):
        """Domain time comes from the clock, the time of recording from the wall."""
        clock.advance(5)
        note(ledger, database)
        (entry,) = ledger.read()
        assert entry.occurred_at == START + 5
        assert entry.recorded_at > START + 5

    def test_order_and_chain(self, database, ledger):
        """Positions are gapless in the order of recording; each head follows the one before."""
        assert ledger.head() == Head(0, GENESIS)
        with database.transaction():
            ids = [ledger.record(Noted(text=str(n)), subject="run:a") for n in range(3)]
        ids.append(note(ledger, database))
        entries = ledger.read()
        assert [entry.position for entry in entries] == [1, 2, 3, 4]
        assert [entry.event_id for entry in entries] == ids
        assert len({entry.hash for entry in entries}) == 4
        assert ledger.verify().ok

    def test_rolled_back(self, database, ledger):
        """A transaction that fails leaves neither its change nor its event, and no gap."""
        with pytest.raises(ZeroDivisionError), database.transaction():
            ledger.record(Noted(text="lost"), subject="run:a")
            raise ZeroDivisionError
        note(ledger, database, "kept")
        assert [(entry.position, entry.event.text) for entry in ledger.read()] == [(1, "kept")]

    def test_appended_last(self, database, ledger):
        """Hooks of other rooms run before the events are appended, and may record themselves."""
        with database.transaction() as transaction:
            ledger.record(Noted(text="first"), subject="run:a")
            transaction.before_commit("other", lambda _: ledger.record(Noted(text="second"), subject="run:a"))
        assert [entry.event.text for entry in ledger.read()] == ["first", "second"]

    def test_needs_transaction(self, ledger):
        """Outside a transaction nothing is recorded: there would be no change that it belongs to."""
        with pytest.raises(RegroveError, match="transaction"):
            ledger.record(Noted(text="x"), subject="run:a")
        assert ledger.read() == []

    def test_refused(self, database, ledger):
        """Bad input is refused at once, and the transaction can go on without it."""
        refused = [
            ({"event": Noted(text="x"), "subject": "a"}, "ref"),
            ({"event": Noted(text="x"), "subject": ""}, "ref"),
            ({"event": Noted(text="x"), "subject": "run:a", "used": ["flights"]}, "ref"),
            ({"event": Noted(text="x"), "subject": "run:a", "used": "dataset:flights@1"}, "list of refs"),
            ({"event": Noted(text="x"), "subject": "run:a", "used": ["model:late@champion"]}, "alias"),
            ({"event": Noted(text="x"), "subject": "run:a", "generated": ["run:b"] * 5000}, "list of refs"),
            ({"event": Noted(text=float("nan")), "subject": "run:a"}, "not finite"),
            ({"event": "noted", "subject": "run:a"}, "declared"),
            ({"event": Noted(text="x"), "subject": "run:a", "occurred_at": 1.0}, "instant"),
            ({"event": Noted(text="x"), "subject": "run:a", "occurred_at": 2**63}, "instant"),
        ]
        with database.transaction():
            for given, match in refused:
                with pytest.raises(InvalidInput, match=match):
                    ledger.record(**given)
            ledger.record(Noted(text="good"), subject="run:a")
        assert len(ledger.read()) == 1


def test_needs_attribution(sqlite_database, objects, clock):
    """Nothing happens without somebody who does it."""
    import contextvars

    ledger = Ledger(sqlite_database, objects, clock)
    with pytest.raises(RegroveError, match="Nobody"):
        contextvars.Context().run(note, ledger, sqlite_database)
    assert ledger.read() == []


class TestRead:
    """Looking events up."""

    def test_pages_and_filters(self, database, ledger):
        """Pages follow each other, and filters combine."""
        for n in range(6):
            with acting(project="even" if n % 2 == 0 else "odd"):
                note(ledger, database, str(n), subject=f"run:{n % 3}")
        assert [entry.position for entry in ledger.read(2, limit=3)] == [3, 4, 5]
        assert [entry.position for entry in ledger.read(subject="run:1")] == [2, 5]
        assert [entry.position for entry in ledger.read(project="even", subject="run:1")] == [5]
        assert [entry.position for entry in ledger.read(types=["test.noted", "no.such"], limit=2)] == [1, 2]
        assert ledger.read(types=["no.such"]) == ledger.read(6) == []

    def test_not_there(self, ledger):
        """What is not there, or is no event at all, is said plainly."""
        for which in (1, 0, -1, "0" * 32):
            with pytest.raises(NotFound):
                ledger.get(which)
        with pytest.raises(InvalidInput, match="event id"):
            ledger.get("x")
        with pytest.raises(InvalidInput, match="page"):
            ledger.read(limit=0)

    def test_unknown_type_stays_raw(self, database, ledger, monkeypatch):
        """An event of a room that is not imported is read with its exact bytes."""
        from regrove.ledger import event

        note(ledger, database, "hidden")
        monkeypatch.delitem(event._KNOWN, ("test.noted", 1))
        (entry,) = ledger.read()
        assert entry.event is None
        assert entry.payload == b'{"text":"hidden"}'

    def test_changed_row(self, database, ledger):
        """An entry whose bytes were changed is never handed out as if it were good."""
        from sqlalchemy import text

        note(ledger, database)
        for column in ("payload", "header"):
            with database.transaction() as transaction:
                transaction.execute(text(f"UPDATE ledger_events SET {column} = :new"), {"new": b'{"text":"y"}'})
            with pytest.raises(Corrupt, match="Event 1"):
                ledger.read()

    def test_entry_is_wire_safe(self, database, ledger):
        """An entry survives JSON, as a client over HTTP needs it."""
        note(ledger, database)
        (entry,) = ledger.read()
        assert msgspec.json.decode(msgspec.json.encode(entry), type=type(entry)) == entry
        found = ledger.verify()
        assert msgspec.json.decode(msgspec.json.encode(found), type=type(found)) == found


class TestErase:
    """Taking a payload away."""

    def test_erased(self, database, ledger):
        """The payload is gone, the header and the chain stay, and an event says why."""
        event_id = note(ledger, database, "private", used=["dataset:flights@1"])
        before = ledger.get(1)
        erasure = ledger.erase(1, "asked for by the person")
        after = ledger.get(1)
        assert after == msgspec.structs.replace(before, payload=None)
        assert after.event is None
        assert ledger.get(erasure).event == PayloadErased(
            position=1, event_id=event_id, reason="asked for by the person"
        )
        assert ledger.verify().ok

    def test_bytes_are_overwritten(self, sqlite_database, tmp_path, objects, clock):
        """On SQLite the freed bytes do not stay behind in the file."""
        ledger = Ledger(sqlite_database, objects, clock)
        note(ledger, sqlite_database, "find-me-in-the-file")
        ledger.erase(1, "reason")
        sqlite_database.close()
        left = [path for path in tmp_path.glob("regrove.db*") if b"find-me-in-the-file" in path.read_bytes()]
        assert left == []

    def test_refused(self, database, ledger):
        """Nothing is erased twice, nor without a reason, nor the record of an erasure, nor what is not there."""
        note(ledger, database)
        with pytest.raises(InvalidInput, match="reason"):
            ledger.erase(1, " ")
        ledger.erase(1, "reason")
        for position in (1, 2):
            with pytest.raises(Refused, match=f"event {position}"):
                ledger.erase(position, "reason")
        with pytest.raises(NotFound):
            ledger.erase(3, "reason")
        assert ledger.head().position == 2

    def test_twice_in_one_transaction(self, database, ledger):
        """Two erasures of one payload in one transaction undo each other's commit, and nothing is lost."""
        note(ledger, database)
        with pytest.raises(RegroveError, match="erased already"), database.transaction():
            ledger.erase(1, "one")
            ledger.erase(1, "two")
        assert ledger.get(1).payload is not None
        assert ledger.head().position == 1


def test_door():
    """The door names what is public, sorted, and opens without the database library."""
    import subprocess
    import sys

    import regrove.ledger as door

    assert sorted(door.__all__) == door.__all__
    assert all(getattr(door, name) is not None for name in door.__all__)
    assert issubclass(PayloadErased, Event)
    with pytest.raises(AttributeError):
        _ = door.nothing
    code = (
        "import sys; from regrove.ledger import Event, acting; "
        "sys.exit(bool({'sqlalchemy', 'polars', 'numpy', 'alembic'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

"""Whatever is changed in a copy of the ledger is found, and the position is named."""

from __future__ import annotations

import shutil
import sqlite3
import tracemalloc
from itertools import count

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from regrove import digest
from regrove.clock import HandClock
from regrove.errors import Corrupt, RegroveError
from regrove.ledger import Ledger, acting, store
from regrove.ledger import header as headers
from regrove.ledger.anchor import Anchor
from regrove.ledger.entry import COLUMNS, Head, StoredEvent
from regrove.ledger.header import GENESIS
from regrove.ledger.store import StoredEdge
from regrove.ledger.verification import check
from regrove.ledger.walk import FAULTS_SHOWN
from regrove.storage import Database, LocalObjects
from tests.ledger.facts import Noted, note

EVENTS = 24
ERASED = (5, 11)  # their erasures are the last two events
ANCHORED = (8, 16, EVENTS)
MIDDLE = (8, 16)


def fill(ledger: Ledger, database) -> None:
    """Events of one to three a transaction, with edges and two erasures, anchored three times."""
    numbers = count(1)
    with acting(actor="person:test", project="test"):
        while ledger.head().position < EVENTS - 2:
            with database.transaction():
                for _ in range(2):
                    n = next(numbers)
                    used = [f"dataset:d@{n}", f"object:{n}"][: n % 3]
                    ledger.record(
                        Noted(text=str(n)), subject=f"run:{n}", used=used, generated=[f"model:m@{n}"] * (n % 2)
                    )
            if ledger.head().position in ANCHORED:
                ledger.anchor()
        for position in ERASED:
            ledger.erase(position, "reason")
        ledger.anchor()
    assert ledger.head().position == EVENTS


class Copy:
    """The rows of a whole ledger, to be changed and checked."""

    def __init__(self, rows, edges, heads, anchors) -> None:
        self.rows: list[StoredEvent] = list(rows)
        self.edges: list[StoredEdge] = list(edges)
        self.heads = list(heads)
        self.anchors = list(anchors)

    def check(self, *, anchors: bool = True):
        """Verify the rows, in the order in which a database gives them."""
        rows = sorted(self.rows, key=lambda row: (isinstance(row.position, str), row.position))
        edges = sorted(self.edges, key=lambda edge: tuple((isinstance(key, str), key) for key in edge[:2]))
        at = {row.position: row for row in rows}
        return check(rows, edges, heads=self.heads, anchors=self.anchors if anchors else (), fetch=at.get)

    def named(self) -> set[int]:
        """The positions that the faults name."""
        found = self.check()
        assert not found.ok
        assert found.proven_to < max(1, min(fault.position for fault in found.faults))
        return {fault.position for fault in found.faults}

    def forge(self) -> None:
        """Chain all rows anew, as whoever owns the database could: positions, hashes, columns and head agree again."""
        head = Head(0, GENESIS)
        rows, edges = [], []
        for position, row in enumerate(self.rows, start=1):
            old = headers.decode(row.header)
            data = headers.encode(
                headers.Header(
                    **{
                        name: getattr(old, name)
                        for name in old.__struct_fields__
                        if name not in {"position", "previous"}
                    },
                    position=position,
                    previous=head.hash,
                )
            )
            edges += [edge._replace(position=position) for edge in self.edges if edge.position == row.position]
            rows.append(row._replace(position=position, header=data, hash=headers.hash_of(data)))
            head = Head(position, rows[-1].hash)
        self.rows, self.edges, self.heads = rows, edges, [(1, head.position, head.hash)]


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    """A filled ledger: its folder, and its rows."""
    folder = tmp_path_factory.mktemp("ledger")
    database = Database.open(f"sqlite:///{folder}/regrove.db")
    with database.transaction() as transaction:
        store.events.metadata.create_all(
            transaction.connection, [store.events, store.edges, store.head_table, store.cursors]
        )
    ledger = Ledger(database, LocalObjects(folder / "objects"), HandClock())
    fill(ledger, database)
    with database.read() as connection:
        rows, edges = list(store.stream(connection, None)), list(store.stream_edges(connection, None))
        heads = store.heads(connection)
    database.close()
    return folder, (rows, edges, heads, list(ledger.anchors()))


positions = st.integers(1, EVENTS)
values = st.one_of(
    st.none(),
    st.integers(-3, 40),
    st.integers(-(2**63), 2**63 - 1),
    st.text(max_size=8),
    st.binary(max_size=8),
    st.sampled_from(["test.noted", "ledger.payload_erased", "run:1", "person:eve", GENESIS, b'{"text":"1"}', 0.5]),
)


class TestChanged:
    """Someone who can write to the database, and not to the anchors."""

    def test_untouched(self, original):
        """What nobody touched holds, and is proven to its end by the last anchor."""
        found = Copy(*original[1]).check()
        assert (found.ok, found.events, found.unbroken_to, found.proven_to) == (True, EVENTS, EVENTS, EVENTS)
        assert found.anchored_at == original[1][3][-1].anchored_at > 0

    @settings(max_examples=400)
    @given(position=positions, column=st.sampled_from(StoredEvent._fields[1:]), value=values)
    def test_column(self, original, position, column, value):
        """Any value of any column of an event."""
        copy = Copy(*original[1])
        row = copy.rows[position - 1]
        assume(getattr(row, column) != value or type(getattr(row, column)) is not type(value))
        copy.rows[position - 1] = row._replace(**{column: value})
        assert position in copy.named()

    @settings(max_examples=400)
    @given(position=positions, column=st.sampled_from(["header", "payload"]), data=st.data())
    def test_bytes(self, original, position, column, data):
        """Any bit of a header or a payload, even when the hash beside it was made to fit."""
        copy = Copy(*original[1])
        row = copy.rows[position - 1]
        old = getattr(row, column)
        assume(old is not None)
        place = data.draw(st.integers(0, len(old) * 8 - 1))
        changed = bytearray(old)
        changed[place // 8] ^= 1 << place % 8
        new = row._replace(**{column: bytes(changed)})
        if column == "header" and data.draw(st.booleans()):
            new = new._replace(hash=headers.hash_of(new.header))
        copy.rows[position - 1] = new
        assert position in copy.named()

    @settings(max_examples=200)
    @given(position=positions, field=st.sampled_from(sorted(set(COLUMNS) - {"position"})), value=values)
    def test_header_and_columns(self, original, position, field, value):
        """A field changed in header, column and hash alike: the events after it, or an anchor, tell."""
        copy = Copy(*original[1])
        row = copy.rows[position - 1]
        header = headers.decode(row.header)
        assume(isinstance(value, type(getattr(header, field))) and getattr(header, field) != value)
        data = headers.encode(
            type(header)(**{n: getattr(header, n) for n in header.__struct_fields__} | {field: value})
        )
        copy.rows[position - 1] = row._replace(**{field: value}, header=data, hash=headers.hash_of(data))
        if position == EVENTS:
            copy.heads = [(1, EVENTS, headers.hash_of(data))]
        assert position in copy.named()

    @given(position=positions)
    def test_dropped(self, original, position):
        """An event that is gone, with its edges or without."""
        for edges in (True, False):
            copy = Copy(*original[1])
            del copy.rows[position - 1]
            if edges:
                copy.edges = [edge for edge in copy.edges if edge.position != position]
            assert position in copy.named()

    @given(first=positions, second=positions)
    def test_reordered(self, original, first, second):
        """Two events that changed places."""
        assume(first != second)
        copy = Copy(*original[1])
        one, other = copy.rows[first - 1], copy.rows[second - 1]
        copy.rows[first - 1] = other._replace(position=first)
        copy.rows[second - 1] = one._replace(position=second)
        assert {first, second} <= copy.named()

    @given(source=positions, place=st.integers(-2, EVENTS + 3), header=st.booleans())
    def test_inserted(self, original, source, place, header):
        """A copy of an event in a place of its own, its header made to fit or not."""
        assume(not 1 <= place <= EVENTS)
        copy = Copy(*original[1])
        row = copy.rows[source - 1]._replace(position=place)
        if header:
            data = headers.encode(headers.decode(row.header).__class__(**_fields(row, position=place)))
            row = row._replace(header=data, hash=headers.hash_of(data))
        copy.rows.append(row)
        assert {place, EVENTS + 1, EVENTS} & copy.named()

    @given(place=positions, source=positions)
    def test_inserted_between(self, original, place, source):
        """A copy of an event between others, which moved on by one."""
        assume(place != source)
        copy = Copy(*original[1])
        inserted = copy.rows[source - 1]._replace(position=place)
        moved = [row._replace(position=row.position + (row.position >= place)) for row in copy.rows]
        copy.rows = [*moved[: place - 1], inserted, *moved[place - 1 :]]
        copy.edges = [edge._replace(position=edge.position + (edge.position >= place)) for edge in copy.edges]
        assert place in copy.named()

    @given(kept=st.integers(0, EVENTS - 1), tidy=st.booleans())
    def test_truncated(self, original, kept, tidy):
        """The end cut off, the head made to fit or not."""
        copy = Copy(*original[1])
        copy.rows = copy.rows[:kept]
        copy.edges = [edge for edge in copy.edges if edge.position <= kept]
        if tidy:
            copy.heads = [(1, kept, copy.rows[-1].hash)] if kept else []
        assert kept + 1 in copy.named()

    @settings(max_examples=300)
    @given(index=st.integers(0, 100), column=st.sampled_from(StoredEdge._fields), value=values, gone=st.booleans())
    def test_edges(self, original, index, column, value, gone):
        """Any value of an edge, an edge that is gone, an edge that nothing recorded."""
        copy = Copy(*original[1])
        edge = copy.edges[index % len(copy.edges)]
        if gone:
            copy.edges.remove(edge)
        else:
            # the key columns hold numbers or, where SQLite lets them, text
            assume(
                getattr(edge, column) != value
                and (column not in {"position", "number"} or isinstance(value, int | str))
            )
            copy.edges[index % len(copy.edges)] = edge._replace(**{column: value})
        assert edge.position in copy.named()

    @given(position=st.integers(-1, EVENTS + 2), kind=st.text(max_size=3))
    def test_new_edge(self, original, position, kind):
        """An edge that no event recorded."""
        copy = Copy(*original[1])
        copy.edges.append(StoredEdge(position, 7, "run:1", "run:2", kind))
        assert position in copy.named()

    @given(column=st.integers(0, 2), value=values)
    def test_head(self, original, column, value):
        """Any value of the head, and a head that is gone or double."""
        for heads in ([], [original[1][2][0], (2, EVENTS, GENESIS)]):
            copy = Copy(*original[1])
            copy.heads = heads
            assert EVENTS in copy.named()
        copy = Copy(*original[1])
        head = list(copy.heads[0])
        assume(head[column] != value)
        head[column] = value
        copy.heads = [tuple(head)]
        assert copy.named() & {EVENTS, EVENTS + 1}


class TestForged:
    """Someone who chained everything anew after the change, so that only an anchor can tell."""

    @settings(max_examples=200)
    @given(position=positions, data=st.data())
    def test_found_by_anchor(self, original, position, data):
        """The first anchor from the changed event on tells; what earlier anchors prove stays proven."""
        copy = Copy(*original[1])
        change = data.draw(st.sampled_from(["change", "drop", "swap", "insert", "truncate"]))
        row = copy.rows[position - 1]
        if change == "change":
            payload = b'{"text":"forged"}'
            fields = _fields(row, payload_digest=digest.of_bytes(payload))
            new = headers.encode(headers.Header(**fields))
            copy.rows[position - 1] = row._replace(
                payload=payload, erased_by=None, payload_digest=digest.of_bytes(payload), header=new
            )
        elif change == "drop":
            del copy.rows[position - 1]
        elif change == "swap":
            other = data.draw(positions.filter(lambda place: place > position)) if position < EVENTS else None
            assume(other is not None)
            copy.rows[position - 1], copy.rows[other - 1] = copy.rows[other - 1], row
        elif change == "insert":
            copy.rows.insert(position - 1, copy.rows[data.draw(positions) - 1])
            assume(copy.rows[position - 1] != row)
        else:
            copy.rows = copy.rows[: position - 1]
        copy.forge()
        found = copy.check()
        assert not found.ok
        assert found.proven_to < position
        told = min(fault.position for fault in found.faults)
        assert told <= next(anchor for anchor in ANCHORED if anchor >= position)

    def test_without_anchor(self, original):
        """Without an anchor a forged chain cannot be told, and verify does not claim to: nothing is proven."""
        copy = Copy(*original[1])
        del copy.rows[1]
        copy.rows = [row for row in copy.rows if row.payload is not None][:12]  # neither what was erased nor erasures
        copy.forge()
        found = copy.check(anchors=False)
        assert (found.ok, found.proven_to, found.anchored_at) == (True, 0, 0)
        assert found.unbroken_to == len(copy.rows)

    def test_between_anchors(self, original):
        """A fault behind an anchor leaves what it covers proven; one before leaves what is before the fault."""
        for position, proven in ((20, 16), (16, 15), (12, 8), (3, 0)):
            copy = Copy(*original[1])
            header = _fields(copy.rows[position - 1], actor="person:eve")
            data = headers.encode(headers.Header(**header))
            copy.rows[position - 1] = copy.rows[position - 1]._replace(
                header=data, actor="person:eve", hash=headers.hash_of(data)
            )
            found = copy.check()
            assert found.faults[0].position == position, found.faults
            assert found.proven_to == (proven if position not in MIDDLE else 8)

    def test_payload_only(self, original):
        """A payload that was changed leaves the headers proven, so the proof reaches up to it."""
        copy = Copy(*original[1])
        copy.rows[12] = copy.rows[12]._replace(payload=b"{}")
        found = copy.check()
        assert ([fault.position for fault in found.faults], found.proven_to) == ([13], 12)

    def test_anchor_given_as_text(self, original):
        """An anchor kept elsewhere proves, and disproves, like the stored ones."""
        copy = Copy(*original[1])
        good = Anchor(position=20, hash=copy.rows[19].hash)
        copy.anchors = [good]
        assert (copy.check().ok, copy.check().proven_to, copy.check().anchored_at) == (True, 20, 0)
        copy.anchors = [Anchor(position=20, hash=GENESIS)]
        assert copy.named() == {20}
        copy.anchors = [Anchor(position=0, hash=GENESIS), good]
        assert copy.check().ok

    def test_many_faults(self, original):
        """However much is wrong, the answer stays small and says how much there is."""
        copy = Copy(*original[1])
        copy.rows = [row._replace(**dict.fromkeys(COLUMNS[1:], "x")) for row in copy.rows]
        found = copy.check()
        assert len(found.faults) == FAULTS_SHOWN
        assert found.faults_found >= EVENTS * (len(COLUMNS) - 1)


def _fields(row: StoredEvent, **changed) -> dict:
    header = headers.decode(row.header)
    return {name: getattr(header, name) for name in header.__struct_fields__} | changed


TABLES = {
    "ledger_events": ["payload", "header", *StoredEvent._fields[1:12], "erased_by"],
    "ledger_edges": [*StoredEdge._fields],
    "ledger_head": ["position", "hash"],
}


class TestFile:
    """The same on a real file, through the service."""

    @pytest.fixture
    def copied(self, original, tmp_path):
        """A copy of the workspace: its database file, and its ledger."""
        shutil.copytree(original[0], tmp_path / "copy")
        path = tmp_path / "copy" / "regrove.db"
        database = Database.open(f"sqlite:///{path}")
        yield path, Ledger(database, LocalObjects(tmp_path / "copy" / "objects"), HandClock()), database
        database.close()

    @pytest.mark.parametrize(("table", "column"), [(t, column) for t in TABLES for column in TABLES[t]])
    def test_each_column(self, copied, table, column):
        """Every column of every table, with a value of its own type and one of another."""
        path, ledger, _ = copied
        for value in (77, b"\xff\xfe", "x"):
            connection = sqlite3.connect(path)
            old = connection.execute(f"SELECT rowid, {column} FROM {table} ORDER BY position LIMIT 1").fetchone()
            connection.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (value, old[0]))
            connection.commit()
            found = ledger.verify()
            assert not found.ok
            assert min(fault.position for fault in found.faults) in (
                {1} if table != "ledger_head" else {EVENTS, EVENTS + 1, 8}
            )
            connection.execute(f"UPDATE {table} SET {column} = ? WHERE {column} = ?", (old[1], value))
            connection.commit()
            connection.close()
        assert ledger.verify().ok

    def test_text_that_is_not_text(self, copied):
        """A flipped byte that makes a text unreadable is named by its position too."""
        path, ledger, _ = copied
        for column in ("actor", "subject"):
            connection = sqlite3.connect(path)
            connection.execute(f"UPDATE ledger_events SET {column} = CAST(x'ff80' AS TEXT) WHERE position = 14")
            connection.commit()
            connection.close()
            found = ledger.verify()
            assert {fault.position for fault in found.faults} == {14}
            assert found.proven_to == 13

    def test_edge_that_is_not_text(self, copied):
        """The same in an edge."""
        path, ledger, _ = copied
        connection = sqlite3.connect(path)
        connection.execute("UPDATE ledger_edges SET source = CAST(x'ff80' AS TEXT) WHERE position = 13")
        connection.commit()
        connection.close()
        found = ledger.verify()
        assert [fault.position for fault in found.faults] == [13]

    def test_flipped_byte(self, copied):
        """A bit of the file that belongs to an event is named by its position."""
        path, ledger, database = copied
        database.close()
        whole = path.read_bytes()
        for position, part in ((14, b'{"text":"14"}'), (9, b'"subject":"run:9"'), (20, b"object:20")):
            place = whole.index(part) + len(part) - 3
            path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
            found = ledger.verify()
            assert position in {fault.position for fault in found.faults}, part
            database.close()

    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
    def test_any_flipped_bit(self, copied, place, bit):
        """Any bit of the file: verify answers, or says in the words of this house that the file is damaged."""
        path, ledger, database = copied
        database.close()
        whole = path.read_bytes()
        changed = bytearray(whole)
        changed[int(place * len(whole))] ^= 1 << bit
        try:
            path.write_bytes(changed)
            ledger.verify()
        except RegroveError:
            pass
        finally:
            database.close()
            for beside in path.parent.glob("regrove.db-*"):
                beside.unlink()
            path.write_bytes(whole)

    def test_erased_by_nobody(self, copied):
        """A payload taken away without an event, or in the name of another erasure, is missing, not erased."""
        path, ledger, _ = copied
        for by in (None, EVENTS, 3, 99):
            connection = sqlite3.connect(path)
            connection.execute("UPDATE ledger_events SET payload = NULL, erased_by = ? WHERE position = 2", (by,))
            connection.commit()
            connection.close()
            found = ledger.verify()
            assert [(fault.position, "missing" in fault.what) for fault in found.faults] == [(2, True)]

    def test_goes_on_meanwhile(self, copied):
        """Verifying looks at one snapshot: what is recorded and anchored meanwhile is no fault."""
        _, ledger, database = copied
        with acting(actor="person:test", project="test"):
            with database.read():
                first = ledger.verify()
                other = Database.open(str(database.url))
                beside = Ledger(other, LocalObjects(copied[0].parent / "objects"), HandClock())
                note(beside, other)
                again = ledger.verify()
                beside.anchor()
                other.close()
            assert (first.events, again.events, ledger.verify().events) == (EVENTS, EVENTS, EVENTS + 1)
            assert first.ok
            assert again.ok
            assert ledger.verify().proven_to == EVENTS + 1

    def test_anchor_option(self, copied):
        """An anchor printed earlier proves a copy that has no object store."""
        _, ledger, database = copied
        text = str(list(ledger.anchors())[1])
        bare = Ledger(database, LocalObjects(copied[0].parent / "nothing"), HandClock())
        assert (bare.verify().ok, bare.verify().proven_to) == (True, 0)
        assert (bare.verify(text).ok, bare.verify(text).proven_to) == (True, 16)
        assert not bare.verify(f"16:{GENESIS}").ok
        assert [fault.position for fault in bare.verify(f"99:{GENESIS}").faults] == [EVENTS + 1]


@pytest.mark.usefixtures("acting")
def test_constant_memory(any_database, objects, clock):
    """Verifying four times as many events needs no more memory."""
    ledger = Ledger(any_database, objects, clock)
    peaks = []
    for events in (3_000, 9_000):
        with any_database.transaction():
            for n in range(events):
                ledger.record(Noted(text="x" * 200), subject="run:a", used=[f"object:{n}"])
        assert ledger.verify().ok
        tracemalloc.start()
        assert ledger.verify().ok
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] * 1.2


@pytest.mark.usefixtures("acting")
class TestConfirm:
    """A look before something is recorded: is this the ledger that was anchored last?"""

    @pytest.fixture
    def twice(self, database, ledger, tmp_path):
        """Two events, each anchored; the copy in ``older.db`` is of the time between."""
        note(ledger, database)
        ledger.anchor()
        with sqlite3.connect(tmp_path / "older.db") as copy, sqlite3.connect(database.file) as source:
            source.backup(copy)
        note(ledger, database)
        return ledger.anchor()

    def other(self, file, objects):
        """The ledger of another database beside the same anchors."""
        return Ledger(Database.open(f"sqlite:///{file}"), objects, HandClock(0))

    def test_the_ledger_itself_is_confirmed(self, database, ledger, twice):
        """At its last anchor, and when more was recorded since."""
        ledger.confirm()
        note(ledger, database)
        ledger.confirm()

    def test_without_an_anchor_nothing_is_known(self, database, ledger):
        """Every ledger begins so."""
        ledger.confirm()
        ledger.confirm(empty=True)
        note(ledger, database)
        ledger.confirm()

    def test_an_older_copy_is_told(self, ledger, twice, objects, tmp_path):
        """Although its own last event was anchored as it stands there; with what brings the newer back."""
        with pytest.raises(Corrupt, match="set back") as caught:
            self.other(tmp_path / "older.db", objects).confirm()
        assert f"event 2 with the hash {twice.hash}" in caught.value.expected
        assert caught.value.received == "a ledger that ends with event 1"
        assert "no folder of backups is known" in caught.value.mend
        assert "move the anchors after event 1 out of" in caught.value.mend

    def test_an_older_copy_goes_on_without_the_anchors_that_it_lacks(self, twice, objects, tmp_path):
        """As the mend says."""
        objects.delete(f"anchors/{2:020d}")
        self.other(tmp_path / "older.db", objects).confirm()

    def test_another_past_of_the_same_length_is_told(self, database, ledger, twice, objects, tmp_path):
        """Its event at the anchored position is another."""
        other = self.other(tmp_path / "older.db", objects)
        note(other, other._database, "another")
        with pytest.raises(Corrupt, match="replaced") as caught:
            other.confirm()
        assert caught.value.received == "another event 2 there"
        note(other, other._database, "another")
        with pytest.raises(Corrupt, match="replaced"):
            other.confirm()

    @pytest.mark.parametrize("tables", [("events", "head", "edges"), ("head",), ("events", "edges")])
    def test_an_emptied_one_is_told(self, database, ledger, twice, tables):
        """Whichever of its tables was emptied."""
        with database.transaction() as transaction:
            for table in tables:
                transaction.execute(text(f"DELETE FROM ledger_{table}"))
        with pytest.raises(Corrupt, match="emptied"):
            ledger.confirm()

    def test_one_that_is_not_made_yet_is_told_and_not_made(self, twice, objects, tmp_path):
        """The anchors belong to one that is lost."""
        ledger = self.other(tmp_path / "new.db", objects)
        with pytest.raises(Corrupt, match="emptied") as caught:
            ledger.confirm(empty=True)
        assert caught.value.received == "an empty ledger"
        assert not (tmp_path / "new.db").exists()

    def test_an_anchor_that_is_none_is_told_with_its_place(self, database, ledger, twice, objects):
        """It proves nothing, and what to do with it is said."""
        objects.put_bytes(f"anchors/{7:020d}", b"{}")
        with pytest.raises(Corrupt, match="is not an anchor") as caught:
            ledger.confirm()
        assert "move it away" in caught.value.mend

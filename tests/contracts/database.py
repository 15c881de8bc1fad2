"""What the database keeps on both of its kinds; subclass `DatabaseContract` and give the fixture ``url``."""

from __future__ import annotations

import os
import threading

import pytest
from sqlalchemy import MetaData, Table, exc, func, insert, select

from regrove.errors import RegroveError, Unavailable
from regrove.storage import Database
from regrove.storage.metadata import content, flag, identifier, micros, number, project, real, text

tables = MetaData()
facts = Table(
    "facts",
    tables,
    number("n", primary_key=True),
    text("name", nullable=True),
    project(),
    micros("made_at"),
    real("value", nullable=True),
    flag("good", nullable=True),
    content("bytes", nullable=True),
    identifier("event_id", nullable=True),
)


def add(transaction, n, **more):
    transaction.execute(insert(facts).values(n=n, project="test", made_at=0, **more))


def numbers(database):
    with database.read() as connection:
        return connection.execute(select(facts.c.n).order_by(facts.c.n)).scalars().all()


class DatabaseContract:
    """Run on every kind of database."""

    @pytest.fixture
    def db(self, url):
        database = Database.open(url)
        with database.transaction() as transaction:
            tables.create_all(transaction.connection)
        yield database
        database.close()

    def test_a_block_that_ends_is_kept(self, db, url):
        """For every other reader of the same database."""
        with db.transaction() as transaction:
            add(transaction, 1)
        other = Database.open(url)
        assert numbers(other) == [1]
        other.close()

    def test_a_block_that_raises_leaves_nothing(self, db):
        """And its exception comes out unchanged."""
        with pytest.raises(KeyError, match="why"), db.transaction() as transaction:
            add(transaction, 1)
            raise KeyError("why")
        assert numbers(db) == []
        assert not db.in_transaction

    def test_inner_blocks_join_and_the_outermost_commits(self, db, url):
        """No other reader sees a part."""
        other = Database.open(url)
        with db.transaction() as outer:
            add(outer, 1)
            with db.transaction() as inner:
                assert inner is outer
                assert db.current() is outer
                add(inner, 2)
            assert numbers(other) == []
        assert numbers(other) == [1, 2]
        other.close()

    def test_an_inner_failure_rolls_back_even_when_caught_outside(self, db):
        """A caught error must not leave half a fact, so the outermost block says so."""
        with pytest.raises(RegroveError, match="a block inside it failed"), db.transaction() as outer:
            add(outer, 1)
            try:
                with db.transaction():
                    raise ValueError
            except ValueError:
                pass
        assert numbers(db) == []

    def test_a_violated_constraint_is_told_as_such(self, db):
        """It is the writer's to understand."""
        with db.transaction() as transaction:
            add(transaction, 1)
        with pytest.raises(exc.IntegrityError), db.transaction() as transaction:
            add(transaction, 1)
        assert numbers(db) == [1]

    def test_current_outside_a_transaction_is_refused(self, db):
        """There is none."""
        with pytest.raises(RegroveError, match="No transaction"):
            db.current()
        assert not db.in_transaction

    def test_a_read_cannot_write(self, db):
        """Whatever is tried."""
        with pytest.raises((RegroveError, exc.DBAPIError)), db.read() as connection:
            connection.execute(insert(facts).values(n=1, project="test", made_at=0))
        assert numbers(db) == []
        with db.transaction() as transaction:
            add(transaction, 1)  # and the connection writes again afterwards
        assert numbers(db) == [1]

    def test_a_read_sees_one_moment(self, db):
        """Rows that are committed meanwhile come with the next read, also with reads inside this one."""
        with db.read() as connection:
            assert connection.execute(select(func.count()).select_from(facts)).scalar() == 0
            writer = threading.Thread(target=self._add, args=(db, 1))
            writer.start()
            writer.join()
            assert connection.execute(select(func.count()).select_from(facts)).scalar() == 0
            assert numbers(db) == []
        assert numbers(db) == [1]

    def test_a_read_in_a_transaction_sees_its_changes(self, db):
        """It joins."""
        with db.transaction() as transaction:
            add(transaction, 1)
            assert numbers(db) == [1]

    def test_hooks_run_once_in_order_and_the_ledger_last(self, db):
        """Also those that hooks add."""
        ran = []
        with db.transaction() as transaction:
            transaction.before_commit("ledger", lambda t: ran.append("ledger"))
            transaction.before_commit("b", lambda t: (ran.append("b"), t.before_commit("c", lambda _: ran.append("c"))))
            transaction.before_commit("b", lambda t: ran.append("never"))
            transaction.before_commit("a", lambda t: ran.append("a"))
            transaction.after_commit(lambda: ran.append(("after", db.in_transaction, numbers(db))))
            with db.transaction():
                add(transaction, 1)
            assert ran == []
        assert ran == ["b", "a", "c", "ledger", ("after", False, [1])]

    def test_a_hook_writes_in_the_same_transaction(self, db):
        """What it adds is committed with the rest, and lost with it."""
        with db.transaction() as transaction:
            transaction.before_commit("x", lambda t: add(t, 2))
            add(transaction, 1)
        assert numbers(db) == [1, 2]

        def refuse(_):
            raise ValueError("no")

        after = []
        with pytest.raises(ValueError, match="no"), db.transaction() as transaction:
            add(transaction, 3)
            transaction.before_commit("x", refuse)
            transaction.after_commit(lambda: after.append(1))
        assert (numbers(db), after) == ([1, 2], [])

    def test_notes_are_the_transactions_own(self, db):
        """The next one begins without."""
        with db.transaction() as transaction:
            transaction.notes["ledger"] = [1]
            with db.transaction() as inner:
                assert inner.notes["ledger"] == [1]
        with db.transaction() as transaction:
            assert transaction.notes == {}

    def test_insert_new_inserts_once(self, db):
        """And says which."""
        row = {"n": 1, "project": "test", "made_at": 0}
        with db.transaction() as transaction:
            assert transaction.insert_new(facts, {**row, "name": "first"}) is True
            assert transaction.insert_new(facts, {**row, "name": "second"}) is False
            assert transaction.execute(select(facts.c.name)).scalars().all() == ["first"]

    def test_values_come_back_as_they_were(self, db):
        """Text, 64 bit integers, doubles, bytes, and nothing."""
        row = {"n": 2**62, "name": "é\n'\"%:x", "project": "p", "made_at": -1, "value": 0.1, "good": True}
        row |= {"bytes": bytes(range(256)), "event_id": None}
        with db.transaction() as transaction:
            transaction.execute(insert(facts), [row])
        with db.read() as connection:
            assert connection.execute(select(facts)).mappings().all() == [row]

    def test_text_sorts_by_code_point(self, db):
        """So that pages by key are the same on both."""
        names = ["a", "B", "_", "ä", "Z", "-", "aa", "A", "1"]
        with db.transaction() as transaction:
            for n, name in enumerate(names):
                add(transaction, n, name=name)
        with db.read() as connection:
            assert connection.execute(select(facts.c.name).order_by(facts.c.name)).scalars().all() == sorted(names)

    def test_threads_have_transactions_of_their_own(self, db):
        """Many at once lose nothing."""
        threads = [threading.Thread(target=self._add_many, args=(db, n)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(numbers(db)) == 8 * 10

    def test_a_forked_child_has_connections_of_its_own(self, db):
        """Parent and child write on, and the parent's open transaction is not the child's."""
        with db.transaction() as transaction:
            add(transaction, 1)
        with db.read() as connection:  # the parent has a connection in use while it forks
            assert connection.execute(select(func.count()).select_from(facts)).scalar() == 1
            pid = os.fork()
            if pid == 0:
                code = 1
                try:
                    assert not db.in_transaction
                    with db.transaction() as transaction:
                        add(transaction, 2)
                    code = 0
                finally:
                    os._exit(code)
            assert os.waitpid(pid, 0)[1] == 0
            assert connection.execute(select(func.count()).select_from(facts)).scalar() == 1
        with db.transaction() as transaction:
            add(transaction, 3)
        assert numbers(db) == [1, 2, 3]

    def test_a_closed_database_opens_again(self, db):
        """Closing drops connections, not the database."""
        with db.transaction() as transaction:
            add(transaction, 1)
        db.close()
        db.close()
        assert numbers(db) == [1]

    def test_a_missing_table_is_no_silent_success(self, db):
        """An error of the database arrives."""
        nowhere = Table("nowhere", MetaData(), number("n"))
        with pytest.raises((Unavailable, exc.ProgrammingError)), db.read() as connection:
            connection.execute(select(nowhere))

    @staticmethod
    def _add(db, n):
        with db.transaction() as transaction:
            add(transaction, n)

    @classmethod
    def _add_many(cls, db, n):
        for k in range(10):
            cls._add(db, n * 10 + k)

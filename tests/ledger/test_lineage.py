"""Walks over what was used and generated."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regrove.errors import InvalidInput
from regrove.ledger import Edge, acting
from tests.ledger.facts import Noted, note


@pytest.fixture
def database(any_database):
    """Each of the two databases."""
    return any_database


@pytest.fixture
def filled(database, ledger, acting):
    """From a dataset over a run to a model and a deployment, and a second run beside."""
    note(ledger, database, subject="run:a", used=["dataset:flights@1", "dataset:weather@1"], generated=["model:late@1"])
    note(ledger, database, subject="run:b", used=["dataset:flights@1"], generated=["model:late@2"])
    note(ledger, database, subject="deployment:late", used=["model:late@1"])
    note(ledger, database, subject="run:a", used=["dataset:flights@1"])
    return ledger


class TestLineage:
    """The graph that events leave."""

    def test_upstream(self, filled):
        """Back from the deployment to the data, nearest first, each edge with the first event that says it."""
        assert filled.lineage.upstream("deployment:late") == [
            Edge("model:late@1", "deployment:late", "used", 3),
            Edge("run:a", "model:late@1", "generated", 1),
            Edge("dataset:flights@1", "run:a", "used", 1),
            Edge("dataset:weather@1", "run:a", "used", 1),
        ]

    def test_downstream(self, filled):
        """From the data to everything that came of it."""
        assert {edge.target for edge in filled.lineage.downstream("dataset:flights@1")} == {
            "run:a",
            "run:b",
            "model:late@1",
            "model:late@2",
            "deployment:late",
        }
        assert filled.lineage.downstream("deployment:late") == []

    def test_depth(self, filled):
        """A walk ends after so many edges."""
        assert [edge.source for edge in filled.lineage.upstream("deployment:late", 2)] == ["model:late@1", "run:a"]

    def test_refused(self, filled):
        """A walk needs a ref to begin at, and a depth."""
        with pytest.raises(InvalidInput, match="ref"):
            filled.lineage.upstream("flights")
        with pytest.raises(InvalidInput, match="depth"):
            filled.lineage.upstream("run:a", 0)

    def test_wide(self, database, ledger, acting):
        """A level of more refs than one statement takes is walked whole."""
        with database.transaction():
            ledger.record(Noted(text="x"), subject="run:a", generated=[f"object:{n}" for n in range(1200)])
            for n in range(1200):
                ledger.record(Noted(text="x"), subject="run:b", used=[f"object:{n}"])
        assert len(ledger.lineage.downstream("run:a")) == 2400


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=1, max_size=15), st.integers(0, 6))
def test_any_graph(sqlite_database, objects, clock, links, start):
    """In any graph, with cycles and loops, a walk ends and reaches what can be reached, and nothing else."""
    from sqlalchemy import text

    from regrove.ledger import Ledger

    ledger = Ledger(sqlite_database, objects, clock)
    with sqlite_database.transaction() as transaction, acting(actor="person:test", project="test"):
        for table in ("events", "head", "edges"):
            transaction.execute(text(f"DELETE FROM ledger_{table}"))
        for source, target in links:
            ledger.record(Noted(text="x"), subject=f"run:{target}", used=[f"run:{source}"])
    reached, edge = {start}, [start]
    while edge:
        edge = [target for source, target in links if source in edge and target not in reached]
        reached.update(edge)
    expected = {(f"run:{source}", f"run:{target}") for source, target in links if source in reached}
    assert {(found.source, found.target) for found in ledger.lineage.downstream(f"run:{start}")} == expected

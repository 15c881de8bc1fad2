"""Killed at any moment, the ledger verifies, and the next start goes on from there."""

from __future__ import annotations

import pytest

from tests import crash
from tests.ledger.acts import LETTERS

ACT, STATE = "tests.ledger.acts:act", "tests.ledger.acts:state"
SEEDS = crash.SEEDS


@pytest.fixture
def folder(tmp_path):
    """Makes a fresh folder of a name."""

    def fresh(name: str) -> dict[str, str]:
        path = tmp_path / name
        path.mkdir()
        return {"folder": str(path)}

    return fresh


def holds(args: dict[str, str]) -> None:
    """Every event has its change and every change its two events; the chain verifies; nothing is half done."""
    state = crash.run(STATE, args)
    assert state["ok"], state["faults"]
    changes = [letter for letter in state["letters"] if len(letter) == 1]
    assert [subject for kind, subject, _ in state["events"] if kind == "test.noted"] == [
        f"run:{letter}" for letter in changes for _ in range(2)
    ]
    erasures = [kind for kind, _, _ in state["events"] if kind == "ledger.payload_erased"]
    assert len(erasures) == sum(gone for _, _, gone in state["events"])


def test_every_edge(folder):
    """At each commit edge in turn."""
    whole = folder("whole")
    labels = crash.edges(ACT, whole)
    end = crash.run(STATE, whole)
    assert end["proven_to"] == len(end["events"]) == 2 * len(LETTERS) + 1
    assert len([letter for letter in end["letters"] if letter.startswith("re ")]) == len(LETTERS) - 1  # one was erased
    for n, label in enumerate(labels):
        args = folder(f"edge{n}")
        assert crash.kill_at(ACT, args, n) == label
        holds(args)
        assert crash.run(ACT, args) == end, label


@pytest.mark.parametrize("seed", SEEDS)
def test_any_moment(folder, seed):
    """At moments drawn from a seed, three times in one life."""
    end = crash.run(ACT, folder("whole"))
    args = folder("killed")
    for turn in range(3):
        crash.kill_randomly(ACT, args, 10 * seed + turn)
        holds(args)
    assert crash.run(ACT, args) == end

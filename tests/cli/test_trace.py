"""How the way back is drawn."""

from __future__ import annotations

from regrove.cli.trace import lines
from regrove.workspace.trace import TraceStep


def step(what: str, depth: int, *facts: tuple[str, str]) -> TraceStep:
    """A step of the way."""
    return TraceStep(what=what, ref=f"{what}:1", depth=depth, facts=facts)


class TestTree:
    """Lines lead from each thing to what made it."""

    def test_siblings_hang_on_one_stem_and_facts_beside_it(self) -> None:
        """The last branch ends the stem; a deeper one goes on under its own parent."""
        steps = [
            step("answer", 0, ("at", "noon")),
            step("decision", 1, ("by", "ann")),
            step("run", 1, ("status", "finished"), ("by", "ann")),
            step("data", 2),
        ]
        assert [each.plain for each in lines(steps)] == [
            "answer  answer:1",
            "│ at  noon",
            "├─ decision  decision:1",
            "│    by  ann",
            "└─ run  run:1",
            "   │ status  finished",
            "   │ by      ann",
            "   └─ data  data:1",
        ]

    def test_one_thing_is_one_line(self) -> None:
        """No stem leads nowhere."""
        assert [each.plain for each in lines([step("run", 0)])] == ["run  run:1"]

"""``gate`` as its users meet it."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.cli.conftest import Ask, edit

GATE = """
[gates.returns]
quality = { metric = "roc_auc", at_least = 0.55 }
champion = { rule = "superior" }
leakage = {}
"""


@pytest.fixture
def gated(shop: Path, ask: Ask) -> Path:
    """The shop with a gate in force."""
    with open(shop / "regrove.toml", "a") as file:
        file.write(GATE)
    ask("apply")
    return shop


class TestRun:
    """One verdict, and one exit code for each."""

    def test_the_first_version_may_go_live(self, gated: Path, ask: Ask) -> None:
        """It passes by itself; the next command promotes it and cites the report."""
        said = ask("gate run returns@1").out
        assert said.startswith("PROMOTE: model:returns@1 may go live: there is no champion to compare it with")
        ref = next(line.split()[-1] for line in said.splitlines() if line.strip().startswith("report"))
        assert f'next  regrove models promote returns@1 --reason "{ref}" --evidence {ref}' in said
        ask(f'models promote returns@1 --reason "{ref}" --evidence {ref}')
        traced = ask("trace model:returns@1 --json").json["steps"]
        assert dict(next(each for each in traced if each["ref"] == ref)["facts"])["verdict"] == "PROMOTE"

    def test_a_report_that_is_cited_and_nowhere_does_not_end_the_way_back(self, gated: Path, ask: Ask) -> None:
        """Evidence is any text that a person gives; to begin with it is another thing."""
        ref = f"gate:{'0' * 32}"
        ask(f"models promote returns@1 --reason first --evidence {ref} --evidence gate:lost")
        traced = {each["ref"]: dict(each["facts"]) for each in ask("trace model:returns@1 --json").json["steps"]}
        assert traced[ref]["missing"] == traced["gate:lost"]["missing"] == "it was cited, and is not in this workspace"
        assert any(each.startswith("run:") for each in traced)
        assert "regrove gate list" in ask(f"trace {ref}", expect=3).err

    def test_an_open_question_and_a_refusal_end_with_their_own_codes(self, gated: Path, ask: Ask) -> None:
        """So that a script cannot take either for a yes."""
        ask('models promote returns@1 --reason "first"')
        assert ask("gate run returns@1", expect=9).out.startswith("HOLD: ")
        edit(gated, "regrove.toml", "at_least = 0.55", "at_least = 0.99")
        ask("apply")
        said = ask("gate run returns@1", expect=4).out
        assert said.startswith("REJECT: model:returns@1 is rejected: the roc_auc is ")
        assert "next  regrove gate show gate:" in said

    def test_for_programs_and_pages(self, gated: Path, ask: Ask) -> None:
        """JSON on standard output, the files beside it."""
        report = ask("gate run returns@1 --json --html out/gate.html --junit gate.xml").json
        assert report["verdict"] == "PROMOTE"
        assert report["model"] == "model:returns@1"
        assert {each["name"] for each in report["checks"]} >= {"holdout", "answers", "quality", "champion"}
        assert report["id"] in (gated / "out" / "gate.html").read_text()
        assert ElementTree.parse(gated / "gate.xml").getroot().get("failures") == "0"

    def test_it_is_judged_once_and_once_more_when_asked(self, gated: Path, ask: Ask) -> None:
        """The same report the second time."""
        first = ask("gate run returns@1 --json").json["id"]
        assert ask("gate run returns@1 --json").json["id"] == first
        assert ask("gate run returns@1 --again --json").json["id"] != first
        assert len(ask("gate list --json").json) == 2
        assert ask("audit verify --json").json["proven_to"]

    def test_what_is_not_declared_or_not_there(self, shop: Path, ask: Ask) -> None:
        """With what mends it."""
        said = ask("gate run returns@1", expect=3).err
        assert "There is no gate 'returns' in the declaration in force" in said
        assert "add [gates.returns] to regrove.toml" in said
        with open(shop / "regrove.toml", "a") as file:
            file.write(GATE)
        ask("apply")
        assert "has no version '7'" in ask("gate run returns@7", expect=3).err


class TestLooking:
    """Lists and single reports."""

    def test_nothing_yet(self, gated: Path, ask: Ask) -> None:
        """Says what makes one."""
        assert "regrove gate run VERSION" in ask("gate list").out
        assert "Nothing was judged yet" in ask("gate show", expect=3).err

    def test_a_list_and_the_last_one(self, gated: Path, ask: Ask) -> None:
        """Newest first; one with all of its checks."""
        report = ask("gate run returns@1 --json").json
        assert report["id"] in ask("gate list returns").out
        shown = ask("gate show").out
        for each in report["checks"]:
            assert each["reason"] in shown
        assert ask(f"gate show gate:{report['id']} --json").json == report

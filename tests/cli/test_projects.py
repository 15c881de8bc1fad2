"""``plan`` and ``apply`` as their users meet them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Ask, edit, record


class TestPlan:
    """What would change, or why it cannot."""

    def test_nothing_to_do(self, shop: Path, ask: Ask) -> None:
        """It says so, and names the next command."""
        said = ask("plan").out
        assert "Nothing would change: project:shop@1 says the same." in said
        assert "next  regrove run" in said
        assert ask("plan --json").json["changes"] == []

    def test_each_change_has_a_line_and_nothing_is_changed(self, shop: Path, ask: Ask) -> None:
        """With its mark, its place, and both values."""
        edit(shop, "regrove.toml", "regularisation = 1.0", "regularisation = 2.0")
        edit(shop, "regrove.toml", 'sticky = "order_id"', 'sticky = "country"')
        (shop / "extra.py").write_text("X = 1\n")
        edit(shop, "pipeline.py", "import polars as pl", "import polars as pl\n\nimport extra")
        before = record(shop)
        said = ask("plan").out
        assert '  ~ models.returns.params  {"regularisation":1.0} -> {"regularisation":2.0}' in said
        assert '  ~ deployments.returns.sticky  "order_id" -> "country"' in said
        assert "  + extra.py" in said
        assert "  ~ pipeline.py" in said
        assert "changes against project:shop@1." in said
        assert said.rstrip().endswith("next  regrove apply")
        changes = ask("plan --json").json["changes"]
        assert {"what": "added", "where": "extra.py", "before": "", "after": ""} in changes
        assert record(shop) == before


class TestApply:
    """A declaration is recorded once, and anchored."""

    def test_a_change_is_recorded_and_anchored(self, shop: Path, ask: Ask) -> None:
        """The digest is that of the plan."""
        edit(shop, "regrove.toml", "regularisation = 1.0", "regularisation = 2.0")
        planned = ask("plan --json").json["digest"]
        said = ask("apply").out
        assert f"project:shop@2 applied ({planned[:17]})." in said
        assert "next  regrove run" in said
        (event,) = ask("audit log --limit 1 --json").json
        assert (event["type"], event["actor"]) == ("project.applied", "person:ann")
        assert ask("audit verify --json").json["proven_to"] == event["position"]

    def test_again_it_is_in_force_already(self, shop: Path, ask: Ask) -> None:
        """No second revision, no event."""
        before = record(shop)
        assert "project:shop@1 in force already: nothing changed" in ask("apply").out
        assert ask("apply --json").json["ordinal"] == 1
        assert record(shop) == before


class TestRefused:
    """What would stop a run is one error, the same in each command, before anything changes."""

    @pytest.mark.parametrize(
        ("file", "old", "new", "code", "says", "mend"),
        [
            ("pipeline.py", "features(placed:", "features(plcaed:", 2, "needs 'plcaed'", "did you mean 'placed'?"),
            (
                "pipeline.py",
                "placed(orders: pl.LazyFrame)",
                "placed(orders: pl.LazyFrame, returned: pl.LazyFrame)",
                2,
                "in a circle: placed -> returned -> placed",
                "returned in placed",
            ),
            ("regrove.toml", 'trainer = "classifier"', 'trainer = "model"', 2, "trainer of the model 'returns'", ""),
            (
                "regrove.toml",
                'split = { holdout = "14d", embargo = "1d" }',
                "split = { random = 0.2 }",
                2,
                "would be split at random",
                "split by time",
            ),
            (
                "pipeline.py",
                "features(placed: pl.LazyFrame)",
                "features(placed: pl.LazyFrame, orders: pl.LazyFrame)",
                4,
                "'orders' lies on the way from a request",
                "join orders before placed",
            ),
            ("regrove.toml", "data/orders.csv", "data/oders.csv", 3, "[datasets.orders]: No file", "'orders.csv'"),
            ("regrove.toml", '["order_id"]', '["id"]', 2, "lacks the column 'id' that key names", "correct key"),
            ("pipeline.py", "import polars as pl", "import polrs\nimport polars as pl", 2, "named 'polrs'", "'polars'"),
            ("pipeline.py", "CATEGORIES = [", "CATEGORIES = [[", 2, "is not Python", "correct line"),
            ("regrove.toml", 'name = "shop"', 'name = "shops"', 5, "no project 'shops'", "did you mean 'shop'?"),
        ],
        ids=["name", "circle", "trainer", "split", "path", "source", "key", "import", "syntax", "project"],
    )
    def test_a_broken_project(
        self, shop: Path, ask: Ask, file: str, old: str, new: str, code: int, says: str, mend: str
    ) -> None:
        """Not one row and not one object is new."""
        edit(shop, file, old, new)
        before = record(shop)
        answers = [ask(command, expect=code) for command in ("plan", "apply", "run")]
        assert len({answer.err for answer in answers}) == 1
        assert answers[0].err.count("error ") == 1
        assert says in answers[0].err
        assert "expected: " in answers[0].err and "mend: " in answers[0].err
        assert mend in answers[0].err.partition("mend: ")[2]
        error = json.loads(ask("plan --json", expect=code).err)["error"]
        assert says in error["happened"]
        assert record(shop) == before

    def test_before_the_first_revision_there_is_none_after_it_either(
        self, tmp_path: Path, ask: Ask, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A stranger's first mistake leaves no trace in the record."""
        monkeypatch.chdir(tmp_path)
        ask("init shop")
        monkeypatch.chdir(tmp_path / "shop")
        edit(tmp_path / "shop", "pipeline.py", "features(placed:", "features(plcaed:")
        for command in ("plan", "apply", "run", "datasets register"):
            assert "did you mean 'placed'?" in ask(command, expect=2).err
        assert ask("audit log --json").json == []


class TestNewProject:
    """A second project in one workspace is begun on purpose."""

    def test_it_is_announced_and_then_begun(self, shop: Path, ask: Ask) -> None:
        """And the first one stays."""
        edit(shop, "regrove.toml", 'name = "shop"', 'name = "store"')
        assert "regrove apply --new-project" in ask("apply", expect=5).err
        said = ask("plan --new-project").out
        assert "store would be a new project in this workspace, beside shop." in said
        assert said.rstrip().endswith("next  regrove apply --new-project")
        assert "project:store@1 applied" in ask("apply --new-project").out
        assert "Nothing would change: project:store@1" in ask("plan").out
        edit(shop, "regrove.toml", 'name = "store"', 'name = "shop"')
        assert "Nothing would change: project:shop@1" in ask("plan").out

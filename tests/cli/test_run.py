"""``run`` and ``why`` as their users meet them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Ask, edit, record

STEPS = ["placed", "features", "signature", "returned", "split", "classifier", "evaluate"]
STEPS += ["origin-1", "origin-2", "reference-rows"]


class TestRun:
    """It applies what changed, runs what must run, and says both."""

    def test_nothing_to_do(self, shop: Path, ask: Ask) -> None:
        """Every step is verified, and no model is new."""
        said = ask("run").out
        assert " applied (" not in said
        assert "finished: 0 steps executed, 10 kept and verified." in said
        assert "It made model:returns@1 again, to the byte: nothing new is registered." in said
        assert said.rstrip().endswith("next  regrove models show returns@1")

    def test_a_changed_declaration_is_applied_first(self, shop: Path, ask: Ask) -> None:
        """What it touches runs again, and both events have the cause that was given."""
        edit(shop, "regrove.toml", "regularisation = 1.0", "regularisation = 0.5")
        said = ask("run returns --cause person:bob").out
        assert "project:shop@2 applied (" in said
        assert "finished: 5 steps executed, 5 kept and verified." in said
        assert "model:returns@2 is registered." in said
        events = {each["type"]: each for each in ask("audit log --limit 10 --json").json}
        assert events["project.applied"]["cause"] == events["run.started"]["cause"] == "person:bob"
        assert ask("audit verify --json").json["proven_to"] == max(each["position"] for each in events.values())

    def test_for_programs(self, shop: Path, ask: Ask) -> None:
        """One JSON value and nothing beside it, also when something is applied."""
        edit(shop, "regrove.toml", "regularisation = 1.0", "regularisation = 0.25")
        report = ask("run --only signature --json").json
        assert report["run"]["status"] == "finished"
        assert {each["step"]: each["status"] for each in report["steps"]} == dict.fromkeys(STEPS[:3], "reused")
        assert report["model_ref"] == ""

    def test_a_param_stands_before_the_declared_one(self, shop: Path, ask: Ask) -> None:
        """For this run; the declaration stays."""
        before = len(ask("audit log --type project.applied --json").json)
        report = ask("run --param regularisation=0.125 --json").json
        assert report["model_ref"] == "model:returns@2"
        assert [each["step"] for each in report["steps"] if each["status"] == "executed"] == STEPS[5:]
        assert ask("runs show last --json").json["params"] == {"regularisation": 0.125}
        assert len(ask("audit log --type project.applied --json").json) == before

    def test_from_and_only(self, shop: Path, ask: Ask) -> None:
        """A part of the graph, again."""
        report = ask("run --from features --only signature --json").json
        done = {each["step"]: each["status"] for each in report["steps"]}
        assert done == {"placed": "reused", "features": "executed", "signature": "executed"}


class TestRefused:
    """A run that cannot be is refused before what it would stand on is recorded."""

    @pytest.mark.parametrize(
        ("words", "code", "says", "mend"),
        [
            ("retruns", 3, "There is no model 'retruns'", "did you mean 'returns'?"),
            ("--only featres", 2, "There is no step 'featres'", "did you mean 'features'?"),
            ("--from trian", 2, "has no step 'trian'", "regrove why"),
            ("--param regularization=2", 2, "reads the parameter 'regularization'", "did you mean 'regularisation'?"),
            ("--param regularisation", 2, "This is no param", "--param regularisation=VALUE"),
            ("--param =2", 2, "This is no param", "--param KEY=VALUE"),
            ("--param regularisation=NaN", 2, "'regularisation' is no finite number", "--param regularisation=NUMBER"),
            ("--param regularisation=-Infinity", 2, "'regularisation' is no finite number", "=NUMBER"),
            ("--param regularisation=1e999", 2, "'regularisation' is no finite number", "=NUMBER"),
            ("--param 'regularisation=[1, NaN]'", 2, "'regularisation' is no finite number", "=NUMBER"),
            ("--param regularisation=1 --param regularisation=2", 2, "is given twice", "leave one of them out"),
            ("--cause nobody", 2, "cannot be an event id or actor", "person:NAME"),
        ],
    )
    def test_a_request_that_cannot_be_met(
        self, shop: Path, ask: Ask, words: str, code: int, says: str, mend: str
    ) -> None:
        """Also when the declaration itself changed and is sound: nothing of it is recorded."""
        edit(shop, "regrove.toml", "regularisation = 1.0", "regularisation = 0.5")
        before = record(shop)
        error = json.loads(ask(f"run {words} --json", expect=code).err)["error"]
        assert says in error["happened"]
        assert error["expected"] and error["received"]
        assert mend in error["mend"]
        assert "$" not in error["received"]
        assert record(shop) == before

    def test_one_of_several_models_must_be_named(self, shop: Path, ask: Ask) -> None:
        """Of those that the file declares, before it is applied."""
        text = (shop / "regrove.toml").read_text()
        more = text[text.index("[models.returns]") : text.index("[deployments")].replace("returns]", "again]", 1)
        (shop / "regrove.toml").write_text(text + more)
        before = record(shop)
        said = ask("run", expect=2).err
        assert "declares several models" in said
        assert "one of returns, again" in said
        assert "mend:     regrove run returns" in said
        assert record(shop) == before
        assert ask("run again --only placed --json").json["run"]["name"] == "again"

    def test_a_text_may_look_like_no_number(self, shop: Path, ask: Ask) -> None:
        """In quotes it is a text, as the mend says."""
        said = ask("run --only placed --param 'regularisation=\"NaN\"' --json").json
        assert said["run"]["status"] == "finished"
        assert ask("runs show last --json").json["params"] == {"regularisation": "NaN"}


class TestWhy:
    """Each step with its reasons, for people and programs."""

    def test_what_is_kept_and_why_it_ran(self, shop: Path, ask: Ask) -> None:
        """A line a step, and the run that made it."""
        said = ask("why").out
        for step in STEPS:
            assert f"{step} (" in said
        assert said.count("is kept") == len(STEPS)
        assert "it has not run for this model yet" in said
        assert "last ran" in said

    def test_after_an_edit_that_is_applied(self, shop: Path, ask: Ask) -> None:
        """The edit is named; it acts on the record, so an edit that is not applied says nothing yet."""
        edit(shop, "pipeline.py", '"value",\n', '(pl.col("value") * 2).alias("value"),\n')
        assert "would run" not in ask("why").out
        ask("apply")
        found = {each["step"]: each for each in ask("why --json").json}
        assert found["features"]["state"] == "execute"
        assert any("features" in reason for reason in found["features"]["reasons"])
        assert found["returned"]["state"] == "reuse"
        assert found["classifier"]["state"] == "open"
        assert "depends on what runs before it" in ask("why returns classifier").out

    @pytest.mark.parametrize("words", ["returns split", "split", "model:returns split"])
    def test_one_step(self, shop: Path, ask: Ask, words: str) -> None:
        """The model may be left out when there is one."""
        assert [each["step"] for each in ask(f"why {words} --json").json] == ["split"]

    def test_a_step_that_is_not_there(self, shop: Path, ask: Ask) -> None:
        """The nearest is named."""
        assert "did you mean 'split'?" in ask("why spilt", expect=2).err
        assert "did you mean 'returns'?" in ask("why retruns split", expect=3).err

    def test_before_anything_is_applied(self, tmp_path: Path, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
        """The mend applies."""
        monkeypatch.chdir(tmp_path)
        ask("init shop")
        monkeypatch.chdir(tmp_path / "shop")
        assert "regrove apply" in ask("why", expect=5).err

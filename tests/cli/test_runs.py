"""``runs`` as its users meet it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Ask, edit, record


@pytest.fixture
def three(shop: Path, ask: Ask) -> list[str]:
    """The ids of three runs, the newest first: one that failed, and two that finished."""
    ask("run --only placed")
    edit(shop, "pipeline.py", '    return placed.select("returned")', '    raise ValueError("no such order")')
    said = ask("run --only returned", expect=8).err
    assert "The step returned raised ValueError: no such order" in said
    return [each["id"] for each in ask("runs list --json").json]


class TestList:
    """What was executed, the newest first."""

    def test_a_line_a_run(self, three: list[str], ask: Ask) -> None:
        """With its state and who started it."""
        said = ask("runs list").out
        places = [said.index(run) for run in three]
        assert places == sorted(places)
        assert said.count("finished") == 2
        assert said.count("failed") == 1
        assert said.count("person:ann") == 3

    def test_a_page_and_the_next(self, three: list[str], ask: Ask) -> None:
        """The command for the older ones is ready to be pasted."""
        said = ask("runs list --limit 1").out
        assert three[0] in said and three[1] not in said
        command = said.partition("next  regrove ")[2].partition("   #")[0]
        assert command == f"runs list --before {three[0]}"
        assert [each["id"] for each in ask(f"{command} --json").json] == three[1:]

    def test_only_some(self, three: list[str], ask: Ask) -> None:
        """By state and by pipeline."""
        assert [each["id"] for each in ask("runs list --status failed --json").json] == three[:1]
        assert len(ask("runs list --name returns --json").json) == 3
        assert ask("runs list --name other --json").json == []

    def test_none(self, tmp_path: Path, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
        """An empty list says what fills it."""
        monkeypatch.chdir(tmp_path)
        ask("init shop")
        monkeypatch.chdir(tmp_path / "shop")
        assert "regrove run starts one" in ask("runs list").out

    @pytest.mark.parametrize(("status", "mend"), [("finshed", "did you mean 'finished'?"), ("x", "leave --status out")])
    def test_a_state_that_is_none(self, shop: Path, ask: Ask, status: str, mend: str) -> None:
        """Both sides and the mend."""
        error = json.loads(ask(f"runs list --status {status} --json", expect=2).err)["error"]
        assert error["expected"] == "one of running, finished, failed, interrupted"
        assert (error["received"], error["mend"]) == (repr(status), mend)


class TestShow:
    """One run with all that hangs on it."""

    def test_what_it_used_and_made(self, shop: Path, ask: Ask) -> None:
        """By name, and by its first digits as well."""
        details = ask("runs show --json").json
        before = record(shop)
        said = ask(f"runs show {details['run']['id'][:12]}").out
        assert f"run:{details['run']['id']} of returns: finished" in said
        for word in ("project:shop@1", "regularisation", "log_loss", "dataset:orders@1", "model:returns@1", "python"):
            assert word in said
        assert said.rstrip().endswith(f"next  regrove trace run:{details['run']['id']}")
        assert record(shop) == before

    def test_a_run_that_failed_says_why(self, three: list[str], ask: Ask) -> None:
        """With the line of the project that raised."""
        said = ask("runs show last").out
        assert f"run:{three[0]} of returns: failed" in said
        assert "no such order" in said
        assert "pipeline.py:" in said

    def test_a_run_that_is_not_there(self, shop: Path, ask: Ask) -> None:
        """The mend lists them."""
        assert "regrove runs list" in ask("runs show fff", expect=3).err

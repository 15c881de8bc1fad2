"""``monitors`` and ``alerts``: a real model whose orders change, looked at and resolved from the command line."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from regrove.clock import parse
from regrove.workspace import Workspace
from regrove.workspace import open as open_workspace
from tests.cli.conftest import Ask
from tests.journeys.shell import Shell

DAY = 86_400_000_000
BEGIN = parse("2030-01-01T00:00:00Z")
MONITOR = """
[monitors.returns]
deployment = "returns"
windows = ["1d"]
drift = { references = ["train"], page = ["train"], columns = ["value", "channel", "placed_at"] }
performance = { metric = "log_loss", label_delay = "1d" }
"""


@pytest.fixture(scope="module")
def watched(finished_shop: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project in 2030: its model answered for three days, on the last two to orders of thrice the value, and half
    of what it said turned out wrong."""
    folder = shutil.copytree(finished_shop, tmp_path_factory.mktemp("watched") / "shop")
    (folder / ".regrove" / "settings.toml").write_text('clock = "replay"\n')
    file = folder / "regrove.toml"
    file.write_text(file.read_text() + MONITOR)
    with Shell(folder) as shell:
        shell.run("regrove clock --turn-to 2030-01-01T00:00:00Z && regrove apply")
        shell.run("regrove models promote returns@1 --reason first && regrove deployments start returns")
    with open_workspace(folder, actor="person:ann") as ws:
        answer(ws, 0)
        answer(ws, 1, times=3.0)
        answer(ws, 2, times=3.0)
        ws.clock.turn_to(BEGIN + 3 * DAY)  # type: ignore[attr-defined]  # a replayed clock
        ws.monitors.tick("returns")
    return folder


def answer(ws: Workspace, day: int, *, times: float = 1.0) -> None:
    """Write the log of a day: orders like those of the run, with values ``times`` as high."""
    import polars as pl

    from regrove.schema import LogicalType
    from regrove.serving.records import Answering, Label, Labelled, Predicted
    from regrove.serving.segment import SegmentWriter

    version = ws.models.get("returns@1")
    made = {each.name: each.digest for each in ws.runs.details(version.run).artifacts}
    rows = pl.read_parquet(ws.vault.fetch(made["reference"])).sample(400, seed=day, with_replacement=True)
    rows = rows.with_columns(pl.col("request.value") * times).sort("event_time")
    spread = pl.int_range(0, 400) * (DAY // 400) + BEGIN + day * DAY
    rows = rows.with_columns(spread.cast(pl.Datetime("us", "UTC")).alias("request.placed_at"))
    current = ws.deployments.get("returns").current
    signature = version.signature
    answering = Answering(
        generation=current.number,
        revision=current.revision.number,
        model=version.ref,
        model_digest=version.digest,
        sticky=None,
        request=signature.request,
        output=signature.output.schema,
        target=LogicalType.BOOLEAN,
    )
    writer = SegmentWriter(ws.settings.folder / "serving", ws.project, "returns")
    for place, row in enumerate(rows.iter_rows(named=True)):
        at = BEGIN + day * DAY + place * (DAY // 400)
        name = f"{day:08x}{place:024x}"
        inputs = {each: [row[f"request.{each}"]] for each in signature.request.names}
        inputs["placed_at"] = [at]
        asked = Predicted(
            request_id=name,
            given=False,
            key=None,
            at=at,
            generation=current.number,
            rows=1,
            inputs=inputs,
            outputs={"score": [0.5]},
            revision=current.revision.number,
        )
        writer.append(asked, answering=answering)
        writer.append(Labelled(received_at=at, labels=[Label(name, 0, place % 2 == 0, at)]))
    writer.close()


@pytest.fixture
def ws(watched: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    """A copy of it, which the commands are given in, in Python."""
    monkeypatch.setenv("REGROVE_ACTOR", "person:ann")
    folder = shutil.copytree(watched, tmp_path / "shop")
    monkeypatch.chdir(folder)
    with open_workspace(folder) as ws:
        yield ws


def test_what_is_watched_is_listed_and_shown(ws: Workspace, ask: Ask) -> None:
    """With verdicts, losses and reasons, and the next command."""
    listed = ask("monitors list").out
    assert "returns" in listed and "1d train DRIFT" in listed and "drift (page)" in listed
    shown = ask("monitors show returns").out
    assert "watches deployment:returns in blocks of 1d (UTC)" in shown
    assert "1 expected at most" in shown and "request.value" in shown and "400 of 400 labels" in shown
    (monitor,) = ask("monitors list --json").json
    assert monitor["progress"]["closed_until"] is not None and monitor["alerts"][0]["fired_at"].endswith("Z")
    told = ask("monitors show returns --limit 1 --json").json
    assert [len(told["verdicts"]), len(told["losses"])] == [1, 1]
    assert told["monitor"]["reference"]["run"].startswith("run:")


def test_an_alert_is_looked_at_and_resolved(ws: Workspace, ask: Ask, tmp_path: Path) -> None:
    """Its reason, its picture, and the reason of whoever ended it."""
    (alert,) = ask("alerts list --state open --json").json
    assert alert["id"] in ask("alerts list --monitor returns").out
    shown = ask(f"alerts show {alert['id']} --svg {tmp_path / 'alert.svg'}").out
    assert "the last 1d against train: request.value" in shown and "in the window" in shown
    assert (tmp_path / "alert.svg").read_text().startswith("<svg")
    assert f"regrove alerts resolve {alert['id']}" in shown
    assert "reason" in ask(f"alerts resolve {alert['id']}", expect=2).err
    done = ask(f'alerts resolve alert:{alert["id"]} --reason "a price rise, as announced"').out
    assert "is resolved: a price rise, as announced" in done
    assert ask("alerts list --state open --json").json == []
    assert "person:ann" in ask(f"alerts show {alert['id']}").out
    assert "over already" in ask(f'alerts resolve {alert["id"]} --reason "again"', expect=5).err
    ask("alerts show " + "0" * 32, expect=3)
    ask("monitors show nope", expect=3)
    assert ask("audit verify --json").json["ok"]


def test_nothing_declared_says_how_to_declare_it(finished_shop: Path, ask: Ask, shop: Path) -> None:
    """And no alert is no error."""
    assert "[monitors.NAME]" in ask("monitors list").out
    assert "No alert was ever raised" in ask("alerts list").out
    assert ask("alerts list --json").json == []

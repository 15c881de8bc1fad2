"""`regrove replay`: live through a dataset, as the requests and labels that it was made of."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Self

import typer

from regrove.cli.predict import running_url, which_deployment
from regrove.cli.session import AsJson, Session
from regrove.cli.show import console, done, emit_json, next_command
from regrove.clock import iso, parse

if TYPE_CHECKING:
    from regrove.serving.replay import Played, ReplayOptions, Script
    from regrove.storage import StoredClock
    from regrove.workspace import Workspace

__all__ = ["register"]

_BEAT_S = 0.005
_LAZY_S = 0.1


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(replay)


def replay(
    context: typer.Context,
    dataset: Annotated[str, typer.Argument(help="The dataset whose rows are asked about, in the order of their time.")],
    until: Annotated[str, typer.Option(help="Where to stop, such as 2013-04-01T00:00:00Z; the clock stands there.")],
    deployment: Annotated[str, typer.Option(help="Which deployment is asked; default: the only one.")] = "",
    label: Annotated[str, typer.Option(help="The column that says what a row turned out to be.")] = "",
    label_at: Annotated[str, typer.Option(help="The column that says when that was known.")] = "",
    step: Annotated[str, typer.Option(help="How far the clock is turned at a time.")] = "1d",
    batch: Annotated[int, typer.Option(help="Rows of one request, at most.")] = 200,
    singles: Annotated[int, typer.Option(help="Rows of each step that are asked one by one.")] = 40,
    untidy: Annotated[float, typer.Option(help="The share of labels that come twice; half as many are strays.")] = 0.0,
    seed: Annotated[int, typer.Option(help="Of what is left to chance.")] = 0,
    ahead: Annotated[bool, typer.Option("--ahead", help="Send the next step while a worker judges the last.")] = False,
    url: Annotated[str, typer.Option(help="The server; default: the one that serves on this machine.")] = "",
    as_json: AsJson = False,
) -> None:
    """Send the rows of a dataset to a server as time goes by, then their labels, and turn the clock.

    Where a worker runs, each step waits until it has done what was due: a year is lived through day by day. With
    --ahead only the clock waits for it: users ask while a day is judged, and what is decided then holds from some
    request of the next day on. Begun again, it goes on where the clock stands.
    """
    from regrove.serving.replay import Replay, ReplayOptions

    session: Session = context.obj
    options = ReplayOptions(
        label=label or None,
        label_at=label_at or None,
        step=step,
        batch=batch,
        singles=singles,
        untidy=untidy,
        seed=seed,
    )
    end = parse(until)
    with session.change() as ws:
        clock = _clock(ws)
        name = which_deployment(ws, deployment)
        ws.projects.applied.deployment(name)  # one that is not declared is said so, and not that no server runs
        address = url or running_url(ws.deployments.root, name)
        script = _script(ws, dataset, name, options)
        total: Played | None = None

        def turn(at: int) -> None:
            if ahead:
                _wait_for_worker(ws, clock.stands())
            clock.turn_to(at)

        with Replay(address, turn) as playing, _Bar(clock.stands(), end) as bar:
            for played in playing.play(script, begin=clock.stands(), until=end):
                total = played if total is None else total.plus(played)
                if not ahead:
                    _wait_for_worker(ws, played.end)
                bar(played.end)
        _wait_for_worker(ws, clock.stands())
        at, worked = clock.stands(), _worker_runs(ws)
    _say(total, at, worked=worked, as_json=as_json)


def _clock(ws: Workspace) -> StoredClock:
    from regrove.errors import Conflict
    from regrove.storage import StoredClock

    if isinstance(ws.clock, StoredClock):
        return ws.clock
    raise Conflict(
        "This workspace lives in the present: its past cannot be replayed",
        expected='clock = "replay" in .regrove/settings.toml',
        received='clock = "system"',
        mend="regrove init NAME --clock replay makes a project that can be driven through the past",
    )


def _script(ws: Workspace, dataset: str, deployment: str, options: ReplayOptions) -> Script:
    """The script of the newest version of the dataset for what the deployment answers now."""
    from regrove.errors import InvalidInput
    from regrove.serving.replay import Script

    version = ws.datasets.register(dataset) if "@" not in dataset else ws.datasets.get(dataset)
    if not version.event_time:
        raise InvalidInput(
            f"The dataset {dataset!r} has no event time, so nothing says when its rows were asked about",
            mend=f'event_time = "COLUMN" in [datasets.{version.dataset}], then: regrove apply',
        )
    revision = ws.deployments.get(deployment).current.revision
    request = ws.models.get(revision.model).manifest.signature.request.names
    rows = ws.datasets.scan(version.ref).collect()
    return Script(rows, digest=version.digest, time=version.event_time, request=request, options=options)


def _wait_for_worker(ws: Workspace, at: int) -> None:
    """Let a worker that runs come up to ``at``; when none runs, or it ends, nobody is waited for."""
    from regrove.storage import WorkerTicks

    ticks, began, looked = WorkerTicks(ws.database, ws.project), time.monotonic(), 0.0
    while ticks.reached() < at:
        now = time.monotonic()
        if now - looked > _LAZY_S:
            if not _worker_runs(ws):
                return
            looked = now
        # a tick of a moment is followed at once, and a long one is not held up by being looked at
        time.sleep(min(_LAZY_S, max(_BEAT_S, (now - began) / 20)))


def _worker_runs(ws: Workspace) -> bool:
    from regrove.storage import Leases

    return Leases(ws.database).holder(f"worker:{ws.project}") is not None


def _say(total: Played | None, at: int, *, worked: bool, as_json: bool) -> None:
    if as_json:
        emit_json(total)
        return
    if total is None:
        done(f"There is nothing to do: the clock stands at {iso(at)}.")
        return
    done(
        f"{total.predictions:,} predictions in {total.requests:,} requests and {total.labels:,} labels were sent"
        + (f"; {total.failed:,} requests failed" if total.failed else "")
        + f". The clock stands at {iso(at)}."
    )
    if not worked:
        next_command("regrove worker --once", "does what has become due")


class _Bar:
    """A progress bar over domain time, on a terminal."""

    def __init__(self, begin: int, end: int) -> None:
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        self._begin = begin
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=32),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._progress.add_task("replaying", total=max(1, end - begin))

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __call__(self, at: int) -> None:
        """Show how far the clock has come."""
        self._progress.update(self._task, completed=at - self._begin, description=iso(at)[:10])

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

"""The tree of commands."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from regrove.cli import (
    alerts,
    audit,
    clock,
    datasets,
    deployments,
    gate,
    loop,
    models,
    monitors,
    playbooks,
    predict,
    projects,
    replay,
    report,
    rollouts,
    run,
    runs,
    serve,
    trace,
    worker,
)
from regrove.cli.session import Session

__all__ = ["app"]

app = typer.Typer(
    name="regrove",
    help="Keeps machine-learning models alive: data, pipelines, registry, serving, and the ledger that joins them.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback(invoke_without_command=True)
def _root(
    context: typer.Context,
    workspace: Annotated[Path, typer.Option("--workspace", "-C", help="The project's folder.")] = Path(),
    actor: Annotated[str, typer.Option(help="Who acts, as person:NAME; default: the login name.")] = "",
    version: Annotated[bool, typer.Option("--version", help="Print the version and stop.")] = False,
) -> None:
    if version:
        from regrove import __version__

        typer.echo(f"regrove {__version__}")
        raise typer.Exit
    context.obj = Session(workspace, actor)


projects.register(app)
run.register(app)
serve.register(app)
predict.register(app)
replay.register(app)
trace.register(app)
clock.register(app)
report.register(app)
app.add_typer(datasets.app, name="datasets")
app.add_typer(runs.app, name="runs")
app.add_typer(models.app, name="models")
app.add_typer(gate.app, name="gate")
app.add_typer(deployments.app, name="deployments")
app.add_typer(monitors.app, name="monitors")
app.add_typer(alerts.app, name="alerts")
app.add_typer(rollouts.app, name="rollouts")
app.add_typer(playbooks.app, name="playbooks")
app.add_typer(loop.app, name="loop")
app.add_typer(worker.app, name="worker")
app.add_typer(audit.app, name="audit")

"""The command."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from regrove.cli.predict import which_deployment
from regrove.cli.session import AsJson, Session
from regrove.cli.show import console, done, emit_json

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(report)


def report(
    context: typer.Context,
    deployment: Annotated[
        str, typer.Argument(help="Which deployment; may be left out when only one is declared.")
    ] = "",
    html: Annotated[Path, typer.Option(help="The page to write; one file that loads nothing.")] = Path("report.html"),
    zone: Annotated[str, typer.Option(help="The zone of days and months; default: the monitor's.")] = "",
    as_json: AsJson = False,
) -> None:
    """Tell the life of a deployment's model: what it answered, what it was worth, what was decided and why."""
    from regrove.cli.report.chronicle import chronicle
    from regrove.cli.report.page import month_table, written
    from regrove.render import write_page

    session: Session = context.obj
    with session.open() as ws:
        told = chronicle(ws, which_deployment(ws, deployment), zone=zone)
    if as_json:
        emit_json(told)
        return
    write_page(html, written(told))
    console.print(month_table(told).text(), soft_wrap=True, markup=False, highlight=False)
    done(f"The page is {html}.")

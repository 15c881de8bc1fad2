"""``trace``: the way back from anything to the bytes and the people it came from."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.text import Text

from regrove.cli.session import AsJson, Session
from regrove.cli.show import console, emit_json, next_command

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command()(trace)


def trace(
    context: typer.Context,
    ref: Annotated[str, typer.Argument(help="Such as prediction:ID.0, model:NAME@1, run:ID or dataset:NAME@1.")],
    as_json: AsJson = False,
) -> None:
    """Print the way back: revision, model version, decision, run, steps, data, code, environment."""
    from regrove.workspace.trace import trace as walk

    session: Session = context.obj
    with session.open() as ws:
        found = walk(ws, ref)
    if as_json:
        emit_json(found)
        return
    for step in found.steps:
        indent = "   " * step.depth
        arrow = "" if step.depth == 0 else "└─ "
        console.print(
            Text.assemble((f"{indent[3:]}{arrow}", "dim"), (step.what, "bold cyan"), "  ", step.ref), soft_wrap=True
        )
        width = max((len(label) for label, _ in step.facts), default=0)
        for label, value in step.facts:
            console.print(Text.assemble((f"{indent}  {label:<{width}}  ", "dim"), value), soft_wrap=True)
    next_command("regrove audit verify", "nobody changed this record since")

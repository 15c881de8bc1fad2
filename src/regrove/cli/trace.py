"""``trace``: the way back from anything to the bytes and the people it came from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from regrove.cli.session import AsJson, Session
from regrove.cli.show import console, emit_json, next_command

if TYPE_CHECKING:
    from regrove.workspace.trace import TraceStep

__all__ = ["lines", "register"]


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command()(trace)


def trace(
    context: typer.Context,
    ref: Annotated[str, typer.Argument(help="Such as prediction:ID.0, model:NAME@1, run:ID or dataset:NAME@1.")],
    as_json: AsJson = False,
) -> None:
    """Print the way back: revision, model, decision, gate, rollout, run, loop, alert, steps, data, code, machine."""
    from regrove.workspace.trace import trace as walk

    session: Session = context.obj
    with session.open() as ws:
        found = walk(ws, ref)
    if as_json:
        emit_json(found)
        return
    for line in lines(found.steps):
        console.print(line, soft_wrap=True)
    next_command("regrove audit verify", "nobody changed this record since")


def lines(steps: Sequence[TraceStep]) -> Iterator[Text]:
    """The steps as a tree: a line for each, and under it a line for each of its facts."""
    for place, step in enumerate(steps):
        goes_on = [_continues(steps, place, depth) for depth in range(1, step.depth + 1)]
        stem = "".join("│  " if each else "   " for each in goes_on[:-1])
        branch = "" if not goes_on else "├─ " if goes_on[-1] else "└─ "
        yield Text.assemble((stem + branch, "dim"), (step.what, "bold cyan"), "  ", step.ref)
        under = stem + ("" if not goes_on else "│  " if goes_on[-1] else "   ")
        under += "│ " if _continues(steps, place, step.depth + 1) else "  "
        width = max((len(label) for label, _ in step.facts), default=0)
        for label, value in step.facts:
            yield Text.assemble((f"{under}{label:<{width}}  ", "dim"), value)


def _continues(steps: Sequence[TraceStep], place: int, depth: int) -> bool:
    """Whether a branch of this depth comes after ``place``, before one that is shallower."""
    for later in steps[place + 1 :]:
        if later.depth <= depth:
            return later.depth == depth
    return False

"""``init``, ``plan`` and ``apply``."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.text import Text

from regrove.cli.session import AsJson, Session
from regrove.cli.show import console, done, emit_json, next_command, short

__all__ = ["register"]

NewProject = Annotated[
    bool, typer.Option("--new-project", help="Begin a project beside those that this workspace holds.")
]

_MARKS = {"added": ("+", "green"), "removed": ("-", "red"), "changed": ("~", "yellow")}


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    app.command()(init)
    app.command()(plan)
    app.command()(apply)


def init(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The project's name, and its new folder.")],
    template: Annotated[str, typer.Option(help="What to begin with.")] = "tabular",
    clock: Annotated[str, typer.Option(help="system, or replay: to live through the past.")] = "system",
) -> None:
    """Make a new project that runs."""
    from regrove.project import create

    session: Session = context.obj
    folder = session.folder / name
    for path in create(folder, name, template=template, clock=clock):
        console.print(Text.assemble(("  + ", "green"), f"{name}/{path}"))
    done(f"Project {name} is ready: its declaration is regrove.toml, its functions are pipeline.py.")
    if clock == "replay":
        next_command(f"cd {name} && regrove clock --turn-to 2025-04-01T00:00:00Z", "where the replay is to begin")
    else:
        next_command(f"cd {name} && regrove run")


def plan(context: typer.Context, new_project: NewProject = False, as_json: AsJson = False) -> None:
    """Show what regrove.toml and the source would change against what is recorded; refuse what would stop a run."""
    session: Session = context.obj
    with session.open() as ws:
        found = ws.projects.plan(new_project=new_project)
    if as_json:
        emit_json(found)
        return
    for change in found.changes:
        mark, style = _MARKS[change.what]
        console.print(
            Text.assemble((f"  {mark} ", style), change.where, ("  " + _values(change), "dim")), soft_wrap=True
        )
    if found.beside:
        done(f"{ws.project} would be a new project in this workspace, beside {', '.join(found.beside)}.")
    against = found.in_force or "nothing: this would be the first revision"
    if found.is_empty:
        done(f"Nothing would change: {against} says the same.")
        next_command("regrove run")
    else:
        done(f"{len(found.changes)} changes against {against}.")
        next_command("regrove apply --new-project" if found.beside else "regrove apply")


def _values(change: object) -> str:
    before, after = getattr(change, "before", ""), getattr(change, "after", "")
    return f"{before} -> {after}" if before and after else before or after


def apply(context: typer.Context, new_project: NewProject = False, as_json: AsJson = False) -> None:
    """Record regrove.toml and the source it names: what workers and servers act on."""
    session: Session = context.obj
    with session.change() as ws:
        before = len(ws.projects.revisions())
        revision = ws.projects.apply(new_project=new_project)
    if as_json:
        emit_json(revision)
        return
    state = "applied" if revision.ordinal > before else "in force already: nothing changed"
    done(f"{revision.ref} {state} ({short(revision.digest)}).")
    next_command("regrove run")

"""``playbooks``: what is done because of what happens."""

from __future__ import annotations

from typing import Annotated

import typer

from regrove.cli.session import AsJson, Session
from regrove.cli.show import console, done, emit_json, facts, listing, next_command

__all__ = ["app"]

app = typer.Typer(help="What is done because of what happens.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="The playbook.")]
Reason = Annotated[str, typer.Option(help="A sentence for whoever asks years later.")]


@app.command(name="list")
def list_(context: typer.Context, as_json: AsJson = False) -> None:
    """List the declared playbooks as they stand."""
    session: Session = context.obj
    with session.open() as ws:
        found = ws.playbooks.list()
    listing(
        found,
        (
            ("playbook", lambda p: p.name),
            ("on", lambda p: p.config.on),
            ("does", lambda p: ", ".join(p.config.do)),
            ("state", lambda p: p.state),
            ("loops", lambda p: p.started),
            ("skipped", lambda p: p.skipped),
            ("left", lambda p: "" if p.left is None else p.left),
            ("why", lambda p: p.reason),
        ),
        as_json=as_json,
        empty="No playbook is declared. A [playbooks.NAME] table in regrove.toml declares one.",
    )


@app.command()
def show(context: typer.Context, name: Name, as_json: AsJson = False) -> None:
    """Show one playbook: what it listens to, its limits, and its last loops."""
    session: Session = context.obj
    with session.open() as ws:
        found = ws.playbooks.get(name)
        loops = ws.playbooks.loops(found.name, limit=10)
    if as_json:
        emit_json({"playbook": found, "loops": loops})
        return
    done(f"playbook:{found.name} is {found.state}: {found.reason}")
    limits = found.config.limit
    facts(
        (
            ("on", found.config.on + (f", every {found.config.every}" if found.config.every else "")),
            ("when", found.config.when),
            ("does", ", ".join(found.config.do)),
            ("model", found.config.model),
            ("deployment", found.config.deployment),
            ("cooldown", "" if limits.cooldown == "0s" else f"{limits.cooldown} after a loop has ended"),
            ("budget", limits.budget + (f", of which {found.left} are left" if found.left is not None else "")),
            ("breaker", f"{limits.breaker} failures of an action" + _rejections(limits.rejections)),
            ("webhook", "set" if found.config.notify else ""),
            ("loops", f"{found.started} begun, {found.skipped} skipped"),
        )
    )
    for each in loops:
        facts([(each.ref, each.reason if each.state == "skipped" else f"{each.state}  {each.outcome}")])
    if found.state == "broken":
        next_command(f'regrove playbooks reset {found.name} --reason "..."', "when what broke it is mended")
    elif loops:
        next_command(f"regrove loop show {loops[0].ref}")


def _rejections(count: int) -> str:
    return f", or {count} rejected challengers in a row" if count else ""


@app.command()
def run(
    context: typer.Context,
    name: Name,
    reason: Reason = "",
    deployment: Annotated[str, typer.Option(help="Which deployment it is about, when it cannot be known.")] = "",
    dry: Annotated[bool, typer.Option("--dry-run", help="Say what it would do, and do nothing.")] = False,
    event: Annotated[str, typer.Option(help="With --dry-run: because of this event; default: the last one.")] = "",
    as_json: AsJson = False,
) -> None:
    """Begin a loop by hand; the worker walks it."""
    from regrove.errors import InvalidInput

    session: Session = context.obj
    if event and not dry:
        raise InvalidInput(
            "A loop that is begun by hand is because of a person, not of an event", received=event, mend="add --dry-run"
        )
    if dry:
        with session.open() as ws:
            would = ws.playbooks.dry_run(name, event)
        if as_json:
            emit_json(would)
            return
        for sentence in would.said:
            console.print(sentence, soft_wrap=True, markup=False)
        return
    with session.change() as ws:
        loop = ws.playbooks.run(name, reason, deployment=deployment)
    if as_json:
        emit_json(loop)
        return
    done(f"{loop.ref} of playbook {loop.playbook} has begun.")
    next_command("regrove worker --once")


@app.command()
def reset(context: typer.Context, name: Name, reason: Reason = "", as_json: AsJson = False) -> None:
    """Let a broken playbook begin loops again."""
    session: Session = context.obj
    with session.change() as ws:
        found = ws.playbooks.reset(name, reason)
    if as_json:
        emit_json(found)
        return
    done(f"playbook:{found.name} is {found.state} again: {found.reason}")

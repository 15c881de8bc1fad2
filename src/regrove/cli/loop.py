"""``loop``: one record from what had happened to what came of it."""

from __future__ import annotations

from typing import Annotated

import typer

from regrove.cli.session import AsJson, Session
from regrove.cli.show import console, done, emit_json, facts, listing, next_command, when

__all__ = ["app"]

app = typer.Typer(help="What playbooks did, from the alert to the outcome.", no_args_is_help=True)


@app.command(name="list")
def list_(
    context: typer.Context,
    playbook: Annotated[str, typer.Argument(help="Of this playbook only.")] = "",
    skipped: Annotated[bool, typer.Option(help="Also those that a limit kept from beginning.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List loops, the newest first."""
    session: Session = context.obj
    with session.open() as ws:
        found = ws.playbooks.loops(playbook, skipped=skipped, limit=limit)
    listing(
        found,
        (
            ("loop", lambda e: e.ref),
            ("playbook", lambda e: e.playbook),
            ("model", lambda e: e.model),
            ("state", lambda e: e.state),
            ("outcome", lambda e: e.outcome),
            ("started", lambda e: when(e.started_at)),
            ("because", lambda e: e.because),
        ),
        as_json=as_json,
        empty="No loop has begun yet. regrove worker begins them when something happens that a playbook listens to.",
    )


@app.command()
def show(
    context: typer.Context,
    ref: Annotated[str, typer.Argument(help="The loop: its ref, the first digits of it, or last.")] = "last",
    as_json: AsJson = False,
) -> None:
    """Tell one loop from the alert to the outcome."""
    from regrove.playbooks.narration import headline, story

    session: Session = context.obj
    with session.open() as ws:
        loop = ws.playbooks.loop(ref)
    if as_json:
        emit_json({"loop": loop, "headline": headline(loop), "story": story(loop)})
        return
    done(headline(loop))
    for sentence in story(loop):
        console.print(f"  {sentence}", soft_wrap=True, markup=False)
    refs = [each for action in loop.actions for each in action.refs]
    facts((("declared by", loop.declared), ("cause", loop.cause), ("made", ", ".join(dict.fromkeys(refs)))))


@app.command()
def stop(
    context: typer.Context,
    ref: Annotated[str, typer.Argument(help="The loop: its ref, the first digits of it, or last.")],
    reason: Annotated[str, typer.Option(help="A sentence for whoever asks years later.")] = "",
    as_json: AsJson = False,
) -> None:
    """End a loop that goes on; what it began elsewhere is not ended by that."""
    session: Session = context.obj
    with session.change() as ws:
        loop = ws.playbooks.stop(ref, reason)
    if as_json:
        emit_json(loop)
        return
    done(f"{loop.ref} is {loop.state}.")
    going = next((each for each in loop.actions if each.state == "stopped" and each.ref("rollout")), None)
    if going is not None:
        next_command(f"regrove rollouts abort {going.ref('rollout')}", "its rollout goes on by itself")

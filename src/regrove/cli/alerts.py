"""``alerts``: what somebody should look at."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from regrove.cli.session import AsJson, Session
from regrove.cli.show import console, done, emit_json, facts, listing, next_command, when

__all__ = ["app"]

app = typer.Typer(help="What somebody should look at.", no_args_is_help=True)

Which = Annotated[str, typer.Argument(help="The alert: alert:<id>, or the id alone.")]


@app.command(name="list")
def list_(
    context: typer.Context,
    monitor: Annotated[str, typer.Option(help="Only those of this monitor.")] = "",
    state: Annotated[str, typer.Option(help="pending, firing, resolved, or open (pending or firing).")] = "",
    before: Annotated[str, typer.Option(help="The page after this alert.")] = "",
    limit: Annotated[int, typer.Option(help="How many.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List alerts, the newest first."""
    session: Session = context.obj
    with session.open() as ws:
        found = ws.monitors.alerts(monitor=monitor, state=state, before=before, limit=limit)
    listing(
        found,
        (
            ("alert", lambda a: a.id),
            ("monitor", lambda a: a.monitor),
            ("kind", lambda a: a.kind),
            ("severity", lambda a: a.severity),
            ("state", lambda a: a.state),
            ("since", lambda a: when(a.fired_at or a.pending_at)),
            ("model", lambda a: a.model),
            ("resolved", lambda a: when(a.resolved_at)),
        ),
        as_json=as_json,
        empty="No alert was ever raised. regrove monitors list shows what is watched.",
    )


@app.command()
def show(
    context: typer.Context,
    alert: Which,
    svg: Annotated[Path | None, typer.Option(help="Write its picture to this file.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show one alert: why it fires, what it rests on, its picture in words, and how it ended."""
    from regrove.render import Picture

    session: Session = context.obj
    with session.open() as ws:
        found = ws.monitors.alert(alert)
        stored = ws.vault.read(found.picture) if found.picture else b""
    picture = Picture.read(stored) if stored else None
    if svg is not None and picture is not None:
        svg.write_text(picture.svg, encoding="utf-8")
    if as_json:
        emit_json(found)
        return
    done(f"{found.ref} of monitor:{found.monitor} is {found.state}: {found.kind}, {found.severity}")
    console.print(found.reason, soft_wrap=True, markup=False)
    facts(
        (
            ("model", found.model),
            ("deployment", f"deployment:{found.deployment}"),
            ("first seen", when(found.pending_at)),
            ("fired", when(found.fired_at)),
            ("told again", f"{found.repeats} times, last {when(found.told_at)}" if found.repeats else ""),
            ("resolved", when(found.resolved_at)),
            ("because", found.resolution),
            ("by", found.resolved_by),
            ("evidence", found.evidence),
            ("picture", picture.text() if picture else ""),
            ("written to", svg if svg and picture else ""),
        )
    )
    if found.is_open:
        next_command(f'regrove alerts resolve {found.id} --reason "..."', "or let the rule end it")


@app.command()
def resolve(
    context: typer.Context,
    alert: Which,
    reason: Annotated[str, typer.Option(help="A sentence for whoever asks years later.")],
    as_json: AsJson = False,
) -> None:
    """End an alert by hand; what it was about stays quiet while it goes on, for the monitor's repeat at most."""
    session: Session = context.obj
    with session.change() as ws:
        found = ws.monitors.resolve(alert, reason)
    if as_json:
        emit_json(found)
        return
    done(f"{found.ref} of monitor:{found.monitor} is resolved: {found.resolution}")
    next_command(f"regrove monitors show {found.monitor}")

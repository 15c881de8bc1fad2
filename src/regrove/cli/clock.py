"""``clock``: where the domain time of the project stands, and turning it."""

from __future__ import annotations

from typing import Annotated

import typer

from regrove.cli.session import AsJson, Session
from regrove.cli.show import done, emit_json, next_command

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Add the command to ``app``."""
    app.command()(clock)


def clock(
    context: typer.Context,
    turn_to: Annotated[str, typer.Option(help="Turn it forward to this time; of a replayed project only.")] = "",
    as_json: AsJson = False,
) -> None:
    """Show where domain time stands; in a replayed project, turn it."""
    from regrove.clock import iso, parse
    from regrove.errors import Refused
    from regrove.storage import StoredClock

    session: Session = context.obj
    with session.open() as ws:
        stored = ws.clock if isinstance(ws.clock, StoredClock) else None
        if turn_to and stored is None:
            raise Refused(
                "The clock of this workspace is the machine's, which nobody turns",
                expected='a workspace whose .regrove/settings.toml says clock = "replay"',
                received='clock = "system"',
                mend="regrove init NAME --clock replay",
            )
        if turn_to and stored is not None:
            stored.turn_to(parse(turn_to))
        at = ws.clock.now() if stored is None else stored.stands()
        kind = ws.settings.clock
    if as_json:
        emit_json({"clock": kind, "stands_at": at or None})
        return
    if not at:
        done("The clock stands nowhere: it was never turned.")
        next_command("regrove clock --turn-to 2025-04-01T00:00:00Z", "where the replay is to begin")
        return
    done(f"It is {iso(at)}" + (", by the clock of the replay." if kind == "replay" else ", by the machine's clock."))

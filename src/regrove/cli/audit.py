"""``audit``: what happened, and the proof that nobody changed it since."""

from __future__ import annotations

from typing import Annotated

import typer

from regrove.cli.session import AsJson, Session
from regrove.cli.show import console, done, emit_json, facts, listing, next_command, when

__all__ = ["app"]

app = typer.Typer(help="What happened, and the proof that nobody changed it since.", no_args_is_help=True)


@app.command()
def log(
    context: typer.Context,
    after: Annotated[int, typer.Option(help="Only events after this position.")] = 0,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 50,
    type: Annotated[  # noqa: A002  # the option's name is its word in the ledger
        list[str] | None, typer.Option(help="Only events of this type; may be given again.")
    ] = None,
    subject: Annotated[str, typer.Option(help="Only events about this ref.")] = "",
    as_json: AsJson = False,
) -> None:
    """List events, the oldest first; without --after, the last ones."""
    session: Session = context.obj
    with session.open() as ws:
        start = after
        if not after and not type and not subject:
            start = max(0, ws.ledger.head().position - limit)
        entries = ws.ledger.read(start, limit=limit, types=type or (), subject=subject)
    if as_json:
        emit_json([_plain(each) for each in entries])
        return
    listing(
        entries,
        (
            ("position", lambda e: e.position),
            ("when", lambda e: when(e.occurred_at)),
            ("event", lambda e: e.type),
            ("about", lambda e: e.subject),
            ("actor", lambda e: e.actor),
            ("because of", lambda e: e.cause[:12]),
        ),
        as_json=False,
        empty="Nothing happened yet.",
    )
    if len(entries) == limit:
        next_command(f"regrove audit log --after {entries[-1].position}", "the events that follow")


def _plain(entry: object) -> dict[str, object]:
    import msgspec

    fields = msgspec.structs.asdict(entry)  # type: ignore[arg-type]  # an Entry, whose room is loaded by the caller
    payload = fields.pop("payload")
    return fields | {"payload": msgspec.json.decode(payload) if payload is not None else None}


@app.command()
def show(
    context: typer.Context,
    position: Annotated[str, typer.Argument(help="The event's position, or its id.")],
    as_json: AsJson = False,
) -> None:
    """Show one event with its payload and its place in the chain."""
    import msgspec

    session: Session = context.obj
    with session.open() as ws:
        entry = ws.ledger.get(_which(position))
    if as_json:
        emit_json(_plain(entry))
        return
    done(f"{entry.type} (event {entry.position})")
    payload = "erased" if entry.payload is None else msgspec.json.format(entry.payload, indent=2).decode()
    facts(
        (
            ("about", entry.subject),
            ("when", when(entry.occurred_at)),
            ("recorded", when(entry.recorded_at)),
            ("actor", entry.actor),
            ("cause", entry.cause),
            ("used", ", ".join(entry.used)),
            ("generated", ", ".join(entry.generated)),
            ("id", entry.event_id),
            ("hash", entry.hash),
            ("payload", payload),
        )
    )


def _which(text: str) -> int | str:
    """A position, or the id of an event."""
    from regrove.errors import InvalidInput
    from regrove.refs import check_id

    if text.isascii() and text.isdigit() and len(text) < 20:
        return int(text)
    try:
        return check_id(text.removeprefix("event:"), what="event id")
    except InvalidInput:
        raise InvalidInput(
            "This is neither a position in the ledger nor the id of an event",
            expected="a number such as 12, or 32 lower-case hex digits",
            received=repr(text),
            mend="regrove audit log shows the positions of the last events",
        ) from None


@app.command()
def verify(
    context: typer.Context,
    anchor: Annotated[str, typer.Option(help="POSITION:HASH that was kept elsewhere.")] = "",
    as_json: AsJson = False,
) -> None:
    """Check every event against the chain, and the chain against its anchors."""
    from regrove.errors import Corrupt

    session: Session = context.obj
    with session.open() as ws:
        found = ws.ledger.verify(anchor or None)
        restoring = ws.database.restoring()
    if as_json:
        emit_json(found)
    else:
        for fault in found.faults:
            console.print(f"  event {fault.position}: {fault.what}", soft_wrap=True)
            facts((("  expected", fault.expected), ("  received", fault.received)))
    if not found.ok:
        first = found.faults[0]
        raise Corrupt(
            f"The ledger is not what was recorded: {found.faults_found} faults, the first at position {first.position}",
            expected=first.expected,
            received=first.received,
            mend=f"events up to {found.proven_to} are proven; for the rest, {restoring}",
        )
    if as_json:
        return
    proven = (
        f"events 1 to {found.proven_to} are proven by an anchor"
        if found.proven_to
        else "there is no anchor yet, so nothing is proven beyond the chain itself"
    )
    done(f"The ledger holds: {found.events} events, one unbroken chain; {proven}.")
    if found.proven_to < found.events:
        next_command("regrove audit anchor", "prove the rest from now on")


@app.command(name="anchor")
def make_anchor(context: typer.Context, as_json: AsJson = False) -> None:
    """Keep the ledger's head outside the database; print it, to be kept outside this machine."""
    session: Session = context.obj
    with session.open() as ws:
        made = ws.ledger.anchor()
    if as_json:
        emit_json(made)
        return
    done(f"Anchored at position {made.position}. To keep elsewhere, on paper if you like:")
    console.print(f"  {made}", soft_wrap=True)
    next_command(f"regrove audit verify --anchor {made}")


@app.command()
def erase(
    context: typer.Context,
    position: Annotated[int, typer.Argument(help="The event whose payload goes.")],
    reason: Annotated[str, typer.Option(help="Why; it is recorded.")],
) -> None:
    """Take an event's payload away for good; the chain still holds, and the erasure is an event itself."""
    session: Session = context.obj
    with session.change() as ws:
        ws.ledger.erase(position, reason)
    done(f"The payload of event {position} is erased, and that is recorded with its reason.")
    next_command("regrove audit verify")

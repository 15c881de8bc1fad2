"""``runs``: what was executed."""

from __future__ import annotations

from typing import Annotated

import typer

from regrove.cli.session import AsJson, Session
from regrove.cli.show import done, emit_json, facts, lasted, listing, next_command, short, when

__all__ = ["app"]

app = typer.Typer(help="What was executed, with params, metrics, inputs and environment.", no_args_is_help=True)


@app.command(name="list")
def list_(
    context: typer.Context,
    name: Annotated[str, typer.Option(help="Only runs of this pipeline.")] = "",
    status: Annotated[str, typer.Option(help="Only running, finished, failed or interrupted ones.")] = "",
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 20,
    before: Annotated[str, typer.Option(help="Only runs before this one: the next page.")] = "",
    as_json: AsJson = False,
) -> None:
    """List runs, the newest first."""
    from regrove.errors import InvalidInput, nearest

    known = ("running", "finished", "failed", "interrupted")
    if status and status not in known:
        raise InvalidInput(
            "There is no such status",
            expected=f"one of {', '.join(known)}",
            received=repr(status),
            mend=nearest(status, known) or "leave --status out",
        )
    session: Session = context.obj
    with session.open() as ws:
        runs = ws.runs.list(name=name, status=[status] if status else [], limit=limit, before=before)  # type: ignore[list-item]  # checked above
    listing(
        runs,
        (
            ("run", lambda r: r.id),
            ("of", lambda r: r.name),
            ("status", lambda r: r.status),
            ("started", lambda r: when(r.started_at)),
            ("took", lambda r: lasted(r.started_at, r.ended_at)),
            ("actor", lambda r: r.actor),
            ("because of", lambda r: r.cause[:12]),
        ),
        as_json=as_json,
        empty="There are no runs yet. regrove run starts one.",
    )
    if not as_json and len(runs) == limit:
        next_command(f"regrove runs list --before {runs[-1].id}", "the older ones")


@app.command()
def show(
    context: typer.Context,
    run: Annotated[str, typer.Argument(help="A run's id or its first digits, or last.")] = "last",
    as_json: AsJson = False,
) -> None:
    """Show one run: what it used, what it made, and in which environment."""
    session: Session = context.obj
    with session.open() as ws:
        details = ws.runs.details(run)
    if as_json:
        emit_json(details)
        return
    found = details.run
    done(f"{found.ref} of {found.name}: {found.status}")
    facts(
        (
            ("started", when(found.started_at)),
            ("took", lasted(found.started_at, found.ended_at)),
            ("resumed", f"{found.resumed} times" if found.resumed else ""),
            ("actor", found.actor),
            ("cause", found.cause),
            ("declaration", f"{found.declaration_ref} {short(found.declaration_digest)}"),
            ("error", found.error),
        )
    )
    for title, pairs in (
        ("params", [(key, value) for key, value in details.params.items()]),
        ("metrics", [(key, f"{value:.6g}") for key, value in details.metrics.items()]),
        ("inputs", [(each.name, f"{each.ref}  {short(each.digest)}") for each in details.inputs]),
        ("artifacts", [(each.name, f"{each.ref or each.kind}  {short(each.digest)}") for each in details.artifacts]),
    ):
        if pairs:
            done(title)
            facts(pairs)
    if details.environment is not None:
        done("environment")
        environment = details.environment
        facts(
            (
                ("python", environment.python),
                ("platform", f"{environment.system} {environment.machine}"),
                ("git", environment.git_commit + (" with changes" if environment.git_diff else "")),
                ("lock", f"{environment.lock_file} {short(environment.lock_digest)}" if environment.lock_file else ""),
                ("packages", f"{len(environment.packages)}, in full with --json"),
            )
        )
    next_command(f"regrove trace {found.ref}")

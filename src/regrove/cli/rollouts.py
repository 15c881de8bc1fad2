"""``rollouts``: how new versions come to answer, a share of the callers after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from regrove.cli.session import AsJson, Session
from regrove.cli.show import done, emit_json, facts, listing, next_command, short, when

if TYPE_CHECKING:
    from regrove.rollouts import Evidence, Phase, Rollout

__all__ = ["app"]

app = typer.Typer(help="How new versions come to answer, phase by phase.", no_args_is_help=True)

Which = Annotated[str, typer.Argument(help="The rollout: its ref, the first digits of it, or its deployment.")]
Reason = Annotated[str, typer.Option(help="A sentence for whoever asks years later.")]


@app.command(name="list")
def list_(
    context: typer.Context,
    deployment: Annotated[str, typer.Argument(help="Of this deployment only.")] = "",
    as_json: AsJson = False,
) -> None:
    """List the rollouts, the newest first."""
    session: Session = context.obj
    with session.open() as ws:
        found = ws.rollouts.list(deployment)
    listing(
        found,
        (
            ("rollout", lambda r: r.ref),
            ("deployment", lambda r: r.deployment),
            ("candidate", lambda r: r.candidate),
            ("state", lambda r: r.state),
            ("share", lambda r: f"{r.current.share / 100:g}%"),
            ("changed", lambda r: when(r.changed_at)),
            ("why", lambda r: r.reason),
        ),
        as_json=as_json,
        empty="There was no rollout yet. regrove rollouts start DEPLOYMENT CANDIDATE begins one.",
    )


@app.command()
def show(context: typer.Context, which: Which, as_json: AsJson = False) -> None:
    """Show one rollout: its phases, what the guards saw last, and what comes next."""
    session: Session = context.obj
    with session.open() as ws:
        found = ws.rollouts.get(which)
        kept = [ws.rollouts.evidence(each.evidence) if each.evidence else None for each in found.phases]
        plan = ws.rollouts.plan(found.deployment) if found.going else []
    if as_json:
        emit_json({"rollout": found, "evidence": kept, "plan": plan})
        return
    done(f"{found.ref} of {found.candidate} in {found.deployment} is {found.state}: {found.reason}")
    facts(
        (
            ("control", found.control),
            ("let by", found.gate or f"{found.approved_by}: {found.approval}"),
            ("declared by", found.declaration),
            ("decision", found.decision),
            ("started", when(found.started_at)),
            ("ended", when(found.ended_at)),
        )
    )
    done("phases")
    facts((f"{each.share / 100:g}%", _told(each)) for each in found.phases)
    last = next((each for each in reversed(kept) if each is not None), None)
    if last is not None:
        _guards(last)
    for sentence in plan:
        done(sentence)


def _told(phase: Phase) -> str:
    if phase.share == 10_000:
        return "the promotion" + (f", {when(phase.ended_at)}" if phase.ended_at is not None else ", not yet")
    began = f"since {when(phase.began_at)}" if phase.began_at is not None else "not begun"
    ended = f" until {when(phase.ended_at)}" if phase.ended_at is not None else ""
    kept = f"  {short(phase.evidence)}" if phase.evidence else ""
    return f"{phase.state:<8} {began}{ended}  {phase.requests:,} requests of the candidate{kept}"


def _guards(evidence: Evidence) -> None:
    done(f"guards, as they were seen last in phase {evidence.phase}")
    facts(
        (each.name, f"{each.decision}  e {each.e:.3g} of {each.threshold:.3g}  {each.reason}")
        for each in evidence.judged.guards
    )


@app.command()
def start(
    context: typer.Context,
    deployment: Annotated[str, typer.Argument(help="The deployment.")],
    candidate: Annotated[str, typer.Argument(help="The version, such as model:late-arrival@4.")],
    gate: Annotated[str, typer.Option(help="The gate's report that lets it (gate:ID).")] = "",
    reason: Annotated[str, typer.Option(help="Why you let it, where no gate does.")] = "",
    as_json: AsJson = False,
) -> None:
    """Begin to let a version answer a share of the callers; the worker does the rest."""
    session: Session = context.obj
    with session.change() as ws:
        found = ws.rollouts.start(deployment, candidate=candidate, gate=gate, reason=reason)
    _said(found, f"{found.ref} has begun: {found.candidate} beside {found.control}.", as_json=as_json)
    if not as_json:
        next_command(f"regrove rollouts show {found.deployment}")


@app.command()
def approve(context: typer.Context, which: Which, reason: Reason = "", as_json: AsJson = False) -> None:
    """Approve of the promotion that a rollout waits with."""
    session: Session = context.obj
    with session.change() as ws:
        found = ws.rollouts.approve(which, reason)
    _said(found, f"{found.ref} is approved; the next tick promotes {found.candidate}.", as_json=as_json)


@app.command()
def abort(context: typer.Context, which: Which, reason: Reason = "", as_json: AsJson = False) -> None:
    """End a rollout: the control answers everybody again."""
    session: Session = context.obj
    with session.change() as ws:
        found = ws.rollouts.abort(which, reason)
    _said(found, f"{found.ref} is aborted; {found.control} answers everybody.", as_json=as_json)


def _said(found: Rollout, text: str, *, as_json: bool) -> None:
    if as_json:
        emit_json(found)
    else:
        done(text)

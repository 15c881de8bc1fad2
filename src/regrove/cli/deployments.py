"""``deployments``: what is served, and the log of what it answered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from regrove.cli.session import AsJson, Session
from regrove.cli.show import console, done, emit_json, facts, listing, next_command, short, when

if TYPE_CHECKING:
    from regrove.serving import Deployment, Publication
    from regrove.workspace import Workspace

__all__ = ["app"]

app = typer.Typer(help="What is served, and the log of what it answered.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="The deployment.")]


@app.command(name="list")
def list_(context: typer.Context, as_json: AsJson = False) -> None:
    """List the deployments that were ever started."""
    session: Session = context.obj
    with session.open() as ws:
        found = ws.deployments.list()
    listing(
        found,
        (
            ("deployment", lambda d: d.name),
            ("state", lambda d: d.state),
            ("revision", lambda d: d.current.ref),
            ("model", lambda d: d.current.revision.model),
            ("candidate", lambda d: _candidates(d.current)),
            ("generation", lambda d: d.current.number),
            ("changed", lambda d: when(d.changed_at)),
        ),
        as_json=as_json,
        empty="No deployment was started yet. regrove serve starts one.",
    )


@app.command()
def show(context: typer.Context, name: Name, as_json: AsJson = False) -> None:
    """Show one deployment: what answers whom, what it published, and how much its log holds."""
    session: Session = context.obj
    with session.open() as ws:
        found = ws.deployments.get(name)
        history = ws.deployments.publications(name)
        counts = _counts(ws, found.name)
        differing, requests = ws.deployments.differing(name)
        sides = _sides(ws, found)
    if as_json:
        emit_json(
            {
                "deployment": found,
                "split": {"salt": found.current.salt, "sides": sides} if sides else None,
                "publications": history,
                "log": counts | {"differing": differing, "differing_requests": requests},
            }
        )
        return
    revision = found.current.revision
    done(f"{found.ref} is {found.state}: {found.current.ref} answers with {revision.model}")
    facts(
        (
            ("model digest", revision.model_digest),
            ("declared by", revision.declared),
            ("sticky key", revision.config.sticky or ""),
            ("limits", f"{revision.config.limits.rows:,} rows, {revision.config.limits.body_bytes:,} bytes a request"),
            ("predictions", f"{counts['predictions']:,}"),
            ("labelled", f"{counts['labelled']:,}"),
            ("parked labels", f"{counts['parked']:,} whose prediction is not in the log"),
            ("differing", _differing(differing, requests)),
        )
    )
    if sides:
        done(f"split {found.current.salt}")
        facts((each["revision"], _side(each)) for each in sides)
    done("generations")
    facts((f"{each.number}", _generation(each)) for each in history[-10:])


def _generation(published: Publication) -> str:
    answers = f"{published.revision.model}{', ' if published.candidates else ''}{_candidates(published)}"
    return f"{published.state:<8} {published.ref}  {answers}  {when(published.published_at)}"


def _candidates(published: Publication) -> str:
    """What answers a share of the callers beside the control, such as ``model:late@2 20%``; empty for nothing."""
    return ", ".join(f"{each.revision.model} {_percent(each.portion)}" for each in published.candidates)


def _percent(share: float) -> str:
    return f"{100 * share:.4g}%"


def _sides(ws: Workspace, deployment: Deployment) -> list[dict[str, Any]]:
    """What each revision of the open split does, in all its generations: the control, then the candidates."""
    current = deployment.current
    if not current.candidates:
        return []
    shares = [each.portion for each in current.candidates]
    tallies = ws.deployments.splits.tallies(deployment.name, salt=current.salt)
    return [
        {
            "revision": f"{deployment.ref}@{arm.number}",
            "model": arm.model,
            "share": share,
            "requests": sum(each.requests for each in tallies if each.revision == arm.number),
            "failed": sum(each.failed for each in tallies if each.revision == arm.number),
        }
        for arm, share in zip(current.arms, (round(1 - sum(shares), 6), *shares), strict=True)
    ]


def _side(side: dict[str, Any]) -> str:
    done_so_far = f"{side['requests']:,} requests, {side['failed']:,} failed"
    return f"{side['model']}  {_percent(side['share'])} of the callers  {done_so_far}"


def _differing(count: int, requests: Sequence[str]) -> str:
    """Predictions that were answered and not recorded, in words; empty when there are none."""
    if not count:
        return ""
    more = f" and {len(requests) - 3:,} more" if len(requests) > 3 else ""
    return (
        f"{count:,} predictions were answered and not recorded: the request ids "
        f"{', '.join(requests[:3])}{more} had been used for other rows"
    )


def _counts(ws: Workspace, name: str) -> dict[str, int]:
    import polars as pl

    log = ws.deployments.predictions(name)
    total, labelled = log.select(pl.len(), pl.col("label").is_not_null().sum().alias("labelled")).collect().row(0)
    return {"predictions": total, "labelled": labelled, "parked": ws.deployments.parked(name).height}


@app.command()
def start(context: typer.Context, name: Name, as_json: AsJson = False) -> None:
    """Let a declared deployment answer: publish what it declares."""
    session: Session = context.obj
    with session.change() as ws:
        found = ws.deployments.start(name)
    if as_json:
        emit_json(found)
        return
    done(
        f"{found.ref} runs: {found.current.ref} with {found.current.revision.model}, generation {found.current.number}."
    )
    next_command(f"regrove serve {found.name}")


@app.command()
def stop(context: typer.Context, name: Name, as_json: AsJson = False) -> None:
    """Let a deployment answer no more; its servers stay up, say so, and take labels still."""
    session: Session = context.obj
    with session.change() as ws:
        found = ws.deployments.stop(name)
    if as_json:
        emit_json(found)
        return
    done(f"{found.ref} is stopped.")
    next_command(f"regrove deployments start {found.name}")


@app.command()
def compact(context: typer.Context, name: Name, as_json: AsJson = False) -> None:
    """Turn the closed segments of a deployment's log into Parquet objects, each named in the ledger."""
    session: Session = context.obj
    with session.change() as ws:
        found = ws.deployments.compact(name)
    if as_json:
        emit_json(found)
        return
    done(
        f"{found.segments} segments became {len(found.objects)} objects: "
        f"{found.predictions:,} predictions and {found.labels:,} labels."
    )
    facts(
        (
            ("objects", ", ".join(short(each) for each in found.objects)),
            ("sent twice", f"{found.repeated} predictions, kept once" if found.repeated else ""),
            ("differing", _differing(found.differing, found.differing_requests)),
            (
                "torn tails",
                f"{found.torn_bytes} bytes of a record that was never acknowledged" if found.torn_bytes else "",
            ),
            ("still written", f"{found.live} segments, left for later" if found.live else ""),
        )
    )
    for damage in found.damaged:
        console.print(f"  damaged: {damage}", soft_wrap=True)

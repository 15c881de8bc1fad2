"""``models``: versions, and the decisions that make one of them live."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from regrove.cli.session import AsJson, Session
from regrove.cli.show import done, emit_json, facts, listing, next_command, short, when

if TYPE_CHECKING:
    from regrove.schema import Schema
    from regrove.workspace import Workspace

__all__ = ["app"]

app = typer.Typer(help="Model versions, and the decisions that make one of them live.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="The model.")]
Version = Annotated[str, typer.Argument(help="A version: NAME@NUMBER or NAME@ALIAS; NAME alone is the latest.")]
Alias = Annotated[str, typer.Option(help="The alias.")]


@app.command(name="list")
def list_(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Only versions of this model.")] = "",
    as_json: AsJson = False,
) -> None:
    """List model versions, the oldest first."""
    session: Session = context.obj
    with session.open() as ws:
        names = [name] if name else [model.name for model in ws.models.list()]
        versions = [version for each in names for version in ws.models.versions(each)]
    listing(
        versions,
        (
            ("version", lambda v: v.ref),
            ("alias", lambda v: ", ".join(v.aliases)),
            ("format", lambda v: v.manifest.format),
            ("metrics", lambda v: "  ".join(f"{key} {value:.4f}" for key, value in list(v.metrics.items())[:3])),
            ("registered", lambda v: when(v.registered_at)),
            ("digest", lambda v: short(v.digest)),
        ),
        as_json=as_json,
        empty="There are no models yet. regrove run trains and registers one.",
    )


@app.command()
def show(context: typer.Context, version: Version, as_json: AsJson = False) -> None:
    """Show one version: signature, metrics, inputs, code, and the decisions about it."""
    session: Session = context.obj
    with session.open() as ws:
        found = ws.models.get(version)
        decisions = [each for each in ws.models.decisions(found.name) if each.target == found.ordinal]
    if as_json:
        emit_json({"version": found, "ref": found.ref, "decisions": decisions})
        return
    manifest = found.manifest
    done(f"{found.ref}{' is ' + ', '.join(found.aliases) if found.aliases else ''}")
    facts(
        (
            ("digest", found.digest),
            ("registered", when(found.registered_at)),
            ("run", found.run),
            ("task", found.task),
            ("format", f"{manifest.format}  {short(manifest.model)}"),
            ("request", _columns(found.signature.request)),
            ("features", _columns(found.signature.features)),
            ("output", _columns(found.signature.output.schema)),
            (
                "serving code",
                f"{' -> '.join(x.function for x in manifest.serving.chain)}  {short(manifest.serving.code)}",
            ),
            ("trusted types", ", ".join(manifest.trusted_types)),
            ("seed", manifest.training.seed),
            ("params", ", ".join(f"{key}={value}" for key, value in manifest.training.params.items())),
        )
    )
    for title, pairs in (
        ("metrics on the holdout", [(key, f"{value:.6g}") for key, value in found.metrics.items()]),
        ("inputs", [(key, short(value)) for key, value in manifest.training.inputs.items()]),
        ("decisions", [(when(each.decided_at), f"{each.alias}: {each.reason} ({each.actor})") for each in decisions]),
    ):
        if pairs:
            done(title)
            facts(pairs)
    next_command(
        f"regrove trace {found.ref}" if found.aliases else f"regrove models promote {found.name}@{found.ordinal}"
    )


def _columns(schema: Schema) -> str:
    return ", ".join(f"{each.name} {each.type}{'?' if each.nullable else ''}" for each in schema)


@app.command()
def promote(
    context: typer.Context,
    version: Version,
    reason: Annotated[str, typer.Option(help="A sentence for whoever asks years later.")] = "",
    alias: Alias = "champion",
    evidence: Annotated[
        list[str] | None, typer.Option(help="A ref or digest that it rests on; may be given again.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Decide by hand that an alias shall stand at a version; deployments that follow it are published."""
    session: Session = context.obj
    with session.change() as ws:
        why = reason or _ask_reason(version, alias)
        declaration = ws.projects.applied.revision.ref
        decision = ws.models.promote(version, alias=alias, reason=why, evidence=evidence or (), declaration=declaration)
        published, waiting = _publish(ws, decision.name, alias)
    if as_json:
        emit_json({"decision": decision, "published": published})
        return
    before = f"model:{decision.name}@{decision.source}" if decision.source else "nothing"
    if not decision.recorded:
        done(f"{alias} of {decision.name} stands at {decision.model} already, by {decision.ref}: nothing is recorded.")
    else:
        done(f"{alias} of {decision.name}: {before} -> {decision.model}, decided by {decision.actor} ({decision.ref}).")
    for name in published:
        done(f"deployment:{name} is published with it; its servers load it and swap without dropping a request.")
    if waiting:
        next_command(f"regrove serve {waiting[0]}")
    else:
        next_command(f"regrove models live {decision.name}")


def _ask_reason(version: str, alias: str) -> str:
    import sys

    from regrove.errors import InvalidInput

    if sys.stdin.isatty():
        return str(typer.prompt(f"Why shall {alias} stand at {version}?"))
    raise InvalidInput(
        "A decision needs a reason",
        expected="a sentence for whoever asks years later",
        received="nothing",
        mend=f'regrove models promote {version} --reason "..."',
    )


def _publish(ws: Workspace, model: str, alias: str) -> tuple[list[str], list[str]]:
    """Publish the running deployments that follow the alias; their names, and those that were never started."""
    running = {each.name: each.current.number for each in ws.deployments.list() if each.state == "running"}
    following = []
    for name in ws.projects.applied.deployment_names():
        ref = ws.projects.applied.deployment(name).ref
        if (ref.name, ref.version) == (model, alias):
            following.append(name)
    published = [name for name in following if name in running and ws.deployments.publish(name).number > running[name]]
    return published, [name for name in following if name not in running]


@app.command()
def live(
    context: typer.Context,
    name: Name,
    alias: Alias = "champion",
    at: Annotated[str, typer.Option(help="An instant such as 2013-03-01T12:00:00Z; default: now.")] = "",
    as_json: AsJson = False,
) -> None:
    """Show which version an alias stands at, or stood at, and since which decision."""
    from regrove.clock import parse

    session: Session = context.obj
    with session.open() as ws:
        moment = parse(at) if at else None
        found = ws.models.live(name, alias, moment)
        moves = [each for each in ws.models.history(name, alias) if moment is None or each.moved_at <= moment]
        decision = ws.models.decision(moves[-1].decision)
    if as_json:
        emit_json({"ref": found.ref, "digest": found.digest, "since": moves[-1], "decision": decision})
        return
    done(f"{alias} of {name} {'stood' if at else 'stands'} at {found.ref}.")
    facts(
        (
            ("since", when(moves[-1].moved_at)),
            ("decided by", decision.actor),
            ("reason", decision.reason),
            ("declaration", decision.declaration),
            ("decision", decision.ref),
            ("moves", " -> ".join(str(each.target) for each in moves)),
        )
    )


@app.command()
def verify(context: typer.Context, version: Version, as_json: AsJson = False) -> None:
    """Recompute every digest of a version and audit its model file."""
    session: Session = context.obj
    with session.open() as ws:
        found = ws.models.verify(version)
    if as_json:
        emit_json(found)
        return
    done(
        f"{found.ref} is whole: {len(found.objects)} objects have their digests, {len(found.types)} types are trusted."
    )

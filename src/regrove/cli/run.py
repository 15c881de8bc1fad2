"""``run`` and ``why``: executing a pipeline, and explaining it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from regrove.cli.session import AsJson, Session
from regrove.cli.show import console, done, emit_json, facts, next_command, short

if TYPE_CHECKING:
    from regrove.pipelines import RunReport, RunRequest
    from regrove.workspace import Workspace

__all__ = ["register"]

Model = Annotated[str, typer.Argument(help="The model to make; may be left out when only one is declared.")]


def register(app: typer.Typer) -> None:
    """Add the commands to ``app``."""
    app.command()(run)
    app.command()(why)


def run(
    context: typer.Context,
    model: Model = "",
    from_step: Annotated[str, typer.Option("--from", help="Execute this step and what needs it, kept or not.")] = "",
    only: Annotated[str, typer.Option(help="Make only this step, and what it needs.")] = "",
    param: Annotated[
        list[str] | None, typer.Option(help="KEY=VALUE instead of the declared one; may be given again.")
    ] = None,
    cause: Annotated[str, typer.Option(help="The event that this run is because of.")] = "",
    as_json: AsJson = False,
) -> None:
    """Apply what changed, then run the pipeline of a model; every step that is kept is verified, not run."""
    from regrove.cli.progress import RunProgress
    from regrove.ledger import acting
    from regrove.pipelines import RunRequest

    params = _params(param or ())
    session: Session = context.obj
    with session.change() as ws, acting(cause=cause or None):
        name = _only_model(ws, model, list(ws.projects.declared().models))
        _apply(ws, RunRequest(name, params, from_step, only), quiet=as_json)
        with RunProgress(console if not as_json else _silent()) as progress:
            report = ws.pipelines.run(name, params=params, from_step=from_step, only=only, progress=progress.hear)
    if as_json:
        emit_json(report)
        return
    _say(report)


def _apply(ws: Workspace, request: RunRequest, *, quiet: bool) -> None:
    before = len(ws.projects.revisions())
    revision = ws.projects.apply(request)
    if revision.ordinal > before and not quiet:
        done(f"{revision.ref} applied ({short(revision.digest)}).")


def _silent() -> Any:
    from rich.console import Console

    return Console(quiet=True)


def _only_model(ws: Workspace, model: str, names: list[str]) -> str:
    from regrove.errors import InvalidInput

    if model:
        return model.removeprefix("model:")
    if len(names) == 1:
        return names[0]
    raise InvalidInput(
        f"Project {ws.project} declares {'several models' if names else 'no model'}",
        expected=f"one of {', '.join(names)}" if names else "a [models.NAME] table in regrove.toml",
        received="no name",
        mend=f"regrove run {names[0]}" if names else "",
    )


def _params(texts: Sequence[str]) -> dict[str, Any]:
    from regrove.errors import InvalidInput

    found: dict[str, Any] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise InvalidInput(
                "This is no param", expected="KEY=VALUE", received=repr(text), mend=f"--param {key or 'KEY'}=VALUE"
            )
        if key in found:
            raise InvalidInput(
                f"The param {key!r} is given twice",
                expected="each once",
                received=f"{found[key]!r}, then {value!r}",
                mend="leave one of them out",
            )
        found[key] = _value(key, value)
    return found


def _value(key: str, text: str) -> Any:
    """A number, list or table when the text is JSON, and the text itself when it is not."""
    import json
    import math

    from regrove.errors import InvalidInput

    def finite(number: str) -> float:
        value = float(number)
        if math.isfinite(value):
            return value
        raise InvalidInput(
            f"The param {key!r} is no finite number",
            expected="a number, a text, true or false, or a list or table of them as JSON",
            received=f"{key}={text}",
            mend=f"--param {key}=NUMBER; a text stands in quotes: --param '{key}=\"{text}\"'",
        )

    try:
        return json.loads(text, parse_constant=finite, parse_float=finite)
    except ValueError:
        return text


def _say(report: RunReport) -> None:
    executed, reused = len(report.executed), len(report.reused)
    done(f"{report.run.ref} finished: {executed} steps executed, {reused} kept and verified.")
    facts((key, f"{value:,.0f}" if value.is_integer() else f"{value:.4f}") for key, value in report.metrics.items())
    if not report.model_ref:
        next_command("regrove run")
        return
    name = report.model_ref.removeprefix("model:")
    if report.model_is_new:
        done(f"{report.model_ref} is registered.")
        next_command(
            f'regrove models promote {name} --reason "the first version"'
            if name.endswith("@1")
            else f"regrove models show {name}"
        )
    else:
        done(f"It made {report.model_ref} again, to the byte: nothing new is registered.")
        next_command(f"regrove models show {name}")


def why(
    context: typer.Context,
    model: Model = "",
    step: Annotated[str, typer.Argument(help="Only this step.")] = "",
    as_json: AsJson = False,
) -> None:
    """Explain each step: why it would run or not, and why it ran the last time."""
    session: Session = context.obj
    with session.open() as ws:
        names = ws.projects.applied.model_names()
        if model and not step and model.removeprefix("model:") not in names and len(names) == 1:
            model, step = names[0], model
        found = ws.pipelines.why(_only_model(ws, model, names), step)
    if as_json:
        emit_json(found)
        return
    words = {"reuse": "is kept", "execute": "would run", "open": "depends on what runs before it"}
    for each in found:
        done(f"{each.step} ({each.place}) {words[each.state]}")
        facts(("", reason) for reason in each.reasons)
        if each.last_run:
            facts([("last ran", each.last_run), *((" ", reason) for reason in each.last_reasons)])
        facts(("widened", place) for place in each.widened)

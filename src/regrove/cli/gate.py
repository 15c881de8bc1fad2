"""``gate``: whether a version may go live, and why."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from regrove.cli.session import AsJson, Session
from regrove.cli.show import console, done, emit_json, facts, listing, next_command, short, when

if TYPE_CHECKING:
    from regrove.gates import GateReport

__all__ = ["VERDICT_CODES", "app"]

VERDICT_CODES: Final = {"PROMOTE": 0, "REJECT": 4, "HOLD": 9}
"""What ``gate run`` ends with, by its verdict."""

app = typer.Typer(
    help="Whether a version may go live, told by checks that say how sure they are.", no_args_is_help=True
)

Html = Annotated[Path | None, typer.Option("--html", help="Write the report as one page.")]
JUnit = Annotated[Path | None, typer.Option("--junit", help="Write the report as JUnit XML.")]


@app.command()
def run(
    context: typer.Context,
    candidate: Annotated[str, typer.Argument(help="The version, such as late-arrival@4.")],
    champion: Annotated[str, typer.Option(help="Compare with this version; default: the champion.")] = "",
    cause: Annotated[str, typer.Option(help="The event or person because of which it is judged.")] = "",
    again: Annotated[bool, typer.Option("--again", help="Judge once more what was judged already.")] = False,
    html: Html = None,
    junit: JUnit = None,
    as_json: AsJson = False,
) -> None:
    """Judge a version; ends with 0 for PROMOTE, 4 for REJECT and 9 for HOLD."""
    session: Session = context.obj
    with session.change() as ws, console.status("judging") as status:
        report = ws.gates.run(
            candidate,
            champion=champion,
            cause=cause or None,
            again=again,
            progress=lambda kind: status.update(f"judging: {kind}"),
        )
    _tell(report, html, junit, as_json=as_json)
    if not as_json and report.verdict == "PROMOTE":
        name = report.model.removeprefix("model:")
        next_command(f'regrove models promote {name} --reason "{report.ref}" --evidence {report.ref}')
    elif not as_json:
        next_command(f"regrove gate show {report.ref} --html gate.html")
    raise typer.Exit(VERDICT_CODES[report.verdict])


@app.command(name="list")
def list_(
    context: typer.Context,
    model: Annotated[str, typer.Argument(help="Only reports on this model.")] = "",
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 20,
    as_json: AsJson = False,
) -> None:
    """List reports, the newest first."""
    session: Session = context.obj
    with session.open() as ws:
        found = ws.gates.list(model, limit=limit)
    listing(
        found,
        (
            ("report", lambda r: r.ref),
            ("candidate", lambda r: r.model),
            ("champion", lambda r: r.champion),
            ("verdict", lambda r: r.verdict),
            ("judged", lambda r: when(r.judged_at)),
            ("because", lambda r: r.reason),
        ),
        as_json=as_json,
        empty="Nothing was judged yet. regrove gate run VERSION judges a version.",
    )


@app.command()
def show(
    context: typer.Context,
    report: Annotated[str, typer.Argument(help="The report, such as gate:<id>, or last.")] = "last",
    html: Html = None,
    junit: JUnit = None,
    as_json: AsJson = False,
) -> None:
    """Show one report with all of its checks."""
    from regrove.errors import NotFound

    session: Session = context.obj
    with session.open() as ws:
        ref = report
        if report == "last":
            newest = ws.gates.list(limit=1)
            if not newest:
                raise NotFound("Nothing was judged yet", expected="a report", mend="regrove gate run VERSION")
            ref = newest[0].ref
        found = ws.gates.get(ref)
    _tell(found, html, junit, as_json=as_json)


def _tell(report: GateReport, html: Path | None, junit: Path | None, *, as_json: bool) -> None:
    written = _write(report, html, junit)
    if as_json:
        emit_json(report)
        return
    done(f"{report.verdict}: {report.reason}")
    facts((f"{each.status:<12} {each.name}", each.reason) for each in report.checks)
    facts(
        (
            ("report", report.ref),
            ("candidate", f"{report.model} {short(report.model_digest)}"),
            ("champion", f"{report.champion} {short(report.champion_digest)}" if report.champion else "none"),
            ("declared by", report.declaration),
            ("judged", when(report.judged_at)),
            ("written", ", ".join(written)),
        )
    )


def _write(report: GateReport, html: Path | None, junit: Path | None) -> list[str]:
    from regrove.gates import junit as as_junit
    from regrove.gates import page
    from regrove.render import write_page

    found = []
    if html is not None:
        found.append(str(write_page(html, page(report))))
    if junit is not None:
        found.append(str(write_page(junit, as_junit(report))))
    return found

"""``datasets``: tables as immutable versions, checked against what is expected of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Self

import typer

from regrove.cli.session import AsJson, Session
from regrove.cli.show import console, done, emit_json, facts, listing, next_command, short, when

if TYPE_CHECKING:
    from regrove.datasets import ColumnProfile, DatasetVersion, ValidationReport
    from regrove.workspace import Workspace

__all__ = ["app"]

app = typer.Typer(help="Tables as immutable versions, checked against what is expected of them.", no_args_is_help=True)

Version = Annotated[str, typer.Argument(help="A version: NAME@NUMBER; NAME alone is the newest.")]


@app.command()
def register(
    context: typer.Context,
    names: Annotated[list[str] | None, typer.Argument(help="The datasets; default: all that are declared.")] = None,
    as_json: AsJson = False,
) -> None:
    """Check the files of declared datasets and keep their content as versions."""
    session: Session = context.obj
    made = []
    with session.change() as ws:
        ws.projects.apply()
        for name in names or ws.projects.applied.dataset_names():
            before = _ordinals(ws, name)
            with _Counting(name, quiet=as_json) as counting:
                version = ws.datasets.register(name, progress=counting.rows)
            made.append(version)
            if not as_json:
                _say_registered(version, ws.datasets.report(version.ref), new=version.ordinal not in before)
    if as_json:
        emit_json(made)
        return
    next_command(f"regrove datasets show {made[0].dataset}" if made else "regrove plan")


class _Counting:
    """Shows how many rows were read, on a terminal."""

    def __init__(self, name: str, *, quiet: bool) -> None:
        self._name = name
        self._status = None if quiet or not console.is_terminal else console.status(f"checking {name}")

    def rows(self, count: int) -> None:
        """``count`` rows were read so far."""
        if self._status is not None:
            self._status.update(f"checking {self._name}: {count:,} rows")

    def __enter__(self) -> Self:
        if self._status is not None:
            self._status.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._status is not None:
            self._status.stop()


def _ordinals(ws: Workspace, name: str) -> set[int]:
    known = {each.name for each in ws.datasets.list()}
    return {each.ordinal for each in ws.datasets.versions(name)} if name in known else set()


def _say_registered(version: DatasetVersion, report: ValidationReport, *, new: bool) -> None:
    state = "registered" if new else "is this content already: nothing new"
    done(f"{version.ref} {state}: {version.rows:,} rows, {short(version.digest)}")
    passed = sum(result.passed for result in report.results)
    facts(
        (
            ("checked", f"{len(report.sources)} files, {passed} of {len(report.results)} rules hold"),
            (
                "quarantined",
                f"{report.refused:,} rows, kept in {short(report.refused_digest)}" if report.refused else "",
            ),
            *(("warning", f"{each.failed:,} rows against '{each.rule}'") for each in report.warnings),
        )
    )


@app.command(name="list")
def list_(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The versions of this dataset instead of the newest of each.")] = "",
    as_json: AsJson = False,
) -> None:
    """List datasets by their newest version, or the versions of one."""
    session: Session = context.obj
    with session.open() as ws:
        found = ws.datasets.versions(name) if name else [each.latest for each in ws.datasets.list()]
    listing(
        found,
        (
            ("version", lambda v: v.ref),
            ("rows", lambda v: f"{v.rows:,}"),
            ("key", lambda v: ", ".join(v.key)),
            ("event time", lambda v: v.event_time),
            ("registered", lambda v: when(v.registered_at)),
            ("digest", lambda v: short(v.digest)),
        ),
        as_json=as_json,
        empty="There are no dataset versions yet. regrove datasets register makes them.",
    )


@app.command()
def show(context: typer.Context, version: Version, as_json: AsJson = False) -> None:
    """Show one version: its files, the outcome of its rules, and a profile of each column."""
    session: Session = context.obj
    with session.open() as ws:
        found = ws.datasets.get(version)
        report, profile = ws.datasets.report(found.ref), ws.datasets.profile(found.ref)
    if as_json:
        emit_json({"version": found, "report": report, "profile": profile})
        return
    done(f"{found.ref}: {found.rows:,} rows")
    facts(
        (
            ("digest", found.digest),
            ("registered", when(found.registered_at)),
            ("key", ", ".join(found.key)),
            ("event time", found.event_time),
            ("files", ", ".join(each.file for each in report.sources)),
            ("refused rows", f"{report.refused:,} in {report.refused_digest}" if report.refused else ""),
        )
    )
    done("rules")
    facts((("holds" if each.passed else f"{each.failed:,} rows break it"), each.sentence) for each in report.results)
    done("columns")
    listing(
        profile.columns,
        (
            ("column", lambda c: c.name),
            ("type", lambda c: c.type),
            ("nulls", lambda c: f"{c.nulls:,}"),
            ("min", lambda c: _value(c, c.minimum)),
            ("mean", lambda c: _value(c, c.mean)),
            ("max", lambda c: _value(c, c.maximum)),
            ("distinct", lambda c: f"{c.distinct():,.0f}"),
        ),
        as_json=False,
        empty="none",
    )
    next_command(f"regrove datasets verify {found.dataset}@{found.ordinal}")


def _value(column: ColumnProfile, value: float | None) -> str:
    """A number of a profile as the column's type reads: instants and dates are counted from 1970."""
    if value is None:
        return ""
    if column.type == "timestamp":
        return when(int(value))
    if column.type == "date":
        return when(int(value) * 86_400_000_000)[:10]
    return f"{value:.6g}"


@app.command()
def verify(context: typer.Context, version: Version, as_json: AsJson = False) -> None:
    """Recompute every digest of a version from its bytes."""
    from regrove.errors import Corrupt
    from regrove.refs import parse

    session: Session = context.obj
    with session.open() as ws:
        found = ws.datasets.verify(version)
    if as_json:
        emit_json(found)
    if not found.ok:
        first = found.faults[0]
        raise Corrupt(
            f"{found.ref} is not what was registered: {first}",
            mend=f"delete what is damaged, then: regrove datasets register {parse(found.ref).name}",
        )
    if not as_json:
        done(f"{found.ref} is whole: every digest was computed again from its bytes.")

"""``monitors``: what watches deployments, and what it found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from regrove.cli.session import AsJson, Session
from regrove.cli.show import console, done, emit_json, facts, listing, next_command, short, when

if TYPE_CHECKING:
    from regrove.monitoring import MatureLoss, Monitor

__all__ = ["app"]

app = typer.Typer(help="What watches deployments, and what it found.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="The monitor.")]


@app.command(name="list")
def list_(context: typer.Context, as_json: AsJson = False) -> None:
    """List the monitors that are declared or were ever ticked."""
    session: Session = context.obj
    with session.open() as ws:
        found = ws.monitors.list()
    listing(
        found,
        (
            ("monitor", lambda m: m.name),
            ("deployment", lambda m: m.config.deployment if m.config else "(no longer declared)"),
            ("model", lambda m: m.reference.model if m.reference else ""),
            ("judged until", lambda m: when(m.progress.closed_until) if m.progress else "never ticked"),
            ("verdicts", _words),
            ("open alerts", lambda m: ", ".join(f"{each.kind} ({each.severity})" for each in m.alerts)),
        ),
        as_json=as_json,
        empty="No monitor is declared. A [monitors.NAME] table in regrove.toml declares one.",
    )


def _words(monitor: Monitor) -> str:
    return ", ".join(f"{each.window} {each.reference} {each.verdict}" for each in monitor.verdicts)


@app.command()
def show(
    context: typer.Context,
    name: Name,
    limit: Annotated[int, typer.Option(help="How many of the last verdicts and losses to show.")] = 10,
    as_json: AsJson = False,
) -> None:
    """Show one monitor: what it compares with, its last verdicts and losses, and its open alerts."""
    session: Session = context.obj
    with session.open() as ws:
        found = ws.monitors.get(name)
        verdicts = ws.monitors.verdicts(found.name, limit=limit)
        losses = ws.monitors.losses(found.name)[-limit:]
    if as_json:
        emit_json({"monitor": found, "verdicts": verdicts, "losses": losses})
        return
    _about(found)
    if verdicts:
        done("last verdicts")
        for each in verdicts:
            console.print(
                f"  {when(each.to_at)}  {each.window} against {each.reference}: {each.verdict}", soft_wrap=True
            )
            console.print(f"    {each.reason}", soft_wrap=True, markup=False)
    if losses:
        done("last losses")
        facts((each.local.partition("[")[0], _loss(each)) for each in losses)
    for alert in found.alerts:
        done(f"{alert.ref} is {alert.state}: {alert.kind}, {alert.severity}")
    if found.alerts:
        next_command(f"regrove alerts show {found.alerts[0].id}")
    elif found.progress is None:
        next_command("regrove worker", "judges what has become due")


def _about(monitor: Monitor) -> None:
    config, progress, reference, last = monitor.config, monitor.progress, monitor.reference, monitor.last_block
    if config is None:
        done(f"{monitor.ref} is no longer declared")
    else:
        done(f"{monitor.ref} watches deployment:{config.deployment} in blocks of {config.block} ({config.zone})")
    drift = config.drift if config else None
    facts(
        (
            ("judged until", when(progress.closed_until) if progress else "never ticked"),
            ("windows", ", ".join(config.windows) if config else ""),
            ("compared with", ", ".join(drift.references) if drift else ""),
            ("pages on", ", ".join(drift.page) if drift else ""),
            ("false pages a quarter", f"{drift.pages_per_quarter:g} expected at most" if drift else ""),
            ("loss", config.performance.metric if config and config.performance else ""),
            ("model", reference.model if reference else ""),
            ("reference", f"{reference.number}, {short(reference.object)}, of {reference.run}" if reference else ""),
            ("blocks", monitor.blocks or ""),
            ("last block", f"{last.local}: {last.rows:,} rows, {last.excluded:,} of others" if last else ""),
            ("late rows", f"{monitor.late_rows:,} came after their block was closed" if monitor.late_rows else ""),
        )
    )


def _loss(loss: MatureLoss) -> str:
    value = "no loss" if loss.mean is None else f"{loss.mean:.4g}"
    return f"{value}  {loss.labelled:,} of {loss.rows:,} labels  {loss.model}"

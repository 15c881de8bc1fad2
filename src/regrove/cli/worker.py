"""`regrove worker`: do what is due, again and again; and what it would do next."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from regrove.cli.session import AsJson, Session
from regrove.cli.show import console, done, emit_json
from regrove.clock import parse

__all__ = ["app"]

_ENDING = b"Ending after what goes on now; once more ends it at once, which loses nothing.\n"

app = typer.Typer(help="Do what is due: compact logs, judge, act on alerts, bring rollouts forward, anchor the ledger.")


@app.callback(invoke_without_command=True)
def work(
    context: typer.Context,
    until: Annotated[str, typer.Option(help="End when domain time has reached this instant.")] = "",
    once: Annotated[bool, typer.Option("--once", help="One tick, then end.")] = False,
) -> None:
    """Lead the workspace: tick until stopped, until an instant, or once."""
    if context.invoked_subcommand is not None:
        return
    from regrove.worker import Worker

    session: Session = context.obj
    with session.open() as ws, _stoppable() as stop:
        Worker(ws, say=lambda text: console.print(text, soft_wrap=True, markup=False)).run(
            until=parse(until) if until else None, once=once, stop=stop
        )
    done("The worker has ended; whatever is not done is done by the next.")


@contextmanager
def _stoppable() -> Iterator[threading.Event]:
    """An event that the first SIGTERM or SIGINT sets; the second one ends the process as usual."""
    stop = threading.Event()
    numbers = (signal.SIGTERM, signal.SIGINT)
    before = {number: signal.getsignal(number) for number in numbers}

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def ask(*_: object) -> None:
        restore()
        stop.set()
        os.write(2, _ENDING)  # the stream may be in the middle of a line of its own, and cannot be entered twice

    for number in numbers:
        signal.signal(number, ask)
    try:
        yield stop
    finally:
        restore()


@app.command()
def plan(context: typer.Context, as_json: AsJson = False) -> None:
    """Say what the next ticks would do, and why; nothing is changed."""
    from regrove.worker import Worker

    session: Session = context.obj
    with session.open() as ws:
        sentences = Worker(ws).plan()
    if as_json:
        emit_json(sentences)
        return
    for each in sentences or ["Nothing is declared that a worker would do: no monitor, no playbook, no rollout."]:
        console.print(each, soft_wrap=True, markup=False)

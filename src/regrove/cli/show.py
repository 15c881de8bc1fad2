"""Showing what was found: tables for people, JSON for programs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from regrove.clock import iso

__all__ = ["Cell", "console", "done", "emit_json", "facts", "lasted", "listing", "next_command", "short", "when"]

console = Console(highlight=False, width=None if sys.stdout.isatty() else 200)
"""Where people read; a pipe is given wide lines, so that nothing is cut for a terminal that is not there."""

Cell = tuple[str, Callable[[Any], Any]]
"""A column's header, and how its value is taken from an item."""


def emit_json(value: Any) -> None:
    """Print a value as JSON: Structs as objects, times (keys that end in ``_at``) as ISO 8601 in UTC."""
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(_timed(msgspec.to_builtins(value))), indent=2).decode())
    sys.stdout.write("\n")


def _timed(value: Any, key: str = "") -> Any:
    if isinstance(value, dict):
        return {name: _timed(each, name) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_timed(each) for each in value]
    return iso(value) if key.endswith("_at") and isinstance(value, int) and not isinstance(value, bool) else value


def listing(items: Iterable[Any], cells: Sequence[Cell], *, as_json: bool, empty: str) -> None:
    """Print items: one JSON array, or one row each; ``empty`` is said when there are none."""
    found = list(items)
    if as_json:
        emit_json(found)
        return
    if not found:
        console.print(empty, markup=False)
        return
    table = Table(box=None, pad_edge=False, header_style="dim")
    for header, _ in cells:
        table.add_column(header, overflow="fold")
    for item in found:
        table.add_row(*(Text(str(take(item))) for _, take in cells))
    console.print(table)


def facts(pairs: Iterable[tuple[str, Any]]) -> None:
    """Print a label and a value a line, aligned; empty values are left out."""
    shown = [(label, str(value)) for label, value in pairs if value not in ("", None, [], ())]
    width = max((len(label) for label, _ in shown), default=0)
    for label, value in shown:
        console.print(Text.assemble((f"  {label:<{width}}  ", "dim"), value), soft_wrap=True)


def done(text: str) -> None:
    """Say what was done."""
    console.print(Text(text), soft_wrap=True)


def next_command(command: str, why: str = "") -> None:
    """Name the next command, ready to be pasted."""
    note = f"   # {why}" if why else ""
    console.print(Text.assemble(("next  ", "dim"), (command, "bold"), (note, "dim")), soft_wrap=True)


def short(digest: str) -> str:
    """A digest short enough for a table, long enough to tell two apart.

    >>> short("b3-1:af1349b9f5f9a1a6a0404dea36dcc949")
    'b3-1:af1349b9f5f9'
    """
    head, _, body = digest.partition(":")
    return f"{head}:{body[:12]}" if body else digest[:12]


def when(micros: int | None) -> str:
    """A time for people, to the second.

    >>> when(1356998400123456)
    '2013-01-01 00:00:00Z'
    """
    return "" if micros is None else iso(micros // 1_000_000 * 1_000_000).replace("T", " ")


def lasted(started: int, ended: int | None) -> str:
    """The time between two instants.

    >>> lasted(0, 2_500_000)
    '2.5 s'
    """
    if ended is None:
        return ""
    seconds = (ended - started) / 1_000_000
    return f"{seconds:.1f} s" if seconds < 120 else f"{seconds / 60:.0f} min"

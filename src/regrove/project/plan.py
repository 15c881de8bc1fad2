"""What the file would change against what is recorded."""

from __future__ import annotations

from typing import Any

import msgspec

from regrove.project.declaration import TABLES, Declaration

__all__ = ["Change", "Plan", "compare"]


class Change(msgspec.Struct, frozen=True):
    """One difference between the declaration in force and the file."""

    what: str
    """``added``, ``removed`` or ``changed``."""
    where: str
    """A table's path such as ``models.late-arrival``, or a source file's."""
    before: str = ""
    after: str = ""


class Plan(msgspec.Struct, frozen=True):
    """What `Projects.apply` would record."""

    digest: str
    in_force: str
    """The ref of the revision in force, or an empty string before the first."""
    changes: tuple[Change, ...]
    beside: tuple[str, ...] = ()
    """The other projects of the workspace when this one would be new to it."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing would change."""
        return not self.changes


def compare(
    before: Declaration | None, after: Declaration, old_files: dict[str, str], new_files: dict[str, str]
) -> tuple[Change, ...]:
    """The differences, declarations first, then source files."""
    changes: list[Change] = []
    old, new = _flat(before), _flat(after)
    for where in sorted(old.keys() | new.keys()):
        changes += _change(where, old.get(where), new.get(where))
    for path in sorted(old_files.keys() | new_files.keys()):
        if old_files.get(path) != new_files.get(path):
            what = "added" if path not in old_files else "removed" if path not in new_files else "changed"
            changes.append(Change(what, path))
    return tuple(changes)


def _flat(declaration: Declaration | None) -> dict[str, Any]:
    """Each entry that may change by itself: ``datasets.flights.source`` and so on."""
    if declaration is None:
        return {}
    plain = msgspec.to_builtins(declaration)
    flat: dict[str, Any] = {f"project.{key}": value for key, value in plain["project"].items()}
    for table in TABLES:
        for name, entry in plain[table].items():
            flat |= {f"{table}.{name}.{key}": value for key, value in entry.items() if value not in (None, [], {})}
    return flat


def _change(where: str, old: Any, new: Any) -> list[Change]:
    if old == new:
        return []
    what = "added" if old is None else "removed" if new is None else "changed"
    return [Change(what, where, _text(old), _text(new))]


def _text(value: Any) -> str:
    return "" if value is None else msgspec.json.encode(value).decode()

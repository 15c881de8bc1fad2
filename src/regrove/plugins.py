"""Parts that are found by name: model formats, expectations, checks, whatever a declaration can name.

A plugin is an entry point of the group ``regrove.<kind>``. The built-in parts come in by this same door, so what others
offer is found, named and refused exactly as ours is. Nothing is imported until a declaration names it.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from regrove.errors import InvalidInput, Unavailable, nearest

__all__ = ["BrokenPlugin", "load", "names"]

_KIND = re.compile(r"[a-z][a-z0-9_]*\Z")


class BrokenPlugin(Unavailable):
    """A plugin is installed but cannot be imported."""

    code = "broken-plugin"


def names(kind: str) -> tuple[str, ...]:
    """The names of all installed plugins of this kind, sorted; nothing is imported.

    >>> "skops" in names("model_formats")
    True
    """
    return tuple(sorted({entry.name for entry in _entries(kind)}))


def load(kind: str, name: str) -> Any:
    """The plugin called ``name``; the same object each time.

    Raises InvalidInput with the nearest name when none is called so or two distributions offer the same name, and
    BrokenPlugin when the one that is cannot be imported.
    """
    found = {entry.value: entry for entry in _entries(kind) if entry.name == name}
    if not found:
        known = names(kind)
        raise InvalidInput(
            f"There is no {_spoken(kind)} {name!r}",
            expected=f"one of {', '.join(known)}" if known else f"a plugin of the group regrove.{kind}",
            received=repr(name),
            mend=nearest(name, known) or f"install the package that offers it (entry-point group regrove.{kind})",
        )
    if len(found) > 1:
        raise InvalidInput(
            f"Two installed packages offer the {_spoken(kind)} {name!r}",
            expected="one",
            received=", ".join(sorted(found)),
            mend="uninstall all but one of them",
        )
    return _import(next(iter(found.values())), kind)


@cache
def _entries(kind: str) -> tuple[EntryPoint, ...]:
    if not _KIND.match(kind):
        raise InvalidInput("This is not a kind of plugin", expected="lower-case letters and _", received=repr(kind))
    return tuple(entry_points(group=f"regrove.{kind}"))


def _import(entry: EntryPoint, kind: str) -> Any:
    try:
        return entry.load()
    except (ImportError, AttributeError) as error:
        raise BrokenPlugin(
            f"The {_spoken(kind)} {entry.name!r} is installed but cannot be imported: {error}",
            expected=f"{entry.value} to be importable",
            mend=f"reinstall {entry.dist.name if entry.dist else 'the package that offers it'}",
        ) from error


def _spoken(kind: str) -> str:
    return kind.replace("_", " ").removesuffix("s")

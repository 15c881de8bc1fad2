"""Why a closure is not what it was: the sentences of ``regrove why``."""

from __future__ import annotations

import msgspec

from regrove.pipelines.code.closure import Closure, Part

__all__ = ["Change", "explain"]

_WHAT = {
    "function": "the function {name}",
    "class": "the class {name}",
    "value": "the value {name}",
    "import": "the import of {name}",
    "statement": "the statement that changes {name}",
    "annotations": "the annotations of {name}",
    "order": "the order of the statements that touch {name}",
    "file": "the file {name}",
    "distribution": "the installed version of {name}",
}


class Change(msgspec.Struct, frozen=True, order=True):
    """One difference between two closures."""

    part: Part
    """The part as it is now, or as it was when it is gone. An installed package is a part of kind ``distribution``,
    with its version in place of a digest."""
    what: str
    """``changed``, ``added`` or ``removed``."""
    sentence: str = ""
    """The same for people: ``the function clean in steps.text changed``."""


def explain(before: Closure, after: Closure) -> list[Change]:
    """The differences from ``before`` to ``after``, those of the source first; empty when both digests agree.

    >>> then = Closure("late", "b3-1:0", (Part("pipeline", "LIMIT", "value", "b3-1:1"),))
    >>> now = Closure("late", "b3-1:2", (Part("pipeline", "LIMIT", "value", "b3-1:3"),))
    >>> [change.sentence for change in explain(then, now)]
    ['the value LIMIT in pipeline changed']
    """
    old, new = _parts(before), _parts(after)
    changes = [_change(new[key], "changed", old[key]) for key in new if key in old and new[key] != old[key]]
    changes += [_change(new[key], "added") for key in new if key not in old]
    changes += [_change(old[key], "removed") for key in old if key not in new]
    rank = {"order": 1, "distribution": 2}
    return sorted(changes, key=lambda change: (rank.get(change.part.kind, 0), change.part, change.what))


def _parts(closure: Closure) -> dict[tuple[str, str, str], Part]:
    packages = [Part("", name, "distribution", version) for name, version in closure.distributions]
    return {(each.module, each.name, each.kind): each for each in (*closure.parts, *packages)}


def _change(part: Part, what: str, before: Part | None = None) -> Change:
    said = _WHAT.get(part.kind, "{name}").format(name=part.name)
    place = f" in {part.module}" if part.module and part.kind != "file" else ""
    how = {"added": "is reached now", "removed": "is no longer reached"}.get(what, what)
    if part.kind == "distribution" and before is not None:
        how = f"changed from {before.digest} to {part.digest}"
    return Change(part, what, f"{said}{place} {how}")

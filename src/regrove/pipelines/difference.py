"""Why a step is not what it was: a recipe compared with that of the last execution, as sentences."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from regrove.pipelines.code import Closure, explain
from regrove.pipelines.recipe import Ingredient, Recipe

__all__ = ["differences"]


def differences(
    before: Recipe, after: Recipe, before_closure: Closure | None, after_closure: Closure
) -> tuple[str, ...]:
    """Everything that keeps ``after`` from being ``before``, code first; empty when the keys are equal."""
    if before.key == after.key:
        return ()
    after = msgspec.json.decode(msgspec.json.encode(after), type=Recipe)  # a tuple of today is a list of the record
    found = _code(before, after, before_closure, after_closure)
    found += _inputs(before.ingredients, after.ingredients)
    found += _values("the parameter", before.params, after.params)
    if before.settings != after.settings:
        found.append("what the declaration says about it changed")
    found += _versions(dict(before.distributions), dict(after.distributions))
    found += [
        f"the environment variable {name} changed"
        for name in sorted(before.variables.keys() | after.variables.keys())
        if before.variables.get(name) != after.variables.get(name)
    ]
    if before.python != after.python:
        found.append(f"Python changed from {before.python} to {after.python}")
    if before.kind != after.kind:
        found.append(f"what it returns is kept as {after.kind} instead of {before.kind}")
    if before.version != after.version:
        found.append("this version of Regrove keeps results by other rules")
    return tuple(found)


def _code(before: Recipe, after: Recipe, old: Closure | None, new: Closure) -> list[str]:
    if before.closure == after.closure:
        return []
    if old is None:
        return ["its code changed"]
    # Versions are compared by recipe: a closure is kept once, with the versions of the day it was first seen.
    found = [change.sentence for change in explain(old, new) if change.part.kind != "distribution"]
    return found or ["its code changed"]


def _inputs(before: tuple[Ingredient, ...], after: tuple[Ingredient, ...]) -> list[str]:
    old = {each.parameter: each for each in before}
    found: list[str] = []
    for each in after:
        was = old.pop(each.parameter, None)
        if was is None:
            found.append(f"it needs {each.parameter} now")
        elif was.content != each.content:
            datasets = each.source.startswith("dataset:") and was.source != each.source
            found.append(
                f"the dataset moved from {was.source} to {each.source}"
                if datasets
                else f"its input {each.parameter} ({each.source}) has other content"
            )
    return found + [f"it no longer needs {name}" for name in old]


def _values(what: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    found: list[str] = []
    for key in sorted(before.keys() | after.keys()):
        if key not in after:
            found.append(f"{what} {key} is no longer given")
        elif key not in before:
            found.append(f"{what} {key} is given now: {after[key]!r}")
        elif before[key] != after[key]:
            found.append(f"{what} {key} changed from {before[key]!r} to {after[key]!r}")
    return found


def _versions(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    found = [
        f"the installed version of {name} changed from {before[name]} to {after[name]}"
        for name in sorted(before.keys() & after.keys())
        if before[name] != after[name]
    ]
    found += [f"its code uses {name} now" for name in sorted(after.keys() - before.keys())]
    return found + [f"its code no longer uses {name}" for name in sorted(before.keys() - after.keys())]

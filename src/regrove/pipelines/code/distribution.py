"""Which installed distributions an import reaches, and their versions."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from functools import cache
from importlib import metadata

__all__ = ["NOT_INSTALLED", "distributions"]

NOT_INSTALLED = "not installed"
"""The version given for a package that is imported and not there, so that installing it is a change."""


@cache
def _providers() -> dict[str, tuple[str, ...]]:
    return {name: tuple(sorted(set(found))) for name, found in metadata.packages_distributions().items()}


@cache
def _version(name: str) -> str:
    return metadata.version(name)


def distributions(packages: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Name and version of the distributions that provide top-level packages, sorted; the standard library has none.

    >>> distributions(["json", "msgspec"])[0][0]
    'msgspec'
    """
    found: dict[str, str] = {}
    for package in packages:
        if package in sys.stdlib_module_names or not package:
            continue
        for name in _providers().get(package, ()):
            found[name.lower().replace("_", "-")] = _version(name)
        if package not in _providers():
            found[package] = NOT_INSTALLED
    return tuple(sorted(found.items()))

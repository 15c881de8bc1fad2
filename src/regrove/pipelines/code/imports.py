"""What an import statement brings: which module, which of its names, and under which name it is known here."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from regrove.errors import InvalidInput

__all__ = ["Imported", "Target", "imported"]


@dataclass(frozen=True, slots=True)
class Target:
    """A module, or with ``name`` one name of it (which may turn out to be a submodule)."""

    module: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Imported:
    """One alias of an import statement. ``bound`` is ``*`` for a star import."""

    bound: str
    target: Target
    loaded: str
    """The module that the statement runs; for ``import a.b`` that is ``a.b`` while ``a`` is bound."""


def imported(node: ast.Import | ast.ImportFrom, *, package: str, where: str) -> list[Imported]:
    """The aliases of ``node``, standing in a module of ``package``; InvalidInput when dots lead out of the project."""
    if isinstance(node, ast.Import):
        return [_plain(alias) for alias in node.names]
    module = _absolute(node, package, where)
    return [Imported(alias.asname or alias.name, Target(module, alias.name), module) for alias in node.names]


def _plain(alias: ast.alias) -> Imported:
    if alias.asname:
        return Imported(alias.asname, Target(alias.name), alias.name)
    first = alias.name.partition(".")[0]
    return Imported(first, Target(first), alias.name)


def _absolute(node: ast.ImportFrom, package: str, where: str) -> str:
    if not node.level:
        return node.module or ""
    parts = package.split(".") if package else []
    if node.level > len(parts):
        raise InvalidInput(
            f"{where}:{node.lineno} has a relative import that leads out of the project",
            expected=f"at most {len(parts)} leading dots" if parts else "no leading dots in a module outside a package",
            received=f"from {'.' * node.level}{node.module or ''} import ...",
            mend="write the whole name of the module",
        )
    base = parts[: len(parts) - node.level + 1]
    return ".".join([*base, node.module] if node.module else base)

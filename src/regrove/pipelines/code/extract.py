"""The code that travels: the modules of a project again, with nothing in them but what some functions reach.

The modules keep their names and lie in one package of any name. Imports among them are written with dots, so the
package finds its own modules even when the project, or an installed package, has modules of the same names.
"""

from __future__ import annotations

import ast
import copy
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

from regrove.errors import Refused
from regrove.pipelines.code.imports import imported
from regrove.pipelines.code.module import Module, Statement
from regrove.pipelines.code.project import Project
from regrove.pipelines.code.reach import Reach

__all__ = ["package"]

_BESIDE = ("importlib.resources", "importlib_resources")


def package(project: Project, reach: Reach) -> dict[str, str]:
    """Path and source of each module of the package, sorted by path; Refused for code that would not work there."""
    statements = reach.ordered()
    _check(project, reach, statements)
    verbatim = any(each.reads_source for each in statements)
    by_module: dict[str, list[Statement]] = defaultdict(list)
    for each in statements:
        by_module[each.module].append(each)
    rings = _rings(project, reach.modules)
    in_rings: dict[str, list[Statement]] = defaultdict(list)
    for name, run, statement in project.running:
        if statement.single is not None and run & rings:
            in_rings[name].append(statement)
    files = {"__init__.py": ""}
    for name in reach.modules:
        module = project.modules[name]
        if not module.opaque:
            path = module.path or f"{name.replace('.', '/')}/__init__.py"
            kept = sorted({*by_module[name], *in_rings[name]}, key=lambda each: each.index)
            files[path] = _source(project, module, [_node(each, reach.statements, verbatim=verbatim) for each in kept])
    return dict(sorted(files.items()))


def _node(statement: Statement, reached: Collection[Statement], *, verbatim: bool) -> ast.stmt:
    """The statement as it is written out; an import that stays for the order alone binds a name of no meaning."""
    single = statement.single
    if statement in reached or single is None:
        return statement.written(verbatim=verbatim)
    return ast.copy_location(
        ast.Import([ast.alias(single.loaded, f"_ran_{single.loaded.replace('.', '_')}")]), statement.node
    )


def _rings(project: Project, names: Collection[str]) -> set[str]:
    """The modules that import each other: whether that works depends on which is imported first."""
    ahead: dict[str, set[str]] = defaultdict(set)
    for name, run, _ in project.running:
        if name in names:
            ahead[name] |= run & set(names)
    return {name for name in names if name in _behind(name, ahead)}


def _behind(name: str, ahead: Mapping[str, set[str]]) -> set[str]:
    """All modules that importing ``name`` imports."""
    found: set[str] = set()
    pending = set(ahead.get(name, ()))
    while pending:
        each = pending.pop()
        found.add(each)
        pending |= ahead.get(each, set()) - found
    return found


def _check(project: Project, reach: Reach, statements: Iterable[Statement]) -> None:
    places = [(each.where, each.reason) for each in sorted(reach.widened) if each.reason.endswith("by name")]
    places += [
        (where, f"{name} reads files of a package")
        for name, where in sorted(reach.mentioned.items())
        if name.startswith(_BESIDE)
    ]
    places += [
        (f"{project.modules[each.module].path}:{node.lineno}", "__file__ leads to files beside the code")
        for each in statements
        for node in ast.walk(each.node)
        if isinstance(node, ast.Name) and node.id in ("__file__", "__path__")
    ]
    if places:
        where, reason = places[0]
        raise Refused(
            f"{where} cannot travel with a model: {reason}",
            expected="code that imports with import statements and reads no files of the project",
            received=f"{len(places)} such place{'s' if len(places) > 1 else ''}",
            mend="write the import out, or the data of the file as a constant in the module",
        )


def _source(project: Project, module: Module, nodes: list[ast.stmt]) -> str:
    rewrite = _Relative(project, module)
    body: list[ast.stmt] = []
    if module.lazy_annotations and any(_is_annotated(inner) for node in nodes for inner in ast.walk(node)):
        body.append(ast.ImportFrom("__future__", [ast.alias("annotations")], 0))
    for node in nodes:
        body += rewrite.rewritten(copy.deepcopy(node))
    return "".join(f"{ast.unparse(ast.fix_missing_locations(each))}\n" for each in body)


def _is_annotated(node: ast.AST) -> bool:
    return any(getattr(node, name, None) is not None for name in ("annotation", "returns"))


class _Relative(ast.NodeTransformer):
    """Writes imports of the project's own modules with dots."""

    def __init__(self, project: Project, module: Module) -> None:
        self._project = project
        self._module = module
        self._level = 1 + (module.package.count(".") + 1 if module.package else 0)

    def rewritten(self, node: ast.stmt) -> list[ast.stmt]:
        """The statements that take the place of ``node``."""
        changed = self.visit(node)
        kept = changed if isinstance(changed, list) else [changed]
        return [each for each in kept if isinstance(each, ast.stmt)]

    def visit(self, node: ast.AST) -> ast.AST | list[ast.stmt]:
        if isinstance(node, ast.ImportFrom):
            return self._from(node)
        if isinstance(node, ast.Import):
            return [each for alias in node.names for each in self._import(alias)]
        changed = self.generic_visit(node)
        assert isinstance(changed, ast.AST)
        return changed

    def _from(self, node: ast.ImportFrom) -> ast.stmt:
        loaded = imported(node, package=self._module.package, where=self._module.path)[0].loaded
        if loaded not in self._project.modules:
            return node
        return ast.ImportFrom(loaded, node.names, self._level)

    def _import(self, alias: ast.alias) -> list[ast.stmt]:
        if alias.name not in self._project.modules:
            return [ast.Import([alias])]
        above, _, last = alias.name.rpartition(".")
        if alias.asname or not above:
            return [ast.ImportFrom(above or None, [ast.alias(last, alias.asname)], self._level)]
        # ``import a.b`` binds ``a`` and loads ``a.b``; the second has no form with dots that binds nothing.
        first = alias.name.partition(".")[0]
        return [
            ast.ImportFrom(None, [ast.alias(first)], self._level),
            ast.ImportFrom(above, [ast.alias(last, self._unused(alias.name))], self._level),
        ]

    def _unused(self, name: str) -> str:
        free = f"_{name.replace('.', '_')}"
        while free in self._module.text:
            free = f"_{free}"
        return free

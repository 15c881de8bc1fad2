"""Scopes as Python follows them, and the notes taken while reading: mentions, changes, places that do not say."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from regrove.pipelines.code.imports import Target
from regrove.pipelines.code.names import Names, same_objects
from regrove.pipelines.code.use import Dynamic, Use, Uses
from regrove.pipelines.code.walk import Walker

__all__ = ["Scope", "Scoped", "dotted"]


def dotted(node: ast.expr) -> tuple[ast.expr, tuple[str, ...]]:
    """The expression that a chain of attributes begins with, and the attributes."""
    path: list[str] = []
    while isinstance(node, ast.Attribute):
        path.insert(0, node.attr)
        node = node.value
    return node, tuple(path)


@dataclass(slots=True)
class Scope:
    """One function, class or comprehension that is being read."""

    kind: str
    names: Names
    parameters: frozenset[str] = frozenset()
    own: str = ""
    """For a method: its first parameter, the object itself."""
    title: str = ""
    """The name of the function."""
    definite: set[str] = field(default_factory=set)
    """For a class body: the names bound by the statements read so far."""


class Scoped(Walker):
    """A walker that knows in which scope it is and notes in ``found`` what it meets.

    ``known`` are the names that the module binds, which may hide built-in ones.
    """

    def __init__(self, *, package: str, where: str, known: frozenset[str] = frozenset()) -> None:
        self.found = Uses()
        self._package = package
        self._where = where
        self._known = known
        self._scopes: list[Scope] = []
        self._deferred = 0
        self._called = 0
        self._discarded: ast.expr | None = None

    # Looking names up.

    def _lookup(self, name: str) -> Scope | None:
        """The scope that ``name`` belongs to here, or None for the module's."""
        for depth, scope in enumerate(reversed(self._scopes)):
            if scope.kind == "class":
                if depth == 0 and name in scope.definite:
                    return scope
                continue
            if name in scope.names.declared:
                return None
            if name in scope.names.outer:
                continue
            if name in scope.parameters or name in scope.names.bound:
                return scope
        return None

    def _use(
        self, node: ast.expr, name: str, path: tuple[str, ...], mode: str = "read", callee: Use | None = None
    ) -> list[Use]:
        """Note a mention of ``name`` and say what it is of the module; nothing for a plain local."""
        scope = self._lookup(name)
        origins: list[Target | None] = [None]
        if scope is not None:
            origins = list(scope.names.imports.get(name, ()))
        made = [
            Use(
                name=name if origin is None else "",
                path=path,
                line=node.lineno,
                mode=mode,
                origin=origin,
                deferred=self._deferred > 0,
                called=self._called > 0,
                callee=callee,
            )
            for origin in origins
        ]
        self.found.uses.extend(made)
        return made

    def _dynamic(self, node: ast.expr, to: str, reason: str, use: Use | None = None) -> None:
        self.found.dynamics.append(Dynamic(reason, node.lineno, to, use, self._deferred > 0))

    def _is_builtin(self, name: str) -> bool:
        return name not in self._known and self._lookup(name) is None

    def changed(self, node: ast.expr) -> list[Use]:
        """The uses that a change of the object of ``node`` would be a change of."""
        before = len(self.found.uses)
        self._change(node, "argument")
        made = self.found.uses[before:]
        del self.found.uses[before:]
        return made

    def _change(
        self, node: ast.expr, mode: str, callee: Use | None = None, seen: frozenset[tuple[int, str]] = frozenset()
    ) -> None:
        """Note that the object of ``node``, or one it is part of, may change."""
        path: list[str] = []
        while not isinstance(node, ast.Name):
            if isinstance(node, ast.Attribute):
                path.insert(0, node.attr)
                node = node.value
            elif isinstance(node, ast.Subscript):
                path, node = [], node.value
            elif isinstance(node, ast.Call) and isinstance(node.func, (ast.Attribute, ast.Name)):
                self._change_given(node, seen)
                if isinstance(node.func, ast.Name):
                    path, node, mode = [], node.func, "result"
                    continue
                root, called = dotted(node.func)
                if isinstance(root, ast.Name):
                    self._use(root, root.id, called, "result")
                path, node = [], node.func.value
                mode = "receiver" if mode != "passed" else mode
            else:
                for each in same_objects(node):
                    self._change(each, mode, callee, seen)
                return
        scope = self._lookup(node.id)
        if scope is not None:
            if node.id == scope.own:
                self.found.changing_methods.add(scope.title)
            elif node.id in scope.parameters:
                self.found.changes_parameters = True
            mark = (id(scope), node.id)
            if mark not in seen:
                for each in scope.names.aliases.get(node.id, ()):
                    self._change(each, mode, callee, seen | {mark})
        self._use(node, node.id, tuple(path), mode, callee)

    def _change_given(self, node: ast.Call, seen: frozenset[tuple[int, str]]) -> None:
        """What a call returns may be what it was given."""
        root, path = dotted(node.func)
        if isinstance(root, ast.Name) and self._lookup(root.id) is None:
            callee = Use(root.id, path, node.lineno)
            for each in (*node.args, *(keyword.value for keyword in node.keywords)):
                for same in same_objects(each):
                    self._change(same, "given", callee, seen)

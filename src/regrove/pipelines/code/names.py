"""The names that a piece of code binds in its own scope, and what each may be another name of."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import ClassVar

from regrove.pipelines.code.imports import Imported, Target, imported
from regrove.pipelines.code.walk import Walker

__all__ = ["Names", "same_objects"]

_YIELDS_PART = frozenset({"setdefault", "get", "pop", "values", "items", "__getitem__", "__iter__"})
_PASSES_ON = frozenset({"iter", "enumerate", "zip", "reversed", "next"})


class Names(Walker):
    """Collects the names that statements bind, without entering functions, classes and comprehensions.

    ``bound`` are the names, ``imports`` those of them that an import brings, ``declared`` and ``outer`` what ``global``
    and ``nonlocal`` list, ``aliases`` the expressions whose very object a name may be.
    """

    HANDLERS: ClassVar = {
        ast.AnnAssign: "_annotated",
        ast.Assign: "_assign",
        ast.MatchAs: "_capture",
        ast.MatchStar: "_capture",
        ast.FunctionDef: "_function",
        ast.AsyncFunctionDef: "_function",
        ast.ClassDef: "_function",
        ast.comprehension: "_generator",
        ast.Global: "_global",
        ast.ExceptHandler: "_handler",
        ast.Import: "_import_statement",
        ast.ImportFrom: "_import_statement",
        ast.Lambda: "_lambda",
        ast.For: "_loop",
        ast.AsyncFor: "_loop",
        ast.MatchMapping: "_mapping",
        ast.Name: "_name",
        ast.Nonlocal: "_nonlocal",
        ast.NamedExpr: "_walrus",
        ast.withitem: "_with_item",
    }

    def __init__(self, nodes: Iterable[ast.AST], *, package: str, where: str) -> None:
        self.bound: dict[str, None] = {}
        self.declared: set[str] = set()
        self.outer: set[str] = set()
        self.imports: dict[str, list[Target]] = defaultdict(list)
        self.stars: list[Imported] = []
        self.aliases: dict[str, list[ast.expr]] = defaultdict(list)
        self._package = package
        self._where = where
        for node in nodes:
            self.visit(node)

    def _name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Store):
            self.bound[node.id] = None

    def _import_statement(self, node: ast.Import | ast.ImportFrom) -> None:
        for each in imported(node, package=self._package, where=self._where):
            if each.bound == "*":
                self.stars.append(each)
            else:
                self.bound[each.bound] = None
                self.imports[each.bound].append(each.target)

    def _global(self, node: ast.Global) -> None:
        self.declared.update(node.names)

    def _nonlocal(self, node: ast.Nonlocal) -> None:
        self.outer.update(node.names)

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> None:
        self.bound[node.name] = None
        for each in node.decorator_list:
            self.visit(each)

    def _lambda(self, node: ast.Lambda) -> None:
        """A scope of its own."""

    def _handler(self, node: ast.ExceptHandler) -> None:
        if node.name:
            self.bound[node.name] = None
        self.enter(node)

    def _capture(self, node: ast.MatchAs | ast.MatchStar) -> None:
        if node.name:
            self.bound[node.name] = None
        self.enter(node)

    def _mapping(self, node: ast.MatchMapping) -> None:
        if node.rest:
            self.bound[node.rest] = None
        self.enter(node)

    def _generator(self, node: ast.comprehension) -> None:
        # The target belongs to the comprehension; a walrus inside belongs to the scope around it.
        self.visit(node.iter)
        for each in node.ifs:
            self.visit(each)

    def _assign(self, node: ast.Assign) -> None:
        for target in node.targets:
            self._alias(target, node.value)
        self.enter(node)

    def _annotated(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self._alias(node.target, node.value)
        self.enter(node)

    def _walrus(self, node: ast.NamedExpr) -> None:
        self._alias(node.target, node.value)
        self.enter(node)

    def _loop(self, node: ast.For | ast.AsyncFor) -> None:
        self._alias(node.target, node.iter)
        self.enter(node)

    def _with_item(self, node: ast.withitem) -> None:
        if node.optional_vars is not None:
            self._alias(node.optional_vars, node.context_expr)
        self.enter(node)

    def _alias(self, target: ast.expr, value: ast.expr) -> None:
        for each in ast.walk(target):
            if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store):
                self.aliases[each.id].extend(same_objects(value))


def same_objects(value: ast.expr) -> Iterator[ast.expr]:
    """The expressions in ``value`` whose object the value may be, or may hold: a change of it changes theirs."""
    match value:
        case ast.Name() | ast.Attribute() | ast.Subscript():
            yield value
        case ast.IfExp(body=body, orelse=orelse):
            yield from same_objects(body)
            yield from same_objects(orelse)
        case ast.BoolOp(values=values) | ast.Tuple(elts=values) | ast.List(elts=values) | ast.Set(elts=values):
            for each in values:
                yield from same_objects(each)
        case ast.Dict(values=values):
            for each in values:
                yield from same_objects(each)
        case ast.NamedExpr(value=inner) | ast.Await(value=inner) | ast.Starred(value=inner):
            yield from same_objects(inner)
        case ast.Call(func=ast.Attribute(value=receiver, attr=method)) if method in _YIELDS_PART:
            yield from same_objects(receiver)
        case ast.Call(func=ast.Name(id=name), args=args) if name in _PASSES_ON:
            for each in args:
                yield from same_objects(each)
        case ast.Call(func=ast.Name() | ast.Attribute()):
            yield value
        case _:
            pass

"""The normal form of source: the syntax tree without what cannot change a result, and its digest.

Left out: comments, positions and layout (the tree has none), docstrings and other statements that are a bare constant,
annotations that Python does not evaluate, code under ``TYPE_CHECKING`` or under ``__name__ == "__main__"``, and the
decorator `regrove.step`. The text hashed names node kinds and filled fields only, so an optional field that a later
Python adds changes no digest.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from regrove.digest import of_bytes

__all__ = ["digest_of", "flattened", "normal"]

_SKIPPED = frozenset({"ctx", "kind", "type_comment", "type_ignores", "lineno", "col_offset"})


def digest_of(*nodes: ast.AST) -> str:
    """The digest of normalised nodes, in their order."""
    return of_bytes("\n".join(_text(node) for node in nodes).encode("utf-8", "surrogatepass"))


def _text(value: object) -> str:
    if isinstance(value, ast.Constant):
        return f"{type(value.value).__name__}:{value.value!r}"
    if isinstance(value, ast.AST):
        fields = (
            f"{name}={_text(each)}"
            for name, each in ast.iter_fields(value)
            if name not in _SKIPPED and each is not None and each != []
        )
        return f"{type(value).__name__}({' '.join(fields)})"
    if isinstance(value, list):
        return f"[{' '.join('-' if each is None else _text(each) for each in value)}]"
    return repr(value)


def flattened(body: Sequence[ast.stmt]) -> list[ast.stmt]:
    """The statements of a module that run on import, one alias to an import statement."""
    flat: list[ast.stmt] = []
    for statement in body:
        taken = _taken(statement) if isinstance(statement, ast.If) else None
        if taken is None and isinstance(statement, ast.If) and _is_main(statement.test):
            taken = statement.orelse
        if taken is not None:
            flat += flattened(taken)
        elif isinstance(statement, (ast.Import, ast.ImportFrom)):
            flat += [_single(statement, alias) for alias in statement.names]
        else:
            flat.append(statement)
    return flat


def _single(statement: ast.Import | ast.ImportFrom, alias: ast.alias) -> ast.stmt:
    if isinstance(statement, ast.Import):
        return ast.copy_location(ast.Import([alias]), statement)
    return ast.copy_location(ast.ImportFrom(statement.module, [alias], statement.level), statement)


def normal(
    statement: ast.stmt, *, lazy_annotations: bool, is_step: Callable[[ast.expr], bool], verbatim: bool = False
) -> ast.stmt | None:
    """A statement of a module in normal form, or None when nothing is left; the given one stays as it is.

    ``lazy_annotations`` says that the module has ``from __future__ import annotations``; ``is_step`` recognises the
    decorator `regrove.step`; ``verbatim`` keeps docstrings and annotations, for code that reads them.
    """
    form = _Normal(lazy_annotations=lazy_annotations, is_step=is_step, verbatim=verbatim)
    changed = form.visit(_copied(statement))
    assert changed is None or isinstance(changed, ast.stmt)
    return changed


def _copied(value: Any) -> Any:
    """A deep copy of a tree, many times as fast as `copy.deepcopy`."""
    if isinstance(value, list):
        return [_copied(each) for each in value]
    if not isinstance(value, ast.AST) or isinstance(value, (ast.expr_context, ast.operator)):
        return value
    made = type(value).__new__(type(value))
    made.__dict__.update({name: _copied(each) for name, each in value.__dict__.items()})
    return made


class _Normal(ast.NodeTransformer):
    _HANDLERS: ClassVar = {
        ast.AnnAssign: "_annotated",
        ast.AsyncFunctionDef: "_function",
        ast.ClassDef: "_class",
        ast.Expr: "_expression",
        ast.FunctionDef: "_function",
        ast.If: "_if",
    }

    def __init__(self, *, lazy_annotations: bool, is_step: Callable[[ast.expr], bool], verbatim: bool) -> None:
        self._lazy = lazy_annotations
        self._is_step = is_step
        self._verbatim = verbatim
        self._scopes: list[str] = ["module"]

    def visit(self, node: ast.AST) -> Any:
        return getattr(self, self._HANDLERS.get(type(node), "_entered"))(node)

    def _entered(self, node: ast.AST) -> ast.AST:
        self.generic_visit(node)
        body = getattr(node, "body", None)
        if isinstance(body, list) and not isinstance(node, ast.Module):
            # ``pass`` says nothing beside other statements, and must stand where nothing else does.
            node.body = [each for each in body if not isinstance(each, ast.Pass)] or [  # type: ignore[attr-defined]  # every node with a list body
                ast.Pass(lineno=getattr(node, "lineno", 1), col_offset=0)
            ]
        return node

    def _expression(self, node: ast.Expr) -> ast.AST | None:
        if isinstance(node.value, ast.Constant) and not self._verbatim:
            return None
        return self._entered(node)

    def _if(self, node: ast.If) -> ast.AST | list[ast.stmt]:
        taken = _taken(node)
        if taken is None:
            return self._entered(node)
        kept: list[ast.stmt] = []
        for statement in taken:
            changed = self.visit(statement)
            kept += changed if isinstance(changed, list) else [changed] if changed is not None else []
        return kept

    def _annotated(self, node: ast.AnnAssign) -> ast.AST | None:
        self._entered(node)
        scope = self._scopes[-1]
        if scope == "class" or self._verbatim or (scope == "module" and not self._lazy):
            return node
        if node.value is not None:
            return ast.copy_location(ast.Assign(targets=[node.target], value=node.value), node)
        if scope == "module":
            return None
        # A bare annotation makes the name local to the function, whatever it says.
        node.annotation = ast.copy_location(ast.Constant(value=None), node.annotation)
        return node

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> ast.AST:
        node.decorator_list = [each for each in node.decorator_list if not self._is_step(each)]
        # A decorator may read annotations even when Python does not evaluate them.
        if self._lazy and not node.decorator_list and not self._verbatim:
            node.returns = None
            for argument in _arguments(node.args):
                argument.annotation = None
        return self._inside("function", node)

    def _class(self, node: ast.ClassDef) -> ast.AST:
        return self._inside("class", node)

    def _inside(self, kind: str, node: ast.AST) -> ast.AST:
        self._scopes.append(kind)
        try:
            return self._entered(node)
        finally:
            self._scopes.pop()


def _taken(node: ast.If) -> list[ast.stmt] | None:
    """The branch that runs, when the test is about TYPE_CHECKING."""
    test = node.test
    if _is_type_checking(test):
        return node.orelse
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not) and _is_type_checking(test.operand):
        return node.body
    return None


def _arguments(args: ast.arguments) -> list[ast.arg]:
    single = [each for each in (args.vararg, args.kwarg) if each is not None]
    return [*args.posonlyargs, *args.args, *args.kwonlyargs, *single]


def _is_type_checking(test: ast.expr) -> bool:
    if isinstance(test, ast.Attribute):
        return test.attr == "TYPE_CHECKING" and isinstance(test.value, ast.Name)
    return isinstance(test, ast.Name) and test.id == "TYPE_CHECKING"


def _is_main(test: ast.expr) -> bool:
    if not (isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], ast.Eq)):
        return False
    sides = [test.left, *test.comparators]
    return any(isinstance(each, ast.Name) and each.id == "__name__" for each in sides) and any(
        isinstance(each, ast.Constant) and each.value == "__main__" for each in sides
    )

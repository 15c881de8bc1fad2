"""What a statement uses of its module: the names it reads, those it may change, and where the source does not say.

Scopes are followed as Python follows them: parameters and locals shadow, ``global`` and ``nonlocal`` point outwards,
a class body is not seen from its methods, a comprehension has its own targets. What runs when the statement runs is
told from what runs when a function defined in it is called (``deferred``).
"""

from __future__ import annotations

import ast
import builtins
from typing import ClassVar

from regrove.pipelines.code.imports import Imported, Target, imported
from regrove.pipelines.code.names import Names, same_objects
from regrove.pipelines.code.scope import Scope, Scoped, dotted
from regrove.pipelines.code.use import Use

__all__ = ["Reader"]

CHANGING = frozenset(
    [
        "add",
        "append",
        "appendleft",
        "clear",
        "discard",
        "extend",
        "extendleft",
        "insert",
        "pop",
        "popitem",
        "popleft",
        "register",
        "remove",
        "reverse",
        "rotate",
        "setdefault",
        "sort",
        "update",
    ]
)
"""Methods that change their object even when their result is used."""

_HARMLESS = frozenset(dir(builtins)) - {"delattr", "eval", "exec", "filter", "map", "next", "setattr", "super"}
"""Built-in functions that leave their arguments as they are."""

_DYNAMIC = {
    "eval": ("project", "eval() runs code that is not written in the source"),
    "exec": ("project", "exec() runs code that is not written in the source"),
    "compile": ("project", "compile() makes code that is not written in the source"),
    "__import__": ("project", "__import__() imports by name"),
    "globals": ("module", "globals() reaches every name of the module"),
}
_LOCAL_NAMESPACE = ("locals", "vars")


class Reader(Scoped):
    """Reads one top-level statement in normal form; the result is in ``found``."""

    HANDLERS: ClassVar = {
        ast.AnnAssign: "_annotated",
        ast.Assign: "_assign",
        ast.Attribute: "_attribute_of",
        ast.AugAssign: "_augmented",
        ast.Call: "_call",
        ast.ClassDef: "_class",
        ast.ListComp: "_comprehension",
        ast.SetComp: "_comprehension",
        ast.GeneratorExp: "_comprehension",
        ast.DictComp: "_comprehension",
        ast.Expr: "_expression",
        ast.FunctionDef: "_function",
        ast.AsyncFunctionDef: "_function",
        ast.Import: "_import_statement",
        ast.ImportFrom: "_import_statement",
        ast.Return: "_return",
        ast.Subscript: "_item",
        ast.Lambda: "_lambda",
        ast.Name: "_name",
    }

    # Reading.

    def _name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load):
            if node.id in _DYNAMIC and self._is_builtin(node.id):
                self._dynamic(node, *_DYNAMIC[node.id])
            elif node.id == "getattr" and self._is_builtin("getattr"):
                self._dynamic(node, "object", "getattr is passed on as a value")
            self._use(node, node.id, ())
        elif (self._scopes and self._lookup(node.id) is None and self._scopes[-1].kind != "class") or (
            isinstance(node.ctx, ast.Del) and not self._scopes
        ):
            self._use(node, node.id, (), "store")

    def _attribute_of(self, node: ast.Attribute) -> None:
        if not isinstance(node.ctx, ast.Load):
            self._change(node, "store")
        root, path = dotted(node)
        if isinstance(root, ast.Name):
            self._use(root, root.id, path)
        else:
            self.visit(root)
        if "__subclasses__" in path:
            self._dynamic(node, "project", "__subclasses__ finds classes that are not named")

    def _item(self, node: ast.Subscript) -> None:
        if not isinstance(node.ctx, ast.Load):
            self._change(node, "store")
        self.enter(node)

    def _augmented(self, node: ast.AugAssign) -> None:
        if isinstance(node.target, ast.Name):
            self._change(node.target, "argument")
            self._use(node.target, node.target.id, ())
        self.enter(node)

    def _expression(self, node: ast.Expr) -> None:
        self._discarded = node.value.value if isinstance(node.value, ast.Await) else node.value
        self.visit(node.value)

    def _assign(self, node: ast.Assign) -> None:
        if all(isinstance(each, ast.Name) and each.id == "_" for each in node.targets):
            self._discarded = node.value
        self.enter(node)

    def _return(self, node: ast.Return) -> None:
        if node.value is not None:
            self.found.returns_parameters |= any(self._is_parameter(each) for each in same_objects(node.value))
        self.enter(node)

    def _is_parameter(self, node: ast.expr, asked: frozenset[str] = frozenset()) -> bool:
        """Whether a value is, or is part of, what a function was given."""
        while isinstance(node, (ast.Attribute, ast.Subscript)):
            node = node.value
        scope = self._lookup(node.id) if isinstance(node, ast.Name) else None
        if scope is None or not isinstance(node, ast.Name) or node.id in asked:
            return False
        same = scope.names.aliases.get(node.id, ())
        return node.id in scope.parameters or any(self._is_parameter(each, asked | {node.id}) for each in same)

    # Calls.

    def _call(self, node: ast.Call) -> None:
        discarded = node is self._discarded
        if self._special(node):
            return
        self._changes_of(node, discarded=discarded)
        self._called += 1
        self.visit(node.func)
        for each in (*node.args, *node.keywords):
            self.visit(each)
        self._called -= 1

    def _special(self, node: ast.Call) -> bool:
        """Calls whose literal arguments say what is reached."""
        root, path = dotted(node.func)
        if not isinstance(root, ast.Name):
            return False
        name = (root.id, *path)[-1]
        if name in ("import_module", "__import__"):
            return self._by_name(node)
        if path or not self._is_builtin(root.id):
            return False
        if name in ("getattr", "hasattr", "setattr", "delattr") and len(node.args) > 1:
            self._attribute(node, name)
            return True
        if name in _LOCAL_NAMESPACE and not node.args and not any(s.kind == "function" for s in self._scopes):
            self._dynamic(node, "module", f"{name}() reaches every name of the module")
        return False

    def _by_name(self, node: ast.Call) -> bool:
        if not node.args or not isinstance(node.args[0], ast.Constant) or not isinstance(node.args[0].value, str):
            return False
        name = node.args[0].value
        level = len(name) - len(name.lstrip("."))
        plain = ast.ImportFrom(module=name[level:] or None, names=[ast.alias("*")], level=level, lineno=node.lineno)
        target = imported(plain, package=self._package, where=self._where)[0].loaded
        use = Use("", (), node.lineno, "read", Target(target), self._deferred > 0)
        self.found.uses.append(use)
        self._dynamic(node, "object", f"import_module({name!r}) imports by name", use)
        return True

    def _attribute(self, node: ast.Call, name: str) -> None:
        """``getattr(x, "a")`` is ``x.a``; without a literal it may be any attribute of ``x``."""
        subject, attribute = node.args[0], node.args[1]
        root, path = dotted(subject)
        literal = isinstance(attribute, ast.Constant) and isinstance(attribute.value, str)
        if literal:
            chain = ast.copy_location(ast.Attribute(subject, attribute.value, ast.Load()), subject)  # type: ignore[attr-defined]  # a Constant
            if name in ("setattr", "delattr"):
                self._change(chain, "store")
            self.visit(chain)
        else:
            if name in ("setattr", "delattr"):
                self._change(subject, "argument")
            uses = self._use(root, root.id, path) if isinstance(root, ast.Name) else []
            if not isinstance(root, ast.Name):
                self.visit(root)
            self._dynamic(node, "object", f"{name}() with a name that is not written out", uses[0] if uses else None)
            self.visit(attribute)
        for each in node.args[2:]:
            self.visit(each)

    def _changes_of(self, node: ast.Call, *, discarded: bool) -> None:
        """What a call may change: with a discarded result it was made for what it changes."""
        callee: Use | None = None
        root, path = dotted(node.func)
        if isinstance(node.func, ast.Attribute):
            certain = discarded or node.func.attr in CHANGING
            method = None if certain else Use(node.func.attr, (), node.lineno)
            self._change(node.func.value, "receiver" if certain else "method", method)
        if isinstance(root, ast.Name):
            if not path and root.id in _HARMLESS and self._is_builtin(root.id):
                return
            # Taking the next element uses up an iterator.
            discarded = discarded or (root.id == "next" and not path)
            callee = Use(root.id, path, node.lineno) if self._lookup(root.id) is None else None
        if not discarded and callee is None:
            return
        for each in (*node.args, *(keyword.value for keyword in node.keywords)):
            for same in same_objects(each):
                self._change(same, "argument" if discarded else "passed", callee)

    # Imports.

    def _import_statement(self, node: ast.Import | ast.ImportFrom) -> None:
        for each in imported(node, package=self._package, where=self._where):
            self.found.uses.append(self._import(each, node.lineno))
            if self._scopes:
                self._scopes[-1].definite.add(each.bound)

    def _import(self, each: Imported, line: int) -> Use:
        target = each.target if each.target.name else Target(each.loaded)
        return Use("", (), line, "import", target, self._deferred > 0)

    # Scopes.

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self._decorators(node.decorator_list)
        self._signature(node.args)
        self._enter(node, node.args, node.body, returns=node.returns)
        self._define(node.name)

    def _lambda(self, node: ast.Lambda) -> None:
        self._signature(node.args)
        self._enter(node, node.args, [node.body])

    def _signature(self, args: ast.arguments) -> None:
        for default in (*args.defaults, *args.kw_defaults):
            if default is not None:
                self.visit(default)

    def _enter(
        self, node: ast.AST, args: ast.arguments, body: list[ast.stmt] | list[ast.expr], returns: ast.expr | None = None
    ) -> None:
        parameters = [*args.posonlyargs, *args.args, *args.kwonlyargs]
        parameters += [each for each in (args.vararg, args.kwarg) if each is not None]
        typed = self._type_parameters(node)
        for annotation in (*(each.annotation for each in parameters), returns):
            if annotation is not None:
                self.annotation(annotation)
        names = Names(body, package=self._package, where=self._where)
        is_method = len(self._scopes) > typed and self._scopes[-1 - typed].kind == "class"
        own = parameters[0].arg if is_method and parameters else ""
        self._scopes.append(
            Scope("function", names, frozenset(each.arg for each in parameters), own, getattr(node, "name", ""))
        )
        self._deferred += 1
        called, self._called = self._called, 0
        for each in body:
            self.visit(each)
        self._called = called
        self._deferred -= 1
        del self._scopes[-1 - typed :]

    def _annotated(self, node: ast.AnnAssign) -> None:
        self.visit(node.target)
        self.annotation(node.annotation)
        if node.value is not None:
            self.visit(node.value)

    def annotation(self, node: ast.expr) -> None:
        """Read an annotation, and what stands in quotes in it: whoever uses annotations evaluates it."""
        self.visit(node)
        for each in ast.walk(node):
            if isinstance(each, ast.Constant) and isinstance(each.value, str):
                try:
                    quoted = ast.parse(each.value, mode="eval").body
                except (SyntaxError, ValueError):
                    continue  # words, as in Literal["not a name"]
                for inner in ast.walk(quoted):
                    ast.copy_location(inner, each)
                self.visit(quoted)

    def _type_parameters(self, node: ast.AST) -> int:
        """Push the scope of ``def f[T]`` when there is one; how many scopes were pushed."""
        given = getattr(node, "type_params", [])
        if given:
            none = Names((), package=self._package, where=self._where)
            self._scopes.append(Scope("function", none, frozenset(each.name for each in given)))
            for each in given:
                self.enter(each)
        return 1 if given else 0

    def _class(self, node: ast.ClassDef) -> None:
        self._decorators(node.decorator_list)
        typed = self._type_parameters(node)
        for each in (*node.bases, *(keyword.value for keyword in node.keywords)):
            root, path = dotted(each)
            if isinstance(root, ast.Name):
                self._use(root, root.id, path, "base")
            self.visit(each)
        names = Names(node.body, package=self._package, where=self._where)
        self._scopes.append(Scope("class", names))
        for statement in node.body:
            self.visit(statement)
            if isinstance(statement, (ast.Assign, ast.AnnAssign)) and getattr(statement, "value", None) is not None:
                bound = Names([statement], package=self._package, where=self._where).bound
                self._scopes[-1].definite.update(bound)
        del self._scopes[-1 - typed :]
        self._define(node.name)

    def _define(self, name: str) -> None:
        if self._scopes and self._scopes[-1].kind == "class":
            self._scopes[-1].definite.add(name)

    def _decorators(self, decorators: list[ast.expr]) -> None:
        for each in decorators:
            root, path = dotted(each.func if isinstance(each, ast.Call) else each)
            if isinstance(root, ast.Name):
                self._use(root, root.id, path, "decorator")
            self._called += 1
            self.visit(each)
            self._called -= 1

    def _comprehension(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> None:
        first, *_ = node.generators
        self.visit(first.iter)
        inner = Names((each.target for each in node.generators), package=self._package, where=self._where)
        for each in node.generators:
            for name in inner.bound:
                inner.aliases[name].extend(same_objects(each.iter))
        self._scopes.append(Scope("function", inner))
        for each in node.generators:
            for part in (each.target, *([each.iter] if each is not first else []), *each.ifs):
                self.visit(part)
        for part in (node.key, node.value) if isinstance(node, ast.DictComp) else (node.elt,):
            self.visit(part)
        self._scopes.pop()

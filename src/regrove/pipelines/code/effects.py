"""Which statements change what: beside those that bind a name, those that change its object when they run.

A statement at module level changes an object by storing into it, by calling one of its methods for nothing but the
effect, by passing it to such a call, or by calling a function of the project that does one of these. It may stand in
another module than the name. What is known by two names is changed under both.
"""

from __future__ import annotations

import ast
from collections import defaultdict

from regrove.pipelines.code.module import Statement
from regrove.pipelines.code.project import Project
from regrove.pipelines.code.resolve import Resolver
from regrove.pipelines.code.use import Use

__all__ = ["EVERYTHING", "Effects", "Key"]

Key = tuple[str, str]
"""Module and name; ``*`` is every name of the module; with an empty module the name is an installed package."""

EVERYTHING: Key = ("", "*")
"""The state of the process: environment variables, ``sys``."""

_CHANGES = frozenset({"store", "receiver", "argument", "passed", "given", "result", "decorator", "method"})
_OF_THE_PROCESS = frozenset({("os", "environ"), ("sys", "path"), ("sys", "modules"), ("sys", "meta_path")})
_WRITES_NAMES = ("exec(", "globals(", "locals(", "vars(")
_HOOKS = frozenset({"__init_subclass__", "__prepare__", "__set_name__"})


class Effects:
    """``writers`` has for each key the statements that bind or change it, in the order in which they run."""

    def __init__(self, project: Project, resolver: Resolver) -> None:
        self._project = project
        self._resolver = resolver
        self._methods = {name for each in project.position for name in each.uses.changing_methods}
        self._of: dict[Statement, frozenset[Key]] = {}
        self.writers: dict[Key, list[Statement]] = defaultdict(list)
        for statement in sorted(project.position, key=project.position.__getitem__):
            changed = self._run(statement)
            self._of[statement] = frozenset(changed)
            for key in dict.fromkeys([*((statement.module, name) for name in statement.binds), *sorted(changed)]):
                self.writers[key].append(statement)

    def of(self, statement: Statement) -> frozenset[Key]:
        """The keys that a statement changes beside those it binds."""
        return self._of[statement]

    def binders(self, key: Key) -> list[Statement]:
        """The statements that bind a name."""
        module = self._project.modules.get(key[0])
        return module.binders.get(key[1], []) if module is not None else []

    # What runs when a statement runs.

    def _run(self, statement: Statement) -> set[Key]:
        keys: set[Key] = set()
        reached: set[Key] = set()
        for use in statement.uses.uses:
            if use.deferred:
                continue
            if use.mode in _CHANGES:
                keys |= self._changed(statement.module, use)
            elif use.mode == "base":
                keys |= self._subclassed(statement.module, use, reached)
            elif use.called:
                keys |= self._body(statement.module, use, reached)
        keys |= self._written_names(statement, deferred=False)
        return keys - {(statement.module, name) for name in statement.binds}

    def _body(self, module: str, use: Use, reached: set[Key]) -> set[Key]:
        """What calling ``use`` changes: the bodies of all functions that it leads to."""
        keys: set[Key] = set()
        pending = [(module, use)]
        while pending:
            where, each = pending.pop()
            for key in self.names(where, each):
                if key in reached:
                    continue
                reached.add(key)
                for statement in self.binders(key):
                    if statement.single is not None:
                        continue
                    for inner in statement.uses.uses:
                        if inner.mode in _CHANGES:
                            keys |= self._changed(statement.module, inner) if inner.deferred else set()
                        elif inner.called or not statement.is_definition:
                            pending.append((statement.module, inner))
                    if _keeps_state(statement):
                        keys.add(key)
                    keys |= self._written_names(statement, deferred=True)
        return keys

    @staticmethod
    def _written_names(statement: Statement, *, deferred: bool) -> set[Key]:
        written = any(
            each.deferred == deferred and each.reason.startswith(_WRITES_NAMES) for each in statement.uses.dynamics
        )
        return {(statement.module, "*")} if written else set()

    def _subclassed(self, module: str, use: Use, reached: set[Key]) -> set[Key]:
        """A base class or metaclass with a hook sees each class that is made with it."""
        keys: set[Key] = set()
        for key in self.names(module, use):
            for statement in self.binders(key):
                if not isinstance(statement.node, ast.ClassDef):
                    continue
                methods = {each.name for each in statement.node.body if isinstance(each, ast.FunctionDef)}
                bases = [each for each in statement.uses.uses if each.mode == "base"]
                metaclass = any(self._is_type(statement.module, each) for each in bases)
                if methods & _HOOKS or metaclass or (bases and "__new__" in methods):
                    keys |= {key} | self._body(module, use, reached)
                for base in bases:
                    if (statement.module, base.name) != key:
                        keys |= self._subclassed(statement.module, base, reached)
        return keys

    def _is_type(self, module: str, use: Use) -> bool:
        return use.name == "type" and not use.path and not self._resolver.resolve(module, use)

    # What one use changes.

    def names(self, module: str, use: Use) -> list[Key]:
        """The names that a use goes through."""
        return [(each.module, each.name) for each in self._resolver.resolve(module, use) if each.kind == "name"]

    def _changed(self, module: str, use: Use, seen: frozenset[Key] = frozenset()) -> set[Key]:
        if use.mode in ("passed", "given", "method") and not self._hands_on(module, use):
            return set()
        keys: set[Key] = set()
        for each in self._resolver.resolve(module, use):
            if not each.final:
                continue
            key = (each.module, each.name)
            if each.kind == "external":
                keys |= _of_package(each.module, each.path, use.mode)
            elif each.kind == "whole":
                if use.mode in ("argument", "passed", "given"):
                    keys.add((each.module, "*"))
            elif use.mode == "result":
                keys |= self._returned(key)
            elif use.mode != "decorator" or each.path or not self._is_definition(key):
                keys |= self._with_aliases(key, seen)
        return keys

    def _with_aliases(self, key: Key, seen: frozenset[Key]) -> set[Key]:
        keys = {key}
        if key in seen:
            return keys
        for statement in self.binders(key):
            for use in statement.aliases.get(key[1], ()):
                keys |= self._changed(statement.module, use, seen | {key})
        return keys

    def _returned(self, key: Key) -> set[Key]:
        """The data that a function mentions, which it may return."""
        return {
            name
            for statement in self.binders(key)
            if statement.is_definition
            for use in statement.uses.uses
            if use.deferred and use.mode == "read"
            for name in self.names(statement.module, use)
            if not self._is_definition(name)
        }

    def _is_definition(self, key: Key) -> bool:
        binders = self.binders(key)
        return bool(binders) and all(each.is_definition or each.single is not None for each in binders)

    def _hands_on(self, module: str, use: Use) -> bool:
        """Whether what is passed to the callee is changed by it, or for ``given`` is what it returns or keeps."""
        if use.callee is None:
            return False
        if use.mode == "method":
            return use.callee.name in self._methods
        called = [each for key in self.names(module, use.callee) for each in self.binders(key) if each.is_definition]
        if use.mode == "passed":
            return any(each.uses.changes_parameters for each in called)
        return any(each.uses.returns_parameters or isinstance(each.node, ast.ClassDef) for each in called)

    # The order of statements.

    def touched(self, statement: Statement) -> set[Key]:
        """What a statement may read when it runs: names, and installed packages under an empty module."""
        keys: set[Key] = set()
        pending = [(statement.module, use, use.called) for use in statement.uses.uses if not use.deferred]
        while pending:
            module, use, called = pending.pop()
            for each in self._resolver.resolve(module, use):
                if each.kind == "external":
                    keys.add(("", each.module.partition(".")[0]))
                if each.kind != "name" or (each.module, each.name) in keys:
                    continue
                keys.add((each.module, each.name))
                for binder in self.binders((each.module, each.name)):
                    if binder.is_definition and called:
                        pending += [(binder.module, inner, True) for inner in binder.uses.uses if inner.deferred]
        return keys


def _keeps_state(statement: Statement) -> bool:
    """A function that changes a parameter whose default is an object keeps that object from call to call."""
    return statement.uses.changes_parameters and any(
        not isinstance(default, ast.Constant)
        for node in ast.walk(statement.node)
        if isinstance(node, ast.arguments)
        for default in (*node.defaults, *node.kw_defaults)
        if default is not None
    )


def _of_package(module: str, path: tuple[str, ...], mode: str) -> set[Key]:
    """The keys of a change to something of an installed package."""
    root, _, below = module.partition(".")
    full = (root, *(below.split(".") if below else ()), *path)
    if mode in ("store", "receiver"):
        return {("", root), EVERYTHING} if full[:2] in _OF_THE_PROCESS else {("", root)}
    if mode == "argument" and full[:2] in _OF_THE_PROCESS:
        return {("", root), EVERYTHING}
    if mode == "decorator" and any("register" in each for each in path):
        return {("", root)}
    return set()

"""The walk from a function to all statements that can change what it returns."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Iterable

from regrove.pipelines.code.closure import Widening
from regrove.pipelines.code.effects import EVERYTHING, Effects, Key
from regrove.pipelines.code.module import Module, Statement
from regrove.pipelines.code.project import Project, parents
from regrove.pipelines.code.resolve import Reached, Resolver
from regrove.pipelines.code.use import Dynamic, Use

__all__ = ["Reach"]

_BY_NAME = frozenset(
    {"importlib.import_module", "importlib.reload", "importlib.__import__"}
    | {"importlib.util.spec_from_file_location", "importlib.util.module_from_spec", "importlib.machinery"}
    | {"runpy", "pkgutil", "imp", "sys.modules", "sys.meta_path", "gc.get_objects", "gc.get_referrers"}
    | {"sys._getframe", "inspect.currentframe", "inspect.stack"}
)
_OWN_WORDS = frozenset({"Holdout", "Params", "StepRun", "Train", "step"})
"""Names of regrove that say what a function asks for; they compute nothing, so its version does not count."""


class Reach:
    """What is reached so far; `function` adds a function and everything behind it."""

    def __init__(self, project: Project, resolver: Resolver, effects: Effects) -> None:
        self._project = project
        self._resolver = resolver
        self._effects = effects
        self._keys: set[tuple[str, str, tuple[str, ...]]] = set()
        self._pending: deque[Statement] = deque()
        self.statements: dict[Statement, None] = {}
        self.modules: set[str] = set()
        """Modules that run, also those of which nothing is reached."""
        self.whole: set[str] = set()
        self.packages: set[str] = set()
        """Top-level names of installed packages, the standard library included."""
        self.mentioned: dict[str, str] = {}
        """What is mentioned of installed packages, with dots, and one place where."""
        self.widened: set[Widening] = set()

    def function(self, module: str, name: str) -> None:
        """Add a name of a module and everything it reaches."""
        self._keep(self._effects.writers.get(EVERYTHING, ()))
        self._run(self._project.entry)
        self.mentions(module, [Use(name, (), 0)])

    def mentions(self, module: str, uses: Iterable[Use]) -> None:
        """Add what these mentions in a module reach."""
        for use in uses:
            self._add(module, self._resolver.resolve(module, use), use.line)
        self.drain()
        while self._lead_to_effects():
            self.drain()

    def ordered(self) -> list[Statement]:
        """The statements in the order in which they run."""
        return sorted(self.statements, key=self._project.position.__getitem__)

    def drain(self) -> None:
        """Follow all that was added."""
        while self._pending:
            statement = self._pending.popleft()
            self._run(statement.module)
            for dynamic in statement.uses.dynamics:
                self._widen(statement.module, dynamic)
            for use in statement.uses.uses:
                if use.mode not in ("read", "base", "import"):
                    continue  # a change of something mentions it as well
                found = self._resolver.resolve(statement.module, use)
                if use.mode == "import":
                    # The statement runs the module; what the module is used for is said by its mentions.
                    found = tuple(each for each in found if each.kind != "whole")
                self._add(statement.module, found, use.line, mentioned=use.mode != "import")

    def _keep(self, statements: Iterable[Statement]) -> None:
        for each in statements:
            if each not in self.statements:
                self.statements[each] = None
                self._pending.append(each)

    # Following names.

    def _add(self, module: str, found: Iterable[Reached], line: int, *, mentioned: bool = True) -> None:
        for each in found:
            if each.kind == "name":
                self._name((each.module, each.name), each.path)
            elif each.kind == "run":
                self._run(each.module)
            elif each.kind == "whole":
                if each.module != module and each.module not in self.whole:
                    self._note(module, line, f"the module {each.module} is used as a value", each.module)
                self.all_of(each.module)
            elif each.kind == "star" and each.star is not None:
                self._star(each.star, each)
            elif each.kind == "external":
                self._package(module, each, line, mentioned=mentioned)

    def _name(self, key: Key, path: tuple[str, ...]) -> None:
        if (*key, path) in self._keys:
            return
        self._keys.add((*key, path))
        for statement in (*self._effects.writers.get(key, ()), *self._effects.writers.get((key[0], "*"), ())):
            if not _is_other_submodule(statement, path):
                self._keep([statement])

    def _star(self, statement: Statement, found: Reached) -> None:
        self._keep([statement])
        if found.module in self._project.modules:
            reason = f"from {found.module} import * brings {found.name!r} without naming it"
            self._note(statement.module, statement.line, reason, found.module)
            self.all_of(found.module)
        else:
            reason = f"from {found.module} import * may bring {found.name!r}"
            self._note(statement.module, statement.line, reason, found.module)

    def _package(self, module: str, found: Reached, line: int, *, mentioned: bool) -> None:
        root, _, below = found.module.partition(".")
        path = (*(below.split(".") if below else ()), *found.path)
        if root == "regrove" and path and path[0] in _OWN_WORDS:
            return
        if not root:
            return
        self.packages.add(root)
        self.mentioned.setdefault(".".join((root, *path)), self._place(module, line))
        self._keep(self._effects.writers.get(("", root), ()))
        names = {".".join((root, *path[:end])) for end in range(len(path) + 1)} & _BY_NAME
        if names and mentioned:
            self._everything(module, line, f"{min(names)} reaches modules by name")

    def _run(self, name: str) -> None:
        """A module runs, and the packages it lies in: so do their imports that are there for their effect alone."""
        for each in parents(name):
            module = self._project.modules.get(each)
            if module is None or each in self.modules:
                continue
            self.modules.add(each)
            self._keep(statement for statement in module.statements if self._for_its_effect(module, statement))
            if module.opaque:
                self.whole.add(each)

    def _for_its_effect(self, module: Module, statement: Statement) -> bool:
        """An import of an installed package that nothing mentions: it registers something, or it is forgotten."""
        single = statement.single
        if single is None or single.bound == "*" or single.loaded in self._project.modules:
            return False
        if single.target.module == "regrove" or module.path.endswith("__init__.py"):
            return False
        return single.bound not in self._project.mentioned[module.name] and not _is_standard(single.loaded)

    # Widening.

    def _note(self, module: str, line: int, reason: str, to: str) -> None:
        self.widened.add(Widening(self._place(module, line), reason, to))

    def _place(self, module: str, line: int) -> str:
        return f"{self._project.modules[module].path}:{line}"

    def _widen(self, module: str, dynamic: Dynamic) -> None:
        if dynamic.to == "project":
            self._everything(module, dynamic.line, dynamic.reason)
            return
        targets = {module}
        if dynamic.to == "object" and dynamic.use is not None:
            found = [each for each in self._resolver.resolve(module, dynamic.use) if each.final]
            if found and all(each.kind == "external" for each in found):
                return  # the version of the package counts
            modules = {each.module for each in found if each.kind == "whole"}
            targets = modules or targets
        for target in sorted(targets):
            self._note(module, dynamic.line, dynamic.reason, target)
            self.all_of(target)

    def _everything(self, module: str, line: int, reason: str) -> None:
        self._note(module, line, reason, "project")
        for name in sorted(self._project.modules):
            self.all_of(name)

    def all_of(self, name: str) -> None:
        """Add every statement of a module, and every module that it could hand out."""
        if name in self.whole:
            return
        self.whole.add(name)
        self._run(name)
        module = self._project.modules[name]
        self._keep(module.statements)
        for bound in module.binders:
            self._name((name, bound), ())
            for statement in module.binders[bound]:
                for target in statement.imports.get(bound, ()):
                    for each in self._resolver.follow(target):
                        if each.kind == "whole":
                            self.all_of(each.module)
                        else:
                            self._add(name, [each], statement.line, mentioned=False)

    # Imports that lead to effects.

    def _lead_to_effects(self) -> bool:
        """Keep the imports that run modules which change what others own; whether there were new ones."""
        wanted = {
            each.module
            for each in self.statements
            if any(key[0] != each.module for key in self._effects.of(each)) and each.module != self._project.entry
        }
        if not wanted:
            return False
        before = len(self.statements)
        grown = True
        while grown:
            grown = False
            for name, run, statement in self._project.running:
                if run & wanted and statement not in self.statements:
                    self._keep([statement])
                    grown = True
                if run & wanted and name not in wanted and name != self._project.entry:
                    wanted.add(name)
                    grown = True
        return len(self.statements) > before


def _is_other_submodule(statement: Statement, path: tuple[str, ...]) -> bool:
    """``import a.b`` binds ``a``, and is nothing to one who uses ``a.c``."""
    single = statement.single
    if single is None or single.target.name or single.loaded in (single.bound, single.target.module):
        return False
    below = tuple(single.loaded.split(".")[1:])
    return bool(path) and path[: len(below)] != below[: len(path)]


def _is_standard(name: str) -> bool:
    return name.partition(".")[0] in sys.stdlib_module_names

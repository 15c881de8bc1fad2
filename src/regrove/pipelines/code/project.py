"""The modules that a project's module reaches by import, and the order in which Python runs their statements."""

from __future__ import annotations

from collections import deque
from functools import cached_property
from pathlib import Path

from regrove.errors import InvalidInput, NotFound, nearest
from regrove.pipelines.code.finder import Finder
from regrove.pipelines.code.module import Module, Statement, parsed
from regrove.pipelines.code.use import Use

__all__ = ["Project", "parents"]


def parents(name: str) -> list[str]:
    """The module and the packages it lies in, outermost first: what importing it runs.

    >>> parents("a.b")
    ['a', 'a.b']
    """
    parts = name.split(".")
    return [".".join(parts[: end + 1]) for end in range(len(parts))]


class Project:
    """The parsed modules; ``position`` tells when a statement runs after ``import`` of ``entry``."""

    def __init__(self, root: Path, entry: str) -> None:
        self.finder = Finder(root)
        self.entry = entry
        self.modules: dict[str, Module] = {}
        self.position: dict[Statement, int] = {}
        self._later: deque[str] = deque()
        self._whole = False
        if self.finder.find(entry) is None:
            path = entry.replace(".", "/")
            raise NotFound(
                f"The project has no module {entry!r}",
                expected=f"{path}.py or {path}/__init__.py in the project's folder",
                received=repr(entry),
                mend=nearest(entry, self.finder.everything()) or "correct module under [project] in regrove.toml",
            )
        self._run(entry)
        self._run_later()

    def _run_later(self) -> None:
        while self._later:
            self._run(self._later.popleft())

    def load_everything(self) -> None:
        """Add every module below the root: what an import by name may reach. A file that is no Python is kept whole."""
        if self._whole:
            return
        self._whole = True
        for name in self.finder.everything():
            self._run(name, lenient=True)
        self._run_later()

    def imports(self, use: Use) -> list[str]:
        """The project's modules that a use runs, in order; nothing for what is not the project's."""
        if use.origin is None or self.finder.find(use.origin.module) is None:
            return []
        names = parents(use.origin.module)
        below = f"{use.origin.module}.{use.origin.name}"
        module = self.modules.get(use.origin.module)
        if use.origin.name and (module is None or use.origin.name not in module.binders) and self.finder.find(below):
            names.append(below)
        return names

    @cached_property
    def mentioned(self) -> dict[str, set[str]]:
        """For each module: its names that some statement mentions, there or in a module that imports them."""
        found = {name: set(module.exports or ()) for name, module in self.modules.items()}
        for name, module in self.modules.items():
            for use in (use for each in module.statements for use in each.uses.uses):
                if use.origin is None:
                    found[name].add(use.name)
                elif use.origin.name and use.origin.module in found:
                    found[use.origin.module].add(use.origin.name)
        return found

    @cached_property
    def running(self) -> list[tuple[str, set[str], Statement]]:
        """The statements that import modules of the project when they run: where they stand, and what is run."""
        found: list[tuple[str, set[str], Statement]] = []
        for module in self.modules.values():
            for statement in module.statements:
                uses = [each for each in statement.uses.uses if each.mode == "import" and not each.deferred]
                run = {each for use in uses for name in self.imports(use) for each in parents(name)}
                if run:
                    found.append((module.name, run, statement))
        return found

    def _run(self, name: str, *, lenient: bool = False) -> None:
        for each in parents(name):
            if each not in self.modules:
                self._run_one(each, lenient=lenient or self._whole)

    def _run_one(self, name: str, *, lenient: bool) -> None:
        found = self.finder.find(name)
        if found is None:
            return
        module = self.modules[name] = self._parsed(name, found.path, is_package=found.is_package, lenient=lenient)
        for statement in module.statements:
            for use in statement.uses.uses:
                if use.origin is None:
                    continue
                if use.deferred or use.mode != "import":
                    self._later.extend(self.imports(use))
                    continue
                self._run(use.origin.module)
                for each in self.imports(use):  # again: the module is parsed now, and says what it binds
                    self._run(each)
            self.position[statement] = len(self.position)

    def _parsed(self, name: str, path: str, *, is_package: bool, lenient: bool) -> Module:
        if not path:
            return Module(name, "", name)
        try:
            text = self.finder.read(path)
            return parsed(name, path, text, is_package=is_package)
        except InvalidInput:
            if not lenient:
                raise
        text = (self.finder.root / path).read_bytes().decode("utf-8", "backslashreplace")
        return Module(name, path, name if is_package else name.rpartition(".")[0], text, opaque=True)

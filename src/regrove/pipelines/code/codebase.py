"""The code of a project, read as text."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from regrove.digest import of_bytes, of_json
from regrove.errors import NotFound, nearest
from regrove.pipelines.code.closure import Closure, Part
from regrove.pipelines.code.distribution import distributions
from regrove.pipelines.code.effects import Effects
from regrove.pipelines.code.extract import package
from regrove.pipelines.code.function import FunctionInfo, annotated, definition, functions
from regrove.pipelines.code.module import Definition, Module, Statement
from regrove.pipelines.code.normal import digest_of
from regrove.pipelines.code.project import Project
from regrove.pipelines.code.reach import Reach
from regrove.pipelines.code.reader import Reader
from regrove.pipelines.code.resolve import Resolver

__all__ = ["Codebase"]

_VERSION = 1  # of what a closure's digest is made of


class Codebase:
    """The modules of a project that its module reaches by import; see `load`."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._resolver = Resolver(project)
        self._effects = Effects(project, self._resolver)
        self._functions: dict[str, FunctionInfo] | None = None
        self._closures: dict[str, Closure] = {}
        self._digests: dict[tuple[Statement, bool], str] = {}

    @classmethod
    def load(cls, root: Path, module: str) -> Codebase:
        """Parse ``module`` and every module of the project that it reaches by import, at the top or in a function.

        Nothing is imported or run. The project's modules are the files below ``root``; all others are installed
        packages. When some code imports by name, every module below ``root`` is read.

        Raises:
            NotFound: there is no such module below ``root``.
            InvalidInput: a module is not Python or not UTF-8; file and line are named.
        """
        project = Project(root, module)
        code = cls(project)
        if code._imports_by_name():
            project.load_everything()
            code = cls(project)
        return code

    def _imports_by_name(self) -> bool:
        reach = Reach(self._project, self._resolver, self._effects)
        for name in self._project.modules:
            reach.all_of(name)
        reach.drain()
        return any(each.to == "project" for each in reach.widened)

    @property
    def sources(self) -> dict[str, str]:
        """Path relative to the root, with ``/``, and text of each module, sorted: all that is needed to import it."""
        return {path: text for path, text in sorted((m.path, m.text) for m in self._project.modules.values()) if path}

    def functions(self) -> dict[str, FunctionInfo]:
        """The public functions of the project's module, by name, in the order of the source.

        These are the ones it defines whose names do not begin with ``_``; with an ``__all__`` they are those it
        lists, ones imported from the project's other modules included. InvalidInput when options of ``@step`` are not
        literals or a function is async.
        """
        if self._functions is None:
            self._functions = functions(self._project)
        return dict(self._functions)

    def closure(self, function: str) -> Closure:
        """All that can change what ``function`` returns; NotFound with the nearest name when there is none."""
        if function not in self._closures:
            self._closures[function] = self._closure(function)
        return self._closures[function]

    def extract(self, names: Iterable[str]) -> dict[str, str]:
        """The source of a package that holds only what these functions reach, by path relative to the package.

        The project's modules lie in it under their own names, imports among them written with dots, so it can be
        imported under any name beside the project itself. The bytes depend on the source alone.

        Raises:
            NotFound: there is no such function.
            Refused: the code reaches files beside it or imports modules of the project by name, which would not
                travel.
        """
        reach = self._reach(names)
        return package(self._project, reach)

    def _reach(self, names: Iterable[str], *, with_annotations: bool = False) -> Reach:
        reach = Reach(self._project, self._resolver, self._effects)
        for name in names:
            module, node = self._definition(name)
            reach.function(self._project.entry, name)
            if with_annotations:
                reader = Reader(package=module.package, where=module.path)
                for _, each in annotated(node):
                    reader.annotation(each)
                reach.mentions(module.name, reader.found.uses)
        return reach

    def _definition(self, name: str) -> tuple[Module, Definition]:
        found = definition(self._project, self._project.entry, name)
        if found is None:
            known = self.functions()
            raise NotFound(
                f"{self._project.modules[self._project.entry].path} has no function {name!r}",
                expected=f"one of {', '.join(known) or '(it has none)'}",
                received=repr(name),
                mend=nearest(name, known) or f"write a function {name}",
            )
        return found

    def _closure(self, function: str) -> Closure:
        reach = self._reach([function], with_annotations=True)
        statements = reach.ordered()
        verbatim = any(each.reads_source for each in statements)
        digests = {each: self._digest(each, verbatim=verbatim) for each in statements}
        parts = sorted(
            {
                *self._parts(statements, digests),
                *self._order(statements, digests),
                *self._files(reach),
                self._annotations(function),
            }
        )
        return Closure(
            function=function,
            digest=of_json([_VERSION, function, [[p.module, p.name, p.kind, p.digest] for p in parts]]),
            parts=tuple(parts),
            distributions=distributions(reach.packages),
            widened=tuple(sorted(reach.widened)),
        )

    def _digest(self, statement: Statement, *, verbatim: bool) -> str:
        key = (statement, verbatim)
        if key not in self._digests:
            self._digests[key] = statement.digest(verbatim=verbatim)
        return self._digests[key]

    def _parts(self, statements: list[Statement], digests: dict[Statement, str]) -> list[Part]:
        grouped: dict[tuple[str, str, str], list[str]] = defaultdict(list)
        for each in statements:
            grouped[each.module, self._label(each), each.kind].append(digests[each])
        return [
            Part(module, name, kind, found[0] if len(found) == 1 else of_json(found))
            for (module, name, kind), found in grouped.items()
        ]

    def _label(self, statement: Statement) -> str:
        if statement.binds:
            return ", ".join(statement.binds)
        changed = sorted(
            name if module == statement.module else f"{module}.{name}".strip(".")
            for module, name in self._effects.of(statement)
        )
        return ", ".join(changed) or type(statement.node).__name__

    def _order(self, statements: list[Statement], digests: dict[Statement, str]) -> list[Part]:
        """For each name that several statements touch and one of them changes: the order in which they run."""
        running = [each for each in statements if each.single is None]
        parts: list[Part] = []
        touched: dict[Statement, set[tuple[str, str]]] = {}
        for key in sorted({key for each in running for key in self._effects.of(each)} | _rebound(running)):
            writers = {each for each in self._effects.writers[key] if each in digests}
            sequence: list[str] = []
            readers: list[str] = []
            for each in running:
                if each in writers:
                    sequence += [*sorted(readers), digests[each]]
                    readers = []
                    continue
                if each not in touched:
                    touched[each] = self._effects.touched(each)
                if key in touched[each]:
                    readers.append(digests[each])
            sequence += sorted(readers)
            if len(sequence) > 1:
                parts.append(Part(key[0], key[1], "order", of_json(sequence)))
        return parts

    def _files(self, reach: Reach) -> list[Part]:
        modules = (self._project.modules[name] for name in reach.whole)
        return [Part(each.name, each.path, "file", of_bytes(each.text.encode())) for each in modules if each.opaque]

    def _annotations(self, function: str) -> Part:
        """The annotations choose how values are handed over and kept, also where Python does not evaluate them."""
        module, node = self._definition(function)
        shown = annotated(node)
        names = ast.Constant(", ".join(name for name, _ in shown))
        return Part(module.name, function, "annotations", digest_of(names, *(each for _, each in shown)))


def _rebound(statements: list[Statement]) -> set[tuple[str, str]]:
    """The names that several statements bind."""
    count: dict[tuple[str, str], int] = defaultdict(int)
    for each in statements:
        for name in each.binds:
            count[each.module, name] += 1
    return {key for key, times in count.items() if times > 1}

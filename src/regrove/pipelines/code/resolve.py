"""What a mention of a name reaches: names of this and other modules, whole modules, installed packages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from regrove.pipelines.code.imports import Target
from regrove.pipelines.code.module import Module, Statement
from regrove.pipelines.code.project import Project
from regrove.pipelines.code.use import Use

__all__ = ["Reached", "Resolver"]

_Seen = set[tuple[str, str, tuple[str, ...]]]


@dataclass(frozen=True, slots=True)
class Reached:
    """One thing on the way of a name to what it stands for.

    ``kind`` is ``name`` (a name of ``module``), ``run`` (the module runs), ``whole`` (the module itself is the value),
    ``external`` (of the installed package ``module``) or ``star`` (through ``star``, a star import).
    """

    kind: str
    module: str
    name: str = ""
    path: tuple[str, ...] = ()
    """The attributes that are left, those of an object."""
    final: bool = False
    """The object itself, not a name on the way to it."""
    star: Statement | None = None


class Resolver:
    """Follows names through imports, re-exports, packages and star imports."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._known: dict[tuple[str, Target | None, str, tuple[str, ...]], tuple[Reached, ...]] = {}

    def resolve(self, module: str, use: Use) -> tuple[Reached, ...]:
        """All that ``use``, standing in ``module``, reaches."""
        key = (module, use.origin, use.name, use.path)
        if key not in self._known:
            seen: _Seen = set()
            if use.origin is not None:
                found = self.follow(use.origin, use.path, seen)
            else:
                found = self._name(module, use.name, use.path, seen)
            self._known[key] = tuple(dict.fromkeys(found))
        return self._known[key]

    def follow(self, target: Target, path: tuple[str, ...] = (), seen: _Seen | None = None) -> Iterator[Reached]:
        """What an imported name reaches, with the attributes that follow it."""
        before = (target.name,) if target.name and target.name != "*" else ()
        yield from self._attribute(target.module, (*before, *path), set() if seen is None else seen)

    def _attribute(self, name: str, path: tuple[str, ...], seen: _Seen) -> Iterator[Reached]:
        module = self._project.modules.get(name)
        if module is None:
            yield Reached("external", name, path=path, final=True)
            return
        yield Reached("run", name)
        if not path or module.opaque or path[0] == "__dict__":
            yield Reached("whole", name, final=True)
            return
        first, rest = path[0], path[1:]
        below = f"{name}.{first}"
        if first in module.binders:
            yield from self._name(name, first, rest, seen)
        elif below in self._project.modules:
            yield from self._attribute(below, rest, seen)
        else:
            found = list(self._from_stars(module, first, rest, seen))
            yield from found
            if not found and "__getattr__" in module.binders:
                yield from self._name(name, "__getattr__", (), seen)
            # Nothing binds it, and another module may set it.
            yield Reached("name", name, first, rest, final=not found)

    def _name(self, name: str, bound: str, path: tuple[str, ...], seen: _Seen) -> Iterator[Reached]:
        if (name, bound, path) in seen:
            return
        seen.add((name, bound, path))
        module = self._project.modules[name]
        binders = module.binders.get(bound)
        if binders is None:
            yield from self._from_stars(module, bound, path, seen)
            return
        targets = [target for each in binders for target in each.imports.get(bound, ())]
        own = not binders or any(bound not in each.imports for each in binders)
        yield Reached("name", name, bound, path, final=own)
        for target in targets:
            if target == Target(name, bound):
                # ``from . import sub`` in the package itself: what it binds is the submodule.
                yield from self._attribute(f"{name}.{bound}", path, seen)
            else:
                yield from self.follow(target, path, seen)
        if module.stars:
            yield from self._from_stars(module, bound, path, seen)

    def _from_stars(self, module: Module, name: str, path: tuple[str, ...], seen: _Seen) -> Iterator[Reached]:
        for statement in module.stars:
            for target in statement.imports["*"]:
                if target.module not in self._project.modules:
                    # A package may export any name, also one that is built in.
                    if name not in module.binders:
                        yield Reached("star", target.module, name, star=statement)
                        yield Reached("external", target.module, path=(name, *path), final=True)
                elif self._provides(target.module, name, set()):
                    yield Reached("star", target.module, name, star=statement)
                    yield Reached("run", target.module)
                    yield from self._name(target.module, name, path, seen)

    def _provides(self, name: str, wanted: str, asked: set[str]) -> bool:
        module = self._project.modules[name]
        if name in asked:
            return False
        asked.add(name)
        if module.exports is not None:
            return wanted in module.exports
        if wanted.startswith("_"):
            return False
        return wanted in module.binders or any(
            target.module not in self._project.modules or self._provides(target.module, wanted, asked)
            for each in module.stars
            for target in each.imports["*"]
        )

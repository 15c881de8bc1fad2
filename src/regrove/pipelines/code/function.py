"""The functions of the project's module as the graph needs them: names, parameters, annotations, options."""

from __future__ import annotations

import ast
from typing import Any

import msgspec

from regrove.errors import InvalidInput
from regrove.pipelines.code.module import Definition, Module
from regrove.pipelines.code.project import Project

__all__ = ["FunctionInfo", "Parameter", "annotated", "definition", "functions"]


class Parameter(msgspec.Struct, frozen=True):
    """One parameter of a function."""

    name: str
    annotation: str = ""
    """Its text; empty when there is none."""
    has_default: bool = False
    kind: str = "plain"
    """``plain``, ``positional`` (only by position), ``keyword`` (only by name), ``args`` or ``kwargs``."""


class FunctionInfo(msgspec.Struct, frozen=True):
    """A function of the project, as it is written."""

    name: str
    module: str
    """The module that defines it."""
    path: str
    """The file of that module."""
    line: int
    parameters: tuple[Parameter, ...] = ()
    returns: str = ""
    """The text of the return annotation; empty when there is none."""
    doc: str = ""
    step: dict[str, Any] | None = None
    """The options of ``@step(...)``, or None when it has no such decorator."""


def functions(project: Project) -> dict[str, FunctionInfo]:
    """The public functions of the project's module, in the order of the source.

    These are the ones it defines whose names do not begin with ``_``; with an ``__all__`` they are those it lists,
    imported ones of other modules of the project included.
    """
    module = project.modules[project.entry]
    exports = module.exports
    found: dict[str, FunctionInfo] = {}
    for name in module.binders:
        if name.startswith("_") if exports is None else name not in exports:
            continue
        place = definition(project, module.name, name)
        if place is not None and (exports is not None or place[0] is module):
            found[name] = _info(name, *place)
    return found


def definition(project: Project, module: str, name: str) -> tuple[Module, Definition] | None:
    """The function that ``name`` of ``module`` stands for, where it is defined; None when it is no function."""
    seen: set[tuple[str, str]] = set()
    while (module, name) not in seen and module in project.modules:
        seen.add((module, name))
        here = project.modules[module]
        written = here.definitions.get(name)
        if written is not None:
            return here, written
        targets = [target for each in here.binders.get(name, ()) for target in each.imports.get(name, ())]
        if not targets or not targets[-1].name:
            return None
        module, name = targets[-1].module, targets[-1].name
    return None


def annotated(node: Definition) -> list[tuple[str, ast.expr]]:
    """The annotated parameters of a function with their annotations, then ``return`` with its own."""
    args = node.args
    every = [*args.posonlyargs, *args.args, args.vararg, *args.kwonlyargs, args.kwarg]
    found = [(each.arg, each.annotation) for each in every if each is not None and each.annotation is not None]
    return [*found, ("return", node.returns)] if node.returns is not None else found


def _info(name: str, module: Module, node: Definition) -> FunctionInfo:
    where = f"{module.path}:{node.lineno}"
    if isinstance(node, ast.AsyncFunctionDef):
        raise InvalidInput(
            f"{where} {name} is an async function, which no step can be",
            expected=f"def {name}",
            received=f"async def {name}",
            mend=f"write def {name}, or name it _{name}",
        )
    return FunctionInfo(
        name=name,
        module=module.name,
        path=module.path,
        line=node.lineno,
        parameters=tuple(_parameters(node.args)),
        returns=_source(node.returns),
        doc=ast.get_docstring(node) or "",
        step=_options(node, module, where),
    )


def _parameters(args: ast.arguments) -> list[Parameter]:
    by_place = [*args.posonlyargs, *args.args]
    required = len(by_place) - len(args.defaults)
    found = [
        Parameter(
            each.arg,
            _source(each.annotation),
            index >= required,
            "positional" if index < len(args.posonlyargs) else "plain",
        )
        for index, each in enumerate(by_place)
    ]
    if args.vararg is not None:
        found.append(Parameter(args.vararg.arg, _source(args.vararg.annotation), kind="args"))
    found += [
        Parameter(each.arg, _source(each.annotation), default is not None, "keyword")
        for each, default in zip(args.kwonlyargs, args.kw_defaults, strict=True)
    ]
    if args.kwarg is not None:
        found.append(Parameter(args.kwarg.arg, _source(args.kwarg.annotation), kind="kwargs"))
    return found


def _source(annotation: ast.expr | None) -> str:
    """The annotation as text; one in quotes without them."""
    if annotation is None:
        return ""
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        return annotation.value.strip()
    return ast.unparse(annotation)


def _options(node: Definition, module: Module, where: str) -> dict[str, Any] | None:
    for each in node.decorator_list:
        if not module.is_step(each):
            continue
        if not isinstance(each, ast.Call):
            return {}
        if each.args or any(keyword.arg is None for keyword in each.keywords):
            raise InvalidInput(
                f"{where} @step of {node.name} has options without a name",
                expected="options by name, as in @step(retries=2)",
                received=ast.unparse(each),
                mend="name each option",
            )
        options: dict[str, Any] = {}
        for keyword in each.keywords:
            try:
                options[str(keyword.arg)] = ast.literal_eval(keyword.value)
            except ValueError:
                raise InvalidInput(
                    f"{where} the option {keyword.arg} of @step is not written out",
                    expected="a literal, since options are read without running the project's code",
                    received=ast.unparse(keyword.value),
                    mend=f"write the value of {keyword.arg} out",
                ) from None
        return options
    return None

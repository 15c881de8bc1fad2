"""Reading ``regrove.toml``: every mistake is one message with table path, line and the nearest key."""

from __future__ import annotations

import re
import tomllib
import typing
from pathlib import Path
from typing import Any, Final

import msgspec

from regrove.errors import InvalidDeclaration, InvalidInput, NotFound, nearest, of_system
from regrove.gates.config import check as check_gate
from regrove.monitoring.config import LOSSES, MonitorConfig
from regrove.playbooks.config import check as check_playbook
from regrove.project.declaration import TABLES, Declaration, ProjectConfig
from regrove.project.locate import line_of
from regrove.project.shape import choices_at, keys_at
from regrove.refs import check_name

__all__ = ["FILE", "read", "read_project", "read_text"]

FILE: Final = "regrove.toml"
"""The name of a project's declaration."""

_Path = tuple[str | int, ...]
_AT = re.compile(r" - at `(?P<path>[^`]*)`\Z")
_UNKNOWN = re.compile(r"Object contains unknown field `(?P<key>[^`]*)`")
_CHOICE = re.compile(r"Invalid enum value (?P<value>.*)")
_EXPECTED = re.compile(r"Expected (?P<what>.*?)(, got .*)?")
_TYPES = re.compile(r"`(?P<names>[^`]*)`")
_WORDS: Final = {"str": "a text", "int": "a whole number", "float": "a number", "bool": "true or false"} | {
    "array": "a list",
    "object": "a table",
}
_MISSING = re.compile(r"Object missing required field `(?P<key>[^`]*)`")


def read(root: Path) -> tuple[Declaration, str]:
    """The declaration of the project folder ``root`` and its text; InvalidDeclaration when it cannot be used."""
    text = _text(root)
    return read_text(text), text


def read_project(root: Path) -> ProjectConfig:
    """The ``[project]`` table alone; the other tables may be unusable, as they are while someone edits."""
    text = _text(root)
    return _project(text, _loads(text))


def _text(root: Path) -> str:
    file = root / FILE
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise NotFound(
            f"There is no {FILE} here",
            expected=f"a project folder with a {FILE}",
            received=str(root),
            mend="regrove init NAME makes a project; or change to its folder",
        ) from None
    except UnicodeDecodeError as error:
        raise InvalidDeclaration(f"{FILE} is not UTF-8 text", received=str(error)) from None
    except OSError as error:
        raise of_system(error, f"{FILE} cannot be read") from error


def _loads(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidDeclaration(f"{FILE} is not TOML", received=str(error), mend="edit the line named") from None


def _project(text: str, data: dict[str, Any]) -> ProjectConfig:
    if "project" not in data:
        raise InvalidDeclaration(f"{FILE} has no [project] table", expected='name = "..." and module = "..." in it')
    project: ProjectConfig = _convert(text, ("project",), data["project"], ProjectConfig)
    _named(text, ("project", "name"), project.name, "project")
    return project


def read_text(text: str) -> Declaration:
    """The declaration that a TOML text makes."""
    data = _loads(text)
    known = ("project", *TABLES)
    for key in data:
        if key not in known:
            raise _unknown(text, (key,), known)
    project = _project(text, data)
    tables: dict[str, dict[str, Any]] = {}
    for table, kind in TABLES.items():
        entries = data.get(table, {})
        if not isinstance(entries, dict):
            raise _wrong(text, (table,), f"a table for each of the {table}", repr(entries))
        tables[table] = {}
        for name, entry in entries.items():
            _named(text, (table, name), name, table.removesuffix("s"))
            tables[table][name] = _convert(text, (table, name), entry, kind)
    declaration = Declaration(project, **tables)
    _check_references(text, declaration)
    return declaration


def _check_references(text: str, declaration: Declaration) -> None:
    for name, deployment in declaration.deployments.items():
        model = deployment.model.partition("@")[0]
        if model not in declaration.models:
            raise InvalidDeclaration(
                f"{FILE}, line {line_of(text, ('deployments', name, 'model'))}: "
                f"[deployments.{name}] names a model that is not declared",
                expected=f"one of {', '.join(declaration.models) or '(no models are declared)'}, then @ALIAS",
                received=deployment.model,
                mend=nearest(model, declaration.models) or f"add [models.{model}]",
            )
    _check_gates(text, declaration)
    for name, monitor in declaration.monitors.items():
        _check_monitor(text, declaration, name, monitor)
    _check_playbooks(text, declaration)


def _check_gates(text: str, declaration: Declaration) -> None:
    for name, gate in declaration.gates.items():
        if name not in declaration.models:
            raise InvalidDeclaration(
                f"{FILE}, line {line_of(text, ('gates', name))}: [gates.{name}] is named by no model that is declared",
                expected=f"one of {', '.join(declaration.models) or '(no models are declared)'}",
                received=repr(name),
                mend=nearest(name, declaration.models) or f"add [models.{name}], or rename the gate to its model",
            )
        try:
            check_gate(gate, declaration.models[name])
        except InvalidInput as error:
            raise _contradiction(text, ("gates", name), error) from None


def _check_monitor(text: str, declaration: Declaration, name: str, monitor: MonitorConfig) -> None:
    deployment = declaration.deployments.get(monitor.deployment)
    if deployment is None:
        raise InvalidDeclaration(
            f"{FILE}, line {line_of(text, ('monitors', name, 'deployment'))}: "
            f"[monitors.{name}] names a deployment that is not declared",
            expected=f"one of {', '.join(declaration.deployments) or '(no deployments are declared)'}",
            received=monitor.deployment,
            mend=nearest(monitor.deployment, declaration.deployments) or f"add [deployments.{monitor.deployment}]",
        )
    task = declaration.models[deployment.model.partition("@")[0]].task
    if monitor.performance is not None and monitor.performance.metric not in LOSSES[task]:
        raise InvalidDeclaration(
            f"{FILE}, line {line_of(text, ('monitors', name, 'performance'))}: "
            f"[monitors.{name}.performance] metric does not fit a {task} model",
            expected=f"one of {', '.join(LOSSES[task])}",
            received=repr(monitor.performance.metric),
            mend=f'metric = "{LOSSES[task][0]}"',
        )


def _check_playbooks(text: str, declaration: Declaration) -> None:
    served = {name: each.ref.name for name, each in declaration.deployments.items()}
    for name, playbook in declaration.playbooks.items():
        try:
            check_playbook(
                playbook,
                models=list(declaration.models),
                deployments=served,
                monitors=list(declaration.monitors),
                gates=list(declaration.gates),
            )
        except InvalidInput as error:
            raise _contradiction(text, ("playbooks", name), error) from None


def _named(text: str, path: _Path, name: str, what: str) -> None:
    try:
        check_name(name, what=what)
    except InvalidInput as error:
        raise InvalidDeclaration(
            f"{FILE}, line {line_of(text, path)}: {error.happened[0].lower()}{error.happened[1:]}",
            expected=error.expected,
            received=error.received,
        ) from None


def _convert(text: str, path: _Path, value: Any, kind: type[Any]) -> Any:
    try:
        return msgspec.convert(value, kind, strict=True)
    except msgspec.ValidationError as error:
        message = str(error)
        at = _AT.search(message)
        inner = _inner_path(at.group("path")) if at else ()
        full = (*path, *inner)
        if unknown := _UNKNOWN.match(message):
            raise _unknown(text, (*full, unknown.group("key")), keys_at(kind, inner)) from None
        if missing := _MISSING.match(message):
            raise InvalidDeclaration(
                f"{FILE}, line {line_of(text, full)}: [{_dotted(full)}] lacks the key {missing.group('key')!r}",
                expected=f"the keys {', '.join(keys_at(kind, inner))}",
                mend=f"add {missing.group('key')} = ...",
            ) from None
        if isinstance(error.__cause__, InvalidInput):
            raise _contradiction(text, full, error.__cause__) from None
        cause = message[: at.start()] if at else message
        raise _misfit(text, full, cause, repr(_value_at(value, inner)), choices_at(kind, inner)) from None
    except InvalidInput as error:
        raise _contradiction(text, path, error) from None


def _contradiction(text: str, path: _Path, error: InvalidInput) -> InvalidDeclaration:
    """The error of a table that was read and makes no sense, with its place before it."""
    return InvalidDeclaration(
        f"{FILE}, line {line_of(text, path)}: [{_dotted(path)}]: {error.happened}",
        expected=error.expected,
        received=error.received,
        mend=error.mend,
    )


def _unknown(text: str, path: _Path, known: typing.Iterable[str]) -> InvalidDeclaration:
    *parent, key = path
    where = f"[{_dotted(parent)}]" if parent else "the file"
    names = list(known)
    return InvalidDeclaration(
        f"{FILE}, line {line_of(text, path)}: {where} has no key {key!r}",
        expected=f"one of {', '.join(names)}",
        received=repr(key),
        mend=nearest(str(key), names) or "remove it",
    )


def _misfit(text: str, path: _Path, cause: str, received: str, choices: list[str]) -> InvalidDeclaration:
    """The error of a value of the wrong type, or that is none of those allowed; ``cause`` is how msgspec says it."""
    if (chosen := _CHOICE.fullmatch(cause)) and choices:
        value = chosen.group("value").strip("'")
        mend = nearest(value, choices) or f"write one of them: {choices[0]!r}"
        return _wrong(text, path, f"one of {', '.join(choices)}", repr(value), mend)
    if choices:
        return _wrong(text, path, f"one of {', '.join(choices)}", received)
    expected = _EXPECTED.fullmatch(cause)
    return _wrong(text, path, _TYPES.sub(_in_words, expected.group("what")) if expected else cause, received)


def _in_words(types: re.Match[str]) -> str:
    """The types that msgspec names, as the author of a TOML file knows them."""
    names = [each for each in types.group("names").split(" | ") if each != "null"]
    return " or ".join(_WORDS.get(each, each) for each in names)


def _wrong(text: str, path: _Path, expected: str, received: str, mend: str = "") -> InvalidDeclaration:
    line = line_of(text, path)
    return InvalidDeclaration(
        f"{FILE}, line {line}: {_dotted(path)} cannot be used",
        expected=expected,
        received=received,
        mend=mend or f"correct line {line} of {FILE}",
    )


def _dotted(path: typing.Sequence[str | int]) -> str:
    return ".".join(str(part) if isinstance(part, str) else f"[{part}]" for part in path).replace(".[", "[")


def _inner_path(text: str) -> _Path:
    parts: list[str | int] = []
    for name, index in re.findall(r"\.([^.\[\]]+)|\[(\d+|\.\.\.)\]", text):
        if name:
            parts.append(name)
        elif index != "...":
            parts.append(int(index))
    return tuple(parts)


def _value_at(value: Any, path: _Path) -> Any:
    for part in path:
        try:
            value = value[part]
        except (KeyError, IndexError, TypeError):
            return value
    return value

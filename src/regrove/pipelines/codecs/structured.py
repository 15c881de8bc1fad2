"""Structs, dicts, lists, texts and numbers, as canonical JSON."""

from __future__ import annotations

import inspect
import types
import typing
from functools import lru_cache
from importlib import import_module
from typing import Any

import msgspec

from regrove.digest import canonical
from regrove.errors import InvalidInput
from regrove.pipelines.call import Argument, Call, Result
from regrove.pipelines.codecs.wrong import WrongKind, type_name
from regrove.pipelines.kinds import Kind

__all__ = ["decode", "encode"]


def encode(value: Any, output: str, call: Call) -> Result:
    """Keep a value that JSON gives back unchanged as the annotated type; anything else is a WrongKind."""
    kind = _annotated(call.root, f"{call.module}:{call.step}") if call.module else Any
    try:
        data = canonical(msgspec.to_builtins(value, str_keys=True))
        again = msgspec.json.decode(data, type=kind)
    except (msgspec.MsgspecError, TypeError, OverflowError, RecursionError) as error:
        raise WrongKind(
            f"{call.step} returned a value that JSON cannot give back as {_shown(kind)}",
            expected=_shown(kind),
            received=f"{type_name(value)}: {error}",
            mend="return what the annotation says, or change the annotation",
        ) from None
    except InvalidInput as error:
        raise WrongKind(
            f"{call.step} returned a value that has no JSON form: {error.happened}", received=error.received
        ) from None
    if kind is not Any and not _same(again, value):
        raise WrongKind(
            f"{call.step} returned a value that comes back from JSON as another",
            expected=_shown(kind),
            received=f"{type_name(value)}, which comes back as {type_name(again)}",
            mend="annotate the exact type, such as dict[int, float], and return it",
        )
    return Result(output, Kind.JSON, data=data, about={"bytes": len(data)})


def decode(argument: Argument, call: Call) -> Any:
    """The value, as the type that the annotation of the function that made it says."""
    kind = _annotated(call.root, argument.form) if argument.form else Any
    return msgspec.json.decode(argument.read(), type=kind)


@lru_cache(maxsize=1024)
def _annotated(root: str, place: str) -> Any:  # noqa: ARG001  # the root keeps two versions of one module apart
    module, _, function = place.partition(":")
    code = inspect.unwrap(getattr(import_module(module), function))
    said = getattr(code, "__annotations__", {}).get("return")
    if said is None:
        raise WrongKind(
            f"The return annotation of {function} is hidden by its decorator",
            mend="use functools.wraps in the decorator",
        )
    alone = types.SimpleNamespace(__annotations__={"return": said})  # those of parameters may not be importable here
    try:
        return typing.get_type_hints(alone, globalns=getattr(code, "__globals__", {}))["return"]
    except NameError as error:
        raise WrongKind(
            f"The return annotation of {function} cannot be resolved: {error}",
            mend="import the name at the top of the module, not under TYPE_CHECKING",
        ) from None


def _same(left: Any, right: Any) -> bool:
    # 1 and 1.0 and True are equal to Python, not to a reader of the value: a float annotation gives back floats.
    if isinstance(left, float) and isinstance(right, int) and not isinstance(right, bool):
        return left == right
    return bool(left == right) and type(left) is type(right)


def _shown(kind: Any) -> str:
    return getattr(kind, "__name__", None) if isinstance(kind, type) else str(kind)  # type: ignore[return-value]  # a class has a name

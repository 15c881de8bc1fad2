"""How values are kept between steps: one module for each kind, each with ``encode`` and ``decode``.

``encode`` turns what a step returned into a `Result`; ``decode`` turns an `Argument` into what the next step gets.
Nothing here reads code out of bytes, but for ``opaque``, which only steps marked as trusted use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from regrove.pipelines.codecs.wrong import WrongKind
from regrove.pipelines.kinds import Kind

if TYPE_CHECKING:
    from regrove.pipelines.call import Argument, Call, Result

__all__ = ["WrongKind", "decode", "encode"]

_MODULES: Final = {
    Kind.FRAME: "frame",
    Kind.ARRAY: "array",
    Kind.JSON: "structured",
    Kind.ESTIMATOR: "estimator",
    Kind.ANY: "opaque",
    Kind.SIDE: "side",
}


def encode(value: Any, kind: Kind, output: str, call: Call) -> Result:
    """Keep ``value`` as the ``output`` of a step; WrongKind when it is not what the annotation says."""
    return _codec(kind).encode(value, output, call)  # type: ignore[no-any-return]  # each codec returns a Result


def decode(argument: Argument, call: Call) -> Any:
    """The value of an argument."""
    if argument.kind is None:
        return argument.value
    return _codec(argument.kind).decode(argument, call)


def _codec(kind: Kind) -> Any:
    return import_module(f"{__name__}.{_MODULES[kind]}")

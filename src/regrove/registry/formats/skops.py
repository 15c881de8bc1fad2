"""The skops format: scikit-learn estimators without pickle."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import Any, Final, ParamSpec, TypeVar

from regrove.errors import MissingExtra, NotFound
from regrove.registry.formats.archive import pack, unpack
from regrove.registry.formats.canonical import canonical, nodes, parse
from regrove.registry.formats.seam import Audit, BrokenModelFile, UnfitEstimator, UntrustedTypes
from regrove.registry.formats.trees import CHECKED, check_estimator, check_members

__all__ = ["FORMAT", "SkopsFormat"]

_VOUCHED = (
    *CHECKED,
    "functools.partial",  # calls a function that is audited by its own name, with arguments that are audited too
    "sklearn.utils.validation.check_array",  # what HistGradientBoosting puts before its numeric columns: it only looks
    "numpy.dtype",  # read from the header of an array that holds no Python objects
    # Plain classes whose attributes are audited by their own types:
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
    "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
)
"""What skops does not know and is safe beyond what it knows."""

_MALFORMED = (KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError, MemoryError)
"""What reading a schema that nobody promised anything about can raise."""


class SkopsFormat:
    """Writes a scikit-learn estimator as an archive of JSON and arrays, and reads it back after an audit.

    The file is an ordinary skops file in one canonical form (see `canonical`); a file in another form is refused, so a
    digest names one model and what was audited is what is built. Trees are checked, not merely trusted (see `trees`).
    """

    name = "skops"

    def accepts(self, value: Any) -> bool:
        """Whether ``value`` is a scikit-learn estimator (or anything that inherits from its base class)."""
        from sklearn.base import BaseEstimator

        return isinstance(value, BaseEstimator)

    def dump(self, model: Any, path: str | os.PathLike[str]) -> None:
        """Write ``model`` to ``path`` in canonical form.

        The file is read back and written again before this returns: UnfitEstimator when skops cannot hold the
        estimator, or when what comes back is not the same.
        """
        name = type(model).__name__
        data = _encode(model, name)
        source = f"the {name} just written"
        back = _encode(_build(data, types_of(unpack(data, source=source), source), source), name)
        if back != data:
            raise UnfitEstimator(
                f"{name} does not come back as it was when it is written with skops",
                expected="the same content after writing and reading",
                mend="keep only texts, numbers, arrays and scikit-learn objects in its attributes",
            )
        Path(path).write_bytes(data)

    def audit(self, path: str | os.PathLike[str]) -> Audit:
        """All types that the file names, and those that are neither known to be safe nor checked."""
        return _audit(_read(path), str(path))

    def load(self, path: str | os.PathLike[str], trusted: Sequence[str] = ()) -> Any:
        """The estimator; UntrustedTypes when a type is neither known nor ``trusted``, BrokenModelFile when torn."""
        data, source = _read(path), str(path)
        unknown = [name for name in _audit(data, source).unknown if name not in trusted]
        if unknown:
            raise UntrustedTypes(unknown, source=source)
        return _build(data, trusted, source)


FORMAT = SkopsFormat()
"""What the entry point ``skops`` of the group ``regrove.model_formats`` names."""


def types_of(members: dict[str, bytes], source: str) -> list[str]:
    """Every type and function that the schema names, sorted."""
    named = {f"{node['__module__']}.{node['__class__']}" for node in nodes(parse(members, source=source))}
    return sorted(named)


def _skops() -> Any:
    try:
        import skops.io
    except ImportError as error:
        raise MissingExtra("skops", extra="serve", need="write and read models in the skops format") from error
    return skops.io


def _read(path: str | os.PathLike[str]) -> bytes:
    try:
        return Path(path).read_bytes()
    except FileNotFoundError:
        raise NotFound(f"There is no model file {os.fspath(path)}") from None


_P = ParamSpec("_P")
_T = TypeVar("_T")
_ONE_READER: Final = threading.RLock()
"""NumPy reads the header of an array with ``ast``, whose parser in CPython 3.11 counts its depth for all threads at
once and raises SystemError when two of them parse."""


def _one_at_a_time(function: Callable[_P, _T]) -> Callable[_P, _T]:
    @wraps(function)
    def alone(*args: _P.args, **kwargs: _P.kwargs) -> _T:
        with _ONE_READER:
            return function(*args, **kwargs)

    return alone


@_one_at_a_time
def _encode(model: Any, name: str) -> bytes:
    try:
        data = _skops().dumps(model)
    except _MALFORMED as error:
        raise UnfitEstimator(f"{name} cannot be written with skops: {error}") from error
    source = f"what skops wrote for {name}"
    return pack(canonical(unpack(data, source=source), source=source))


@_one_at_a_time
def _audit(data: bytes, source: str) -> Audit:
    try:
        members = unpack(data, source=source)
        if canonical(members, source=source) != members:
            raise BrokenModelFile(
                f"{source} is not in the form in which Regrove writes models",
                mend="load it with skops where you trust it, and register the estimator again",
            )
        schema = parse(members, source=source)
        check_members(schema, members, source=source)
        unknown = set(_skops().get_untrusted_types(data=data)) - set(_VOUCHED)
        return Audit(tuple(types_of(members, source)), tuple(sorted(unknown)))
    except _MALFORMED as error:
        raise BrokenModelFile(f"{source} describes no object that skops can read: {error!r}") from error


@_one_at_a_time
def _build(data: bytes, trusted: Sequence[str], source: str) -> Any:
    try:
        model = _skops().loads(data, trusted=[*trusted, *_VOUCHED])
        check_estimator(model, source=source)
    except (*_MALFORMED, ImportError) as error:
        raise BrokenModelFile(
            f"{source} cannot be rebuilt: {error}",
            mend="install the packages and versions that the model was trained with",
        ) from error
    return model

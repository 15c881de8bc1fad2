"""NumPy arrays, in NumPy's own file without pickled objects."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any, Final

import numpy as np

from regrove.pipelines.call import Argument, Call, Result
from regrove.pipelines.codecs.wrong import WrongKind, type_name
from regrove.pipelines.kinds import Kind

__all__ = ["decode", "encode"]

_INLINE: Final = 1 << 20


def encode(value: Any, output: str, call: Call) -> Result:
    """Keep an array of numbers, booleans, dates or fixed-width text; an array of objects is refused."""
    if not isinstance(value, np.ndarray) or value.dtype.hasobject:
        what = f"an array of {value.dtype}" if isinstance(value, np.ndarray) else type_name(value)
        raise WrongKind(f"{call.step} returned no array of plain values", expected="np.ndarray", received=what)
    if isinstance(value, np.ma.MaskedArray):
        raise WrongKind(
            f"{call.step} returned a masked array, whose mask would be lost",
            expected="a plain np.ndarray",
            received=type_name(value),
            mend="return value.filled(np.nan)",
        )
    plain = np.ascontiguousarray(value)
    about = {"shape": list(value.shape), "dtype": str(value.dtype)}
    if plain.nbytes <= _INLINE:
        buffer = io.BytesIO()
        np.save(buffer, plain, allow_pickle=False)
        return Result(output, Kind.ARRAY, data=buffer.getvalue(), about=about)
    path = Path(f"{call.scratch}{output}.npy")
    np.save(path, plain, allow_pickle=False)
    return Result(output, Kind.ARRAY, path=str(path), about=about)


def decode(argument: Argument, call: Call) -> Any:  # noqa: ARG001  # all codecs have one form
    """The array."""
    return np.load(io.BytesIO(argument.read()), allow_pickle=False)

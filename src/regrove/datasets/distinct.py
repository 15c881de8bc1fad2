"""How many different values there are, in a summary that can be added.

The k smallest hashes (Bar-Yossef et al., 2002) with the unbiased estimator (k - 1) / theta (Beyer et al., 2007):
exact below k values, then with a standard error of 1 / sqrt(k - 2), about 3 %. The sketches of datasketches take one
value at a time from Python (80 to 160 ns each); this one hashes whole columns and looks at what can still matter.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from regrove.errors import InvalidInput
from regrove.schema import LogicalType

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

__all__ = ["Distinct", "K"]

K: Final = 1024
"""Hashes kept, a part of format 1 of the profile."""

_BLOCK: Final = 16_384  # values hashed at a time, so that the intermediate arrays stay in the cache
_HEAD: Final = 4_096  # values that tell whether the others are likely to repeat
_WORDS: Final = 64  # words of 8 bytes of a text that are hashed in columns; longer texts are hashed one by one

Hashes = np.ndarray[Any, np.dtype[np.uint64]]


class Distinct:
    """The smallest hashes of the values seen. Immutable; ``a | b`` is what both have seen.

    >>> import polars as pl
    >>> one, other = (Distinct.of(pl.Series(values), LogicalType.INT64) for values in ([1, 2], [2, 3]))
    >>> (one | other).estimate()
    3.0
    """

    def __init__(self, hashes: Hashes) -> None:
        self._hashes = hashes

    @classmethod
    def of(cls, values: pl.Series, kind: LogicalType) -> Distinct:
        """The summary of ``values`` without nulls."""
        head = _unique(_hashes(values[:_HEAD], kind))
        if head.size < _HEAD // 4:
            values = values.unique()  # the values repeat: there are far fewer of them than rows, most likely
        kept = head[:K]
        for start in range(0, values.len(), _BLOCK):
            hashes = _hashes(values[start : start + _BLOCK], kind)
            if kept.size == K:
                hashes = hashes[hashes < kept[-1]]
            if hashes.size:
                kept = _unique(np.concatenate([kept, hashes]))[:K]
        return cls(kept)

    def __or__(self, other: Distinct) -> Distinct:
        """What both have seen."""
        return Distinct(_unique(np.concatenate([self._hashes, other._hashes]))[:K])

    def estimate(self) -> float:
        """The number of different values: exact below `K`."""
        if self._hashes.size < K:
            return float(self._hashes.size)
        return (K - 1) / (float(self._hashes[-1]) / 2.0**64)

    def encode(self) -> str:
        """The summary as text."""
        return base64.b64encode(self._hashes.astype("<u8").tobytes()).decode()

    @classmethod
    def decode(cls, text: str) -> Distinct:
        """The summary that `encode` wrote."""
        data = base64.b64decode(text)
        if len(data) % 8 or len(data) > 8 * K:
            raise InvalidInput("This is no summary of distinct values", expected=f"up to {K} hashes of 8 bytes")
        return cls(np.frombuffer(data, dtype="<u8").astype(np.uint64))


def _unique(hashes: Hashes) -> Hashes:
    """Each hash once, ascending (`numpy.unique` builds a table and is three times as slow)."""
    hashes = np.sort(hashes)
    fresh = np.ones(hashes.size, dtype=np.bool_)
    np.not_equal(hashes[1:], hashes[:-1], out=fresh[1:])
    return hashes[fresh]


def _hashes(values: pl.Series, kind: LogicalType) -> Hashes:
    import polars as pl

    if kind in (LogicalType.STRING, LogicalType.CATEGORY):
        return _of_bytes(values.cast(pl.String).cast(pl.Binary))
    if kind is LogicalType.BINARY:
        return _of_bytes(values)
    if kind.is_float:
        numbers = values.cast(pl.Float64).to_numpy() + 0.0  # -0.0 becomes 0.0
        return _mixed(np.where(np.isnan(numbers), np.nan, numbers).view(np.uint64))
    if kind is not LogicalType.UINT64:
        values = values.to_physical().cast(pl.Int64)
    return _mixed(values.to_numpy().view(np.uint64))


def _mixed(words: NDArray[np.uint64]) -> Hashes:
    """The finalizer of SplitMix64 (Steele et al., 2014): a bijection of 64 bits that spreads every bit."""
    words = words + np.uint64(0x9E3779B97F4A7C15)  # a copy; from here on in place
    shifted = words >> np.uint64(30)
    words ^= shifted
    words *= np.uint64(0xBF58476D1CE4E5B9)
    words ^= np.right_shift(words, np.uint64(27), out=shifted)
    words *= np.uint64(0x94D049BB133111EB)
    words ^= np.right_shift(words, np.uint64(31), out=shifted)
    return words


def _of_bytes(values: pl.Series) -> Hashes:
    """One hash for each text: its words of 8 bytes, one after another for all texts at once, mixed with its length."""
    from blake3 import blake3

    lengths = values.bin.size().to_numpy().astype(np.int64)
    texts = np.frombuffer(b"".join(values.to_list()) + bytes(8), dtype=np.uint8)
    words = np.ndarray((texts.size - 7,), dtype="<u8", buffer=texts.data, strides=(1,))
    starts = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(lengths)[:-1]])
    hashes = _mixed(lengths.astype(np.uint64))
    for place in range(min(_WORDS, -(-int(lengths.max(initial=0)) // 8))):
        rest = lengths - 8 * place
        rows = np.flatnonzero(rest > 0)
        word = words[starts[rows] + 8 * place] & _MASKS[np.minimum(rest[rows], 8)]
        hashes[rows] = _mixed(hashes[rows] ^ word)
    for row in np.flatnonzero(lengths > 8 * _WORDS):
        hashes[row] = int.from_bytes(blake3(values[int(row)]).digest(8), "little")
    return hashes


_MASKS: Final = np.array([(1 << 8 * size) - 1 for size in range(9)], dtype=np.uint64)

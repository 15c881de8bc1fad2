"""A 64-bit number for each row, equal for equal rows and else different but for one chance in 10 to the 19."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from regrove.stats.arrays import same_rows, texts
from regrove.stats.verdict import InvalidStatistic

__all__ = ["row_hashes"]

Hashes = npt.NDArray[np.uint64]


def row_hashes(columns: Mapping[str, npt.ArrayLike]) -> Hashes:
    """Hash the rows of a table; the order of the columns does not matter, their names do.

    Numbers are compared as float64 (1 and 1.0 are equal, as are 0.0 and -0.0, and all nan), whole ones beyond 2**53 as
    they are, texts by their bytes, what is absent as absent. Mixing is splitmix64's finaliser (Steele, Lea and Flood
    2014, OOPSLA); texts go through BLAKE2b. Among n different rows some two collide with a chance of about n squared
    over 4e19: 3e-8 for a million.

    >>> a = row_hashes({"x": [1, 2], "y": ["p", "q"]})
    >>> b = row_hashes({"y": ["q", "p"], "x": [2.0, 3.0]})
    >>> bool(a[1] == b[0]), bool(a[0] == b[1])
    (True, False)
    """
    if not columns:
        raise InvalidStatistic("There are no columns to hash", expected="at least 1 column", received="0")
    hashed = {name: _column(name, values) for name, values in columns.items()}
    same_rows(**{f"column {name}": each for name, each in hashed.items()})
    total = np.zeros(len(next(iter(hashed.values()))), dtype=np.uint64)
    for name, each in hashed.items():
        total += _mixed(each ^ np.uint64(_text(f"column {name}")))  # a sum: the order of columns does not matter
    return _mixed(total)


def _column(name: str, values: npt.ArrayLike) -> Hashes:
    array = np.asarray(values)
    if array.ndim != 1:
        raise InvalidStatistic(f"Column {name} cannot be hashed", expected="a vector", received=f"shape {array.shape}")
    if array.dtype.kind in "fiub":
        numbers = array.astype(np.float64) + 0.0  # -0.0 becomes 0.0
        numbers[np.isnan(numbers)] = np.nan
        bits: Hashes = numbers.view(np.uint64)
        if array.dtype.kind in "iu":  # beyond 2**53 neighbours share a float: such numbers keep their own bits
            own = array.astype(np.uint64, casting="unsafe")
            large = np.abs(numbers) > 2.0**53
            bits = np.where(large, _mixed(own), bits)
        return _mixed(bits)
    if array.dtype.kind in "mM":
        return _mixed(array.astype(np.int64).view(np.uint64))
    said = texts(array)
    known = {each: _text(each) for each in set(said)}
    return np.fromiter(map(known.__getitem__, said), dtype=np.uint64, count=len(said))


def _text(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")


def _mixed(bits: Hashes) -> Hashes:
    """Splitmix64's finaliser; multiplication is modulo 2 to the 64."""
    mixed: Hashes = bits + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))

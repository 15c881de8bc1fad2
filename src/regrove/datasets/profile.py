"""What a table looks like, small enough to keep with it: a summary of each column, and profiles add up.

Counts and extremes are exact. Mean and sum of squares are merged as in Chan, Golub and LeVeque (1979). Quantiles are a
KLL sketch (Karnin, Lang and Liberty, 2016) with a rank error within 1.6 % at 99 % confidence; distinct values and
frequent texts are described in their modules. A profile of two parts is the sum of their profiles, whatever the parts.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Sequence
from functools import reduce
from typing import TYPE_CHECKING, Any, Final

import msgspec

from regrove.datasets.frequent import Frequent
from regrove.errors import InvalidInput, nearest
from regrove.schema import LogicalType

if TYPE_CHECKING:
    from regrove.datasets.distinct import Distinct

__all__ = ["ColumnProfile", "Profile"]

FORMAT: Final = 1

Number = int | float


class ColumnProfile(msgspec.Struct, frozen=True, omit_defaults=True):
    """The summary of one column.

    ``rows`` of which ``nulls`` are absent and ``non_finite`` are NaN or infinite; the rest is described by the smallest
    and largest value, mean, and sum of squared distances from the mean (``m2``). Booleans count as 0 and 1, timestamps
    as microseconds UTC, dates as days since 1970; texts and bytes have no such numbers.
    ``quantile_sketch`` and ``distinct_sketch`` are sketches in base64.
    """

    name: str
    type: LogicalType
    rows: int
    nulls: int = 0
    non_finite: int = 0
    minimum: Number | None = None
    maximum: Number | None = None
    mean: float | None = None
    m2: float | None = None
    quantile_sketch: str = ""
    distinct_sketch: str = ""
    frequent: Frequent | None = None

    @property
    def count(self) -> int:
        """Values that are there and finite."""
        return self.rows - self.nulls - self.non_finite

    @property
    def deviation(self) -> float | None:
        """The standard deviation with n - 1 in the denominator, None for fewer than two values."""
        return None if self.m2 is None or self.count < 2 else math.sqrt(self.m2 / (self.count - 1))

    def quantiles(self, at: Sequence[float]) -> list[float]:
        """The values at these ranks between 0 and 1; empty when the column has no numbers."""
        if not self.quantile_sketch:
            return []
        return [float(value) for value in _sketch(self.quantile_sketch).get_quantiles(list(at))]

    def distinct(self) -> float:
        """How many different values there are: exact for up to 1,023, then within about 3 %."""
        return _distinct(self).estimate()

    def __add__(self, other: ColumnProfile) -> ColumnProfile:
        """The summary of both parts; their name and type must be the same."""
        if (self.name, self.type) != (other.name, other.type):
            raise InvalidInput(
                "Profiles of different columns cannot be added",
                expected=f"{self.name} {self.type}",
                received=f"{other.name} {other.type}",
            )
        mean, m2 = _moments(self, other)
        return ColumnProfile(
            name=self.name,
            type=self.type,
            rows=self.rows + other.rows,
            nulls=self.nulls + other.nulls,
            non_finite=self.non_finite + other.non_finite,
            minimum=_either(min, self.minimum, other.minimum),
            maximum=_either(max, self.maximum, other.maximum),
            mean=mean,
            m2=m2,
            quantile_sketch=_merged(self.quantile_sketch, other.quantile_sketch),
            distinct_sketch=(_distinct(self) | _distinct(other)).encode(),
            frequent=None if self.frequent is None or other.frequent is None else self.frequent + other.frequent,
        )


class Profile(msgspec.Struct, frozen=True):
    """The summaries of all columns of a table, in order."""

    rows: int
    columns: tuple[ColumnProfile, ...]
    format: int = FORMAT

    def __getitem__(self, name: str) -> ColumnProfile:
        """The summary of a column; InvalidInput with the nearest name when there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        names = [column.name for column in self.columns]
        raise InvalidInput(
            f"There is no column {name!r}", expected=f"one of {', '.join(names)}", mend=nearest(name, names)
        )

    def __add__(self, other: Profile) -> Profile:
        """The profile of both parts; their columns must be the same."""
        if len(self.columns) != len(other.columns) or self.format != other.format:
            raise InvalidInput("Profiles of different tables cannot be added")
        pairs = zip(self.columns, other.columns, strict=True)
        return Profile(self.rows + other.rows, tuple(mine + theirs for mine, theirs in pairs), self.format)

    @staticmethod
    def total(parts: Sequence[Profile]) -> Profile:
        """The profile of all parts; there must be one."""
        return reduce(lambda one, other: one + other, parts)


def _moments(one: ColumnProfile, other: ColumnProfile) -> tuple[float | None, float | None]:
    if one.mean is None or one.m2 is None:
        return other.mean, other.m2
    if other.mean is None or other.m2 is None:
        return one.mean, one.m2
    total = one.count + other.count
    apart = other.mean - one.mean
    mean = one.mean + apart * (other.count / total)
    return mean, one.m2 + other.m2 + apart * apart * (one.count * other.count / total)


def _either(pick: Any, one: Number | None, other: Number | None) -> Number | None:
    there = [value for value in (one, other) if value is not None]
    return pick(there) if there else None


def _sketch(text: str) -> Any:
    from datasketches import kll_doubles_sketch

    return kll_doubles_sketch.deserialize(base64.b64decode(text))


def _merged(one: str, other: str) -> str:
    if not one or not other:
        return one or other
    sketch = _sketch(one)
    sketch.merge(_sketch(other))
    return base64.b64encode(sketch.serialize()).decode()


def _distinct(column: ColumnProfile) -> Distinct:
    from regrove.datasets.distinct import Distinct

    return Distinct.decode(column.distinct_sketch)

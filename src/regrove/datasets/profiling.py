"""From a frame to its profile."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any, Final

from regrove.datasets.distinct import Distinct
from regrove.datasets.frequent import Frequent
from regrove.datasets.profile import ColumnProfile, Profile
from regrove.schema import Column, LogicalType, Schema, schema_of

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

__all__ = ["profile_of"]

_SAMPLED_FROM: Final = 65_536
"""A batch of this many values or more is sampled down to half of it or more, each value with a weight: a sketch takes
33 ns a value, and a sample of 32,768 adds 0.3 % to its rank error of 0.5 % (one standard deviation)."""

_SEED: Final = 20130101  # any constant: the same rows give the same sample

_TEXT = (LogicalType.STRING, LogicalType.CATEGORY)


def profile_of(frame: pl.DataFrame) -> Profile:
    """The profile of ``frame``; of a larger table, add the profiles of its batches.

    >>> import polars as pl
    >>> parts = [profile_of(pl.DataFrame({"hour": hours})) for hours in ([5, 6], [7, None])]
    >>> whole = Profile.total(parts)["hour"]
    >>> whole.mean, whole.nulls, whole.quantiles([0.5])
    (6.0, 1, [6.0])
    """
    schema = schema_of(frame)
    numbers = _numbers(frame, schema)
    return Profile(frame.height, tuple(_column(frame[column.name], column, numbers) for column in schema))


def _numbers(frame: pl.DataFrame, schema: Schema) -> dict[str, Any]:
    """All exact numbers of all columns in one pass, under ``<statistic>:<column>``."""
    import polars as pl

    wanted: list[pl.Expr] = []
    for column in schema:
        named = pl.col(column.name)
        wanted.append(named.null_count().alias(f"nulls:{column.name}"))
        if column.type in (*_TEXT, LogicalType.BINARY):
            continue
        if column.type.is_float:
            wanted.append((named.is_not_null() & ~named.is_finite()).sum().alias(f"non_finite:{column.name}"))
            values = pl.when(named.is_finite()).then(named).cast(pl.Float64)
        else:
            values = named.to_physical()
        wanted += [
            values.min().alias(f"minimum:{column.name}"),
            values.max().alias(f"maximum:{column.name}"),
            values.mean().alias(f"mean:{column.name}"),
            (values.cast(pl.Float64).var(ddof=0) * values.count()).alias(f"m2:{column.name}"),
        ]
    return frame.select(wanted).row(0, named=True)


def _column(values: pl.Series, column: Column, numbers: dict[str, Any]) -> ColumnProfile:
    import polars as pl

    exact = {name: numbers.get(f"{name}:{column.name}") for name in ("minimum", "maximum", "mean", "m2")}
    if column.type is LogicalType.BOOLEAN:
        exact = {
            name: None if value is None else float(value) if name in ("mean", "m2") else int(value)
            for name, value in exact.items()
        }
    present = values.drop_nulls()
    frequent = None
    if column.type in _TEXT:
        counts = present.cast(pl.String).alias("value").value_counts(name="count")
        frequent, present = Frequent.of(counts), counts["value"]
    return ColumnProfile(
        name=column.name,
        type=column.type,
        rows=values.len(),
        nulls=numbers[f"nulls:{column.name}"],
        non_finite=numbers.get(f"non_finite:{column.name}") or 0,
        quantile_sketch=_quantiles(present, column.type),
        distinct_sketch=Distinct.of(present, column.type).encode(),
        frequent=frequent,
        **exact,
    )


def _quantiles(present: pl.Series, kind: LogicalType) -> str:
    import polars as pl
    from datasketches import kll_doubles_sketch

    if kind in (*_TEXT, LogicalType.BINARY, LogicalType.BOOLEAN):
        return ""
    values = present.to_physical().cast(pl.Float64)
    if kind.is_float:
        values = values.filter(values.is_finite())
    if not values.len():
        return ""
    numbers = values.to_numpy(writable=True)
    halvings = max(0, numbers.size.bit_length() - _SAMPLED_FROM.bit_length())
    sketch = kll_doubles_sketch(200)
    sketch.update(_sample(numbers, halvings) if halvings else numbers)
    for _ in range(halvings):
        sketch.merge(kll_doubles_sketch.deserialize(sketch.serialize()))  # each value counts twice
    return base64.b64encode(sketch.serialize()).decode()


def _sample(numbers: NDArray[np.float64], halvings: int) -> NDArray[np.float64]:
    """One value at random of every 2**halvings neighbours: unbiased, and even along the order of the rows."""
    import numpy as np

    strata = np.arange(numbers.size >> halvings) << halvings
    chosen = np.random.default_rng(_SEED).integers(0, 1 << halvings, strata.size)
    sample: NDArray[np.float64] = numbers[strata + chosen]
    return sample

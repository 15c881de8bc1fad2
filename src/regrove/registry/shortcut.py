"""A short way through the encoder of a fitted pipeline, for a request of a few rows.

For one row, scikit-learn's ColumnTransformer costs more than the model behind it: it checks, splits and joins frames.
An OrdinalEncoder does to each value the same whatever stands beside it, so when a pipeline is such an encoder (beside
columns that pass through) and one estimator, what it does is asked for once, value by value, and looked up after that.
Nothing of scikit-learn's rules is repeated here: the tables hold its own answers. Whatever is not in the tables, and
any pipeline of another form, goes the long way.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from regrove.schema import LogicalType, Schema, to_polars

if TYPE_CHECKING:
    import polars as pl

__all__ = ["FEW_ROWS", "shorten"]

FEW_ROWS: Final = 16
"""Above this the long way is as fast."""

_TEXTS: Final = (LogicalType.STRING, LogicalType.CATEGORY)
_NOBODYS: Final = "\x00 a category of nobody"
"""Stands for any text that the encoder was not fitted on."""

_NUMBERS: Final = (0, 1, 7, 100, None)

Table = dict[str | None, float]
Encode = Callable[["pl.DataFrame"], Any]


def shorten(estimator: Any, features: Schema) -> tuple[Any, Encode] | None:
    """The estimator behind the encoder, and a function that encodes a frame for it; None when there is no short way.

    The function returns None for rows that must go the long way.
    """
    from sklearn.compose import ColumnTransformer
    from sklearn.pipeline import Pipeline

    if type(estimator) is not Pipeline or len(estimator.steps) != 2:
        return None
    transformer, last = estimator[0], estimator[1]
    if type(transformer) is not ColumnTransformer or hasattr(last, "feature_names_in_"):
        return None
    try:
        places = _places(transformer, features)
        columns = [(name, place, _table(name, place, transformer, features)) for name, place in places.items()]
        if sorted(places.values()) != list(range(_asked(transformer, features).shape[1])):
            return None
    except (_NoShortWay, ValueError, TypeError):  # what scikit-learn refuses, it shall refuse itself
        return None
    return last, _encoder(columns)


class _NoShortWay(Exception):  # it is no error: the long way is taken
    """The transformer holds something else than encoders and passages, or does something else."""


def _places(transformer: Any, features: Schema) -> dict[str, int]:
    """Where each column of the frame comes out."""
    from sklearn.preprocessing import FunctionTransformer, OrdinalEncoder

    found: dict[str, int] = {}
    for part, inner, columns in transformer.transformers_:
        if isinstance(inner, str) and inner == "drop":
            continue
        encodes = type(inner) is OrdinalEncoder
        passes = inner == "passthrough" or (type(inner) is FunctionTransformer and inner.func is None)
        start = transformer.output_indices_[part].start
        for offset, name in enumerate(_names(columns, features)):
            kind = features[name].type
            if name in found or not ((encodes and kind in _TEXTS) or (passes and kind.is_numeric)):
                raise _NoShortWay
            found[name] = start + offset
    return found


def _names(columns: Any, features: Schema) -> list[str]:
    if not isinstance(columns, list) or any(type(each) not in (str, int) for each in columns):
        raise _NoShortWay
    return [features.names[each] if isinstance(each, int) else each for each in columns]


def _table(name: str, place: int, transformer: Any, features: Schema) -> Table | None:
    """What comes out for each text of a column, under ``_NOBODYS`` for any other; None for one that passes through."""
    if features[name].type not in _TEXTS:
        values = _asked(transformer, features, name, _NUMBERS)[:, place].tolist()
        if not math.isnan(values[-1]) or values[:-1] != list(_NUMBERS[:-1]):
            raise _NoShortWay
        return None
    known = [text for text in _categories(name, transformer) if isinstance(text, str)]
    table: Table = {}
    if known:
        table = dict(zip(known, _asked(transformer, features, name, known)[:, place].tolist(), strict=True))
    for other in (_NOBODYS, None):
        with suppress(ValueError):  # scikit-learn refuses such a value, and shall do so itself when it comes
            table[other] = float(_asked(transformer, features, name, [other])[0, place])
    return table


def _categories(name: str, transformer: Any) -> list[Any]:
    for _, inner, columns in transformer.transformers_:
        listed = list(columns)
        if hasattr(inner, "categories_") and name in listed:
            return inner.categories_[listed.index(name)].tolist()  # type: ignore[no-any-return]  # of an object array
    return []


def _asked(transformer: Any, features: Schema, name: str = "", values: Sequence[Any] = (0,)) -> Any:
    """What the transformer makes of these values in one column, beside harmless ones in the others."""
    import numpy as np
    import polars as pl

    columns = {each.name: [_beside(each.name, each.type, transformer)] * len(values) for each in features}
    if name:
        columns[name] = list(values)
    out = transformer.transform(pl.DataFrame(columns, schema={each.name: to_polars(each.type) for each in features}))
    if type(out) is not np.ndarray or out.dtype != np.float64:
        raise _NoShortWay
    return out


def _beside(name: str, kind: LogicalType, transformer: Any) -> Any:
    if kind in _TEXTS:
        return next((text for text in _categories(name, transformer) if isinstance(text, str)), "")
    return 0 if kind.is_numeric else None


def _encoder(columns: list[tuple[str, int, Table | None]]) -> Encode:
    import numpy as np

    def encode(frame: pl.DataFrame) -> Any:
        out = np.empty((frame.height, len(columns)))
        for name, place, table in columns:
            for row, value in enumerate(frame[name].to_list()):
                if table is None:
                    out[row, place] = np.nan if value is None else value
                elif value in table:
                    out[row, place] = table[value]
                elif value is not None and _NOBODYS in table:
                    out[row, place] = table[_NOBODYS]
                else:
                    return None
        return out

    return encode

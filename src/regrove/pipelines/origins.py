"""Fitting a recipe again at an earlier time: what it says of the stretch that followed.

With ``n`` origins in a span that ends with the training side, origin ``k`` stands ``(n - k + 1) / n`` of the span
before that end. The trainer is fitted on the rows before the origin, less the embargo, and predicts those up to the
next origin. So every predicted row is later than all that its model has seen (Tashman 2000, International Journal of
Forecasting 16:437, rolling-origin evaluation).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

import msgspec
import numpy as np
import polars as pl

from regrove.errors import RegroveError
from regrove.pipelines.answers import answers
from regrove.pipelines.config import duration
from regrove.pipelines.given import Params, Train
from regrove.pipelines.seed import sow

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from regrove.pipelines.rolling import Fit, Rolling, Want

__all__ = ["ROW", "Forecast", "Stretch", "forecast", "stretch"]

ROW: Final = "row"
"""The column that says which row of the training side a row is."""


class Stretch(msgspec.Struct, frozen=True):
    """The rows that an origin stands between, as masks over the training side."""

    origin_at: int
    before: NDArray[np.bool_]
    """Rows to fit on."""
    after: NDArray[np.bool_]
    """Rows to predict."""


class Forecast(msgspec.Struct, frozen=True):
    """What the fit at an origin says of the rows after it; no rows, and why, when there is no such fit."""

    frame: pl.DataFrame
    origin_at: int | None = None
    fitted: int = 0
    """On how many rows it was fitted."""
    why: str = ""


def stretch(times: NDArray[np.int64], rolling: Rolling) -> Stretch | None:
    """Where an origin stands among event times in microseconds; None when they leave no room for it.

    >>> from regrove.pipelines.rolling import Rolling
    >>> days = np.arange(100) * 86_400_000_000
    >>> told = Rolling("binary", place=1, origins=2, span="20d", embargo="2d", fits=())
    >>> found = stretch(days, told)
    >>> int(found.before.sum()), int(found.after.sum()), int(found.after.argmax())
    (78, 10, 80)
    """
    first, last = int(times.min()), int(times.max())
    span = min(duration(rolling.span), (last - first) // 2)
    step = span // rolling.origins
    if step <= 0:
        return None
    origin = last - step * (rolling.origins - rolling.place + 1)
    end = last if rolling.place == rolling.origins else origin + step
    return Stretch(origin, times <= origin - duration(rolling.embargo), (times > origin) & (times <= end))


def forecast(rolling: Rolling, train: Train, values: Mapping[str, Any]) -> Forecast:
    """Fit at the origin that ``rolling`` names, and predict; ``values`` are the other arguments of the step.

    A fit that fails, as one may on few rows or on one class, is no failure of the run: its model is made of all rows.
    """
    none = pl.DataFrame(schema={ROW: pl.Int64})
    assert train.event_time is not None  # origins are refused with a random split
    found = stretch(train.event_time.to_physical().to_numpy(), rolling)
    if found is None or not found.after.any():
        return Forecast(none, why="there are no rows between this origin and the next")
    if not found.before.any():
        return Forecast(none, found.origin_at, why="there are no rows to fit on before this origin")
    fitted = int(found.before.sum())
    try:
        estimator = _fitted(rolling, _cut(train, found.before), values)
        frame = answers(estimator, train.features.filter(pl.Series(found.after)), rolling.task)
    except Exception as error:  # noqa: BLE001  # the project's own code raises anything, and fewer rows may be too few
        said = error.happened if isinstance(error, RegroveError) else f"{type(error).__name__}: {error}"
        return Forecast(none, found.origin_at, fitted, why=f"no model could be fitted on the {fitted} rows: {said}")
    places = pl.Series(ROW, np.flatnonzero(found.after), dtype=pl.Int64)
    return Forecast(frame.insert_column(0, places), found.origin_at, fitted)


def _cut(train: Train, mask: NDArray[np.bool_]) -> Train:
    kept = pl.Series(mask)
    times = train.event_time.filter(kept) if train.event_time is not None else None
    return Train(train.features.filter(kept), train.target.filter(kept), times)


def _fitted(rolling: Rolling, train: Train, values: Mapping[str, Any]) -> Any:
    made: dict[str, Any] = {}
    for fit in rolling.fits:
        seed = values["seeds"][fit.function]
        function: Callable[..., Any] = getattr(import_module(fit.module), fit.function)
        sow(seed)
        value = function(**{want.parameter: _value(want, fit, train, made, values, seed) for want in fit.wants})
        made[fit.function] = value
    return made[rolling.fits[-1].function]


def _value(want: Want, fit: Fit, train: Train, made: Mapping[str, Any], values: Mapping[str, Any], seed: int) -> Any:
    if want.kind == "train":
        return train
    if want.kind == "kept":
        return values[want.argument]
    if want.kind == "made":
        return _in_form(made[want.source], want.form)
    if want.source == "seed":
        return seed
    if want.source == "params":
        return Params({key: values["params"][key] for key in fit.keys})
    return values[want.source]


def _in_form(value: Any, form: str) -> Any:
    if form == "lazy" and isinstance(value, pl.DataFrame):
        return value.lazy()
    return value.collect() if form == "eager" and isinstance(value, pl.LazyFrame) else value

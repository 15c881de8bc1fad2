"""What a function may ask for beside datasets and other functions: both sides of the split, params, the run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

import msgspec

from regrove.errors import InvalidInput, nearest

if TYPE_CHECKING:
    import polars as pl

__all__ = ["NAMES", "Holdout", "Params", "StepRun", "Train"]

NAMES: Final = ("train", "holdout", "params", "seed", "run")
"""The given names: parameters that no function of the project may define."""


class Train(msgspec.Struct, frozen=True):
    """The rows before the split. The three parts have one row each, in the order of the request frame."""

    features: pl.DataFrame
    """What the estimator sees."""
    target: pl.Series
    """What it is to predict; without nulls."""
    event_time: pl.Series | None = None
    """When each row happened (microseconds, UTC); None when the split was made at random."""

    def __len__(self) -> int:
        """How many rows there are."""
        return len(self.target)


class Holdout(Train, frozen=True):
    """The rows after the split, which no training sees."""


class Params(Mapping[str, Any]):
    """The values under ``params`` of the model, by attribute or by key; read-only.

    >>> params = Params({"max_iter": 150})
    >>> params.max_iter, params["max_iter"], params.get("depth", 3)
    (150, 150, 3)
    """

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = dict(values)

    def __getitem__(self, key: str) -> Any:
        """The value of ``key``; InvalidInput with the nearest key when there is none."""
        try:
            return self._values[key]
        except KeyError:
            raise InvalidInput(
                f"There is no parameter {key!r}",
                expected=f"one of {', '.join(self._values) or '(none are declared)'}",
                received=repr(key),
                mend=nearest(key, self._values) or f"add {key} to params of the model in regrove.toml",
            ) from None

    def __contains__(self, key: object) -> bool:
        """Whether ``key`` is declared."""
        return key in self._values

    def get(self, key: str, default: Any = None) -> Any:
        """The value of ``key``, or ``default``."""
        return self._values.get(key, default)

    def __getattr__(self, key: str) -> Any:
        """The value of ``key``."""
        if key.startswith("__"):
            raise AttributeError(key)
        return self[key]

    def __iter__(self) -> Iterator[str]:
        """The keys, in the order of the declaration."""
        return iter(self._values)

    def __len__(self) -> int:
        """How many there are."""
        return len(self._values)

    def __repr__(self) -> str:
        return f"Params({', '.join(f'{key}={value!r}' for key, value in self._values.items())})"


class Point(msgspec.Struct, frozen=True):
    """One value of a metric that a step measured."""

    key: str
    value: float
    step: int = 0


class StepRun:
    """The run, as a step sees it: a place to put what it measures.

    What is logged is kept with the step, so a later run that reuses the step shows it too.

    >>> run = StepRun()
    >>> run.log_metric("loss", 0.5, step=1)
    >>> run.points[0].value
    0.5
    """

    def __init__(self) -> None:
        self.points: list[Point] = []

    def log_metric(self, key: str, value: float, *, step: int = 0) -> None:
        """Note one value; ``step`` orders the values of one metric, as an epoch does."""
        self.points.append(Point(key, float(value), step))

    def log_metrics(self, values: Mapping[str, float], *, step: int = 0) -> None:
        """Note several values at one ``step``."""
        for key, value in values.items():
            self.log_metric(key, value, step=step)

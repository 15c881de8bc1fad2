"""The ``[models.NAME]`` table: which functions make a model, and how it is trained and judged."""

from __future__ import annotations

import re
from typing import Any, Final, Literal

import msgspec

from regrove.errors import InvalidInput, nearest

__all__ = ["METRICS", "ModelConfig", "SplitConfig", "Task", "duration"]

Task = Literal["binary", "multiclass", "regression"]
"""What a model predicts: one of two classes, one of several, or a number."""

METRICS: Final[dict[str, tuple[str, ...]]] = {
    "binary": ("log_loss", "roc_auc", "brier", "accuracy"),
    "multiclass": ("log_loss", "accuracy"),
    "regression": ("rmse", "mae", "r2"),
}
"""The metrics that a task is judged by; any of them may be the declared one."""

_DURATION = re.compile(r"(\d+)(w|d|h|m|s)\Z")
_ORIGINS: Final = 2
_UNIT: Final = {"w": 7 * 86_400, "d": 86_400, "h": 3_600, "m": 60, "s": 1}


def duration(text: str) -> int:
    """Microseconds of a duration such as ``14d``, ``36h`` or ``90s`` (units w, d, h, m, s).

    >>> duration("2d")
    172800000000
    """
    match = _DURATION.match(text)
    if match is None:
        raise InvalidInput(
            "This is not a duration",
            expected="a whole number and one of w, d, h, m, s, such as '14d'",
            received=repr(text),
            mend="write the number and the letter of its unit alone: 14d for fourteen days",
        )
    return int(match.group(1)) * _UNIT[match.group(2)] * 1_000_000


class SplitConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How rows are put on the two sides of the split.

    Either by time (``holdout``, with ``embargo`` before it, by the column ``time``) or, for rows that have no time,
    at random (``random``, the share of rows that are held out).
    """

    holdout: str | None = None
    """The last stretch of time, held out: ``14d``."""
    embargo: str = "0s"
    """The stretch before the holdout that is dropped, so that no row of training overlaps it: ``2d``."""
    time: str | None = None
    """The column of the request frame to split by; when absent, the event time of the first dataset it is made of."""
    random: float | None = None
    """The share of rows held out at random; refused when any dataset of the model has an event time."""

    def __post_init__(self) -> None:
        """Refuse a split that says nothing, or two things."""
        if (self.holdout is None) == (self.random is None):
            raise InvalidInput(
                "A split is by time or at random",
                expected='{ holdout = "14d", embargo = "2d" } or { random = 0.2 }',
                received="both" if self.random is not None else "neither",
                mend="leave random out" if self.random is not None else 'split = { holdout = "14d" }',
            )
        if self.random is not None:
            if not 0.0 < self.random < 1.0:
                raise InvalidInput(
                    "The share held out at random is no share",
                    expected="between 0 and 1",
                    received=str(self.random),
                    mend="split = { random = 0.2 }",
                )
            if self.time is not None or self.embargo != "0s":
                raise InvalidInput(
                    "A random split has neither time nor embargo",
                    expected="{ random = 0.2 }",
                    received="time" if self.time is not None else "embargo",
                    mend="remove the keys",
                )
        elif self.holdout is not None and duration(self.holdout) == 0:
            raise InvalidInput(
                "The holdout is empty",
                expected="a duration above 0",
                received=repr(self.holdout),
                mend='holdout = "14d"',
            )
        duration(self.embargo)


class ModelConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What ``[models.NAME]`` may say. ``request``, ``features``, ``target`` and ``trainer`` name functions."""

    task: Task
    request: str
    """Rows of what this function returns are what a request carries."""
    features: str
    """What the estimator sees; what lies between it and ``request`` also runs in serving."""
    target: str
    """What is to be predicted: one column, a row for each row of the request; null where it is not known yet."""
    trainer: str
    """Returns the fitted estimator."""
    metric: str
    """The metric that the model is judged by, see `METRICS`."""
    split: SplitConfig
    params: dict[str, Any] = {}
    """Values that functions read through ``params``; a key that no function reads is refused."""
    trusted_types: list[str] = []
    """Types that the model file may construct beyond those that its format knows."""
    origins: int | None = None
    """How often the trainer is fitted again on earlier rows, to see what the recipe says of rows that it has not learnt
    from; absent: twice with a split by time, and not at all with one at random."""
    origin_span: str = "60d"
    """The last part of the training side in which the origins stand; at most half of it is used."""

    @property
    def rolling(self) -> int:
        """How many origins there are."""
        if self.origins is not None:
            return self.origins
        return _ORIGINS if self.split.random is None else 0

    def __post_init__(self) -> None:
        """Refuse a metric that does not fit the task, and origins without a time."""
        self._check_origins()
        known = METRICS[self.task]
        if self.metric not in known:
            raise InvalidInput(
                f"The metric does not fit the task {self.task}",
                expected=f"one of {', '.join(known)}",
                received=repr(self.metric),
                mend=nearest(self.metric, known) or f'metric = "{known[0]}"',
            )

    def _check_origins(self) -> None:
        if self.rolling < 0:
            raise InvalidInput(
                "There cannot be fewer than no origins",
                expected="0 or more",
                received=f"origins = {self.rolling}",
                mend=f"origins = {_ORIGINS}, or 0 for none",
            )
        if self.rolling and self.split.random is not None:
            raise InvalidInput(
                "Origins stand in time, and the split is at random",
                expected="origins = 0, or a split by time",
                received=f"origins = {self.rolling}",
                mend="remove origins",
            )
        if duration(self.origin_span) == 0:
            raise InvalidInput(
                "The span of the origins is empty",
                expected="a duration above 0",
                received=repr(self.origin_span),
                mend='origin_span = "60d", or origins = 0 for none',
            )

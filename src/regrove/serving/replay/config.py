"""How a dataset is replayed."""

from __future__ import annotations

import re
from typing import Final

import msgspec

from regrove.errors import InvalidInput

__all__ = ["ReplayOptions"]

_DURATION = re.compile(r"([1-9]\d{0,5})(d|h|m)\Z")
_UNIT: Final = {"d": 86_400, "h": 3_600, "m": 60}


class ReplayOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which columns hold labels, and in what portions rows are asked.

    >>> ReplayOptions(label="late", step="1d").step_micros
    86400000000
    """

    label: str | None = None
    """The column that says what a row turned out to be; a null is a label that never comes. None: no labels."""
    label_at: str | None = None
    """The column with the instant at which the label became known; None: with the row itself."""
    key: str | None = None
    """The column whose value is sent as the key of a request of one row."""
    step: str = "1d"
    """How far the clock is turned at a time."""
    batch: int = 200
    """Rows of one request, at most."""
    singles: int = 40
    """Rows of each step that are asked one by one, spread over the step."""
    untidy: float = 0.0
    """The share of labels that arrive a second time; half as many again come for ids that nobody has predicted. The
    labels of a step arrive out of order."""
    seed: int = 0
    """Of what is left to chance."""

    def __post_init__(self) -> None:
        """Refuse portions that send nothing."""
        if not _DURATION.match(self.step):
            raise InvalidInput(
                "This is not a step of time", expected="a number and d, h or m: 1d", received=repr(self.step)
            )
        for name, least in (("batch", 1), ("singles", 0), ("seed", 0)):
            if getattr(self, name) < least:
                raise InvalidInput(
                    f"The option {name!r} cannot be used",
                    expected=f"{least} or more",
                    received=str(getattr(self, name)),
                )
        if not 0.0 <= self.untidy <= 1.0:
            raise InvalidInput("The share of untidy labels is none", expected="0 to 1", received=str(self.untidy))
        if self.label_at is not None and self.label is None:
            raise InvalidInput("There is a column of label times and none of labels", mend="name it with --label")

    @property
    def step_micros(self) -> int:
        """Microseconds of a step."""
        number, unit = _DURATION.match(self.step).groups()  # type: ignore[union-attr]  # checked when it was made
        return int(number) * _UNIT[unit] * 1_000_000

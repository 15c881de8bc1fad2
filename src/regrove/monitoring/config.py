"""What ``[monitors.<name>]`` of ``regrove.toml`` may say, and where this room reads declarations from."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal, Protocol

import msgspec

from regrove.clock import block_start, duration, zone_of
from regrove.errors import InvalidInput
from regrove.refs import check_name

__all__ = [
    "LOSSES",
    "AppliedRevision",
    "Declarations",
    "DriftConfig",
    "Loss",
    "MonitorConfig",
    "PerformanceConfig",
    "ReferenceName",
    "ScheduleConfig",
]

ReferenceName = Literal["train", "previous"]
"""What a window is compared with: the data of the model's run, or the blocks before the window."""

Loss = Literal["log_loss", "brier", "zero_one", "absolute_error"]
"""The loss of a row that the performance is followed by."""

LOSSES: Final[dict[str, tuple[Loss, ...]]] = {
    "binary": ("log_loss", "brier", "zero_one"),
    "multiclass": ("log_loss", "brier", "zero_one"),
    "regression": ("absolute_error",),
}
"""The losses that the answers of each kind of model have."""

_DAY: Final = 86_400_000_000
_QUARTER_DAYS: Final = 90


def _check_once(name: str, given: Iterable[str]) -> None:
    each = list(given)
    if len(set(each)) != len(each):
        raise InvalidInput(f"{name} names one thing twice", expected="each once", received=", ".join(each))


class DriftConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What inputs and predictions are compared with, and how often that may ring for nothing."""

    references: tuple[ReferenceName, ...] = ("train", "previous")
    page: tuple[ReferenceName, ...] = ("previous",)
    """The references whose DRIFT pages. DRIFT against another one opens an investigation and wakes nobody."""
    pages_per_quarter: float = 1.0
    """False pages that are accepted in 90 days, over all windows and references together."""
    columns: tuple[str, ...] | None = None
    """The fields of a request that are watched; all when absent. What the model answers always is."""
    previous: str | None = None
    """How far ``previous`` reaches back; when absent 56 days for blocks of days, 14 for blocks of hours."""

    def __post_init__(self) -> None:
        """Refuse references that are named twice or page without being judged, and a budget that is none."""
        for name in ("references", "page", "columns"):
            _check_once(name, getattr(self, name) or [])
        if not self.references or (self.columns is not None and not self.columns):
            raise InvalidInput(
                "Nothing would be compared", expected="at least one reference and one column", mend="remove the key"
            )
        strange = [each for each in self.page if each not in self.references]
        if strange:
            raise InvalidInput(
                "page names a reference that nothing is compared with",
                expected=f"one of {', '.join(self.references)}",
                received=repr(strange[0]),
                mend=f"references = {msgspec.json.encode([*self.references, *strange]).decode()}",
            )
        if not 0.0 < self.pages_per_quarter <= 90.0:
            raise InvalidInput(
                "pages_per_quarter is no budget of false pages",
                expected="a number above 0, at most 90",
                received=str(self.pages_per_quarter),
            )
        if self.previous is not None:
            duration(self.previous)


class PerformanceConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which loss is followed, and when the labels of a block are all that will come."""

    metric: Loss
    label_delay: str | None = None
    """The age at which a block is mature; when absent it is estimated from the labels that have come."""

    def __post_init__(self) -> None:
        """Refuse a delay that is none."""
        if self.label_delay is not None:
            duration(self.label_delay)


class ScheduleConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How old a model may become before somebody should look, whatever else is seen."""

    every: str

    def __post_init__(self) -> None:
        """Refuse an age of nothing."""
        if duration(self.every) == 0:
            raise InvalidInput("every is no time at all", expected="a duration such as 30d", received=repr(self.every))


class MonitorConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One monitor: which deployment it watches, in which blocks and windows, and what it judges.

    >>> MonitorConfig("late-arrival", zone="America/New_York").windows
    ('1d', '7d')
    """

    deployment: str
    block: str = "1d"
    """The unit of evidence, within which rows depend on each other: ``1d`` or ``1h``."""
    zone: str = "UTC"
    """Where a day begins: an IANA zone."""
    lateness: str = "0s"
    """How long after its end a block waits for rows that are still on their way."""
    windows: tuple[str, ...] = ("1d", "7d")
    """The stretches that are compared, each of whole blocks."""
    drift: DriftConfig | None = DriftConfig()
    performance: PerformanceConfig | None = None
    schedule: ScheduleConfig | None = None
    repeat: str = "7d"
    """After how long an alert that nobody has resolved is told again."""

    def __post_init__(self) -> None:
        """Refuse blocks, windows and times that make no sense together."""
        check_name(self.deployment, what="deployment")
        zone_of(self.zone)
        if self.block not in ("1d", "1h"):
            raise InvalidInput("block is no unit of evidence", expected="1d or 1h", received=repr(self.block))
        _check_once("windows", self.windows)
        for window in self.windows:
            block_start(0, window, "UTC")
            if self.block == "1d" and not window.endswith("d"):
                raise InvalidInput(
                    "A window is shorter than a block",
                    expected="whole blocks, such as 1d or 7d",
                    received=repr(window),
                    mend='block = "1h", if there are enough rows in an hour',
                )
        if self.drift is not None and not self.windows:
            raise InvalidInput("There is no window to compare", expected='windows = ["1d", "7d"]', received="[]")
        duration(self.lateness)
        if duration(self.repeat) == 0:
            raise InvalidInput("repeat is no time at all", expected="a duration such as 7d", received=repr(self.repeat))

    @property
    def families(self) -> int:
        """Windows times references: what the budget of false pages is shared by."""
        return len(self.windows) * len(self.drift.references) if self.drift else 0

    @property
    def reach(self) -> int:
        """How far ``previous`` reaches back, in microseconds of days of 24 hours."""
        given = self.drift.previous if self.drift else None
        return duration(given or ("56d" if self.block == "1d" else "14d"))

    @property
    def lateness_micros(self) -> int:
        """How long a block waits, in microseconds."""
        return duration(self.lateness)

    @property
    def repeat_micros(self) -> int:
        """After how long an alert is told again, in microseconds."""
        return duration(self.repeat)

    def in_a_quarter(self, window: str) -> float:
        """How many windows of this length end in 90 days."""
        return _QUARTER_DAYS * _DAY / duration(window)


class AppliedRevision(Protocol):
    """The declaration in force, as verdicts cite it."""

    @property
    def ref(self) -> str:
        """Such as ``project:flights@3``."""
        ...


class Declarations(Protocol):
    """What is declared of monitors; answered from the applied record."""

    @property
    def revision(self) -> AppliedRevision:
        """The revision in force."""
        ...

    def monitor(self, name: str) -> MonitorConfig:
        """What is declared of ``name``; NotFound with the nearest name."""
        ...

    def monitor_names(self) -> list[str]:
        """The declared monitors."""
        ...

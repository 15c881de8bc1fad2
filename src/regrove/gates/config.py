"""What ``[gates.MODEL]`` of ``regrove.toml`` may say: which checks a candidate must pass, and what each asks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Literal, Protocol

import msgspec

from regrove.clock import zone_of
from regrove.errors import InvalidInput, nearest
from regrove.pipelines.config import METRICS

if TYPE_CHECKING:
    from regrove.pipelines.config import ModelConfig

__all__ = [
    "AppliedRevision",
    "ChampionConfig",
    "Declarations",
    "GateConfig",
    "LatencyConfig",
    "LeakageConfig",
    "QualityConfig",
    "Rule",
    "Severity",
    "SlicesConfig",
    "check",
]

Severity = Literal["block", "warn"]
"""``block``: a failure rejects the candidate and an open question holds it; ``warn``: it is only told."""

Rule = Literal["superior", "non-inferior", "superior-or-fresh"]
"""What a candidate must show against the champion: that it is better; that it is not worse by more than the margin; or
that it is better, or not worse by more than the margin and trained on later rows."""

_SECONDS: Final = re.compile(r"(\d{1,6}(?:\.\d{1,6})?)(us|ms|s)\Z")
_UNIT: Final = {"us": 1e-6, "ms": 1e-3, "s": 1.0}


def seconds(text: str) -> float:
    """Seconds of a text such as ``20ms``, ``1.5s`` or ``300us``.

    >>> seconds("20ms")
    0.02
    """
    match = _SECONDS.match(text)
    value = float(match.group(1)) * _UNIT[match.group(2)] if match else 0.0
    if not value > 0.0:
        raise InvalidInput(
            "This is not a time to answer in",
            expected="a number above 0 and one of us, ms, s, such as 20ms",
            received=repr(text),
            mend='p99 = "20ms"',
        )
    return value


class QualityConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A metric of the candidate by itself, on the rows that were held out."""

    metric: str
    at_least: float | None = None
    at_most: float | None = None
    severity: Severity = "block"

    def __post_init__(self) -> None:
        """Refuse a limit that is none."""
        if self.at_least is None and self.at_most is None:
            raise InvalidInput(
                "The quality has no limit",
                expected="at_least or at_most",
                received="neither",
                mend=f'quality = {{ metric = "{self.metric}", at_least = 0.6 }}',
            )
        if self.at_least is not None and self.at_most is not None and self.at_least > self.at_most:
            raise InvalidInput(
                "No number keeps both limits of the quality",
                expected="at_least no larger than at_most",
                received=f"at_least {self.at_least}, at_most {self.at_most}",
                mend="take one of them away",
            )


class ChampionConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The candidate against the champion, on rows that neither has learnt from."""

    rule: Rule = "superior"
    margin: float | None = None
    """How much worse counts as no worse, in units of the metric; absent: a tenth of what the champion gains over always
    answering with the shares (or the mean) of the training side, at most .005 for accuracy and the area."""
    metric: str = ""
    """Absent: the model's own."""
    severity: Severity = "block"

    def __post_init__(self) -> None:
        """Refuse a margin below 0."""
        _check_margin(self.margin)


class SlicesConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The candidate against the champion on each value of some columns of the request."""

    columns: list[str]
    margin: float = 0.03
    """How much worse a slice may become, in units of the metric of the comparison."""
    severity: Severity = "block"

    def __post_init__(self) -> None:
        """Refuse slices of nothing, and of one column twice."""
        _check_margin(self.margin)
        if not self.columns or len(set(self.columns)) < len(self.columns):
            raise InvalidInput(
                "These are no columns to slice by",
                expected="at least one, each once",
                received=", ".join(self.columns) or "none",
                mend='slices = { columns = ["carrier"] }',
            )


class LeakageConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whether the candidate knows what it cannot know."""

    alone: float = 0.98
    """The area under the curve (R2 for numbers) above which a column by itself is the target in disguise."""
    share: float = 0.95
    """Of what the whole model knows: a column that knows more by itself is told, and decides nothing."""
    key: list[str] = []
    """Fields of the request that name a row; absent: all of them together."""
    limit: float = 0.01
    """The share of held-out rows that may stand in the training side too."""
    known_at: dict[str, str] = {}
    """By field of the request, the field that says when its value was known: not later than the event."""
    severity: Severity = "block"

    def __post_init__(self) -> None:
        """Refuse shares that are none."""
        for name in ("alone", "share", "limit"):
            value = getattr(self, name)
            if not 0.0 <= value <= 1.0 or (name != "limit" and value == 0.0):
                raise InvalidInput(
                    f"{name} of the leakage is no share",
                    expected="between 0 and 1",
                    received=str(value),
                    mend=f"leave {name} out, or give it a value between 0 and 1",
                )


class LatencyConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How fast a server with the candidate answers single rows that come at a steady rate."""

    p99: str
    """The time that 99 of 100 requests may take: ``20ms``."""
    rate: float = 200.0
    """Requests a second."""
    severity: Severity = "block"

    def __post_init__(self) -> None:
        """Refuse a time or a rate that is none."""
        seconds(self.p99)
        if not 0.5 <= self.rate <= 10_000.0:
            raise InvalidInput(
                "The rate of requests cannot be held",
                expected="between 0.5 and 10000 a second",
                received=str(self.rate),
                mend="rate = 200",
            )

    @property
    def limit_s(self) -> float:
        """The time in seconds."""
        return seconds(self.p99)


class GateConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One gate: the checks that a version of the model must pass. A check that is not named is not made."""

    zone: str = "UTC"
    """The IANA zone whose days are the blocks: rows of one day depend on each other."""
    quality: QualityConfig | None = None
    champion: ChampionConfig | None = None
    slices: SlicesConfig | None = None
    leakage: LeakageConfig | None = None
    latency: LatencyConfig | None = None

    def __post_init__(self) -> None:
        """Refuse a gate that lets everything through, and a zone that is none."""
        zone_of(self.zone)
        if not any((self.quality, self.champion, self.slices, self.leakage, self.latency)):
            raise InvalidInput(
                "The gate asks for nothing",
                expected="at least one of quality, champion, slices, leakage, latency",
                received="none",
                mend='champion = { rule = "superior" }',
            )


class AppliedRevision(Protocol):
    """The declaration in force, as reports cite it."""

    @property
    def ref(self) -> str:
        """Such as ``project:flights@3``."""
        ...


class Declarations(Protocol):
    """What is declared of gates; answered from the applied record."""

    @property
    def revision(self) -> AppliedRevision:
        """The revision in force."""
        ...

    def gate(self, model: str, /) -> GateConfig:
        """The gate of ``model``; NotFound with the nearest name."""
        ...


def check(gate: GateConfig, model: ModelConfig) -> None:
    """Raise InvalidInput for a metric that does not fit the task of the model."""
    known = METRICS[model.task]
    named = [("quality", gate.quality.metric)] if gate.quality else []
    named += [("champion", gate.champion.metric)] if gate.champion and gate.champion.metric else []
    for table, metric in named:
        if metric not in known:
            raise InvalidInput(
                f"The metric of {table} does not fit the task {model.task}",
                expected=f"one of {', '.join(known)}",
                received=repr(metric),
                mend=nearest(metric, known) or f'metric = "{model.metric}"',
            )


def _check_margin(margin: float | None) -> None:
    if margin is not None and not 0.0 <= margin < float("inf"):
        raise InvalidInput("The margin is none", expected="0 or more", received=str(margin), mend="margin = 0.005")

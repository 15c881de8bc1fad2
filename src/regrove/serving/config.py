"""What ``[deployments.<name>]`` of ``regrove.toml`` may say, and where this room reads declarations from."""

from __future__ import annotations

import itertools
import re
from typing import Final, Protocol

import msgspec

from regrove.clock import duration
from regrove.errors import InvalidDeclaration
from regrove.refs import Ref, parse

__all__ = ["AppliedRevision", "Declarations", "DeploymentConfig", "Limits", "RolloutConfig"]

_PERCENT: Final = re.compile(r"(\d{1,3})(?:\.(\d{1,2}))?%\Z")
_WHOLE: Final = 10_000


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one request may ask for."""

    body_bytes: int = 16 << 20
    """A larger body is refused before it is read."""
    rows: int = 10_000
    """More rows, or labels, in one request are refused."""

    def __post_init__(self) -> None:
        """Refuse a limit that lets nothing through."""
        for name in ("body_bytes", "rows"):
            if getattr(self, name) < 1:
                raise InvalidDeclaration(
                    f"The limit {name!r} of a deployment lets no request through",
                    expected="at least 1",
                    received=str(getattr(self, name)),
                )


class RolloutConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """By which steps a candidate comes to answer everybody, and what stops it.

    >>> RolloutConfig(phases=["1%", "12.5%", "100%"]).shares
    (100, 1250, 10000)
    """

    phases: list[str] = msgspec.field(default_factory=lambda: ["5%", "20%", "50%", "100%"])
    """The candidate's share of the callers in each phase; the last is ``100%``: the promotion."""
    abort_alpha: float = 0.01
    """At most so many of all candidates that are no worse than the control are stopped, however often one looks."""
    score_ratio: float = 3.0
    """How many times as often as the control's a candidate's scores may fall into one tenth of the control's. A model
    that was trained again scores otherwise; one that is fed wrongly scores everybody alike."""
    minimum_stay: str = "1d"
    """How long each phase lasts at least, in domain time."""
    minimum_requests: int = 200
    """How many requests the candidate answers at least in each phase."""
    approval: bool = False
    """Whether a person must approve before the last phase."""
    give_up: str = "14d"
    """How long a phase may wait for its servers, its requests or its approval before the rollout is held."""

    def __post_init__(self) -> None:
        """Refuse phases that do not lead to everybody, and limits that nothing could meet."""
        shares = self.shares
        if not shares or shares[-1] != _WHOLE or not all(low < high for low, high in itertools.pairwise((0, *shares))):
            raise InvalidDeclaration(
                "The phases of a rollout do not lead from few callers to all of them",
                expected="ascending shares above 0% that end with 100%",
                received=", ".join(self.phases) or "no phase",
                mend='phases = ["5%", "20%", "50%", "100%"]',
            )
        if not 0.0 < self.abort_alpha <= 0.5:
            raise _nonsense("abort_alpha", "a number above 0 and at most 0.5", self.abort_alpha, "0.01")
        if not 1.0 <= self.score_ratio <= 1000.0:
            raise _nonsense("score_ratio", "a number from 1 to 1000", self.score_ratio, "3.0")
        if self.minimum_requests < 1:
            raise _nonsense("minimum_requests", "at least 1", self.minimum_requests, "200")
        if self.patience < max(self.stay, 1):
            raise InvalidDeclaration(
                "A rollout gives up before its phases may end",
                expected=f"give_up of at least minimum_stay, {self.minimum_stay}, and above 0s",
                received=f'give_up = "{self.give_up}"',
                mend='minimum_stay = "1d" with give_up = "14d"',
            )

    @property
    def shares(self) -> tuple[int, ...]:
        """The share of each phase, in ten-thousandths."""
        return tuple(_tenthousandths(each) for each in self.phases)

    @property
    def stay(self) -> int:
        """``minimum_stay`` in microseconds."""
        return duration(self.minimum_stay)

    @property
    def patience(self) -> int:
        """``give_up`` in microseconds."""
        return duration(self.give_up)


def _tenthousandths(percent: str) -> int:
    match = _PERCENT.match(percent)
    found = int(match.group(1)) * 100 + int((match.group(2) or "").ljust(2, "0")) if match else -1
    if not 0 <= found <= _WHOLE:
        raise InvalidDeclaration(
            "This is no share of the callers",
            expected="a percentage with at most two decimals, such as 5% or 12.5%",
            received=repr(percent),
            mend='phases = ["5%", "20%", "50%", "100%"]',
        )
    return found


def _nonsense(name: str, expected: str, received: float, usual: str) -> InvalidDeclaration:
    return InvalidDeclaration(
        f"{name} of a rollout cannot be this", expected=expected, received=str(received), mend=f"{name} = {usual}"
    )


class DeploymentConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One deployment: which model it serves, by which key a caller is kept together, and its limits.

    >>> DeploymentConfig("late-arrival@champion").ref
    Ref(kind='model', name='late-arrival', version='champion')
    """

    model: str
    """A model with an alias, which may move, or with a version, which stays."""
    sticky: str | None = None
    """The field of a row that is logged as its key when the request carries none."""
    limits: Limits = Limits()
    rollout: RolloutConfig | None = None
    """How a new version of the model comes to answer; no part of what answers, so that no revision holds it."""

    def __post_init__(self) -> None:
        """Refuse a model without alias or version: what is served must be said."""
        if not self.ref.version:
            raise InvalidDeclaration(
                "A deployment must say which version or alias of a model it serves",
                expected=f"{self.model}@champion, or a number such as {self.model}@1",
                received=repr(self.model),
            )

    @property
    def ref(self) -> Ref:
        """The model as a ref."""
        return parse(self.model, kind="model")

    @property
    def answering(self) -> DeploymentConfig:
        """What of it bears on answers: everything but the rollout."""
        return msgspec.structs.replace(self, rollout=None) if self.rollout is not None else self


class AppliedRevision(Protocol):
    """The declaration in force, as decisions cite it."""

    @property
    def ref(self) -> str:
        """Such as ``project:flights@3``."""
        ...


class Declarations(Protocol):
    """What is declared of deployments; answered from the applied record."""

    @property
    def revision(self) -> AppliedRevision:
        """The revision in force."""
        ...

    def deployment(self, name: str) -> DeploymentConfig:
        """What is declared of ``name``; NotFound with the nearest name."""
        ...

    def deployment_names(self) -> list[str]:
        """The declared deployments."""
        ...

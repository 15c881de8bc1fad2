"""What this room asks of others: the declaration in force, and the reports of gates.

What ``[deployments.<name>.rollout]`` may say is `regrove.serving.RolloutConfig`: it stands in the deployment's table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from regrove.serving import DeploymentConfig

__all__ = ["AppliedRevision", "Declarations", "Gates", "Report"]


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


class Report(Protocol):
    """What a gate said of a candidate, as far as a rollout rests on it."""

    @property
    def ref(self) -> str:
        """Such as ``gate:<id>``."""
        ...

    @property
    def model_digest(self) -> str:
        """The bytes that were judged."""
        ...

    @property
    def champion(self) -> str:
        """What they were compared with; empty for nothing."""
        ...

    @property
    def champion_digest(self) -> str:
        """The bytes of that; empty for nothing."""
        ...

    @property
    def verdict(self) -> str:
        """``PROMOTE``, ``REJECT`` or ``HOLD``."""
        ...

    @property
    def reason(self) -> str:
        """One sentence."""
        ...


class Gates(Protocol):
    """Where reports of gates are."""

    def get(self, ref: str, /) -> Report:
        """The report of this ref; NotFound when there is none."""
        ...

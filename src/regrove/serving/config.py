"""What ``[deployments.<name>]`` of ``regrove.toml`` may say, and where this room reads declarations from."""

from __future__ import annotations

from typing import Protocol

import msgspec

from regrove.errors import InvalidDeclaration
from regrove.refs import Ref, parse

__all__ = ["AppliedRevision", "Declarations", "DeploymentConfig", "Limits"]


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


class DeploymentConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One deployment: which model it serves, by which key a caller is kept together, and its limits.

    >>> DeploymentConfig("late-arrival@champion").ref
    Ref(kind='model', name='late-arrival', version='champion')
    """

    model: str
    """A model with an alias, which may move, or with a version, which stays."""
    sticky: str | None = None
    """The field of a row that is logged as its key when the request carries none."""
    limits: Limits = Limits()

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

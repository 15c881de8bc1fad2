"""What a model format is, and what it refuses."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

import msgspec

from regrove.errors import Corrupt, InvalidInput, Refused

__all__ = ["Audit", "BrokenModelFile", "ModelFormat", "UnfitEstimator", "UntrustedTypes"]


class Audit(msgspec.Struct, frozen=True):
    """What a model file would bring into a process: all types it names, and those of them that nobody vouched for."""

    types: tuple[str, ...]
    unknown: tuple[str, ...]


class BrokenModelFile(Corrupt):
    """A model file is not what its format writes: torn, altered, or of another kind altogether."""

    code = "broken-model-file"


class UntrustedTypes(Refused):
    """A model file names types that are neither known to be safe nor listed as trusted."""

    code = "untrusted-types"

    def __init__(self, unknown: Sequence[str], *, source: str) -> None:
        listed = ", ".join(f'"{name}"' for name in unknown)
        super().__init__(
            f"{source} names types that nobody vouched for, so it is not loaded",
            expected="types that the format knows to be safe, or that the model's declaration trusts",
            received=", ".join(unknown),
            mend=f"when you know them, add to the model's table of regrove.toml: trusted_types = [{listed}]",
        )


class UnfitEstimator(InvalidInput):
    """An estimator cannot be written in a format so that it comes back the same."""

    code = "unfit-estimator"


@runtime_checkable
class ModelFormat(Protocol):
    """One way to write an estimator. Implementations hold no state and are safe to share between threads."""

    name: str

    def accepts(self, value: Any) -> bool:
        """Whether ``value`` is an estimator that this format is for."""
        ...

    def dump(self, model: Any, path: str | os.PathLike[str]) -> None:
        """Write ``model`` to ``path``: the same bytes for the same fitted estimator, whatever process and folder.

        Raises UnfitEstimator when the estimator would not come back as it was.
        """
        ...

    def audit(self, path: str | os.PathLike[str]) -> Audit:
        """All types that the file names, without importing or building any of them; BrokenModelFile when torn."""
        ...

    def load(self, path: str | os.PathLike[str], trusted: Sequence[str] = ()) -> Any:
        """The estimator, after an audit; UntrustedTypes names every type that is neither known nor ``trusted``."""
        ...

"""The manifest of a model version: everything that serving needs, by digest. Its own digest is the version's name.

Nothing in it depends on where or when the model was trained, or on the run that trained it, so the same data, code and
seed give the same digest in any folder and process.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from regrove import digest
from regrove.errors import InvalidInput
from regrove.refs import check_name
from regrove.registry.signature import Signature

__all__ = ["FORMAT", "Link", "ModelManifest", "ServingCode", "Training"]

FORMAT: Final = 1
"""The form of manifests that this version writes and reads."""


class Link(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One function on the way from ``request`` to ``features``, and what its parameters take: results before it."""

    function: str
    parameters: tuple[str, ...]


class ServingCode(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The project's own code that runs in serving, packaged with the model.

    ``object`` is the digest of canonical JSON ``{path: source}``, a package; ``module`` is the module in it that holds
    the functions of ``chain``, which are called in order. The frame of a request goes by the name ``request``; the
    last result is what the estimator sees. An empty chain means that the estimator sees the request itself.
    """

    object: str
    module: str
    request: str
    chain: tuple[Link, ...]
    code: str
    """Digest of what the functions can reach (their closure), for comparing; ``object`` is what runs."""

    def __post_init__(self) -> None:
        """Refuse a chain whose functions ask for what does not come before them."""
        known = {self.request}
        for link in self.chain:
            strange = [name for name in link.parameters if name not in known]
            if strange:
                raise InvalidInput(
                    f"The function {link.function!r} on the serving path asks for what a request cannot carry",
                    expected=f"parameters out of {', '.join(sorted(known))}",
                    received=", ".join(strange),
                    mend="let the request carry it as columns, or make it a constant of the module",
                )
            known.add(link.function)


class Training(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the model was made of: evidence, not needed to serve."""

    target: str
    seed: int
    params: dict[str, Any] = {}
    inputs: dict[str, str] = {}
    """Digest of each dataset version by the dataset's name."""
    steps: dict[str, str] = {}
    """Code digest of each step by its name: features, target, trainer."""


class ModelManifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A model version, whole."""

    format_version: int = FORMAT
    name: str
    format: str
    """The model format, a plugin of the kind ``model_formats``."""
    model: str
    """Digest of the model file."""
    signature: Signature
    serving: ServingCode
    training: Training
    trusted_types: tuple[str, ...] = ()
    """Types in the model file that the declaration vouches for."""

    def __post_init__(self) -> None:
        """Refuse a manifest of another form, or one whose digests are none."""
        if self.format_version != FORMAT:
            raise InvalidInput(
                "This manifest is of a form that this version does not read",
                expected=str(FORMAT),
                received=str(self.format_version),
                mend="update regrove",
            )
        check_name(self.name, what="model")
        for each in (self.model, self.serving.object, *self.training.inputs.values()):
            digest.check(each)

    @property
    def digest(self) -> str:
        """The digest that names the version."""
        return digest.of_bytes(digest.canonical(self))

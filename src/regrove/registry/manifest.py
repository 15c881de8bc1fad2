"""The manifest of a model version: everything that serving needs, by digest. Its own digest is the version's name.

Nothing in it depends on where or when the model was trained, or on the run that trained it, so the same data, code and
seed give the same digest in any folder and process.
"""

from __future__ import annotations

from typing import Any, Final, Literal

import msgspec

from regrove import digest
from regrove.errors import InvalidInput
from regrove.refs import check_name
from regrove.registry.signature import Signature

__all__ = ["FORMAT", "Link", "ModelManifest", "Parameter", "ServingCode", "Training"]

FORMAT: Final = 1
"""The form of manifests that this version writes and reads."""


class Parameter(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What fills a parameter: the result of the function ``source``, or the request's frame by its name."""

    name: str
    source: str
    form: Literal["lazy", "eager", ""] = "lazy"
    """Whether a frame is handed over lazy or collected; empty for a value that is no frame."""


class Link(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One function on the way from ``request`` to ``features``."""

    function: str
    module: str
    """The module inside the package that holds the function."""
    parameters: tuple[Parameter, ...]


class ServingCode(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The project's own code that runs in serving, packaged with the model.

    The functions of ``chain`` are called in order, and the last result is what the estimator sees. The frame of a
    request goes by the name ``request``. An empty chain means that the estimator sees the request itself.
    """

    request: str
    chain: tuple[Link, ...] = ()
    object: str = ""
    """Digest of canonical JSON ``{path: source}``, the package; empty when no function runs."""
    code: str = ""
    """Digest of what the functions can reach (their closure), for comparing; ``object`` is what runs."""

    def __post_init__(self) -> None:
        """Refuse a chain without a package, or whose functions ask for what does not come before them."""
        if self.chain or self.object:
            digest.check(self.object)
        known = {self.request}
        for link in self.chain:
            strange = [each.source for each in link.parameters if each.source not in known]
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
    """Digest of what each step's function can reach (its closure), by its name: features, target, trainer."""
    metric: str = ""
    """The metric that it is judged by."""


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
        for each in (self.model, *self.training.inputs.values()):
            digest.check(each)

    @property
    def objects(self) -> tuple[str, ...]:
        """The digests of the objects that serving needs beside the manifest: model file, and code if any runs."""
        return tuple(each for each in (self.model, self.serving.object) if each)

    @property
    def digest(self) -> str:
        """The digest that names the version."""
        return digest.of_bytes(digest.canonical(self))

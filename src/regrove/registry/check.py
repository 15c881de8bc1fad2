"""Whether a version could be served, asked of another process.

To know it the model file is loaded and the packaged code imported: seconds of imports, and the project's own code. A
process that has trained the model has imported all of that already, and one that registers need not.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from regrove import digest
from regrove.errors import Corrupt
from regrove.registry.answer import WrongSignature
from regrove.registry.code import BrokenServingCode
from regrove.registry.formats.seam import BrokenModelFile, UntrustedTypes
from regrove.registry.manifest import ModelManifest
from regrove.registry.predictor import Predictor

if TYPE_CHECKING:
    from regrove.storage import Vault

__all__ = ["CHECK", "RAISED", "check", "pack"]

CHECK: Final = "regrove.registry.check:check"
"""How an executor names `check`."""

RAISED: Final = (UntrustedTypes, BrokenModelFile, BrokenServingCode, WrongSignature, Corrupt)
"""What `check` raises. Errors come from other processes by name, and who asks has their classes by importing this."""


class _Question(msgspec.Struct, frozen=True):
    """The manifest, and the file in which each object that serving needs lies, by its digest."""

    manifest: ModelManifest
    files: dict[str, str]


def pack(manifest: ModelManifest, vault: Vault) -> bytes:
    """What `check` is asked; NotFound or Corrupt for an object that is missing or changed."""
    files = {of: str(vault.fetch(of)) for of in manifest.objects}
    return msgspec.json.encode(_Question(manifest, files))


def check(payload: bytes) -> bytes:
    """Make the predictor of a packed manifest; nothing is returned, and what could never be served raises.

    Raises one of `RAISED`; Corrupt itself is for bytes that changed.
    """
    asked = msgspec.json.decode(payload, type=_Question)
    Predictor.of(asked.manifest, _Files(asked.files))
    return b""


class _Files:
    """Objects by digest, out of files that another process found; whole, or Corrupt is raised."""

    def __init__(self, files: dict[str, str]) -> None:
        self._files = files

    def fetch(self, of: str) -> Path:
        """The file."""
        path = Path(self._files[of])
        found = digest.of_file(path)
        if found != of:
            raise Corrupt(f"{path} is not what it was a moment ago", expected=of, received=found)
        return path

    def read(self, of: str) -> bytes:
        """What is in it."""
        return self.fetch(of).read_bytes()

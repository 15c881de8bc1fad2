"""Whether a version still is what its digest says, every byte and every value of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import msgspec

from regrove import digest
from regrove.datasets.manifest import Manifest, Part
from regrove.datasets.profile import Profile
from regrove.datasets.report import ValidationReport
from regrove.errors import Corrupt, NotFound
from regrove.frames import decode_parquet

if TYPE_CHECKING:
    from collections.abc import Callable

    from regrove.datasets.store import StoredValidation
    from regrove.datasets.version import DatasetVersion
    from regrove.storage.vault import Vault

__all__ = ["Fault", "Verification", "verify"]

T = TypeVar("T")


class Fault(msgspec.Struct, frozen=True):
    """Something that is not what it should be: ``what`` names it, the object or the number of the part."""

    what: str
    expected: str
    received: str

    def __str__(self) -> str:
        """The fault on one line."""
        return f"{self.what}: expected {self.expected}, received {self.received}"


class Verification(msgspec.Struct, frozen=True):
    """The outcome: ``parts`` and ``rows`` were read and digested; without a fault the version is proven."""

    ref: str
    digest: str
    parts: int
    rows: int
    faults: tuple[Fault, ...]

    @property
    def ok(self) -> bool:
        """Whether there is no fault."""
        return not self.faults


def verify(vault: Vault, version: DatasetVersion, validation: StoredValidation | None) -> Verification:
    """Read every object of ``version`` afresh, whatever was verified before, and digest bytes and values."""
    faults: list[Fault] = []
    manifest = _checked(faults, "manifest", lambda: vault.read_json(version.manifest_digest, Manifest))
    _checked(faults, "profile", lambda: vault.read_json(version.profile_digest, Profile))
    if validation is not None:
        _checked(faults, "report", lambda: vault.read_json(validation.report_digest, ValidationReport))
        if validation.refused_digest:
            _checked(faults, "refused rows", lambda: vault.read(validation.refused_digest))
    parts = manifest.parts if manifest is not None else ()
    rows = 0
    for number, part in enumerate(parts, start=1):
        rows += _part_rows(vault, manifest, part, f"part {number} of {len(parts)}", faults)
    if manifest is not None and manifest.content_digest() != version.digest:
        faults.append(Fault("content digest", version.digest, manifest.content_digest()))
    if not faults and rows != version.rows:
        faults.append(Fault("row count", str(version.rows), str(rows)))
    return Verification(version.ref, version.digest, len(parts), rows, tuple(faults))


def _part_rows(vault: Vault, manifest: Manifest | None, part: Part, what: str, faults: list[Fault]) -> int:
    data = _checked(faults, what, lambda: vault.read(part.blob_digest))
    if data is None or manifest is None:
        return 0
    frame = _checked(faults, what, lambda: decode_parquet(data, schema=manifest.schema))
    if frame is None:
        return 0
    found = digest.of_table(frame)
    if found != part.table_digest:
        faults.append(Fault(f"{what}: values", part.table_digest, found))
    return frame.height


def _checked(faults: list[Fault], what: str, read: Callable[[], T]) -> T | None:
    """What ``read`` gives, or None with a fault noted."""
    try:
        return read()
    except (Corrupt, NotFound) as error:
        faults.append(Fault(f"{what}: {error.happened}", error.expected, error.received or "nothing"))
        return None

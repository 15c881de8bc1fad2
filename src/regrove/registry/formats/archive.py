"""The zip file of a skops model: written one way, read strictly.

Everything is stored, never compressed, so a file cannot grow when it is read; members are a ``schema.json`` and flat
files of a few kinds, so a name cannot leave the archive; order, times and modes are fixed, so the same members give
the same bytes.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping
from typing import Final

from regrove.registry.formats.seam import BrokenModelFile

__all__ = ["SCHEMA", "pack", "unpack"]

SCHEMA: Final = "schema.json"
"""The member that describes the object; the others are arrays and bytes that it names."""

_MEMBER = re.compile(r"[A-Za-z0-9_\-]{1,64}\.(npy|npz|bin)\Z")
_EPOCH = (1980, 1, 1, 0, 0, 0)


def pack(members: Mapping[str, bytes]) -> bytes:
    """The bytes of the archive of ``members``, sorted by name.

    >>> pack({"b": b"2", "a": b"1"}) == pack({"a": b"1", "b": b"2"})
    True
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(members):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.create_system = 3  # Unix, whatever wrote it
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, members[name])
    return buffer.getvalue()


def unpack(data: bytes, *, source: str) -> dict[str, bytes]:
    """The members of a model file; BrokenModelFile for anything that `pack` would not have written.

    Refused: what is no zip (a pickle above all), compressed or encrypted members, names with a folder or of another
    kind, a name twice, members that overlap, a checksum that does not hold, no ``schema.json``.
    """
    if data[:4] != b"PK\x03\x04":
        pickled = data[:1] == b"\x80"
        raise BrokenModelFile(
            f"{source} is no skops model",
            expected="a zip archive that holds schema.json",
            received="a pickle, which can run any code when it is loaded" if pickled else "bytes of another kind",
            mend="save the estimator with skops: Regrove never loads pickles" if pickled else "",
        )
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            _check(entries, len(data), source)
            members = {entry.filename: archive.read(entry) for entry in entries}
    except (zipfile.BadZipFile, NotImplementedError, EOFError, ValueError, OverflowError) as error:
        raise BrokenModelFile(f"{source} is a damaged archive: {error}") from error
    if SCHEMA not in members:
        raise BrokenModelFile(
            f"{source} is no skops model", expected=f"a member {SCHEMA}", received=", ".join(sorted(members)[:5])
        )
    return members


def _check(entries: list[zipfile.ZipInfo], size: int, source: str) -> None:
    seen: set[str] = set()
    for entry in entries:
        name = entry.orig_filename
        fault = ""
        if name != SCHEMA and not _MEMBER.match(name):
            fault = "a member whose name leads elsewhere or is of another kind"
        elif name in seen:
            fault = "a member that stands twice"
        elif entry.flag_bits & 0x1:
            fault = "an encrypted member"
        elif entry.compress_type != zipfile.ZIP_STORED or entry.compress_size != entry.file_size:
            fault = "a compressed member, which may grow without bound when it is read"
        if fault:
            raise BrokenModelFile(
                f"{source} holds {fault}",
                expected="stored members named schema.json or NAME.npy, NAME.npz, NAME.bin",
                received=repr(name[:80]),
                mend="register the model again from its estimator; this file was not written by Regrove",
            )
        seen.add(name)
    total = sum(entry.file_size for entry in entries)
    if total > size:
        raise BrokenModelFile(
            f"{source} holds members that overlap, so it grows when it is read",
            expected=f"at most {size} bytes in all",
            received=f"{total} bytes",
        )

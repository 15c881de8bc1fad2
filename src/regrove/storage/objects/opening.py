"""Which object store a setting means."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from regrove.errors import InvalidInput
from regrove.storage.objects.local import LocalObjects

if TYPE_CHECKING:
    from collections.abc import Mapping

    from regrove.storage.objects.seam import ObjectStore

__all__ = ["open_objects"]

_SCHEMES = ("s3", "s3a", "gs", "az", "abfs", "abfss")


def open_objects(place: str | Path, *, cache: Path, options: Mapping[str, str] | None = None) -> ObjectStore:
    """The store at ``place``: a folder (or ``file:///folder``), or ``s3://bucket/prefix``, ``gs://`` or ``az://``.

    ``cache`` is the folder for local copies of remote objects; ``options`` are those of the service (region, endpoint,
    access_key_id, secret_access_key, ...), which otherwise come from its own environment variables. Nothing is
    connected yet. Raises InvalidInput for a scheme that is not known.
    """
    text = str(place)
    scheme, separator, rest = text.partition("://")
    if not separator or scheme == "file":
        store = LocalObjects(Path(rest or text))
        store.sweep()  # what killed writers left aside long ago
        return store
    if scheme in _SCHEMES:
        from regrove.storage.objects.remote import RemoteObjects

        return RemoteObjects.open(text, cache=cache, options=options or {})
    raise InvalidInput(
        "This cannot be a place for objects",
        expected=f"a folder, file://, or one of {', '.join(each + '://' for each in _SCHEMES)}",
        received=scheme + "://",
    )

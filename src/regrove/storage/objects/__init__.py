"""Objects: bytes under keys, written once, in a folder or at a service that speaks S3, GCS or Azure."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from regrove.storage.objects.local import LocalObjects
    from regrove.storage.objects.opening import open_objects
    from regrove.storage.objects.remote import RemoteObjects
    from regrove.storage.objects.seam import ObjectInfo, ObjectStore

__all__ = ["LocalObjects", "ObjectInfo", "ObjectStore", "RemoteObjects", "open_objects"]

_HOME = {
    "LocalObjects": "local",
    "ObjectInfo": "seam",
    "ObjectStore": "seam",
    "RemoteObjects": "remote",
    "open_objects": "opening",
}


def __getattr__(name: str) -> Any:
    """Load what is asked for, and only that."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value

"""Objects at a service that speaks S3, GCS or Azure, through obstore.

A put is the service's own conditional put (create-only), which is acknowledged when it is durable. A file above
`LARGE` goes up in parts, which the service cannot make conditional: it is only looked for before, so two writers of the
same key at the same time may both create it. In a vault they write the same bytes. A put that was repeated because its
answer was lost may say False although it created the object.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, Self

import obstore
from obstore import exceptions
from obstore.store import from_url

from regrove import clock, digest, refs
from regrove.errors import InvalidInput, NotFound, Unavailable
from regrove.storage.objects.seam import ObjectInfo, ObjectStore, check_key, check_prefix

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from obstore import ObjectMeta

__all__ = ["LARGE", "RemoteObjects"]

LARGE: Final = 256 << 20
"""Bytes from which a file goes up in parts; a smaller one is held in memory while it is sent."""

_RETRY: Final[Any] = {"max_retries": 4, "retry_timeout": timedelta(seconds=30)}


class RemoteObjects(ObjectStore):
    """An object store at a service; local copies of what is read lie in ``cache``."""

    def __init__(self, url: str, store: Any, cache: Path) -> None:
        self.url = url
        self._store = store
        self._cache = cache

    @classmethod
    def open(cls, url: str, *, cache: Path, options: Mapping[str, str]) -> Self:
        """The store at ``url`` (``s3://bucket/prefix``); nothing is connected yet.

        ``options`` are the service's own (region, endpoint, access_key_id, ...). Raises InvalidInput when the address
        or an option is not one.
        """
        endpoint = options.get("endpoint") or options.get("aws_endpoint") or ""
        client: Any = {"allow_http": True} if endpoint.startswith("http://") else {}
        try:
            store = from_url(url, config=dict(options), client_options=client, retry_config=_RETRY)  # type: ignore[call-overload]  # the options are the service's, and checked by it
        except (exceptions.BaseError, ValueError) as error:
            # The text of the error could repeat an option's value, which may be a secret; only its kind is passed on.
            raise InvalidInput(
                "The object store cannot be opened",
                expected="s3://bucket/prefix, gs://... or az://..., and options that the service knows",
                received=f"{url} with options {', '.join(sorted(options)) or 'none'} ({type(error).__name__})",
            ) from None
        return cls(url, store, cache / digest.of_bytes(url.encode()).removeprefix(digest.PREFIX)[:16])

    def __repr__(self) -> str:
        return f"RemoteObjects({self.url!r})"

    def put_bytes(self, key: str, data: bytes) -> bool:
        """Create the object; False when one is there already."""
        return self._put(check_key(key), data)

    def put_file(self, key: str, path: Path) -> bool:
        """Create the object from the file; False when one is there already."""
        check_key(key)
        try:
            size = path.stat().st_size
            if size < LARGE:
                return self._put(key, path.read_bytes())
            if self.info(key) is not None:
                return False
            with self._asking(key), open(path, "rb") as file:
                obstore.put(self._store, key, file, use_multipart=True)
        except FileNotFoundError:
            raise NotFound("The file is not there", received=str(path)) from None
        except (IsADirectoryError, PermissionError) as error:
            raise InvalidInput("The file cannot be read", received=f"{error.strerror}: {path}") from None
        return True

    def get(self, key: str) -> bytes:
        """The object's bytes."""
        with self._asking(check_key(key)):
            return bytes(obstore.get(self._store, key).bytes())

    def local(self, key: str) -> Path:
        """The local copy of the object, downloaded when it is not there yet."""
        path = self._cache / check_key(key)
        if path.is_file():
            return path
        aside = self._cache / ".aside" / refs.new_id()
        aside.parent.mkdir(parents=True, exist_ok=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with self._asking(key):
                chunks = obstore.get(self._store, key).stream(min_chunk_size=1 << 20)
                with open(aside, "xb") as file:
                    file.writelines(chunks)
            os.replace(aside, path)
        except OSError as error:
            raise Unavailable(
                "The local copy of an object could not be written",
                received=f"{error.strerror} ({path})",
                mend="free some space; the object itself is safe",
            ) from error
        finally:
            aside.unlink(missing_ok=True)
        return path

    def info(self, key: str) -> ObjectInfo | None:
        """Size and time of the object, or None when there is none."""
        try:
            with self._asking(check_key(key)):
                return _info(obstore.head(self._store, key))
        except NotFound:
            return None

    def list(self, prefix: str = "") -> Iterator[ObjectInfo]:
        """The objects whose key begins with ``prefix``, sorted by key; all of their names are held in memory."""
        folder = check_prefix(prefix).rpartition("/")[0]  # services list by folder here, so the rest is sifted below
        try:
            with self._asking(prefix):
                found = [_info(meta) for chunk in obstore.list(self._store, folder or None) for meta in chunk]
        except NotFound:
            raise self._no_bucket() from None
        yield from sorted((info for info in found if info.key.startswith(prefix)), key=lambda info: info.key)

    def delete(self, key: str) -> None:
        """Delete the object; nothing happens when there is none."""
        self.forget(check_key(key))
        try:
            with self._asking(key):
                obstore.delete(self._store, key)
        except NotFound:
            return

    def forget(self, key: str) -> bool:
        """Drop the local copy; True when there was one."""
        path = self._cache / check_key(key)
        there = path.is_file()
        path.unlink(missing_ok=True)
        return there

    def _put(self, key: str, data: bytes) -> bool:
        try:
            with self._asking(key):
                obstore.put(self._store, key, data, mode="create")
        except exceptions.AlreadyExistsError:
            return False
        except NotFound:  # an object cannot be missing when it is created, so it is the place that is
            raise self._no_bucket() from None
        return True

    def _no_bucket(self) -> Unavailable:
        return Unavailable("The bucket is not there", received=self.url, mend="create it")

    @contextmanager
    def _asking(self, key: str) -> Iterator[None]:
        """Turn what the service says into this house's errors."""
        try:
            yield
        except FileNotFoundError:
            raise NotFound("The object is not there", received=f"{key} in {self.url}") from None
        except (exceptions.PermissionDeniedError, exceptions.UnauthenticatedError) as error:
            raise Unavailable(
                "The object store refuses these credentials", received=f"{key} in {self.url}", mend="check the settings"
            ) from error
        except exceptions.AlreadyExistsError:
            raise  # an answer, not a failure
        except exceptions.BaseError as error:
            raise Unavailable(
                "The object store does not answer as it should",
                received=f"{_first_line(error)} ({key} in {self.url})",
                mend="check its address and that it is up, then run the same command again",
            ) from error


def _info(meta: ObjectMeta) -> ObjectInfo:
    return ObjectInfo(meta["path"], meta["size"], clock.to_micros(meta["last_modified"]))


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0][:300] if str(error).strip() else type(error).__name__

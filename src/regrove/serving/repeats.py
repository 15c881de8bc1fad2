"""Ids that clients chose lately: the same request may come again under its id, another one may not."""

from __future__ import annotations

import threading
from collections import OrderedDict
from hashlib import blake2b
from typing import Any, ClassVar, Final

import msgspec

from regrove.errors import Conflict

__all__ = ["DifferentRequest", "Repeats", "content"]

_LARGEST: Final = 16_384
"""Ids that one process remembers, the latest ones: some three megabytes."""

_encoder = msgspec.msgpack.Encoder()


class DifferentRequest(Conflict):
    """An id that a client chose came again with other rows, or another key."""

    code: ClassVar[str] = "different-request"


def content(key: str | None, columns: dict[str, list[Any]]) -> bytes:
    """What makes two requests the same: their key and the values of their rows, however they were written.

    >>> content(None, {"wind": [3.0]}) == content(None, {"wind": [3.5]})
    False
    """
    return blake2b(_encoder.encode((key, columns)), digest_size=16).digest()


class Repeats:
    """The latest ids of one process with the content that each stands for. Threads may share it."""

    def __init__(self, largest: int = _LARGEST) -> None:
        self._largest = largest
        self._seen: OrderedDict[str, bytes] = OrderedDict()
        self._lock = threading.Lock()

    def claim(self, request_id: str, what: bytes) -> bool:
        """Let an id stand for a content; True when it is new here. DifferentRequest when it stands for another."""
        with self._lock:
            new = request_id not in self._seen
            before = self._seen.setdefault(request_id, what)
            self._seen.move_to_end(request_id)
            if len(self._seen) > self._largest:
                self._seen.popitem(last=False)
        if before != what:
            raise DifferentRequest(
                f"The request id {request_id} was used for another request",
                expected="the rows and the key that came under it before, or an id that is new",
                received="other rows, or another key, under the same id",
                mend="send it under a new id, such as uuid.uuid4().hex, or leave the id out",
            )
        return new

    def release(self, request_id: str) -> None:
        """Forget an id whose request was not answered after all."""
        with self._lock:
            self._seen.pop(request_id, None)

"""Where the results of a run lie: in the vault, and the small ones of this run at hand.

A small result goes to the next step as bytes while a thread of its own brings it to the disk. `settle` waits for that:
nothing is recorded before its objects are durable.
"""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Final

from regrove.digest import of_bytes
from regrove.errors import Corrupt, NotFound
from regrove.pipelines.recipe import Made

if TYPE_CHECKING:
    from regrove.pipelines.call import Result
    from regrove.storage import Vault

__all__ = ["Pantry"]

_AT_HAND: Final = 64 << 20
"""Bytes of small results that are kept at hand."""


class Pantry:
    """The results of one run; used by one thread, beside its own."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="regrove-objects")
        self._writing: list[Future[str]] = []
        self._at_hand: dict[str, bytes] = {}
        self._size = 0

    def put(self, result: Result) -> Made:
        """Keep a result; its content is its own digest, or that of its bytes."""
        if result.data is not None:
            name = of_bytes(result.data)
            self._writing.append(self._writer.submit(self._vault.add_bytes, result.data))
            self._remember(name, result.data)
        else:
            path = Path(result.path)
            name = self._vault.add_file(path)
            path.unlink(missing_ok=True)
        return Made(
            output=result.output,
            kind=result.kind.value,
            content=result.content or name,
            object=name,
            form=result.form,
            about=result.about,
        )

    def take(self, name: str) -> Path | bytes:
        """The bytes of an object that are at hand, or its checked local file."""
        return self._at_hand[name] if name in self._at_hand else self._vault.fetch(name)

    def damage(self, outputs: Iterable[Made]) -> str:
        """Verify objects by digest; what is wrong with the first that is not whole, or an empty text."""
        for each in outputs:
            try:
                self._vault.fetch(each.object)
            except Corrupt:
                self._vault.delete(each.object)  # or the true bytes could not be put in its place
                return f"its kept result {each.output} was damaged (object {each.object}), so it is made again"
            except NotFound:
                return f"its kept result {each.output} is gone (object {each.object}), so it is made again"
        return ""

    def settle(self) -> None:
        """Wait until everything that was put is durable; raises what kept it from being so (a full disk)."""
        for each in self._writing:
            each.result()
        self._writing.clear()

    def close(self) -> None:
        """Let the thread go, after what it is writing."""
        self._writer.shutdown(cancel_futures=True)

    def _remember(self, name: str, data: bytes) -> None:
        self._at_hand[name] = data
        self._size += len(data)
        while self._size > _AT_HAND:
            oldest = next(iter(self._at_hand))
            if oldest == name:
                break
            self.settle()  # what is forgotten here must be found in the vault
            self._size -= len(self._at_hand.pop(oldest))

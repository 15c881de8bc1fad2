"""Which compacted objects hold one of some request ids.

A client that chooses the ids of its requests may send one again at any time later, so each compaction has to look for
its ids in everything that was compacted before. The hashes of an object's ids are read once a process; after that only
an object is opened that holds an id, or, once in 2^64 pairs, one whose hash is that of an id.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from regrove.serving.store import StoredObject
    from regrove.storage import Vault

__all__ = ["KnownIds"]

_MOST: Final = 1 << 23
"""How many hashes are kept at once, of 8 bytes each; what was asked for longest ago gives way."""


class KnownIds:
    """Finds objects of predictions by the request ids that they hold; may be shared by everyone who reads them."""

    def __init__(self, vault: Vault, *, most: int = _MOST) -> None:
        self._vault = vault
        self._most = most
        self._hashes: dict[str, NDArray[np.uint64]] = {}

    def holding(self, ids: Collection[str], objects: Sequence[StoredObject]) -> list[StoredObject]:
        """Those of ``objects`` that hold one of ``ids``, in their order."""
        import numpy as np
        import polars as pl

        if not ids:
            return []
        first, last = min(ids), max(ids)
        near = [each for each in objects if each.first_id <= last and each.last_id >= first]
        wanted = _hashed(pl.Series(list(ids), dtype=pl.String))
        found = []
        for each in near:
            known = self._of(each.digest)
            places = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
            if len(known) and bool((known[places] == wanted).any()):
                found.append(each)
        return found

    def _of(self, digest: str) -> NDArray[np.uint64]:
        """The hashes of the ids in an object, ascending; those of the latest objects stay in memory."""
        hashes = self._hashes.pop(digest, None)
        if hashes is None:
            from regrove.frames import scan_parquet

            hashes = _hashed(scan_parquet([self._vault.fetch(digest)]).select("request_id").collect().to_series())
        self._hashes[digest] = hashes
        while len(self._hashes) > 1 and sum(map(len, self._hashes.values())) > self._most:
            del self._hashes[next(iter(self._hashes))]
        return hashes


def _hashed(ids: pl.Series) -> NDArray[np.uint64]:
    """Different hashes, ascending; they hold within one process."""
    return ids.hash().unique().sort().to_numpy()

"""Compaction: closed segments of the log become Parquet objects, then their files are removed.

In this order, each step safe to be killed after: the objects are written; one transaction records them, the segments
and the event that names their digests; the files are removed. A segment whose row is committed is never read again,
so a prediction is counted once whatever happens in between.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from regrove.errors import Corrupt
from regrove.refs import new_id
from regrove.serving.events import CompactedObject, PredictionsCompacted, PredictionsDiffered
from regrove.serving.gather import Gathered, Side, failures_frame, fingerprints, labels_frame
from regrove.serving.ids import KnownIds
from regrove.serving.records import Record
from regrove.serving.segment import cut, folder_of, held, read, segments
from regrove.serving.store import Store, StoredObject

if TYPE_CHECKING:
    import polars as pl

    from regrove.ledger import Ledger
    from regrove.storage import Database, Lease, Vault

__all__ = ["Compaction", "Compactor"]

_BATCH_BYTES: Final = 128 << 20
"""Segments compacted together: what is held in memory at once."""

_ABANDONED_S: Final = 3600.0

_NO_SIDE: Final[Side] = (0, 0)
"""Of labels and failures, which stand in one object whatever they are about."""

_NAMED: Final = 1000
"""How many requests an event names."""


class Compaction(msgspec.Struct, frozen=True, kw_only=True):
    """What one call compacted."""

    segments: int = 0
    predictions: int = 0
    repeated: int = 0
    """Rows that came again under an id of the client's; the first counts."""
    differing: int = 0
    """How many of them had other values than the first: they were answered, and are not recorded."""
    differing_requests: tuple[str, ...] = ()
    """The ids of their requests."""
    labels: int = 0
    torn_bytes: int = 0
    objects: tuple[str, ...] = ()
    live: int = 0
    """Segments that a server is still writing, left for later."""
    damaged: tuple[str, ...] = ()
    """What is wrong with segments that cannot be read; they stay where they are."""

    def plus(self, other: Compaction) -> Compaction:
        """Both together."""
        pairs = ((name, getattr(self, name), getattr(other, name)) for name in self.__struct_fields__)
        return Compaction(**{name: one + two for name, one, two in pairs})


class Compactor:
    """Compacts the log of one deployment under a lease."""

    def __init__(self, database: Database, vault: Vault, ledger: Ledger, root: Path, known: KnownIds) -> None:
        self._database = database
        self._vault = vault
        self._ledger = ledger
        self._store = Store(database)
        self._root = root
        self._ids = known

    def run(self, project: str, deployment: str, lease: Lease) -> Compaction:
        """Compact every segment that nobody writes any more."""
        folder = folder_of(self._root, project, deployment)
        done, _ = self._store.compacted(project, deployment)
        _sweep(folder)
        total = Compaction()
        waiting = segments(folder)
        while waiting:
            lease.renew()
            with contextlib.ExitStack() as holding:
                batch, total = self._take(waiting, done, holding, total)
                if batch:
                    total = total.plus(self._compact(project, deployment, batch, lease))
                    for each in batch:
                        _remove(each.path)
        return total

    def _take(
        self, waiting: list[Path], done: set[str], holding: contextlib.ExitStack, total: Compaction
    ) -> tuple[list[_Segment], Compaction]:
        """Lock and read the next segments, up to `_BATCH_BYTES`; what was compacted before is removed."""
        batch: list[_Segment] = []
        size = 0
        while waiting and size < _BATCH_BYTES:
            path = waiting.pop(0)
            handle = holding.enter_context(held(path))
            if handle is None:
                total = total.plus(Compaction(live=1 if path.exists() else 0))
            elif path.stem in done:
                _remove(path)
            else:
                size += os.fstat(handle).st_size
                gathered = Gathered()
                try:
                    records, whole, torn = read(path)
                    gathered.add(records, where=str(path))
                except Corrupt as damage:
                    total = total.plus(Compaction(damaged=(str(damage),)))
                    continue
                if torn:
                    cut(handle, whole)
                batch.append(_Segment(path, records, torn))
        return batch, total

    def _compact(self, project: str, deployment: str, batch: list[_Segment], lease: Lease) -> Compaction:
        gathered = Gathered()
        for each in batch:
            gathered.add(each.records, where=str(each.path))
        compaction = new_id()
        known = self._known(project, deployment, gathered)
        frames = gathered.frames(without=known)
        made = list(self._objects(project, deployment, compaction, gathered, frames))
        kept = sum(frame.height for frame in frames.values())
        differing = gathered.differing(known=known) if kept < gathered.rows() else []
        result = Compaction(
            segments=len(batch),
            predictions=kept,
            repeated=gathered.rows() - kept,
            differing=sum(rows for _, rows in differing),
            differing_requests=tuple(name for name, _ in differing),
            labels=sum(each.rows for each in made if each.kind == "labels"),
            torn_bytes=sum(each.torn for each in batch),
            objects=tuple(each.digest for each in made),
        )
        names = [each.path.stem for each in batch]
        with self._database.transaction():
            lease.check()
            self._store.add_compaction(compaction, names, made, (project, deployment))
            if made or result.differing:
                self._record(deployment, compaction, names, result, made)
        return result

    def _record(
        self, deployment: str, compaction: str, names: list[str], result: Compaction, made: list[StoredObject]
    ) -> None:
        self._ledger.record(
            PredictionsCompacted(
                deployment=deployment,
                compaction=compaction,
                segments=names,
                predictions=result.predictions,
                repeated=result.repeated,
                labels=result.labels,
                torn_bytes=result.torn_bytes,
                objects=[
                    CompactedObject(kind=each.kind, digest=each.digest, rows=each.rows, generation=each.generation)
                    for each in made
                ],
            ),
            subject=f"deployment:{deployment}",
            used=sorted({f"deployment:{deployment}@{each.revision}" for each in made if each.revision}),
            generated=sorted({f"object:{each.digest}" for each in made}),
        )
        if result.differing:
            self._ledger.record(
                PredictionsDiffered(
                    deployment=deployment,
                    compaction=compaction,
                    predictions=result.differing,
                    requests=list(result.differing_requests[:_NAMED]),
                ),
                subject=f"deployment:{deployment}",
            )

    def _known(self, project: str, deployment: str, gathered: Gathered) -> pl.DataFrame | None:
        """`fingerprints` of client-chosen request ids that were compacted before; other ids are never chosen twice."""
        import polars as pl

        given = gathered.given()
        if not given:
            return None
        near = self._store.objects(project, deployment, kind="predictions", first_id=min(given), last_id=max(given))
        objects = self._ids.holding(given, near)
        if not objects:
            return None
        paths = [self._vault.fetch(each.digest) for each in objects]
        mine = pl.col("request_id").is_in(list(given))
        return pl.concat(fingerprints(pl.scan_parquet(path, glob=False).filter(mine).collect()) for path in paths)

    def _objects(
        self, project: str, deployment: str, compaction: str, gathered: Gathered, frames: dict[Side, pl.DataFrame]
    ) -> Iterator[StoredObject]:
        from regrove.frames import encode_parquet

        pieces = [("predictions", side, frame) for side, frame in sorted(frames.items(), key=lambda item: item[0])]
        if gathered.failed:
            pieces.append(("failures", _NO_SIDE, failures_frame(gathered.failed)))
        if gathered.labels:
            pieces.append(("labels", _NO_SIDE, labels_frame(gathered.labels)))
        for number, (kind, side, frame) in enumerate(pieces, start=1):
            answering = gathered.answering.get(side)
            times = frame.get_column("received_at" if kind == "labels" else "at").to_physical()
            ids = frame.get_column("request_id")
            yield StoredObject(
                project=project,
                deployment=deployment,
                compaction=compaction,
                number=number,
                kind=kind,
                digest=self._vault.add_bytes(encode_parquet(frame)),
                generation=side[0],
                revision=side[1],
                target=answering.target.value if answering else "",
                rows=frame.height,
                first_id=str(ids.min()),
                last_id=str(ids.max()),
                first_at=int(str(times.min())),
                last_at=int(str(times.max())),
            )


class _Segment:
    """A segment that is held: its file, its records, and the bytes of its torn tail."""

    def __init__(self, path: Path, records: list[Record], torn: int) -> None:
        self.path = path
        self.records = records
        self.torn = torn


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)
    handle = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _sweep(folder: Path) -> None:
    """Remove segments that a server died over while it made them, an hour ago or more."""
    for path in folder.glob(".*.new"):
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_mtime < time.time() - _ABANDONED_S:
                path.unlink()

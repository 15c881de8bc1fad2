"""Reading back what was predicted and what it turned out to be, from segments and from compacted objects alike.

Segments are read before the rows that say which of them were compacted, so that a segment is seen as one or the
other, never as both and never as neither, whatever a server or a compaction does meanwhile.
"""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from regrove.errors import NotFound
from regrove.refs import prediction_ref
from regrove.schema import LogicalType, to_polars
from regrove.serving.bodies import prediction_id
from regrove.serving.gather import Gathered, failures_frame, labels_frame
from regrove.serving.ids import KnownIds
from regrove.serving.records import Record
from regrove.serving.segment import folder_of, read, segments
from regrove.serving.store import Store, StoredObject

if TYPE_CHECKING:
    import polars as pl

    from regrove.storage import Vault

__all__ = ["History", "LabelRecord", "PredictionRecord"]

_EMPTY = {
    "request_id": LogicalType.STRING,
    "row": LogicalType.INT32,
    "at": LogicalType.TIMESTAMP,
    "key": LogicalType.STRING,
    "generation": LogicalType.INT64,
    "revision": LogicalType.INT64,
    "model": LogicalType.STRING,
    "seconds": LogicalType.FLOAT64,
    "overridden": LogicalType.BOOLEAN,
    "label": LogicalType.STRING,
    "label_known_at": LogicalType.TIMESTAMP,
    "label_received_at": LogicalType.TIMESTAMP,
}


_EARLIEST, _LATEST = -(2**63), 2**63 - 1
_DAY = 86_400_000_000


_REQUESTS = {
    "request_id": LogicalType.STRING,
    "key": LogicalType.STRING,
    "at": LogicalType.TIMESTAMP,
    "generation": LogicalType.INT64,
    "revision": LogicalType.INT64,
    "seconds": LogicalType.FLOAT64,
    "overridden": LogicalType.BOOLEAN,
    "score": LogicalType.FLOAT64,
}


class LabelRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One label of a prediction; ``known_at`` is None when the client did not say when it became known."""

    value: bool | int | float | str
    known_at: int | None
    received_at: int


class PredictionRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One prediction: what was asked, what was answered, by what, and what it turned out to be."""

    ref: str
    project: str
    deployment: str
    generation: int
    revision: int
    model: str
    at: int
    key: str | None
    request: dict[str, Any]
    output: dict[str, Any]
    stored: str
    """Where it is: the object's ref, or ``segment`` while it waits for compaction."""
    labels: tuple[LabelRecord, ...]
    """Every different label that arrived, the earliest first; the last one counts."""

    @property
    def revision_ref(self) -> str:
        """What answered, such as ``deployment:late-arrival@2``."""
        return f"deployment:{self.deployment}@{self.revision}"


class History:
    """Reads the log of deployments."""

    def __init__(self, store: Store, vault: Vault, root: Path, known: KnownIds) -> None:
        self._store = store
        self._vault = vault
        self._root = root
        self._ids = known

    def predictions(
        self,
        project: str,
        deployment: str,
        *,
        since: int | None = None,
        until: int | None = None,
        labels_until: int | None = None,
    ) -> pl.LazyFrame:
        """Every prediction of a deployment once, with its last label (null when none has arrived).

        ``since`` and ``until`` bound the time of prediction from below (inclusive) and above; objects that lie outside
        are not opened. A label is found when it arrived at most a day before ``since`` or later, and by
        ``labels_until`` (inclusive).
        """
        import polars as pl

        low, high = _EARLIEST if since is None else since, _LATEST if until is None else until
        gathered, objects = self._all(project, deployment)
        recorded = [
            each for each in objects if each.kind == "predictions" and each.last_at >= low and each.first_at < high
        ]
        last = _LATEST if labels_until is None else labels_until
        told = [
            each
            for each in objects
            if each.kind == "labels" and (since is None or each.last_at >= low - _DAY) and each.first_at <= last
        ]
        parts = [(self._scan(each), each.target) for each in recorded]
        fresh = gathered.frames(without=self._overlap(gathered, recorded))
        parts += [(frame.lazy(), gathered.answering[side].target.value) for side, frame in fresh.items()]
        if since is not None or until is not None:
            parts = [(_between(frame, low, high), target) for frame, target in parts]
        if not parts:
            return pl.LazyFrame(schema={name: to_polars(kind) for name, kind in _EMPTY.items()})
        labels = self._last_labels(gathered, told, last)
        # One join for all that follow one another, not one a part: there are as many parts as days in a log.
        runs = [
            _labelled(pl.concat([frame for frame, _ in run], how="diagonal_relaxed"), labels, target)
            for target, run in groupby(parts, key=lambda part: part[1])
        ]
        return pl.concat(runs, how="diagonal_relaxed")

    def requests(self, project: str, deployment: str, generations: set[int]) -> pl.DataFrame:
        """The requests that these generations answered, a row each, by their first row.

        Columns: ``request_id``, ``key`` (of the caller; null for a request of many), ``at``, ``generation``,
        ``revision``, ``seconds``, ``overridden``, ``score`` (the first field of the answer).
        """
        import polars as pl

        gathered, objects = self._all(project, deployment)
        recorded = [each for each in objects if each.kind == "predictions" and each.generation in generations]
        fresh = gathered.frames(without=self._overlap(gathered, [e for e in objects if e.kind == "predictions"]))
        frames = [self._scan(each) for each in recorded]
        frames += [frame.lazy() for side, frame in fresh.items() if side[0] in generations]
        parts = [_by_request(frame) for frame in frames]
        if not parts:
            return pl.DataFrame(schema={name: to_polars(kind) for name, kind in _REQUESTS.items()})
        return pl.concat(parts, how="vertical_relaxed").collect()

    def failures(self, project: str, deployment: str, generations: set[int]) -> pl.DataFrame:
        """The requests that revisions of these generations failed; columns as in `failures_frame`."""
        import polars as pl

        gathered, objects = self._all(project, deployment)
        parts = [self._scan(each) for each in objects if each.kind == "failures"]
        frame = pl.concat([*parts, failures_frame(gathered.failed).lazy()])
        return frame.filter(pl.col("generation").is_in(sorted(generations))).collect()

    def parked(self, project: str, deployment: str) -> pl.DataFrame:
        """The labels whose prediction is not known (yet)."""
        import polars as pl

        gathered, objects = self._all(project, deployment)
        labels = self._labels(gathered, objects)
        known = [self._scan(each).select("request_id", "row") for each in objects if each.kind == "predictions"]
        known += [frame.lazy().select("request_id", "row") for frame in gathered.frames().values()]
        if not known:
            return labels
        return labels.lazy().join(pl.concat(known), on=["request_id", "row"], how="anti").collect()

    def find(self, project: str, deployments: list[str], ref: str) -> PredictionRecord:
        """The prediction of a ref; NotFound when no log of these deployments holds it."""
        request_id, row = prediction_id(ref.removeprefix("prediction:"))
        for deployment in deployments:
            gathered, objects = self._all(project, deployment, request_id)
            found = self._find(gathered, objects, request_id, row)
            if found is not None:
                values, stored = found
                labels = self._labels(gathered, objects)
                return _record(project, deployment, values, stored, _label_records(labels, request_id, row))
        raise NotFound(
            f"There is no {prediction_ref(request_id, row)} in the log",
            expected=f"a prediction of {', '.join(deployments) or 'a deployment, and none was started'}",
            mend="take an id from the answer of /predict",
        )

    def labels(self, project: str, deployments: list[str], ref: str) -> list[LabelRecord]:
        """Every different label of a prediction, known or parked, the earliest first."""
        request_id, row = prediction_id(ref.removeprefix("prediction:"))
        records: list[LabelRecord] = []
        for deployment in deployments:
            gathered, objects = self._all(project, deployment, request_id)
            records += _label_records(self._labels(gathered, objects), request_id, row)
        return records

    def _all(self, project: str, deployment: str, request_id: str = "") -> tuple[Gathered, list[StoredObject]]:
        """What waits in segments, and the objects; with ``request_id`` only what may hold that request."""
        raw: list[tuple[Path, list[Record]]] = []
        for path in segments(folder_of(self._root, project, deployment)):
            try:
                if request_id and request_id.encode() not in path.read_bytes():
                    continue
                raw.append((path, read(path)[0]))
            except FileNotFoundError:  # compacted since it was listed: the rows below say so
                continue
        done, objects = self._store.compacted(project, deployment)
        if request_id:
            objects = [each for each in objects if each.first_id <= request_id <= each.last_id]
        gathered = Gathered()
        for path, records in raw:
            if path.stem not in done:
                gathered.add(records, where=str(path))
        return gathered, objects

    def _find(
        self, gathered: Gathered, objects: list[StoredObject], request_id: str, row: int
    ) -> tuple[dict[str, Any], str] | None:
        import polars as pl

        wanted = (pl.col("request_id") == request_id) & (pl.col("row") == row)
        for each in objects:
            if each.kind == "predictions":
                rows = self._scan(each).filter(wanted).collect()
                if rows.height:
                    return rows.row(0, named=True), f"object:{each.digest}"
        for side, requests in gathered.predicted.items():
            mine = Gathered()
            mine.answering[side] = gathered.answering[side]
            mine.predicted[side] = [each for each in requests if each.request_id == request_id]
            for frame in mine.frames().values():
                rows = frame.filter(wanted)
                if rows.height:
                    return rows.row(0, named=True), "segment"
        return None

    def _overlap(self, gathered: Gathered, recorded: list[StoredObject]) -> pl.DataFrame | None:
        """The rows of client-chosen request ids that are in objects already."""
        import polars as pl

        given = gathered.given()
        near = self._ids.holding(given, recorded)
        if not near:
            return None
        keys = pl.concat(self._scan(each).select("request_id", "row") for each in near)
        return keys.filter(pl.col("request_id").is_in(list(given))).collect()

    def _labels(self, gathered: Gathered, objects: list[StoredObject], until: int = _LATEST) -> pl.DataFrame:
        """Every different label that arrived by ``until`` once, by request id, row, and the time it became known."""
        import polars as pl

        parts = [self._scan(each) for each in objects if each.kind == "labels"]
        whole = pl.concat([*parts, labels_frame(gathered.labels).lazy()])
        if until < _LATEST:
            whole = whole.filter(pl.col("received_at").to_physical() <= until)
        return (
            whole.sort("received_at")
            .unique(["request_id", "row", "value", "known_at"], keep="first", maintain_order=True)
            .sort("request_id", "row", pl.coalesce("known_at", "received_at"), "received_at")
            .collect()
        )

    def _last_labels(self, gathered: Gathered, objects: list[StoredObject], until: int = _LATEST) -> pl.DataFrame:
        return self._labels(gathered, objects, until).unique(["request_id", "row"], keep="last", maintain_order=True)

    def _scan(self, each: StoredObject) -> pl.LazyFrame:
        from regrove.frames import scan_parquet

        return scan_parquet([self._vault.fetch(each.digest)])


def _by_request(predictions: pl.LazyFrame) -> pl.LazyFrame:
    """The first row of each request; logs of older versions say neither how long it took nor who asked."""
    import polars as pl

    names = predictions.collect_schema().names()
    score = next(name for name in names if name.startswith("output."))
    missing = {"seconds": pl.lit(None, pl.Float64), "overridden": pl.lit(False)}
    added = {name: value for name, value in missing.items() if name not in names}
    # A request whose rows have keys of their own is nobody's: it was sent to its side by its id.
    second = predictions.filter(pl.col("row") == 1).select("request_id", second="key", many=pl.lit(True))
    alone = pl.col("many").is_null() | (pl.col("second") == pl.col("key"))
    return (
        predictions.filter(pl.col("row") == 0)
        .join(second.unique("request_id"), on="request_id", how="left")
        .with_columns(**added, key=pl.when(alone).then(pl.col("key")))
        .select(
            "request_id", "key", "at", "generation", "revision", "seconds", "overridden", pl.col(score).alias("score")
        )
    )


def _between(predictions: pl.LazyFrame, low: int, high: int) -> pl.LazyFrame:
    """The predictions that were made from ``low`` on and before ``high``."""
    import polars as pl

    at = pl.col("at").to_physical()
    return predictions.filter((at >= low) & (at < high))


def _labelled(predictions: pl.LazyFrame, labels: pl.DataFrame, target: str) -> pl.LazyFrame:
    """Predictions with their label in the type of the model's target; a label of another type stays null."""
    import polars as pl

    kind = LogicalType(target)
    text = pl.col("value")
    if kind is LogicalType.BOOLEAN:
        label = pl.when(text == "true").then(pl.lit(True)).when(text == "false").then(pl.lit(False)).otherwise(None)
    elif kind is LogicalType.STRING:
        is_text = text.str.starts_with('"')
        label = pl.when(is_text).then(text.map_elements(msgspec.json.decode, return_dtype=pl.String))
    else:
        label = text.cast(to_polars(kind), strict=False)
    columns = labels.lazy().select(
        "request_id",
        "row",
        label.alias("label"),
        pl.col("known_at").alias("label_known_at"),
        pl.col("received_at").alias("label_received_at"),
    )
    return predictions.join(columns, on=["request_id", "row"], how="left", maintain_order="left")


def _label_records(labels: pl.DataFrame, request_id: str, row: int) -> tuple[LabelRecord, ...]:
    import polars as pl

    mine = labels.filter((pl.col("request_id") == request_id) & (pl.col("row") == row))
    moments = mine.with_columns(pl.col("known_at", "received_at").to_physical())
    return tuple(
        LabelRecord(
            value=msgspec.json.decode(each["value"]), known_at=each["known_at"], received_at=each["received_at"]
        )
        for each in moments.iter_rows(named=True)
    )


def _record(
    project: str, deployment: str, values: dict[str, Any], stored: str, labels: tuple[LabelRecord, ...]
) -> PredictionRecord:
    from regrove.clock import to_micros

    def fields(prefix: str) -> dict[str, Any]:
        return {name.removeprefix(prefix): value for name, value in values.items() if name.startswith(prefix)}

    return PredictionRecord(
        ref=prediction_ref(values["request_id"], values["row"]),
        project=project,
        deployment=deployment,
        generation=values["generation"],
        revision=values["revision"],
        model=values["model"],
        at=to_micros(values["at"]),
        key=values["key"],
        request=fields("request."),
        output=fields("output."),
        stored=stored,
        labels=labels,
    )

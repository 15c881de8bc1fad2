"""Records of the log into frames: one for the predictions of each revision, one for failed requests, one for labels.

A frame of predictions has ``request_id``, ``row``, ``at``, ``key``, ``generation``, ``revision``, ``model``, how many
``seconds`` its request took, whether the revision was asked for by name (``overridden``), then ``request.<field>`` and
``output.<field>`` in their types (categories as texts). A frame of labels has ``request_id``, ``row``, ``value`` as
JSON text, ``known_at`` (null when the client did not say) and ``received_at``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

import msgspec

from regrove.errors import Corrupt
from regrove.schema import LogicalType, Schema, to_polars
from regrove.serving.records import Answering, Failed, Label, Labelled, Opened, Predicted, Record

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Gathered", "Side", "failures_frame", "fingerprints", "labels_frame", "predictions_frame"]

Side = tuple[int, int]
"""A generation and one of its revisions."""

_FIRST: Final = -(1 << 62)
"""An instant before every other, in microseconds: what is recorded already came first."""


class Gathered:
    """The records of one or more segments, sorted out. A request that stands twice is kept once, the earliest."""

    def __init__(self) -> None:
        self.answering: dict[Side, Answering] = {}
        """What each revision of a generation is."""
        self.predicted: dict[Side, list[Predicted]] = {}
        """The requests that each of them answered."""
        self.failed: list[Failed] = []
        """The requests that revisions failed."""
        self.labels: list[tuple[Label, int]] = []
        """Each label with the time of its arrival."""

    def add(self, records: Iterable[Record], *, where: str) -> None:
        """Add the records of a segment; Corrupt when it does not say what answered."""
        known: set[Side] = set()
        only: dict[int, int] = {}
        for record in records:
            if isinstance(record, Answering):
                side = (record.generation, record.revision)
                self.answering[side] = record
                known.add(side)
                only[record.generation] = record.revision
            elif isinstance(record, Predicted):
                side = (record.generation, record.revision or only.get(record.generation, 0))
                if side not in known:
                    raise Corrupt(
                        f"{where} holds a prediction of generation {record.generation} and does not say what that is",
                        mend="restore the file from a backup, or move it out of the log folder",
                    )
                self.predicted.setdefault(side, []).append(record)
            elif isinstance(record, Failed):
                self.failed.append(record)
            elif isinstance(record, Labelled):
                self.labels += ((label, record.received_at) for label in record.labels)
            else:
                assert isinstance(record, Opened)

    def given(self) -> dict[str, int]:
        """The request ids that clients chose, each with the most rows that it came with."""
        found: dict[str, int] = {}
        for each in self._all():
            if each.given:
                found[each.request_id] = max(each.rows, found.get(each.request_id, 0))
        return found

    def rows(self) -> int:
        """How many rows were predicted, before repeated ones are left out."""
        return sum(each.rows for each in self._all())

    def frames(self, *, without: pl.DataFrame | None = None) -> dict[Side, pl.DataFrame]:
        """The predictions of each side, each (request, row) once over all of them, sorted by id and row.

        ``without`` names (``request_id``, ``row``) that are recorded elsewhere already.
        """
        import polars as pl

        whole = {side: predictions_frame(self.answering[side], requests) for side, requests in self.predicted.items()}
        if not self.given():
            return {side: frame.sort("request_id", "row") for side, frame in whole.items()}
        names = ["request_id", "row", "at", "generation", "revision"]
        keys = pl.concat(frame.select(names) for frame in whole.values())
        first = (
            keys.with_row_index("place")
            .sort("at", "place")
            .unique(["request_id", "row"], keep="first", maintain_order=True)
        )
        if without is not None:
            first = first.join(without, on=["request_id", "row"], how="anti")
        kept = {}
        for side, frame in whole.items():
            of_side = (pl.col("generation") == side[0]) & (pl.col("revision") == side[1])
            mine = first.filter(of_side).select("request_id", "row", "at")
            chosen = frame.unique(["request_id", "row", "at"], keep="first", maintain_order=True)
            kept[side] = chosen.join(mine, on=["request_id", "row", "at"], how="semi").sort("request_id", "row")
        return {side: frame for side, frame in kept.items() if frame.height}

    def differing(self, *, known: pl.DataFrame | None = None) -> list[tuple[str, int]]:
        """The requests that came again under an id of the client's with other values, and in how many rows.

        These rows were answered, and are not among `frames`: the first that came counts. ``known`` holds what
        `fingerprints` made of rows that are recorded elsewhere already.
        """
        import polars as pl

        given = [each for each in self._all() if each.given]
        count = Counter(each.request_id for each in given)
        recorded = set() if known is None else set(known.get_column("request_id"))
        again = {name for name, times in count.items() if times > 1} | (recorded & set(count))
        if not again:
            return []
        parts = [] if known is None else [known.with_columns(at=pl.lit(_FIRST, to_polars(LogicalType.TIMESTAMP)))]
        for side, requests in self.predicted.items():
            mine = [each for each in requests if each.given and each.request_id in again]
            parts += [fingerprints(predictions_frame(self.answering[side], mine))] if mine else []
        rows = pl.concat(part.select("request_id", "row", "at", "key", "fingerprint") for part in parts)
        said = pl.col("key", "fingerprint")
        first = said.sort_by("at", maintain_order=True).first().over("request_id", "row").name.suffix(":first")
        other = (pl.col("fingerprint") != pl.col("fingerprint:first")) | (pl.col("key") != pl.col("key:first"))
        return rows.with_columns(first).filter(other).group_by("request_id").len().sort("request_id").rows()

    def _all(self) -> Iterable[Predicted]:
        return (each for requests in self.predicted.values() for each in requests)


def predictions_frame(answering: Answering, requests: list[Predicted]) -> pl.DataFrame:
    """The frame of the requests that one generation answered, a row a prediction."""
    import polars as pl

    moment = to_polars(LogicalType.TIMESTAMP)
    counts = [each.rows for each in requests]
    heads = pl.DataFrame(
        {
            "request_id": [each.request_id for each in requests],
            "at": pl.Series([each.at for each in requests], dtype=pl.Int64).cast(moment),
            "key": pl.Series([each.key for each in requests], dtype=pl.String),
            "seconds": pl.Series([each.seconds for each in requests], dtype=pl.Float64),
            "overridden": pl.Series([each.overridden for each in requests], dtype=pl.Boolean),
            "rows": pl.Series([list(range(count)) for count in counts], dtype=pl.List(pl.Int32)),
        }
    ).explode("rows")
    inputs = {f"request.{name}": each for name, each in _columns(answering.request, [r.inputs for r in requests])}
    outputs = {f"output.{name}": each for name, each in _columns(answering.output, [r.outputs for r in requests])}
    frame = heads.with_columns(**inputs, **outputs)
    sticky = f"request.{answering.sticky}"
    if sticky in frame.columns:
        frame = frame.with_columns(key=pl.coalesce("key", pl.col(sticky).cast(pl.String)))
    return frame.select(
        "request_id",
        pl.col("rows").alias("row"),
        "at",
        "key",
        pl.lit(answering.generation, pl.Int64).alias("generation"),
        pl.lit(answering.revision, pl.Int64).alias("revision"),
        pl.lit(answering.model, pl.String).alias("model"),
        "seconds",
        "overridden",
        *inputs,
        *outputs,
    )


def fingerprints(frame: pl.DataFrame) -> pl.DataFrame:
    """Each prediction's ``request_id``, ``row``, ``at``, ``key`` and a ``fingerprint`` of its request.

    Two fingerprints are alike when the values are, whichever types of numbers a model asks for: 7 is 7.0. They hold
    within one process and are never kept.
    """
    import polars as pl
    from polars import selectors as cs

    names = sorted(name for name in frame.columns if name.startswith("request."))
    values = frame.select(names).with_columns(cs.float().cast(pl.Float64), regrove=pl.lit(""))
    number = cs.float()
    whole = (number.floor() == number) & (number.abs() < 2**53)
    values = values.with_columns(
        pl.when(whole).then(number.cast(pl.Int64, strict=False).cast(pl.String)).otherwise(number.cast(pl.String)),
        cs.binary().bin.encode("hex"),
    ).cast(pl.String)
    texts = values.select(pl.struct(pl.all()).struct.json_encode().hash().alias("fingerprint"))
    return pl.concat([frame.select("request_id", "row", "at", "key"), texts], how="horizontal")


def failures_frame(failed: list[Failed]) -> pl.DataFrame:
    """The frame of failed requests, sorted by id and time."""
    import polars as pl

    columns = {
        "request_id": pl.String, "key": pl.String, "generation": pl.Int64, "revision": pl.Int64, "model": pl.String,
        "rows": pl.Int64, "seconds": pl.Float64, "overridden": pl.Boolean, "error": pl.String,
    }  # fmt: skip
    times = pl.Series("at", [each.at for each in failed], dtype=pl.Int64).cast(to_polars(LogicalType.TIMESTAMP))
    rows = {name: pl.Series([getattr(each, name) for each in failed], dtype=kind) for name, kind in columns.items()}
    return pl.DataFrame(rows).insert_column(1, times).sort("request_id", "at")


def labels_frame(labels: list[tuple[Label, int]]) -> pl.DataFrame:
    """The frame of labels, each different one once (its first arrival), sorted by id, row and arrival."""
    import polars as pl

    moment = to_polars(LogicalType.TIMESTAMP)
    frame = pl.DataFrame(
        {
            "request_id": pl.Series([label.request_id for label, _ in labels], dtype=pl.String),
            "row": pl.Series([label.row for label, _ in labels], dtype=pl.Int32),
            "value": pl.Series([msgspec.json.encode(label.value).decode() for label, _ in labels], dtype=pl.String),
            "known_at": pl.Series([label.at for label, _ in labels], dtype=pl.Int64).cast(moment),
            "received_at": pl.Series([at for _, at in labels], dtype=pl.Int64).cast(moment),
        }
    )
    return frame.sort("request_id", "row", "received_at").unique(
        ["request_id", "row", "value", "known_at"], keep="first", maintain_order=True
    )


def _columns(schema: Schema, parts: list[dict[str, list[Any]]]) -> Iterable[tuple[str, pl.Series]]:
    """Each field of ``schema`` with its values over all requests."""
    import polars as pl

    for column in schema:
        values = [value for part in parts for value in part[column.name]]
        if column.type is LogicalType.DATE:  # the log holds a date as text
            yield column.name, pl.Series(values, dtype=pl.String).str.to_date()
        elif column.type is LogicalType.CATEGORY:
            yield column.name, pl.Series(values, dtype=pl.String)
        else:
            yield column.name, pl.Series(values, dtype=to_polars(column.type))

"""The facts that this room records."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from regrove.ledger import Event

__all__ = [
    "CompactedObject",
    "DeploymentPublished",
    "DeploymentSplit",
    "DeploymentStarted",
    "DeploymentStopped",
    "PredictionsCompacted",
    "PredictionsDiffered",
    "SplitSide",
]


class DeploymentStarted(Event, frozen=True, kw_only=True):
    """A deployment began to answer, for the first time or again."""

    TYPE: ClassVar[str] = "deployment.started"

    deployment: str
    generation: int


class DeploymentStopped(Event, frozen=True, kw_only=True):
    """A deployment was told to answer no more; its servers say so until it is started again."""

    TYPE: ClassVar[str] = "deployment.stopped"

    deployment: str
    generation: int


class DeploymentPublished(Event, frozen=True, kw_only=True):
    """A generation was published, which servers load."""

    TYPE: ClassVar[str] = "deployment.published"

    deployment: str
    generation: int
    object_key: str
    state: str
    revision: int
    model: str
    model_digest: str
    declared: str


class SplitSide(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One revision of a split and its share, in ten-thousandths."""

    revision: int
    model: str
    model_digest: str
    declared: str
    share: int


class DeploymentSplit(Event, frozen=True, kw_only=True):
    """A generation was published in which candidates answer a share of the callers."""

    TYPE: ClassVar[str] = "deployment.split"

    deployment: str
    generation: int
    object_key: str
    state: str
    control: SplitSide
    candidates: list[SplitSide]
    salt: str


class CompactedObject(msgspec.Struct, frozen=True, kw_only=True):
    """One Parquet object of a compaction; ``generation`` is 0 for labels."""

    kind: str
    digest: str
    rows: int
    generation: int


class PredictionsCompacted(Event, frozen=True, kw_only=True):
    """Segments of the prediction log became Parquet objects, each named by its digest."""

    TYPE: ClassVar[str] = "predictions.compacted"

    deployment: str
    compaction: str
    segments: list[str]
    predictions: int
    repeated: int
    """Rows that a client had sent before under the same request id, and that were left out."""
    labels: int
    torn_bytes: int
    """Bytes of a last record that a killed server did not finish; it was never answered."""
    objects: list[CompactedObject]


class PredictionsDiffered(Event, frozen=True, kw_only=True):
    """A client used an id for two requests; predictions of the later one were answered and left out of the record."""

    TYPE: ClassVar[str] = "predictions.differed"

    deployment: str
    compaction: str
    predictions: int
    """Rows whose values differ from those that came first under their id."""
    requests: list[str]
    """The ids, up to a thousand of them."""

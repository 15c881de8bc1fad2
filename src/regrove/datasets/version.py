"""A version of a dataset, and a dataset with its newest."""

from __future__ import annotations

import msgspec

from regrove.refs import Ref

__all__ = ["DatasetSummary", "DatasetVersion"]


class DatasetVersion(msgspec.Struct, frozen=True, kw_only=True):
    """Immutable content under a name. ``digest`` is what evidence cites, ``ref`` what people type.

    ``key`` names the columns that identify a row, ``event_time`` the timestamp at which it happened (empty: none);
    ``registered_at`` is in microseconds UTC.
    """

    dataset: str
    ordinal: int
    digest: str
    rows: int
    key: tuple[str, ...]
    event_time: str
    manifest_digest: str
    profile_digest: str
    event_id: str
    registered_at: int

    @property
    def ref(self) -> str:
        """The version as a ref, such as ``dataset:flights@3``."""
        return str(Ref("dataset", self.dataset, str(self.ordinal)))


class DatasetSummary(msgspec.Struct, frozen=True, kw_only=True):
    """A dataset: its newest version, and how many there are."""

    name: str
    versions: int
    latest: DatasetVersion

"""The rows that a run left behind, as a gate reads them: what was held out, and what was learnt from.

The artifact ``reference`` of a run has a row for each row of a request that the run saw; see
`regrove.pipelines.reference` for its columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from regrove.clock import to_micros
from regrove.digest import of_table
from regrove.errors import Corrupt
from regrove.frames import scan_parquet

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from regrove.storage import Vault

__all__ = ["ARTIFACT", "DAY", "LABEL", "REQUEST", "TIME", "Rows", "hashes"]

ARTIFACT: Final = "reference"
"""The name of the artifact."""
REQUEST: Final = "request."
"""Before the name of each field of a request."""
TIME: Final = "event_time"
LABEL: Final = "label"
DAY: Final = "day"
"""The column that is added: the local day of the event."""
_NEEDED: Final = (TIME, LABEL, "side", "origin")


class Rows:
    """All rows of a run."""

    def __init__(self, frame: pl.DataFrame, zone: str) -> None:
        self._frame = frame
        self._zone = zone

    @classmethod
    def read(cls, vault: Vault, digest: str, zone: str) -> Rows:
        """The rows of an artifact; ``zone`` cuts them into days. Corrupt when it is none."""
        frame = scan_parquet([vault.fetch(digest)]).collect()
        missing = [name for name in _NEEDED if name not in frame.columns]
        if missing:
            raise Corrupt(
                "The object holds no rows of a run",
                expected=f"the columns {', '.join(_NEEDED)}",
                received=f"{digest} without {', '.join(missing)}",
                mend="train the model again: regrove run",
            )
        return cls(frame, zone)

    @property
    def frame(self) -> pl.DataFrame:
        """Every row, as it was left."""
        return self._frame

    @cached_property
    def holdout(self) -> pl.DataFrame:
        """The rows that were held out, in order of time, each with its day; no rows when they have no time."""
        held = self._frame.filter(pl.col("side") == "holdout", pl.col(TIME).is_not_null(), pl.col(LABEL).is_not_null())
        local = pl.col(TIME).dt.convert_time_zone(self._zone).dt.date()
        return held.sort(TIME, maintain_order=True).with_columns(local.alias(DAY))

    @cached_property
    def train(self) -> pl.DataFrame:
        """The rows that were learnt from."""
        return self._frame.filter(pl.col("side") == "train")

    @cached_property
    def learnt_until(self) -> int | None:
        """The event time of the last row that was learnt from, in microseconds; None when rows have no time."""
        last = self.train[TIME].max()
        return to_micros(last) if last is not None else None  # type: ignore[arg-type]  # a column of instants

    @property
    def timeless(self) -> bool:
        """Whether the split was made at random, so that rows have no time."""
        return self._frame.height > 0 and self._frame[TIME].null_count() == self._frame.height

    @cached_property
    def identity(self) -> str:
        """What the held-out rows are: the digest of their times and labels, whatever else a request carries."""
        return of_table(self.holdout.select(TIME, LABEL)) if self.holdout.height else ""

    def requests(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The fields of the request of some of these rows, under their own names."""
        fields = [name for name in frame.columns if name.startswith(REQUEST)]
        return frame.select(pl.col(name).alias(name.removeprefix(REQUEST)) for name in fields)


def hashes(frame: pl.DataFrame, columns: Sequence[str]) -> NDArray[np.uint64]:
    """A number for each row, equal for rows that are equal in ``columns``; not to be kept beyond this process.

    >>> found = hashes(pl.DataFrame({"a": [1, 1, None], "b": ["x", "x", "y"]}), ["a", "b"])
    >>> bool(found[0] == found[1]), bool(found[1] == found[2])
    (True, False)
    """
    from regrove.stats.leakage import row_hashes

    return row_hashes({name: _plain(frame[name]) for name in columns})


def _plain(values: pl.Series) -> Any:
    if values.dtype.is_numeric() and not isinstance(values.dtype, pl.Decimal):
        return values.to_numpy() if not values.null_count() else values.cast(pl.Float64).to_numpy()
    if values.dtype.is_temporal():
        return values.to_numpy()
    if values.dtype == pl.Binary:
        values = values.bin.encode("hex")
    return values.cast(pl.String).hash().to_numpy()  # these numbers hold within one process, as is enough here

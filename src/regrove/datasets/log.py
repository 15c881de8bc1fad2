"""A dataset whose rows are what a deployment was asked, with what it turned out to be.

Such a dataset has no files: ``log`` names a deployment in place of ``source``. A version of it holds the rows whose
label is known and whose event lies in days that have matured, the declared columns only, each key once, in the order
of the key. So the same log gives the same version, in whatever order requests and labels came in.
"""

from __future__ import annotations

import contextlib
import dataclasses
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

import msgspec

from regrove.errors import InvalidInput
from regrove.schema import LogicalType, to_polars

if TYPE_CHECKING:
    import polars as pl

    from regrove.datasets.config import DatasetConfig
    from regrove.datasets.sources import Sources

__all__ = ["Logs", "cut_at", "log_sources"]

_DAY: Final = 86_400_000_000


class Logs(Protocol):
    """The prediction logs of the project's deployments."""

    def rows(self, deployment: str, *, fields: Mapping[str, LogicalType], label: str, until: int) -> pl.LazyFrame:
        """Every prediction whose label had arrived by ``until``: the ``fields`` of its request and its label, under
        that name, by time of asking.

        No rows when the deployment was never started. Raises InvalidInput for a field that no request carries.
        """
        ...


def cut_at(config: DatasetConfig, now: int) -> int:
    """The instant before which an event counts as matured: the begin of the UTC day, ``matured`` ago.

    >>> from regrove.datasets.config import DatasetConfig
    >>> columns = {"id": LogicalType.STRING, "at": LogicalType.TIMESTAMP, "late": LogicalType.BOOLEAN}
    >>> config = DatasetConfig(log="d", columns=columns, label="late", key=["id"], event_time="at", matured="2d")
    >>> cut_at(config, 10 * 86_400_000_000 + 5) == 8 * 86_400_000_000
    True
    """
    return (now - config.matured_micros) // _DAY * _DAY


@contextlib.contextmanager
def log_sources(config: DatasetConfig, logs: Logs | None, now: int) -> Iterator[Sources]:
    """The matured rows of the log as a table that can be checked and taken in like any file."""
    from regrove.datasets.sources import open_sources

    if logs is None:
        raise InvalidInput(
            f"The log of deployment {config.log!r} cannot be read here", expected="a workspace with deployments"
        )
    assert config.label is not None
    fields = {name: kind for name, kind in config.columns.items() if name != config.label}
    rows = logs.rows(config.log, fields=fields, label=config.label, until=now)
    frame = _matured(rows, config, cut_at(config, now))
    with tempfile.TemporaryDirectory(prefix="regrove-log-") as scratch:
        frame.write_parquet(Path(scratch) / f"{config.log}.parquet")
        as_file = msgspec.structs.replace(config, log="", label=None, matured="0s", source=f"{config.log}.parquet")
        # Nothing has matured yet when a model is first trained: a version of no rows is one.
        yield dataclasses.replace(open_sources(Path(scratch), as_file), may_be_empty=True)


def _matured(rows: pl.LazyFrame, config: DatasetConfig, before: int) -> pl.DataFrame:
    """The declared columns in their types, of the rows before the cut, each key once and in its order."""
    import polars as pl

    assert config.event_time is not None
    moment = to_polars(LogicalType.TIMESTAMP)
    return (
        rows.filter(pl.col(config.event_time) < pl.lit(before, pl.Int64).cast(moment))
        .unique(config.key, keep="first", maintain_order=True)
        .select(pl.col(name).cast(to_polars(kind)) for name, kind in config.columns.items())
        .sort(config.key)
        .collect()
    )

"""The summary of a block: each watched column counted on the cells of a reference, as one object."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

import msgspec

from regrove.errors import Corrupt
from regrove.monitoring.column import AnyLayout, Watched, counted

if TYPE_CHECKING:
    import polars as pl

    from regrove.stats.summaries import CategorySummary, NumericSummary

    AnySummary = NumericSummary | CategorySummary
else:
    AnySummary = object

__all__ = ["AnySummary", "Summaries", "pack", "prepared", "summarise", "unpack"]

_FORMAT: Final = 1

Summaries = Mapping[str, AnySummary]
"""The summary of each column of a block; a column that did not exist then is absent."""


class _Wire(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    format: int
    columns: dict[str, bytes]


def prepared(rows: pl.DataFrame, columns: Sequence[Watched], zone: str) -> pl.DataFrame:
    """The watched columns of rows of the log as they are counted; those that the rows do not have are left out."""
    return rows.select(counted(each, rows.schema[each.name], zone) for each in columns if each.name in rows.columns)


def summarise(
    rows: pl.DataFrame,
    columns: Sequence[Watched],
    layouts: Mapping[str, AnyLayout],
    zone: str,
    *,
    answered: pl.DataFrame | None = None,
) -> dict[str, AnySummary]:
    """Count the rows of a block.

    Args:
        rows: rows of the log, or of a run's reference.
        columns: what is watched.
        layouts: the cells of each column.
        zone: in which hours are told.
        answered: the rows whose answers count, where these are not all of them.
    """
    from regrove.stats.summaries import summarise as count

    outputs = [each for each in columns if each.is_output]
    inputs = [each for each in columns if not each.is_output]
    found: dict[str, AnySummary] = {}
    for part, chosen in ((rows if answered is None else answered, outputs), (rows, inputs)):
        values = prepared(part, chosen, zone)
        if values.height:
            found |= count(values.to_dict(), {name: layouts[name] for name in values.columns})
    return found


def pack(summaries: Summaries) -> bytes:
    """The summaries of a block as the bytes of its object: the same for the same counts."""
    from regrove.stats.summaries import summary_to_bytes

    columns = {name: summary_to_bytes(summaries[name]) for name in sorted(summaries)}
    return msgspec.msgpack.encode(_Wire(_FORMAT, columns))


def unpack(data: bytes, layouts: Mapping[str, AnyLayout]) -> dict[str, AnySummary]:
    """The summaries that `pack` wrote; Corrupt for other bytes."""
    from regrove.stats.summaries import summary_from_bytes

    try:
        wire = msgspec.msgpack.decode(data, type=_Wire)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Corrupt("The object is no summary of a block", received=str(error)) from error
    if wire.format != _FORMAT:
        raise Corrupt("The summary is of another format", expected=str(_FORMAT), received=str(wire.format))
    return {name: summary_from_bytes(part, layouts[name]) for name, part in wire.columns.items()}

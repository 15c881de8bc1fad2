"""A table as a stream of batches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from regrove.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import polars as pl

__all__ = ["batches", "rechunked"]


def batches(table: pl.LazyFrame, rows: int) -> Iterator[pl.DataFrame]:
    """The rows of ``table`` in order, in frames of ``rows`` rows, the last one shorter; never an empty frame.

    The engine reads ahead in its own threads, so memory is bounded by a few batches whatever the table's size.
    """
    if rows < 1:
        raise InvalidInput("A batch needs a height", expected="at least 1 row", received=str(rows))
    stream = table.collect_batches(chunk_size=rows, maintain_order=True, engine="streaming")
    yield from rechunked(stream, rows)


def rechunked(frames: Iterable[pl.DataFrame], rows: int) -> Iterator[pl.DataFrame]:
    """The rows of ``frames`` in order, cut into frames of exactly ``rows`` rows, the last one shorter.

    >>> import polars as pl
    >>> [frame.height for frame in rechunked([pl.DataFrame({"x": [1, 2, 3]})] * 3, 4)]
    [4, 4, 1]
    """
    import polars as pl

    pending: list[pl.DataFrame] = []
    height = 0
    for frame in frames:
        if not frame.height:
            continue
        pending.append(frame)
        height += frame.height
        if height < rows:
            continue
        whole = pending[0] if len(pending) == 1 else pl.concat(pending, how="vertical")
        cut = height - height % rows
        for start in range(0, cut, rows):
            yield whole[start : start + rows]
        pending, height = ([whole[cut:]], height - cut) if height > cut else ([], 0)
    if height:
        yield pending[0] if len(pending) == 1 else pl.concat(pending, how="vertical")

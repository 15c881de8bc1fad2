"""The split: rows of features and target on either side of an instant, or of a draw.

By time: rows whose target is not known yet are dropped, then the holdout is the last ``holdout`` of time, the
``embargo`` before it is dropped, and what is older is training. Both sides keep the order of the request frame.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
import numpy as np
import polars as pl

from regrove.clock import iso
from regrove.errors import InvalidInput, nearest
from regrove.pipelines.config import SplitConfig, duration
from regrove.pipelines.given import Holdout, Train

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["EVENT_TIME", "TARGET", "Sides", "event_micros", "pack", "split", "unpack"]

TARGET: Final = "regrove.target"
"""The column that holds the target in a stored side."""
EVENT_TIME: Final = "regrove.event_time"
"""The column that holds the event time in a stored side."""


class Sides(msgspec.Struct, frozen=True):
    """Both sides and how they came about."""

    train: Train
    holdout: Holdout
    unlabelled: int
    """Rows dropped because their target is null."""
    embargoed: int
    """Rows dropped because they lie in the embargo."""
    rows: pl.DataFrame
    """A row for each row of the request: its ``side`` (train, embargo, holdout, unlabelled) and its ``event_time``,
    which is null when the split was made at random."""
    boundary_at: int | None
    """The holdout holds the rows after this instant; None for a random split."""


def split(
    features: pl.DataFrame, target: pl.DataFrame, request: pl.DataFrame, config: SplitConfig, *, time: str, seed: int
) -> Sides:
    """Split rows of ``features`` and ``target`` (one column), which have a row for each row of ``request``.

    ``time`` names the column of ``request`` that holds the event time (an empty string for a random split). Raises
    InvalidInput for heights that differ, a missing or null event time, and a side that would be empty.
    """
    _check_frames(features, target, request)
    labels = target.to_series().rename(TARGET)
    known = labels.is_not_null().to_numpy()
    times = None if config.random is not None else event_micros(request, time)
    if config.random is not None:
        held = _drawn(known, config.random, seed)
        kept, boundary = known & ~held, None
    else:
        assert times is not None
        assert config.holdout is not None
        if not known.any():
            raise InvalidInput("No row has a target", expected="at least 1 row with a target", received="0 rows")
        boundary = int(times[known].max()) - duration(config.holdout)
        held = known & (times > boundary)
        kept = known & (times <= boundary - duration(config.embargo))
    _check_sides(kept, held, config, times, known)
    stamps = None if times is None else pl.Series(EVENT_TIME, times).cast(pl.Datetime("us", "UTC"))
    sides = [
        (features.filter(pl.Series(side)), labels.filter(pl.Series(side)), _filtered(stamps, side))
        for side in (kept, held)
    ]
    return Sides(
        train=Train(*sides[0]),
        holdout=Holdout(*sides[1]),
        unlabelled=int((~known).sum()),
        embargoed=int((known & ~kept & ~held).sum()),
        rows=_rows(known, kept, held, stamps),
        boundary_at=boundary,
    )


def event_micros(frame: pl.DataFrame, column: str) -> NDArray[np.int64]:
    """The instants of a column in microseconds; a naive datetime, a null or another type is refused."""
    if column not in frame.columns:
        raise InvalidInput(
            f"The request frame has no column {column!r} to split by",
            expected=f"one of {', '.join(frame.columns)}",
            received=repr(column),
            mend=nearest(column, frame.columns) or "keep it in the request, or name another with split.time",
        )
    values = frame[column]
    if nulls := values.null_count():
        raise InvalidInput(f"The event time {column!r} is null in {nulls} rows", expected="an instant in each row")
    if isinstance(values.dtype, pl.Datetime) and values.dtype.time_zone is not None:
        return values.dt.cast_time_unit("us").to_physical().to_numpy()
    if values.dtype == pl.Date:
        return values.to_physical().cast(pl.Int64).to_numpy() * 86_400_000_000
    raise InvalidInput(
        f"The column {column!r} holds no instants, so rows cannot be split by it",
        expected="a timestamp with a zone, or a date",
        received=str(values.dtype),
        mend=f'pl.col({column!r}).dt.replace_time_zone("UTC")' if values.dtype == pl.Datetime else "",
    )


def pack(side: Train) -> pl.DataFrame:
    """A side as one frame: the features, then the target, then the event time."""
    extra = [side.target.rename(TARGET)]
    if side.event_time is not None:
        extra.append(side.event_time.rename(EVENT_TIME))
    return side.features.with_columns(extra)


def unpack(frame: pl.DataFrame, kind: type[Train]) -> Train:
    """The side that `pack` made into a frame."""
    times = frame[EVENT_TIME] if EVENT_TIME in frame.columns else None
    return kind(frame.drop(TARGET, EVENT_TIME, strict=False), frame[TARGET], times)


def _rows(
    known: NDArray[np.bool_], kept: NDArray[np.bool_], held: NDArray[np.bool_], stamps: pl.Series | None
) -> pl.DataFrame:
    sides = np.select([~known, kept, held], ["unlabelled", "train", "holdout"], "embargo")
    moment = pl.Datetime("us", "UTC")
    times = pl.Series("event_time", [None], dtype=moment).new_from_index(0, len(known)) if stamps is None else stamps
    return pl.DataFrame({"side": pl.Series(sides.tolist(), dtype=pl.String), "event_time": times})


def _check_frames(features: pl.DataFrame, target: pl.DataFrame, request: pl.DataFrame) -> None:
    for name, frame in (("features", features), ("target", target)):
        if frame.height != request.height:
            raise InvalidInput(
                f"The {name} have another number of rows than the request",
                expected=f"{request.height} rows, one for each row of the request, in its order",
                received=f"{frame.height} rows",
                mend="neither filter nor join rows away in this function; put null where a value is not known",
            )
    if target.width != 1:
        raise InvalidInput(
            "The target is not one column", expected="1 column", received=", ".join(target.columns) or "none"
        )
    for reserved in (TARGET, EVENT_TIME):
        if reserved in features.columns:
            raise InvalidInput(f"The features have a column {reserved!r}, a name that is reserved", mend="rename it")


def _drawn(known: NDArray[np.bool_], share: float, seed: int) -> NDArray[np.bool_]:
    places = np.flatnonzero(known)
    count = max(1, round(len(places) * share)) if len(places) else 0
    held = np.zeros(len(known), dtype=np.bool_)
    held[np.random.default_rng(seed).permutation(places)[:count]] = True
    return held


def _check_sides(
    kept: NDArray[np.bool_],
    held: NDArray[np.bool_],
    config: SplitConfig,
    times: NDArray[np.int64] | None,
    known: NDArray[np.bool_],
) -> None:
    for name, side in (("train", kept), ("holdout", held)):
        if not side.any():
            spread = (
                ""
                if times is None or not known.any()
                else (f", labelled rows lie between {iso(int(times[known].min()))} and {iso(int(times[known].max()))}")
            )
            stated = f"holdout {config.holdout}, embargo {config.embargo}" if config.holdout else f"{config.random}"
            raise InvalidInput(
                f"The split leaves no rows for {name}",
                expected="at least 1 row with a target on each side",
                received=f"{int(known.sum())} rows with a target, split {stated}{spread}",
                mend="choose a shorter holdout or embargo, or take in more data",
            )


def _filtered(values: pl.Series | None, side: NDArray[np.bool_]) -> pl.Series | None:
    return None if values is None else values.filter(pl.Series(side))

"""What is sent when: a dataset cut into requests and labels, step by step of domain time.

Everything follows from the rows, their digest and the options, never from what was sent before. So a replay that was
killed begins its step again with the same ids, and what the log holds already is recognised as the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

import blake3
import msgspec
import numpy as np
import polars as pl

from regrove.errors import InvalidInput, nearest
from regrove.serving.replay.config import ReplayOptions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["Ask", "Script", "Step", "Tell"]

_LABELS_IN_ONE: Final = 1_000
_NEVER: Final = -(2**63)
_Portions = tuple["NDArray[np.bool_]", "NDArray[np.int64]", "NDArray[np.int64]"]


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """One request."""

    request_id: str
    at: int
    """Domain time: the event time of its last row."""
    key: str | None
    rows: list[dict[str, Any]]


class Tell(msgspec.Struct, frozen=True, kw_only=True):
    """Labels that arrive together: ids, values, and when each became known."""

    at: int
    labels: list[tuple[str, Any, int]]


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """What is sent while the clock goes from ``begin`` to ``end``, in this order: requests, then labels."""

    begin: int
    end: int
    asks: list[Ask]
    tells: list[Tell]


class Script:
    """The requests and labels of one dataset version.

    Args:
        rows: the dataset; it must have every column that is asked for.
        digest: of the dataset version; request ids are made from it.
        time: the column of event times, timestamps with a zone.
        request: the columns that a request carries.
        options: labels and portions.

    Raises InvalidInput for a column that is not there, and for an event time that is null or no instant.
    """

    def __init__(
        self, rows: pl.DataFrame, *, digest: str, time: str, request: Sequence[str], options: ReplayOptions
    ) -> None:
        extra = [name for name in (time, options.label, options.label_at, options.key) if name is not None]
        for name in (*request, *extra):
            if name not in rows.columns:
                raise InvalidInput(
                    f"The dataset has no column {name!r}, which the replay needs",
                    expected=f"one of {', '.join(rows.columns)}",
                    received=repr(name),
                    mend=nearest(name, rows.columns),
                )
        self._digest = digest
        self._options = options
        self._request = list(request)
        self._rows = rows.with_columns(pl.Series("regrove.at", _micros(rows, time))).sort(
            "regrove.at", maintain_order=True
        )
        self._at: NDArray[np.int64] = self._rows["regrove.at"].to_numpy()
        size = options.step_micros
        self.origin = int(self._at[0]) // size * size if len(self._at) else 0
        """Where the first step begins."""
        self._known = self._labels(options)
        self._kept: dict[int, _Portions] = {}  # labels of a step belong to few steps: not worked out for each label

    def steps(self, begin: int, until: int) -> Iterator[Step]:
        """The steps from the one that holds ``begin`` on, to the last that ends by ``until``.

        A begin before the first row is the first row's step. When ``until`` lies inside a step, that step is cut off
        there: its requests up to then, which a later call sends again under the same ids.
        """
        size = self._options.step_micros
        low = self.origin + max(0, (begin - self.origin) // size) * size
        while low < until:
            yield self._step(low, min(low + size, until), low + size)
            low += size

    def _step(self, low: int, high: int, whole: int) -> Step:
        first, last = np.searchsorted(self._at, [low, whole])
        asks = [each for each in self._asks(int(first), int(last), low) if each.at < high]
        return Step(begin=low, end=high, asks=asks, tells=list(self._tells(low, high)))

    def _asks(self, first: int, last: int, low: int) -> list[Ask]:
        """The requests of the rows ``first`` to ``last``, in the order of their times."""
        single, request, _ = self._portions(last - first)
        rows = self._rows[first:last]
        dicts = rows.select(self._request).with_columns(pl.col(pl.Float32, pl.Float64).fill_nan(None)).to_dicts()
        keys = rows[self._options.key].cast(pl.String).to_list() if self._options.key else [None] * len(dicts)
        groups: dict[tuple[bool, int], list[int]] = {}
        for place in range(last - first):
            groups.setdefault((bool(single[place]), int(request[place])), []).append(place)
        asks = [
            Ask(
                request_id=self._id(low, alone, number),
                at=int(self._at[first + places[-1]]),
                key=keys[places[0]] if alone else None,
                rows=[dicts[place] for place in places],
            )
            for (alone, number), places in groups.items()
        ]
        return sorted(asks, key=lambda each: (each.at, each.request_id))

    def _portions(self, count: int) -> _Portions:
        """For each row of a step: whether it is asked alone, the number of its request, and its row in it."""
        if count not in self._kept:
            self._kept[count] = self._cut(count)
        return self._kept[count]

    def _cut(self, count: int) -> _Portions:
        single = np.zeros(count, dtype=np.bool_)
        wanted = min(self._options.singles, count)
        if wanted:
            single[np.linspace(0, count - 1, wanted).astype(np.int64)] = True
        alone = np.cumsum(single) - 1
        others = np.cumsum(~single) - 1
        request = np.where(single, alone, others // self._options.batch)
        return single, request, np.where(single, 0, others % self._options.batch)

    def _id(self, low: int, alone: bool, number: int) -> str:
        text = f"{self._digest}/{self._options.batch}/{self._options.singles}/{low}/{int(alone)}/{number}"
        return blake3.blake3(text.encode()).hexdigest()[:32]

    def _labels(self, options: ReplayOptions) -> pl.DataFrame:
        """Where each row that gets a label stands, and when it becomes known, by that time."""
        if options.label is None:
            return pl.DataFrame({"place": [], "known": []}, schema={"place": pl.Int64, "known": pl.Int64})
        known = self._at if options.label_at is None else _micros(self._rows, options.label_at, null=True)
        has = self._rows[options.label].is_not_null().to_numpy() & (known != _NEVER)
        places = np.flatnonzero(has)
        # Nobody learns how a row ended before it was asked for.
        frame = pl.DataFrame({"place": places, "known": np.maximum(known[places], self._at[places])})
        return frame.sort("known", maintain_order=True)

    def _tells(self, low: int, high: int) -> Iterator[Tell]:
        """The labels that become known from ``low`` to ``high``: shuffled, some again, some for ids of nobody."""
        if self._options.label is None:
            return
        known = self._known["known"].to_numpy()
        first, last = np.searchsorted(known, [low, high])
        rng = np.random.default_rng([self._options.seed, low // self._options.step_micros])
        labels = [self._label(int(place), int(at)) for place, at in self._known[int(first) : int(last)].iter_rows()]
        if self._options.untidy and labels:
            again = rng.random(len(labels)) < self._options.untidy
            strange = int(rng.binomial(len(labels), self._options.untidy / 2))
            labels += [label for label, twice in zip(labels, again, strict=True) if twice]
            labels += [(f"{rng.bytes(16).hex()}.0", labels[0][1], labels[0][2]) for _ in range(strange)]
        if labels:
            order = rng.permutation(len(labels))
            labels = [labels[place] for place in order]
        for start in range(0, len(labels), _LABELS_IN_ONE):
            part = labels[start : start + _LABELS_IN_ONE]
            yield Tell(at=max(at for _, _, at in part), labels=part)

    def _label(self, place: int, known: int) -> tuple[str, Any, int]:
        """The id of the prediction for the row at ``place``, its label and when that became known."""
        assert self._options.label is not None
        size = self._options.step_micros
        low = self.origin + (int(self._at[place]) - self.origin) // size * size
        first, last = self._span(low)
        single, request, row = self._portions(last - first)
        within = place - first
        ask = self._id(low, bool(single[within]), int(request[within]))
        return f"{ask}.{row[within]}", self._rows[self._options.label][place], known

    def _span(self, low: int) -> tuple[int, int]:
        first, last = np.searchsorted(self._at, [low, low + self._options.step_micros])
        return int(first), int(last)


def _micros(rows: pl.DataFrame, column: str, *, null: bool = False) -> NDArray[np.int64]:
    """The instants of a column in microseconds; `_NEVER` for a null where those are allowed."""
    values = rows[column]
    if not isinstance(values.dtype, pl.Datetime) or values.dtype.time_zone is None:
        raise InvalidInput(
            f"The column {column!r} holds no instants",
            expected="timestamps with a zone",
            received=str(values.dtype),
            mend=f'pl.col({column!r}).dt.replace_time_zone("UTC")' if isinstance(values.dtype, pl.Datetime) else "",
        )
    if values.null_count() and not null:
        raise InvalidInput(
            f"The column {column!r} is null in {values.null_count()} rows", expected="an instant in each"
        )
    return values.dt.cast_time_unit("us").to_physical().fill_null(_NEVER).to_numpy()

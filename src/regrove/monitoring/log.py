"""The rows of a deployment's log that judge its living model: what the control answered, for callers and not testers.

While a canary takes a share of the traffic, its answers say nothing about the control, and who is asked for by a
tester's header is no caller. Both are counted as excluded and left out of everything else.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    import polars as pl

    from regrove.serving import Deployments, Publication

__all__ = ["Control", "Log", "controls"]

_KEPT = ("at", "model")
_NEVER = -(2**62)
"""No label has arrived by then, so none is read."""


class Control(msgspec.Struct, frozen=True, kw_only=True):
    """A model for as long as it was the control: from one generation to the one with which another took over."""

    model: str
    model_digest: str
    revision: str
    """The first revision under it, such as ``deployment:late-arrival@2``."""
    publication: int
    """The generation with which it began."""
    since_at: int


def controls(publications: Sequence[Publication]) -> list[Control]:
    """The models that were the control of a deployment, in order of time; a new configuration of the same is none."""
    found: list[Control] = []
    for each in publications:
        if not found or found[-1].model_digest != each.revision.model_digest:
            found.append(
                Control(
                    model=each.revision.model,
                    model_digest=each.revision.model_digest,
                    revision=each.ref,
                    publication=each.number,
                    since_at=each.published_at,
                )
            )
    return found


class Log:
    """Reads the log of one deployment, a stretch at a time."""

    def __init__(self, deployments: Deployments, name: str) -> None:
        self._deployments = deployments
        self._name = name
        self._publications = deployments.publications(name)
        self.controls = controls(self._publications)
        """Who was the control, in order of time."""

    def rows(self, since: int, until: int, columns: Sequence[str], *, labels_until: int | None = None) -> pl.DataFrame:
        """The rows from ``since`` to before ``until``, the control's and the others.

        Columns: ``at``, ``model``, ``is_control``, those of ``columns`` that the log has, and with ``labels_until`` the
        ``label`` that had arrived by then and its ``label_received_at``.
        """
        chosen = columns if labels_until is None else ("label", "label_received_at", *columns)
        return _chosen(self._frame(since, until, labels_until), chosen).collect()

    def rows_and_counts(
        self, since: int, until: int, columns: Sequence[str], ends: Sequence[int]
    ) -> tuple[pl.DataFrame, list[int]]:
        """The same rows, and how many of the control lie in each of the stretches before ``since``.

        ``ends`` are the ends of these stretches, the first of which begins at the first of ``ends``.
        """
        import numpy as np
        import polars as pl

        if len(ends) < 2:
            return self.rows(since, until, columns), []
        whole = self._frame(ends[0], until)
        moment = pl.col("at").to_physical()
        before = whole.filter((moment < ends[-1]) & pl.col("is_control")).select("at")
        rows, at = pl.collect_all([_chosen(whole.filter(moment >= since), columns), before])
        places = np.searchsorted(np.asarray(ends[1:]), at.to_series().to_physical().to_numpy(), side="right")
        return rows, [int(each) for each in np.bincount(places, minlength=len(ends) - 1)]

    def _frame(self, since: int, until: int, labels_until: int | None = None) -> pl.LazyFrame:
        import polars as pl

        told = _NEVER if labels_until is None else labels_until
        frame = self._deployments.predictions(self._name, since=since, until=until, labels_until=told)
        models = {each.number: each.revision.model for each in self._publications}
        expected = pl.col("generation").replace_strict(models, default=None, return_dtype=pl.String)
        control = pl.col("model").eq(expected).fill_null(value=False)
        if "overridden" in frame.collect_schema().names():
            control &= pl.col("overridden").eq(other=False).fill_null(value=True)
        return frame.with_columns(control.alias("is_control"))


def _chosen(frame: pl.LazyFrame, columns: Sequence[str]) -> pl.LazyFrame:
    """The columns that are asked for, as far as they are there, in an order of the rows that is their own: the same
    rows give the same sums to the last bit wherever they were written.
    """
    names = set(frame.collect_schema().names())
    chosen = [name for name in (*_KEPT, *columns) if name in names]
    return frame.sort("at", "request_id", "row").select(*chosen, "is_control")

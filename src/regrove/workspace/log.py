"""From the prediction log to the rows of a dataset: what `regrove.datasets` asks of a deployment's log."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from regrove.errors import InvalidInput, NotFound, nearest
from regrove.schema import LogicalType, to_polars

if TYPE_CHECKING:
    import polars as pl

    from regrove.serving import Deployments

__all__ = ["PredictionLogs"]


class PredictionLogs:
    """Reads the logs of the deployments that ``deployments`` gives, which is asked only when a log is read."""

    def __init__(self, deployments: Callable[[], Deployments]) -> None:
        self._deployments = deployments

    def rows(self, deployment: str, *, fields: Mapping[str, LogicalType], label: str, until: int) -> pl.LazyFrame:
        """Every prediction whose label had arrived by ``until``: the ``fields`` of its request and its label under that
        name, by time of asking.
        """
        import polars as pl

        empty = pl.LazyFrame(schema={**{name: to_polars(kind) for name, kind in fields.items()}, label: pl.Null})
        try:
            logged = self._deployments().predictions(deployment, labels_until=until)
        except NotFound:
            return empty
        names = logged.collect_schema().names()
        carried = [name.removeprefix("request.") for name in names if name.startswith("request.")]
        if not carried:
            return empty
        for name in fields:
            if name not in carried:
                raise InvalidInput(
                    f"No request of deployment {deployment!r} carries the column {name!r}",
                    expected=f"one of {', '.join(carried)}",
                    received=repr(name),
                    mend=nearest(name, carried) or f"remove it from the columns of the log of {deployment}",
                )
        return (
            logged.filter(pl.col("label").is_not_null())
            .sort("at", "request_id", "row")
            .select(*(pl.col(f"request.{name}").alias(name) for name in fields), pl.col("label").alias(label))
        )

"""How the living model did, month by month, beside the first one if nobody had ever touched it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

import msgspec

from regrove.clock import from_micros
from regrove.errors import NotFound

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from regrove.registry import Predictor
    from regrove.workspace import Workspace

__all__ = ["Life", "Month", "life"]

_DRAWS: Final = 2_000
_LEAST_DAYS: Final = 5
"""Fewer days with labels give no interval."""


class Month(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked and answered in one month, and what it turned out to be worth."""

    month: str
    """Such as ``2013-03``, in the zone of the report."""
    predictions: int
    labelled: int
    base_rate: float | None
    """The mean of the labels; None for classes by name, or without labels."""
    loss: float | None
    """Of what was answered, whichever version answered it."""
    never: float | None
    """Of the first version on the same rows."""
    gain: float | None
    """``never - loss``: above 0 the living model is better."""
    low: float | None
    """The lower end of a 95% interval for the gain, days resampled as wholes."""
    high: float | None
    versions: tuple[str, ...]
    """The model versions that answered, the one with the most rows first."""


class Life(msgspec.Struct, frozen=True, kw_only=True):
    """The whole life of a deployment's model."""

    deployment: str
    metric: str
    first: str
    """The version that was never to be retrained."""
    zone: str
    months: list[Month]
    total: Month
    days: list[tuple[str, float, float]]
    """Each day with labels: its loss, and that of the first version."""


def life(ws: Workspace, deployment: str, *, zone: str) -> Life:
    """Read the whole log of ``deployment`` and judge it against its first model version.

    Raises NotFound when nothing was ever answered.
    """
    import polars as pl

    logged = ws.deployments.predictions(deployment).collect().sort("at", "request_id", "row")
    if not logged.height:
        raise NotFound(
            f"Deployment {deployment!r} has answered nothing yet", mend=f"regrove serve {deployment}, then ask it"
        )
    first = ws.deployments.publications(deployment)[0].revision.model
    predictor = ws.models.load(first)
    local = pl.col("at").dt.convert_time_zone(str(ZoneInfo(zone)))
    logged = logged.with_columns(month=local.dt.strftime("%Y-%m"), day=local.dt.strftime("%Y-%m-%d"))
    known = logged.filter(pl.col("label").is_not_null())
    losses = known.select("month", "day").with_columns(
        loss=pl.Series(_losses(predictor, known, _answered(known))),
        never=pl.Series(_losses(predictor, known, _asked_again(predictor, known))),
    )
    names = logged["month"].unique().sort().to_list()
    daily = losses.group_by("day").agg(pl.col("loss", "never").mean()).sort("day")
    return Life(
        deployment=deployment,
        metric={"regression": "squared error"}.get(predictor.signature.output.task, "log loss"),
        first=first,
        zone=zone,
        months=[_month(name, logged.filter(month=name), losses.filter(month=name)) for name in names],
        total=_month("all", logged, losses),
        days=daily.rows(),
    )


def _month(name: str, logged: pl.DataFrame, losses: pl.DataFrame) -> Month:
    from regrove.stats.comparison import paired_losses

    labels = logged["label"].drop_nulls()
    rate = labels.mean() if labels.dtype.is_numeric() or str(labels.dtype) == "Boolean" else None
    versions = logged["model"].value_counts(sort=True)["model"].to_list()
    found: dict[str, Any] = dict.fromkeys(("loss", "never", "gain", "low", "high"))
    if losses.height:
        found["loss"], found["never"] = losses["loss"].mean(), losses["never"].mean()
        found["gain"] = found["never"] - found["loss"]
        days = losses["day"].rank("dense").to_numpy()
        if losses["day"].n_unique() >= _LEAST_DAYS:
            paired = paired_losses(losses["never"].to_numpy(), losses["loss"].to_numpy(), days, draws=_DRAWS)
            interval = paired.gain(level=0.95).interval
            found["low"], found["high"] = interval.low, interval.high
    return Month(
        month=name,
        predictions=logged.height,
        labelled=len(labels),
        base_rate=None if rate is None else float(rate),  # type: ignore[arg-type]  # the mean of numbers is one
        versions=tuple(versions),
        **found,
    )


def _answered(known: pl.DataFrame) -> pl.DataFrame:
    names = [name for name in known.columns if name.startswith("output.")]
    return known.select(names).rename({name: name.removeprefix("output.") for name in names})


def _asked_again(predictor: Predictor, known: pl.DataFrame) -> pl.DataFrame:
    """What the first version would have answered to the same rows."""
    names = [name for name in known.columns if name.startswith("request.")]
    rows = known.select(names).rename({name: name.removeprefix("request.") for name in names})
    return predictor.predict_frame(rows)


def _losses(predictor: Predictor, known: pl.DataFrame, answers: pl.DataFrame) -> NDArray[np.float64]:
    """The loss of each answer, by the task: log loss of the class that came true, or the squared error."""
    import numpy as np

    from regrove.stats.comparison import Metric, row_losses

    output = predictor.signature.output
    truth = known["label"]
    if output.task == "regression":
        return row_losses(Metric.RMSE, truth.to_numpy().astype(np.float64), answers["value"].to_numpy())
    if output.task == "binary":
        positive = (truth == output.classes[1]).to_numpy().astype(np.float64)
        return row_losses(Metric.LOG_LOSS, positive, answers["score"].to_numpy())
    place = {name: index for index, name in enumerate(output.classes)}
    shares = answers.select(f"probability:{name}" for name in output.classes).to_numpy()
    chosen = shares[np.arange(len(truth)), [place[each] for each in truth]]
    return np.asarray(-np.log(np.maximum(chosen, np.finfo(np.float64).eps)), dtype=np.float64)


def month_of(micros: int, zone: str) -> str:
    """The month of an instant in a zone.

    >>> month_of(1362096000000000, "America/New_York")
    '2013-02'
    """
    return from_micros(micros).astimezone(ZoneInfo(zone)).strftime("%Y-%m")

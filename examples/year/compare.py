"""What other habits would have made of the same year, on the same rows: for orientation, outside the project's record.

*Never*: the model fitted to January and February, all year. *Each month, on everything*: fitted again on the first of
every month to all outcomes that were known then. *Each month, on the month before*: to the last month alone. Each is
the project's own ``classifier`` on its own ``features``; what is scored is what the deployment was asked and answered.
"""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt
import pipeline
import polars as pl
from rich.console import Console

import regrove

DEPLOYMENT = "late-arrival"
ALLOWED = 0.02
"""So much more than the best of the three the living model may lose."""

FIRST = datetime(2013, 3, 1, 5, tzinfo=UTC)
Losses = npt.NDArray[np.float64]


def main() -> None:
    """Fit, score and print."""
    with regrove.open(".") as ws:
        logged = ws.deployments.predictions(DEPLOYMENT).collect()
        past = pipeline.past(ws.datasets.scan("flights"), ws.datasets.scan("weather")).collect()
        params = SimpleNamespace(**ws.projects.applied.model(DEPLOYMENT).params)
    asked = answered(logged)
    known = pl.concat([before(past), asked.drop("score")])
    months = sorted({FIRST, *asked["scheduled_departure"].dt.truncate("1mo").dt.offset_by("5h")})
    months = [each for each in months if FIRST <= each <= asked["scheduled_departure"].max()]
    found = {"the living model": loss(asked["late"], asked["score"])}
    for name, since in (("never", None), ("each month, on everything", None), ("each month, on the month before", 1)):
        starts = months[:1] if name == "never" else months
        found[name] = habit(asked, known, starts, params, since)
    show(asked, found)


def before(past: pl.DataFrame) -> pl.DataFrame:
    """The rows of January and February whose outcome is known, as those of the log are."""
    known = pl.lit(datetime(2013, 1, 1, tzinfo=UTC)).cast(pl.Datetime("us", "UTC"))
    return past.filter(pl.col("late").is_not_null()).with_columns(known_at=known)


def answered(logged: pl.DataFrame) -> pl.DataFrame:
    """The rows that were answered and whose outcome is known by now, as the pipeline names their columns."""
    fields = {f"request.{name}": name for name in (*pipeline.SCHEDULE, *pipeline.MEASURED)}
    return (
        logged.filter(pl.col("label").is_not_null())
        .rename(fields)
        .select(*fields.values(), late="label", known_at="label_received_at", score="output.score")
        .sort("scheduled_departure", "flight_id")
    )


def habit(
    asked: pl.DataFrame, known: pl.DataFrame, starts: list[datetime], params: Any, months_back: int | None
) -> Losses:
    """The loss of each row under a habit: by the model that the last of ``starts`` before the row has made."""
    losses = np.empty(asked.height)
    turns = np.maximum(pl.Series(starts).search_sorted(asked["scheduled_departure"], side="right").to_numpy() - 1, 0)
    for place, start in enumerate(starts):
        rows = known.filter((pl.col("known_at") < start) & (pl.col("scheduled_departure") < start))
        if months_back is not None:
            rows = rows.filter(pl.col("scheduled_departure") >= pl.lit(start).dt.offset_by(f"-{months_back}mo"))
        train = SimpleNamespace(features=seen(rows), target=rows["late"])
        model = pipeline.classifier(train, params, 0)
        mine = turns == place
        scores = model.predict_proba(seen(asked.filter(pl.Series(mine))))[:, 1]
        losses[mine] = loss(asked["late"].filter(pl.Series(mine)), pl.Series(scores))
    return losses


def seen(rows: pl.DataFrame) -> pl.DataFrame:
    """What the model sees."""
    return pipeline.features(rows.lazy().select(*pipeline.SCHEDULE, *pipeline.MEASURED)).collect()


def loss(late: pl.Series, score: pl.Series) -> Losses:
    """The log loss of each row."""
    chance = np.clip(score.to_numpy(), 1e-15, 1 - 1e-15)
    return -np.log(np.where(late.to_numpy(), chance, 1 - chance))


def show(asked: pl.DataFrame, found: dict[str, Losses]) -> None:
    """A line for each habit, by month, and the sentence that it amounts to."""
    console = Console(highlight=False, soft_wrap=True)
    month = asked["scheduled_departure"].dt.convert_time_zone("America/New_York").dt.strftime("%m").to_numpy()
    names = np.unique(month)
    console.print(f"{'log loss, by month':33}" + "".join(f"{each:>7}" for each in names) + f"{'whole':>9}")
    for name, losses in found.items():
        means = "".join(f"{losses[month == each].mean():7.3f}" for each in names)
        console.print(f"{name:33}{means}{losses.mean():9.4f}")
    name = min(list(found)[1:], key=lambda each: float(found[each].mean()))
    living, best = float(found["the living model"].mean()), float(found[name].mean())
    within = "within" if living <= best * (1 + ALLOWED) else "MORE THAN"
    console.print(
        f"On {asked.height:,} rows the living model's log loss is {living:.4f}; the best of the three habits, {name}, "
        f"has {best:.4f}: {living / best - 1:+.1%}, {within} the {ALLOWED:.0%} that living by itself may cost."
    )


if __name__ == "__main__":
    main()

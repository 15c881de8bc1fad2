"""Will this flight arrive more than 15 minutes late? Asked at the gate, before it departs.

A function's name is the name of what it returns; its parameters name what it needs: a dataset of ``regrove.toml``,
another function, or a given name (``train``, ``params``, ``seed``). There is nothing to wire and nothing to inherit.
"""

from datetime import datetime

import polars as pl
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OrdinalEncoder

from regrove import Params, Train

LATE_AFTER_MINUTES = 15
CATEGORIES = ["carrier", "origin", "dest"]


def history(flights: pl.LazyFrame, params: Params) -> pl.LazyFrame:
    """The flights that the model may learn from: those scheduled before ``until``."""
    return flights.filter(pl.col("scheduled_departure") < datetime.fromisoformat(params.until))


def joined(history: pl.LazyFrame, weather: pl.LazyFrame) -> pl.LazyFrame:
    """One row a flight with the weather at its origin in the scheduled hour."""
    return history.with_columns(observed_hour=pl.col("scheduled_departure").dt.truncate("1h")).join(
        weather, on=["origin", "observed_hour"], how="left", maintain_order="left"
    )


def local_time(moment: pl.Expr) -> pl.Expr:
    """New York's clock, which schedules follow."""
    return moment.dt.convert_time_zone("America/New_York")


def features(joined: pl.LazyFrame) -> pl.LazyFrame:
    """What the model sees. Runs in training and, on the rows of a request, in serving: one definition, no skew.

    The departure delay is not among them: it is known only after the question was asked. The identity is dropped by
    its name: so a request carries it, and the log of predictions knows which flight each of them is about.
    """
    local = local_time(pl.col("scheduled_departure"))
    return joined.drop("flight_id").select(
        "carrier",
        "origin",
        "dest",
        pl.col("distance").cast(pl.Float64),
        minute_of_day=local.dt.hour().cast(pl.Float64) * 60 + local.dt.minute(),
        weekday=local.dt.weekday().cast(pl.Float64),
        temp=pl.col("temp"),
        humid=pl.col("humid"),
        wind_speed=pl.col("wind_speed"),
        wind_gust=pl.col("wind_gust"),
        precip=pl.col("precip"),
        pressure=pl.col("pressure"),
        visib=pl.col("visib"),
    )


def late(joined: pl.LazyFrame) -> pl.LazyFrame:
    """Arrived more than 15 minutes late. Known only after landing; never for a flight that was cancelled."""
    return joined.select(late=pl.col("arr_delay") > LATE_AFTER_MINUTES)


def classifier(train: Train, params: Params, seed: int) -> Pipeline:
    """The fitted estimator: all that is learned from data lives in it, encoders included."""
    encoder = OrdinalEncoder(
        handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-1, dtype=float
    )
    encode = make_column_transformer((encoder, CATEGORIES), remainder="passthrough", verbose_feature_names_out=False)
    boosting = HistGradientBoostingClassifier(
        max_iter=params.max_iter, learning_rate=params.learning_rate, random_state=seed
    )
    return make_pipeline(encode, boosting).fit(train.features, train.target)

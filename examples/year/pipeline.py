"""Will this flight arrive more than 15 minutes late? The same question through a whole year.

A function's name is the name of what it returns; its parameters name what it needs. ``served`` is what the deployment
was asked so far and what became of it: so each training learns from what the model itself has lived through.
"""

import polars as pl
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OrdinalEncoder

from regrove import Params, Train

LATE_AFTER_MINUTES = 15
CATEGORIES = ["carrier", "origin", "dest"]
SCHEDULE = ["flight_id", "scheduled_departure", "carrier", "origin", "dest", "distance"]
MEASURED = ["temp", "humid", "wind_speed", "wind_gust", "precip", "pressure", "visib"]


def past(flights: pl.LazyFrame, weather: pl.LazyFrame) -> pl.LazyFrame:
    """The flights before the model went live, with the weather at their origin in the scheduled hour."""
    return (
        flights.with_columns(
            observed_hour=pl.col("scheduled_departure").dt.truncate("1h"),
            late=pl.col("arr_delay") > LATE_AFTER_MINUTES,
        )
        .join(weather, on=["origin", "observed_hour"], how="left", maintain_order="left")
        .select(*SCHEDULE, *MEASURED, "late")
    )


def joined(past: pl.LazyFrame, served: pl.LazyFrame) -> pl.LazyFrame:
    """One row a flight, in the order of departure: those of the past, then those that the model was asked about."""
    return pl.concat([past, served.select(*SCHEDULE, *MEASURED, "late")]).sort("scheduled_departure", "flight_id")


def features(joined: pl.LazyFrame) -> pl.LazyFrame:
    """What the model sees, in training and in serving alike.

    The identity is dropped by its name: so a request carries it, and the log knows which flight each row is about.
    """
    local = pl.col("scheduled_departure").dt.convert_time_zone("America/New_York")
    return joined.drop("flight_id").select(
        *CATEGORIES,
        pl.col("distance").cast(pl.Float64),
        *MEASURED,
        minute_of_day=local.dt.hour().cast(pl.Float64) * 60 + local.dt.minute(),
        weekday=local.dt.weekday().cast(pl.Float64),
    )


def late(joined: pl.LazyFrame) -> pl.LazyFrame:
    """Arrived more than 15 minutes late. Known only after landing; never for a flight that was cancelled."""
    return joined.select("late")


def classifier(train: Train, params: Params, seed: int) -> Pipeline:
    """The fitted estimator: all that is learned from data lives in it, encoders included."""
    encoder = OrdinalEncoder(
        handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-1, dtype=float
    )
    encode = make_column_transformer((encoder, CATEGORIES), remainder="passthrough", verbose_feature_names_out=False)
    boosting = HistGradientBoostingClassifier(
        max_iter=params.max_iter,
        learning_rate=params.learning_rate,
        max_leaf_nodes=params.max_leaf_nodes,
        random_state=seed,
    )
    return make_pipeline(encode, boosting).fit(train.features, train.target)

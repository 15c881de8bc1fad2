"""Will this order be sent back? Asked when it is placed.

A function's name is the name of what it returns; its parameters name what it needs: a dataset of ``regrove.toml``,
another function, or a given name (``train``, ``params``, ``seed``). There is nothing to wire and nothing to inherit.
"""

import polars as pl
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from regrove import Params, Train

CATEGORIES = ["country", "channel"]
NUMBERS = ["items", "value", "price", "hour"]


def placed(orders: pl.LazyFrame) -> pl.LazyFrame:
    """One row an order, as it is known when it is placed."""
    return orders


def features(placed: pl.LazyFrame) -> pl.LazyFrame:
    """What the model sees. Runs in training and, on the rows of a request, in serving: one definition, no skew.

    The identity is dropped by its name: so a request carries it, and the log of predictions knows which order is meant.
    """
    placed = placed.drop("order_id")
    return placed.select(
        "country",
        "channel",
        pl.col("items").cast(pl.Float64),
        "value",
        price=pl.col("value") / pl.col("items"),
        hour=pl.col("placed_at").dt.hour().cast(pl.Float64),
        first_order=pl.col("first_order").cast(pl.Float64),
    )


def returned(placed: pl.LazyFrame) -> pl.LazyFrame:
    """Whether it was sent back: known weeks later."""
    return placed.select("returned")


def classifier(train: Train, params: Params, seed: int) -> Pipeline:
    """The fitted estimator: all that is learned from data lives in it, encoders and scales included."""
    encode = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), CATEGORIES), (StandardScaler(), NUMBERS), remainder="passthrough"
    )
    return make_pipeline(encode, LogisticRegression(C=params.regularisation, random_state=seed)).fit(
        train.features, train.target
    )

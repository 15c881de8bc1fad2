"""A small project that a worker imports at once: what is heavy stands in annotations alone. Nothing of it is run."""

from __future__ import annotations

from pathlib import Path

__all__ = ["DECLARATION", "PIPELINE", "begin"]

DECLARATION = """\
[project]
name = "shop"
module = "pipeline"

[datasets.orders]
source = "data/orders.csv"
key = ["order_id"]
event_time = "placed_at"
columns = { placed_at = "timestamp" }

[[datasets.orders.expect]]
column = "value"
between = [0, 5000]

[models.returns]
task = "binary"
request = "placed"
features = "features"
target = "returned"
trainer = "classifier"
metric = "log_loss"
split = { holdout = "14d", embargo = "1d" }
params = { regularisation = 1.0 }

[deployments.returns]
model = "returns@champion"
"""
PIPELINE = '''\
"""Will this order be sent back?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from prices import LIMIT

if TYPE_CHECKING:
    import polars as pl
    from sklearn.linear_model import LogisticRegression

    from regrove import Params, Train


def placed(orders: pl.LazyFrame) -> pl.LazyFrame:
    return orders.filter(orders.value < LIMIT)


def features(placed: pl.LazyFrame) -> pl.LazyFrame:
    return placed.select("value")


def returned(placed: pl.LazyFrame) -> pl.LazyFrame:
    return placed.select("returned")


def classifier(train: Train, params: Params) -> LogisticRegression:
    return LogisticRegression(C=params.regularisation).fit(train.features, train.target)
'''
ORDERS = """\
order_id,placed_at,value,returned
a,2025-01-01T10:00:00Z,10.5,true
b,2025-01-02T10:00:00Z,20.5,false
"""


def begin(folder: Path) -> Path:
    """Write the project into ``folder``."""
    (folder / "data").mkdir(parents=True)
    (folder / "regrove.toml").write_text(DECLARATION)
    (folder / "pipeline.py").write_text(PIPELINE)
    (folder / "prices.py").write_text("LIMIT = 5000\n")
    (folder / "data" / "orders.csv").write_text(ORDERS)
    return folder

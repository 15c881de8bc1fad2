"""A small project, and models of it."""

from __future__ import annotations

from functools import cache
from typing import Any

from regrove import digest
from regrove.registry import Link, ModelSpec, Parameter, ServingCode
from regrove.registry.formats.skops import FORMAT
from regrove.schema import Column, LogicalType, Schema

REQUEST = Schema(
    (
        Column("origin", LogicalType.STRING),
        Column("carrier", LogicalType.CATEGORY),
        Column("scheduled", LogicalType.TIMESTAMP, nullable=False),
        Column("distance", LogicalType.FLOAT64),
    )
)
FEATURES = Schema(
    (
        Column("origin", LogicalType.STRING),
        Column("carrier", LogicalType.STRING),
        Column("hour", LogicalType.FLOAT64),
        Column("distance", LogicalType.FLOAT64),
    )
)
SOURCE = """
import polars as pl
from .parts.units import MILES

def cleaned(joined: pl.LazyFrame) -> pl.LazyFrame:
    return joined.with_columns(pl.col("carrier").cast(pl.String), pl.col("distance") * MILES)

def features(cleaned: pl.DataFrame) -> pl.DataFrame:
    return cleaned.select("origin", "carrier", hour=pl.col("scheduled").dt.hour().cast(pl.Float64), distance="distance")
"""
PACKAGE = {"pipeline.py": SOURCE, "parts/units.py": "MILES = 1.0\n"}
CHAIN = (
    Link("cleaned", "pipeline", (Parameter("joined", "joined", "lazy"),)),
    Link("features", "pipeline", (Parameter("cleaned", "cleaned", "eager"),)),
)
ROW = {"origin": "JFK", "carrier": "AA", "scheduled": "2013-03-01T05:15:00Z", "distance": 1089.0}


def training_rows(count: int = 400) -> tuple[Any, Any]:
    """Features and a target that the hour decides."""
    import numpy as np
    import polars as pl

    random = np.random.default_rng(7)
    frame = pl.DataFrame(
        {
            "origin": random.choice(["EWR", "JFK", "LGA"], count),
            "carrier": random.choice(["AA", "DL", "UA"], count),
            "hour": random.integers(0, 24, count).astype(float),
            "distance": random.normal(1000, 300, count),
        }
    )
    return frame, (frame["hour"].to_numpy() > 12) ^ (random.random(count) < 0.2)


def pipeline_of(estimator: Any) -> Any:
    """An estimator behind an encoder of the texts."""
    from sklearn.compose import ColumnTransformer
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import OrdinalEncoder

    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-1)
    encode = ColumnTransformer([("texts", encoder, ["origin", "carrier"])], remainder="passthrough")
    return Pipeline([("encode", encode), ("model", estimator)])


@cache
def fitted(kind: str = "boosting", seed: int = 3) -> Any:
    """A fitted pipeline; made once a process."""
    from sklearn import ensemble, linear_model

    frame, target = training_rows()
    if kind == "regression":
        boosting = ensemble.HistGradientBoostingRegressor(max_iter=5, random_state=seed)
        return pipeline_of(boosting).fit(frame, frame["distance"])
    if kind == "multiclass":
        forest = ensemble.RandomForestClassifier(5, random_state=seed)
        return pipeline_of(forest).fit(frame, frame["carrier"])
    made = {
        "boosting": ensemble.HistGradientBoostingClassifier(
            max_iter=20, random_state=seed, categorical_features=[0, 1], early_stopping=False
        ),
        "logistic": linear_model.LogisticRegression(max_iter=1000),
        "forest": ensemble.RandomForestClassifier(10, random_state=seed),
        "gradient": ensemble.GradientBoostingClassifier(n_estimators=5, random_state=seed),
    }[kind]
    return pipeline_of(made).fit(frame, target)


def spec(vault: Any, folder: Any, kind: str = "boosting", seed: int = 3, **changes: Any) -> ModelSpec:
    """What a run would hand over, with its objects in the vault."""
    path = folder / f"{kind}-{seed}.skops"
    if not path.exists():
        FORMAT.dump(fitted(kind, seed), path)
    task = kind if kind in ("multiclass", "regression") else "binary"
    classes = {"binary": (False, True), "multiclass": ("AA", "DL", "UA"), "regression": ()}[task]
    package = vault.add_json(changes.pop("package", PACKAGE))
    fields = {
        "name": "late-arrival",
        "task": task,
        "format": "skops",
        "model": vault.add_file(path),
        "request": REQUEST,
        "features": FEATURES,
        "target": "late",
        "serving": ServingCode(request="joined", chain=CHAIN, object=package, code=digest.of_bytes(b"code")),
        "seed": seed,
        "classes": classes,
        "params": {"max_iter": 20},
        "inputs": {"flights": digest.of_bytes(b"flights")},
        "metrics": {"log_loss": 0.5, "nothing": float("nan")},
        "run": "run:0190a1b2c3d4e5f60718293a4b5c6d7e",
    }
    return ModelSpec(**{**fields, **changes})


def bare_spec(vault: Any, seed: int) -> ModelSpec:
    """A spec whose objects are bytes that nobody loads."""
    return ModelSpec(
        name="late-arrival",
        task="binary",
        format="skops",
        model=vault.add_bytes(b"model %d" % seed),
        request=REQUEST,
        features=FEATURES,
        target="late",
        serving=ServingCode(request="joined", chain=CHAIN, object=vault.add_json(PACKAGE)),
        seed=seed,
        classes=(False, True),
    )

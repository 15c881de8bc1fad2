"""Building a graph from source text, for tests."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import msgspec

from regrove.datasets import DatasetConfig
from regrove.pipelines.code import Codebase
from regrove.pipelines.config import ModelConfig
from regrove.pipelines.graph import Graph, build
from regrove.pipelines.kinds import Names
from regrove.pipelines.rules import check
from tests.pipelines.project import MODEL, TRIPS

HEAD = """\
import numpy as np
import polars as pl
from sklearn.linear_model import LogisticRegression
from regrove import Holdout, Params, StepRun, Train, step
"""
GOOD = {
    "joined": "def joined(trips: pl.LazyFrame) -> pl.LazyFrame: ...",
    "features": "def features(joined: pl.LazyFrame) -> pl.LazyFrame: ...",
    "late": "def late(joined: pl.LazyFrame) -> pl.LazyFrame: ...",
    "classifier": "def classifier(train: Train, params: Params) -> LogisticRegression: return params.max_iter",
}


def made(
    root: Path, *, model: dict[str, Any] | None = None, datasets: Any = None, also: str = "", **functions: str
) -> Graph:
    """The checked graph of the usual functions with these in their place (an empty text takes one away)."""
    texts = {name: text for name, text in (GOOD | functions).items() if text}
    body = "\n\n\n".join(textwrap.dedent(text) for text in texts.values())
    (root / "pipeline.py").write_text(f"{HEAD}\n\n{body}\n")
    config = msgspec.convert(MODEL | (model or {}), ModelConfig)
    tables = {"trips": TRIPS, "weather": {"source": "w.csv"}} if datasets is None else datasets
    known = {name: msgspec.convert(table, DatasetConfig) for name, table in tables.items()}
    graph = build("late", config, Codebase.load(root, "pipeline").functions(), tuple(known), Names(root), also=also)
    check(graph, config, known)
    return graph

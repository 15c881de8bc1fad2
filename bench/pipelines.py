"""What a step costs beside its own work: a chain of 50 trivial steps, run for the first time and from what was kept.

Peers on this chain, ms a step, first / kept, measured once on a machine of this kind:
ZenML 88.6 / 40.1, Dagster 32.3 / 33.0, Prefect 22.5 / 23-56, Metaflow 280-348 / 58, Hamilton with cache 2.07 / 0.25.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

STEPS = 50
TOML = """\
[project]
name = "bench"
module = "pipeline"

[datasets.rows]
source = "rows.csv"

[models.chain]
task = "regression"
request = "rows_in"
features = "features"
target = "target"
trainer = "fitted"
metric = "rmse"
split = { random = 0.5 }
"""
HEAD = """\
import polars as pl
from sklearn.linear_model import LinearRegression

from regrove import Train


def rows_in(rows: pl.LazyFrame) -> pl.LazyFrame:
    return rows


def features(rows_in: pl.LazyFrame) -> pl.LazyFrame:
    return rows_in.select("x")


def target(rows_in: pl.LazyFrame) -> pl.LazyFrame:
    return rows_in.select("y")


def fitted(train: Train) -> LinearRegression:
    return LinearRegression().fit(train.features, train.target)


"""


def project(root: Path, offset: int) -> None:
    """A project whose chain begins with another number each time, so that nothing of it is kept yet."""
    chain = [f"def s0() -> int:\n    return {offset}\n"]
    chain += [f"def s{n}(s{n - 1}: int) -> int:\n    return s{n - 1} + 1\n" for n in range(1, STEPS)]
    root.mkdir(exist_ok=True)
    (root / "regrove.toml").write_text(TOML)
    (root / "rows.csv").write_text("x,y\n1,2\n2,3\n3,5\n4,4\n")
    (root / "pipeline.py").write_text(HEAD + "\n\n".join(chain))


def main() -> None:
    """Print ms a step of a first run and of a run from what was kept, after the imports."""
    import regrove

    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "bench"
        project(root, 0)
        with regrove.open(root, actor="person:bench") as ws:
            first: list[float] = []
            kept: list[float] = []
            began = time.perf_counter()
            run(ws)
            cold = time.perf_counter() - began
            for offset in range(1, 6):
                project(root, 1000 * offset)
                first.append(run(ws))
                kept += [run(ws) for _ in range(3)]
    per = 1e3 / STEPS
    print(f"chain of {STEPS} trivial steps, one transaction each {50} ms or less, each result an object of its own")
    print(f"first run, pool and libraries cold {cold * per:8.2f} ms a step")
    print(f"first run, pool warm               {statistics.median(first) * per:8.2f} ms a step")
    print(f"every step kept                    {statistics.median(kept) * per:8.2f} ms a step, each verified by digest")


def run(ws: object) -> float:
    """Seconds of one run of the whole chain, from the declaration in force to the recorded end."""
    ws.projects.apply()  # type: ignore[attr-defined]  # a workspace
    began = time.perf_counter()
    ws.pipelines.run("chain", only=f"s{STEPS - 1}")  # type: ignore[attr-defined]  # a workspace
    return time.perf_counter() - began


if __name__ == "__main__":
    main()

"""Killed at any commit edge of its first opening and of apply, a project goes on as if nothing had happened."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests import crash

DECLARATION = """
[project]
name = "shop"
module = "pipeline"

[models.returns]
task = "binary"
request = "placed"
features = "placed"
target = "returned"
trainer = "classifier"
metric = "log_loss"
split = { random = 0.2 }
params = { regularisation = 1.0 }
"""
PIPELINE = '''
"""A project that a worker imports at once: what is heavy stands in annotations alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl
    from sklearn.linear_model import LogisticRegression

    from regrove import Params, Train


def placed() -> pl.LazyFrame: ...


def returned(placed: pl.LazyFrame) -> pl.LazyFrame: ...


def classifier(train: Train, params: Params) -> LogisticRegression:
    return params.regularisation
'''
ACT = "tests.project.acts:apply_twice"
PRELOAD = ("regrove.workspace.opening", "regrove.project.service", "regrove.storage.database", "regrove.ledger.service")


@pytest.fixture
def fresh(tmp_path: Path) -> Any:
    """A new project without a workspace, by name."""

    def make(name: str) -> dict[str, str]:
        folder = tmp_path / name
        folder.mkdir()
        (folder / "regrove.toml").write_text(DECLARATION)
        (folder / "pipeline.py").write_text(PIPELINE)
        return {"folder": str(folder)}

    return make


def check(found: dict[str, Any], whole: dict[str, Any]) -> None:
    """Two revisions, each recorded once, the second in force, the chain whole."""
    assert found["ordinals"] == [1, 2]
    assert found["events"] == ["project.applied"] * 2
    assert found["digests"] == whole["digests"]
    assert found["in_force"] == 0.5
    assert found["whole"]
    assert found["verified"]


class TestApply:
    """A declaration is applied whole or not at all."""

    def test_killed_at_each_edge_it_goes_on(self, fresh: Any) -> None:
        """Opening, migrating, keeping objects, recording, anchoring: before and after each."""
        whole = crash.run(ACT, fresh("whole"), preload=PRELOAD)
        labels = crash.edges(ACT, fresh("counted"), preload=PRELOAD)
        assert any("COMMIT" in label.upper() for label in labels)
        for n in range(len(labels)):
            at = fresh(f"edge{n}")
            crash.kill_at(ACT, at, n, preload=PRELOAD)
            check(crash.run(ACT, at, preload=PRELOAD), whole)

    def test_killed_at_random_moments_it_goes_on(self, fresh: Any) -> None:
        """Wherever the kill falls."""
        whole = crash.run(ACT, fresh("whole"), preload=PRELOAD)
        for seed in crash.SEEDS:
            at = fresh(f"seed{seed}")
            crash.kill_randomly(ACT, at, seed, preload=PRELOAD)
            check(crash.run(ACT, at, preload=PRELOAD), whole)

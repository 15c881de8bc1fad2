"""Fixtures of the monitoring tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def world(database: Any, tmp_path: Path, acting: None) -> Callable[..., Any]:
    """Makes a world over the test's database."""
    from tests.monitoring.world import World

    def make(**monitors: Any) -> Any:
        return World(tmp_path, database, **monitors)

    return make

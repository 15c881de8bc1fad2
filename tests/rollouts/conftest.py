"""Fixtures of this room's tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.rollouts.world import World


@pytest.fixture
def world(database: Any, objects: Any, vault: Any, ledger: Any, clock: Any, tmp_path: Path, acting: None) -> World:
    """A deployment that runs with version 1 of a model that has three."""
    return World(database, objects, vault, ledger, clock, tmp_path).settle()

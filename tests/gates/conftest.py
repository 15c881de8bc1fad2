"""Fixtures of the gates' tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.gates.world import World


@pytest.fixture
def world(tmp_path: Path, database: Any, acting: None) -> World:
    """The rooms on SQLite, and a gate that compares with the champion."""
    return World(tmp_path, database)

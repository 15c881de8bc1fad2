"""Fixtures of this package."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.pipelines.project import Project


@pytest.fixture
def project(tmp_path: Path, database: Any, acting: None) -> Project:
    """A small project on SQLite, whose steps run in this process."""
    return Project(tmp_path, database).begin()

"""Fixtures of the registry's tests."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A folder that keeps model files for the session, so that each is written once."""
    return tmp_path_factory.mktemp("models")


@pytest.fixture
def models(database: Any, vault: Any, ledger: Any, clock: Any, acting: None) -> Any:
    """The service over an empty database."""
    from regrove.registry import Models

    return Models(database, vault, ledger, clock)

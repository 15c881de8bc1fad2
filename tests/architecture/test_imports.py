"""What an import costs, and what it must not do."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("sqlalchemy", "polars", "numpy", "alembic", "scipy", "sklearn", "pyarrow")


def _loaded_after(code: str) -> set[str]:
    """The heavy modules that a fresh interpreter has loaded after ``code``."""
    check = f"import sys\n{code}\nprint(*[name for name in {HEAVY!r} if name in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    return set(answer.stdout.split())


class TestImports:
    """Importing Regrove is light: a door loads a room when it is entered."""

    @pytest.mark.parametrize(
        "name",
        [
            "regrove",
            "regrove.render",
            "regrove.egress",
            "regrove.storage",
            "regrove.ledger",
            "regrove.datasets",
            "regrove.pipelines",
            "regrove.registry",
        ]
        + [
            "regrove.serving",
            "regrove.gates",
            "regrove.monitoring",
            "regrove.tracking",
            "regrove.project",
            "regrove.workspace",
            "regrove.cli",
        ],
    )
    def test_a_door_loads_nothing_heavy(self, name: str) -> None:
        """Neither the database's nor the tables' libraries are loaded by an import."""
        assert _loaded_after(f"import {name}") == set()

    def test_the_help_of_the_command_line_loads_nothing_heavy(self) -> None:
        """``regrove --help`` answers before anybody has to wait."""
        assert _loaded_after("import regrove.cli.app") == set()

    def test_importing_opens_no_socket(self) -> None:
        """No call leaves the machine that the user did not ask for."""
        code = (
            "import socket\n"
            "def refuse(*a, **k): raise SystemExit('a socket was opened')\n"
            "socket.socket.connect = refuse\n"
            "import regrove, regrove.cli.app, regrove.workspace.workspace, regrove.serving.service"
        )
        assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

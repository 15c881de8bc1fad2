"""The layers hold, and the contract file names every room."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


class TestLayers:
    """The contract file against the rooms; ``make lint`` runs the contracts themselves."""

    def test_every_room_stands_without_parentheses_and_no_other_does(self) -> None:
        """Parentheses say that a room is not built; they go with the commit that builds it."""
        text = (ROOT / ".importlinter").read_text()
        block = text.split("layers =\n", 1)[1].split("\n\n", 1)[0]
        named = set(re.findall(r"\(?[a-z]+\)?", block))
        rooms = {
            path.stem
            for path in (ROOT / "src" / "regrove").iterdir()
            if path.name not in {"__init__.py", "__pycache__", "py.typed"} and not path.name.startswith(".")
        }
        assert {name for name in named if "(" not in name} == rooms

    def test_every_room_with_tables_keeps_them_its_own(self) -> None:
        """One contract a room: a wildcard would let neighbours through."""
        text = (ROOT / ".importlinter").read_text()
        for tables in (ROOT / "src" / "regrove").glob("*/tables.py"):
            if tables.parent.name != "storage":
                assert f"[importlinter:contract:tables-{tables.parent.name}]" in text

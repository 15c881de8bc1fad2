"""What may stand where, from the types alone."""

from __future__ import annotations

from enum import Enum
from typing import Annotated, Literal

import msgspec
import pytest

from regrove.project.shape import choices_at, keys_at


class Colour(Enum):
    """Values that are not their names."""

    RED = "r"
    BLUE = "b"


class Leaf(msgspec.Struct):
    """The innermost table."""

    kind: Literal["a", "b"] | None = None
    colour: Colour = Colour.RED
    free: str = ""


class Tree(msgspec.Struct, rename={"leaves": "leaf"}):
    """Every way in which a table holds another."""

    leaves: list[Leaf] = []
    named: dict[str, Annotated[Leaf, "a table"]] = {}
    one: Leaf | None = None
    pair: tuple[Leaf, Literal["x"]] | None = None
    many: tuple[Literal["y", "z"], ...] = ()


class TestShape:
    """Walked through lists, tables, unions and renamed keys."""

    @pytest.mark.parametrize("path", [("leaf", 0), ("named", "n"), ("one",), ("pair", 0)])
    def test_the_keys_of_a_table_wherever_it_stands(self, path: tuple[str | int, ...]) -> None:
        """And those of the outermost by their names in the file."""
        assert keys_at(Tree, path) == ["kind", "colour", "free"]
        assert choices_at(Tree, (*path, "kind")) == ["a", "b"]
        assert choices_at(Tree, (*path, "colour")) == ["r", "b"]
        assert choices_at(Tree, (*path, "free")) == []
        assert keys_at(Tree, ()) == ["leaf", "named", "one", "pair", "many"]

    def test_the_values_of_lists(self) -> None:
        """Also where the place in the list is not known."""
        assert choices_at(Tree, ("many",)) == choices_at(Tree, ("many", 3)) == ["y", "z"]
        assert choices_at(Tree, ("pair", 1)) == ["x"]
        assert choices_at(dict[str, Literal["k"]], ()) == ["k"]

    @pytest.mark.parametrize("path", [("nowhere",), ("leaf", 0, "kind", "deeper"), ("one", "free", 0)])
    def test_where_nothing_stands_nothing_is_said(self, path: tuple[str | int, ...]) -> None:
        """A message is no place to fail."""
        assert keys_at(Tree, path) == []
        assert choices_at(Tree, path) == []

"""The recipe of a step: everything that its result can depend on. Results are kept under its digest."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from regrove.digest import of_bytes, of_json

__all__ = ["VERSION", "Ingredient", "Made", "Recipe", "seed_of", "variables_of"]

VERSION: Final = 1
"""Of the rules below; a change of how values are kept or how built-in steps work is another version."""


class Made(msgspec.Struct, frozen=True, omit_defaults=True):
    """One value that a step made, where it is kept, and what is worth knowing of it."""

    output: str
    kind: str
    content: str
    """What the value is, whatever bytes hold it: two results of equal content are one to every step after them."""
    object: str
    """The object in the vault."""
    form: str = ""
    about: dict[str, Any] = {}


class Ingredient(msgspec.Struct, frozen=True, array_like=True):
    """One input of a step: the parameter, where its value comes from, and what it is."""

    parameter: str
    source: str
    """``dataset:flights@3``, or the step (and output) that made it."""
    content: str
    object: str = ""
    """The object that holds it, for the lineage; empty for a dataset version."""


class Recipe(msgspec.Struct, frozen=True):
    """What a result depends on; nothing else may change it."""

    step: str
    closure: str
    """The digest of the code that the function can reach."""
    kind: str
    ingredients: tuple[Ingredient, ...]
    params: dict[str, Any]
    """Those that the function reads."""
    settings: Any
    """What a built-in step is told."""
    distributions: tuple[tuple[str, str], ...]
    variables: dict[str, str]
    """Digests of the values of the environment variables that the step declares."""
    python: str = f"{sys.version_info.major}.{sys.version_info.minor}"
    version: int = VERSION

    @property
    def key(self) -> str:
        """The digest under which the result is kept. Where an input came from does not count, what it is does."""
        plain = msgspec.to_builtins(self)
        plain["ingredients"] = [[each.parameter, each.content] for each in self.ingredients]
        return of_json(plain)


def seed_of(step: str, ingredients: Sequence[Ingredient]) -> int:
    """The seed of a step, from the digests of what it stands on: 32 bits, as NumPy's generators take them.

    Code, params and versions are left out on purpose: two runs that differ in one of them draw the same numbers, so
    what they differ in is the only difference.
    """
    return int(of_json({"step": step, "inputs": [each.content for each in ingredients]})[-8:], 16)


def variables_of(names: Sequence[str], environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Digests of environment variables; an unset one is an empty text. Values themselves may be secret."""
    return {name: of_bytes(environment[name].encode()) if name in environment else "" for name in sorted(names)}

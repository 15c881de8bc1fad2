"""Recipes and keys."""

from __future__ import annotations

import msgspec
import pytest

from regrove.pipelines.code import Closure, Part
from regrove.pipelines.difference import differences
from regrove.pipelines.recipe import Ingredient, Recipe, seed_of, variables_of

CLOSURE = Closure("f", "b3-1:c", (Part("pipeline", "LIMIT", "value", "b3-1:1"),), (("polars", "2.1.0"),))
RECIPE = Recipe(
    step="f",
    closure="b3-1:c",
    kind="frame",
    ingredients=(Ingredient("trips", "dataset:trips@1", "b3-1:d"),),
    params={"depth": 3},
    settings=None,
    distributions=(("polars", "2.1.0"),),
    variables={"REGION": ""},
    python="3.11",
)


def changed(**more):
    return msgspec.structs.replace(RECIPE, **more)


CHANGES = {
    "code": (changed(closure="b3-1:x"), "the value LIMIT in pipeline changed"),
    "input": (
        changed(ingredients=(Ingredient("trips", "dataset:trips@2", "b3-1:e"),)),
        "the dataset moved from dataset:trips@1 to dataset:trips@2",
    ),
    "params": (changed(params={"depth": 4}), "the parameter depth changed from 3 to 4"),
    "given": (changed(params={"depth": 3, "rate": 1}), "the parameter rate is given now: 1"),
    "gone": (changed(params={}), "the parameter depth is no longer given"),
    "versions": (
        changed(distributions=(("polars", "2.2.0"),)),
        "the installed version of polars changed from 2.1.0 to 2.2.0",
    ),
    "variables": (changed(variables={"REGION": "b3-1:r"}), "the environment variable REGION changed"),
    "python": (changed(python="3.12"), "Python changed from 3.11 to 3.12"),
    "settings": (changed(settings={"task": "binary"}), "what the declaration says about it changed"),
    "kind": (changed(kind="array"), "what it returns is kept as array instead of frame"),
    "version": (changed(version=99), "this version of Regrove keeps results by other rules"),
    "more": (changed(ingredients=(*RECIPE.ingredients, Ingredient("x", "y", "b3-1:z"))), "it needs x now"),
}


class TestKey:
    """The digest of everything that counts."""

    @pytest.mark.parametrize("name", CHANGES)
    def test_every_difference_is_another_key_and_is_named(self, name):
        """What changes the key has a sentence."""
        after, sentence = CHANGES[name]
        closure = msgspec.structs.replace(
            CLOSURE, parts=(Part("pipeline", "LIMIT", "value", "b3-1:2"),), digest="b3-1:x"
        )
        assert after.key != RECIPE.key
        assert differences(RECIPE, after, CLOSURE, closure if name == "code" else CLOSURE) == (sentence,)

    def test_where_an_input_came_from_does_not_count(self):
        """The same content under another version is the same input."""
        after = changed(ingredients=(Ingredient("trips", "dataset:trips@7", "b3-1:d", "b3-1:o"),))
        assert after.key == RECIPE.key
        assert differences(RECIPE, after, CLOSURE, CLOSURE) == ()

    def test_it_survives_the_record(self):
        """What is read back has the same key, tuples or lists."""
        again = msgspec.json.decode(msgspec.json.encode(changed(settings={"a": (1, 2)})), type=Recipe)
        assert again.key == changed(settings={"a": [1, 2]}).key

    def test_a_closure_that_was_not_kept(self):
        """Then it is only known that the code changed."""
        assert differences(RECIPE, changed(closure="b3-1:x"), None, CLOSURE) == ("its code changed",)


class TestSeed:
    """Drawn from digests."""

    def test_it_stands_on_inputs_alone(self):
        """Another input is another seed; it fits NumPy's generators."""
        one = seed_of("f", RECIPE.ingredients)
        assert one == seed_of("f", RECIPE.ingredients)
        assert 0 <= one < 2**32
        assert one != seed_of("g", RECIPE.ingredients)
        assert one != seed_of("f", (Ingredient("trips", "dataset:trips@1", "b3-1:other"),))


class TestVariables:
    """Environment variables by digest."""

    def test_values_do_not_show(self):
        """They may be secret; absent and empty are two things."""
        found = variables_of(["B", "A", "C"], {"A": "secret", "B": ""})
        assert list(found) == ["A", "B", "C"]
        assert "secret" not in str(found)
        assert found["C"] == "" != found["B"]

"""Which params a function reads."""

from __future__ import annotations

import ast

import pytest

from regrove.pipelines.reads import reads


def read(body: str):
    return reads(ast.parse(f"def f(params):\n    {body}").body[0])


class TestReads:
    """What the source says."""

    def test_attributes_and_keys_are_needed(self):
        """Both ways of reading count."""
        found = read("return params.depth, params['rate']")
        assert (found.needed, found.all) == (("depth", "rate"), False)

    def test_a_default_makes_it_optional(self):
        """A value with a default need not be declared."""
        found = read("return params.get('rate', 0.1) if 'warm' in params else 0")
        assert (found.needed, found.optional, found.all) == ((), ("rate", "warm"), False)

    @pytest.mark.parametrize(
        "body",
        [
            "return helper(params)",
            "return params[key]",
            "x = params",
            "return params.get(key)",
            "return dict(**params)",
            "return params.items()",
        ],
    )
    def test_anything_else_may_read_all(self, body):
        """What cannot be told is not guessed."""
        assert read(body).all

    def test_inner_functions_count(self):
        """A closure reads what its function was given."""
        assert read("return [params.depth for _ in range(3)]").needed == ("depth",)

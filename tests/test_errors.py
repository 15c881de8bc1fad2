"""Errors in the house style."""

from __future__ import annotations

import inspect
import pickle

import pytest

from regrove import errors

KINDS = [each for _, each in inspect.getmembers(errors, inspect.isclass) if issubclass(each, errors.RegroveError)]


class TestErrors:
    """What happened, what was expected, what was received, what mends it."""

    def test_the_mend_is_the_last_line(self) -> None:
        """The reader ends on what to do."""
        error = errors.Conflict("It is held", expected="nobody", received="run 7", mend="wait")
        assert str(error).splitlines() == [
            "It is held.",
            "  expected: nobody",
            "  received: run 7",
            "  mend:     wait",
        ]

    @pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
    def test_every_kind_has_a_code_of_its_own(self, kind: type[errors.RegroveError]) -> None:
        """Programs tell them apart by it."""
        assert [each.code for each in KINDS].count(kind.code) == 1

    @pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
    def test_the_tree_on_top_of_the_module_names_every_kind(self, kind: type[errors.RegroveError]) -> None:
        """The drawing is the index."""
        assert kind.__name__ in (errors.__doc__ or "")

    @pytest.mark.parametrize(
        "error",
        [errors.Refused("No", expected="a", received="b", mend="c"), errors.MissingExtra("x", extra="train", need="y")],
        ids=lambda error: type(error).__name__,
    )
    def test_an_error_comes_back_whole_from_another_process(self, error: errors.RegroveError) -> None:
        """Worker processes hand them over."""
        again = pickle.loads(pickle.dumps(error))
        assert type(again) is type(error)
        assert str(again) == str(error)

"""The decorator."""

from __future__ import annotations

import pytest

from regrove.errors import InvalidInput
from regrove.pipelines import step
from regrove.pipelines.options import StepOptions, options_of


class TestStep:
    """Options of a step."""

    def test_the_function_stays_a_function(self):
        """A test calls it as it is."""

        @step(retries=2, variables=("REGION",))
        def doubled(x):
            return 2 * x

        assert doubled(2) == 4

    def test_defaults(self):
        """No options are the usual ones."""
        assert options_of(None, where="x") == StepOptions()

    @pytest.mark.parametrize("literal", [{"retrys": 2}, {"retries": "two"}, {"retries": -1}, {"variables": [1]}])
    def test_an_unusable_option_is_refused(self, literal):
        """A wrong name, a wrong type, a number below nothing."""
        with pytest.raises(InvalidInput):
            options_of(literal, where="@step of x")

    def test_the_nearest_name_is_given(self):
        """A slip of the hand is answered with the name that was meant."""
        with pytest.raises(InvalidInput, match="did you mean 'retries'"):
            options_of({"retrys": 2}, where="@step")

"""The shared words of verdicts."""

from __future__ import annotations

import math
import pickle

import numpy as np
import pytest

from regrove.errors import InvalidInput
from regrove.stats import Interval, InvalidStatistic, Tier
from regrove.stats.comparison import Metric, margin_for, measure, paired_bootstrap
from regrove.stats.comparison.metrics import row_losses
from regrove.stats.drift import ColumnCounts, Kind, choose, compare
from regrove.stats.groups import RateKind, group_rates, rate_table
from regrove.stats.labels import LossKind, loss_scale
from regrove.stats.labels import row_losses as bounded_losses
from regrove.stats.verdict import needs


class TestInterval:
    """A range that is never nan."""

    @pytest.mark.parametrize(
        ("low", "high", "level"),
        [(math.nan, 1, 0.95), (0, math.nan, 0.95), (2, 1, 0.95), (0, 1, 0), (0, 1, 1), (0, 1, math.nan)],
    )
    def test_what_is_no_range_is_refused(self, low: float, high: float, level: float) -> None:
        """A verdict cannot rest on it."""
        with pytest.raises(ValueError, match="no interval"):
            Interval(low, high, level)

    def test_an_open_end_is_infinite(self) -> None:
        """One-sided statements keep the same record."""
        assert Interval(-math.inf, 0.2, 0.95).covers(-1e300)

    def test_ends_are_covered(self) -> None:
        """The range is closed."""
        assert Interval(0.1, 0.2, 0.5).covers(0.1)
        assert Interval(0.1, 0.2, 0.5).width == pytest.approx(0.1)


class TestInvalidStatistic:
    """The error of the ground floor."""

    def test_it_is_caught_as_either_kind(self) -> None:
        """Callers of numpy catch ValueError; the faces catch the house's tree."""
        error = InvalidStatistic("x", expected="y", received="z")
        assert isinstance(error, ValueError)
        assert isinstance(error, InvalidInput)
        assert str(pickle.loads(pickle.dumps(error))) == str(error)


COLUMN = ColumnCounts(name="kind", reference=np.full((30, 2), 50), window=np.full((3, 2), 40))
TRUTH, GUESS = [0, 1, 1, 0, 1, 0], [0.2, 0.7, 0.6, 0.4, 0.9, 0.5]
DECIDED = [0, 1, 1, 0, 1, 1]
CHOICES = {
    "row_losses": (lambda metric: row_losses(metric, TRUTH, GUESS).tolist(), Metric.LOG_LOSS),
    "measure": (lambda metric: measure(metric, TRUTH, GUESS), Metric.AUC),
    "margin_for": (lambda metric: margin_for(metric, 0.8, 0.5), Metric.AUC),
    "paired_bootstrap": (lambda metric: paired_bootstrap(metric, TRUTH, GUESS, GUESS[::-1]).gain(), Metric.BRIER),
    "bounded_losses": (lambda kind: bounded_losses(kind, TRUTH, GUESS).tolist(), LossKind.BRIER),
    "loss_scale": (lambda kind: loss_scale(kind, TRUTH, GUESS), LossKind.LOG),
    "rate_table": (lambda kind: rate_table(kind, TRUTH, decided=DECIDED).counts.tolist(), RateKind.SELECTION),
    "group_rates": (lambda kind: group_rates(kind, TRUTH, decided=DECIDED, truth=TRUTH), RateKind.ERROR),
    "choose": (lambda kind: choose(kind, 5000, 4000), Kind.NUMERIC),
    "compare": (lambda tier: compare([COLUMN], tier=tier).columns[0], Tier.IID),
}


@pytest.mark.parametrize("name", CHOICES)
class TestOption:
    """Wherever a member is taken, its value does as well, and nothing else does."""

    def test_the_value_does_what_the_member_does(self, name: str) -> None:
        """To the last number."""
        ask, member = CHOICES[name]
        assert ask(member.value) == ask(member)

    @pytest.mark.parametrize("strange", ["nonsense", "", None, 3])
    def test_anything_else_is_refused_with_what_there_is(self, name: str, strange: object) -> None:
        """As a ValueError that lists the values, whatever was given."""
        ask, member = CHOICES[name]
        if strange is None and name == "compare":
            return  # None lets the data choose the tier
        with pytest.raises(ValueError, match="There is no") as caught:
            ask(strange)
        assert isinstance(caught.value, InvalidStatistic)
        assert all(each.value in caught.value.expected for each in type(member))
        assert caught.value.received == repr(strange)


class TestNeeds:
    """How much is missing, as words."""

    def test_it_counts_up(self) -> None:
        """A fraction of a row is a row."""
        assert needs(0.2, "rows") == "needs 1 more row"
        assert needs(12.0, "blocks") == "needs 12 more blocks"

    def test_nan_is_refused(self) -> None:
        """It would be a silent lie."""
        with pytest.raises(InvalidStatistic):
            needs(math.nan, "rows")

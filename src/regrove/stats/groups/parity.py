"""The usual single numbers of group fairness, as fairlearn names them."""

from __future__ import annotations

import msgspec
import numpy.typing as npt

from regrove.stats.groups.rates import GroupRate, RateKind, group_rates

__all__ = ["Fairness", "fairness"]


class Fairness(msgspec.Struct, frozen=True, kw_only=True):
    """Differences and ratios over groups; descriptive, for the gate use ``worse_group``.

    A number is None where no two groups have the rows that it counts among, a ratio also where the largest rate is 0.
    """

    selection_difference: float | None
    """Largest minus smallest selection rate (demographic parity difference)."""
    selection_ratio: float | None
    """Smallest over largest selection rate; the four-fifths rule compares it with .8."""
    equal_opportunity: float | None
    """Largest minus smallest true positive rate."""
    equalized_odds: float | None
    """The larger of the differences of true positive and of false positive rates."""
    false_negative_ratio: float | None
    """Smallest over largest false negative rate."""
    false_positive_ratio: float | None
    """Smallest over largest false positive rate."""
    rates: dict[str, tuple[GroupRate, ...]]
    """By rate kind, each group's rate with Wilson's interval."""
    rows: int


def fairness(
    truth: npt.ArrayLike, decided: npt.ArrayLike, groups: npt.ArrayLike, *, least: int = 0, level: float = 0.95
) -> Fairness:
    """Differences and ratios between the best and the worst group with at least ``least`` rows.

    They are biased upwards by noise: five rows can make a gap of .2 between groups that are alike. Agrees with
    fairlearn's metrics of the same meaning.

    >>> found = fairness([1, 1, 1, 1, 0, 0, 0, 0], [1, 1, 1, 0, 0, 0, 1, 0], ["a", "a", "b", "b"] * 2)
    >>> found.selection_difference, found.equal_opportunity
    (0.0, 0.5)
    """
    rates = {
        kind.value: group_rates(kind, groups, decided=decided, truth=truth, level=level)
        for kind in (RateKind.SELECTION, RateKind.TRUE_POSITIVE, RateKind.FALSE_NEGATIVE, RateKind.FALSE_POSITIVE)
    }
    selection, positive, missed, alarmed = ([*_values(each, least)] for each in rates.values())
    opportunity, alarms = _difference(positive), _difference(alarmed)
    both = [each for each in (opportunity, alarms) if each is not None]
    return Fairness(
        selection_difference=_difference(selection),
        selection_ratio=_ratio(selection),
        equal_opportunity=opportunity,
        equalized_odds=max(both) if both else None,
        false_negative_ratio=_ratio(missed),
        false_positive_ratio=_ratio(alarmed),
        rates=rates,
        rows=sum(each.rows for each in rates[RateKind.SELECTION.value]),
    )


def _values(rates: tuple[GroupRate, ...], least: int) -> list[float]:
    return [each.value for each in rates if each.value is not None and each.rows >= least]


def _difference(values: list[float]) -> float | None:
    return max(values) - min(values) if len(values) > 1 else None


def _ratio(values: list[float]) -> float | None:
    return min(values) / max(values) if len(values) > 1 and max(values) > 0 else None

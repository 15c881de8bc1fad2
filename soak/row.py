"""One stated rate and what was seen of it."""

from __future__ import annotations

from typing import NamedTuple

from scipy import special

__all__ = ["Row", "at_least", "at_most", "interval", "seen"]

_LEVEL = 0.99
"""Of the intervals: with a hundred rows a 95% one would accuse five that hold."""


class Row(NamedTuple):
    """A line of the table."""

    name: str
    """What was simulated."""
    claim: str
    """What is stated, as "<= .05" or ">= .9"."""
    events: int
    trials: int
    low: float
    """Exact (Clopper-Pearson) interval for the rate, at 99%."""
    high: float
    holds: bool
    """Whether the interval leaves the claim possible."""

    @property
    def rate(self) -> float:
        """Events a trial."""
        return self.events / self.trials if self.trials else 0.0


def interval(events: int, trials: int) -> tuple[float, float]:
    """Clopper and Pearson's interval."""
    tail = (1.0 - _LEVEL) / 2.0
    low = float(special.betaincinv(events, trials - events + 1, tail)) if events else 0.0
    high = float(special.betaincinv(events + 1, trials - events, 1.0 - tail)) if events < trials else 1.0
    return low, high


def at_most(name: str, level: float, events: int, trials: int) -> Row:
    """An error rate: it holds unless the interval lies wholly above ``level``."""
    low, high = interval(events, trials)
    return Row(name, f"<= {level:g}", int(events), int(trials), low, high, low <= level)


def at_least(name: str, level: float, events: int, trials: int) -> Row:
    """A power or a coverage: it holds unless the interval lies wholly below ``level``."""
    low, high = interval(events, trials)
    return Row(name, f">= {level:g}", int(events), int(trials), low, high, high >= level)


def seen(name: str, events: int, trials: int) -> Row:
    """A rate without a claim, for comparison: what another rule does, or what a limit costs."""
    low, high = interval(events, trials)
    return Row(name, "", int(events), int(trials), low, high, True)

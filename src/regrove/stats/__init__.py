"""Statistics: every number that a verdict rests on, as pure functions over arrays.

Nothing here reads a file, a clock or a global: counts and arrays go in, small frozen records come out, and chance
enters only by an explicit generator or seed. The stages above decide what to feed in and what to do with the answer.
Each error rate that a docstring states is a row of ``make soak``.

The sub-packages are named by the question they answer:

- ``summaries``: what did a column look like, in constant memory that adds up?
- ``drift``: do these data come from where the reference came from?
- ``multiplicity``: how many of many alarms are false, and how often may a page ring?
- ``multivariate``: did the columns move together?
- ``sequential``: may I look at every event and stop when I have seen enough?
- ``labels``: how good is the model while its labels are late?
- ``comparison``: is the challenger better than the champion?
- ``groups``: is any group or slice worse off?
- ``calibration``, ``robustness``, ``privacy``, ``leakage``: does the model keep what a gate asks for?
- ``policy``: when does a new model pay back?

``verdict`` holds the words that all of them share.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from regrove.stats.verdict import Decision, Drift, Interval, InvalidStatistic, Tier

__all__ = ["Decision", "Drift", "Interval", "InvalidStatistic", "Tier"]


def __getattr__(name: str) -> object:
    """Load a name when it is first asked for, so that importing the door stays light."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module("regrove.stats.verdict"), name)

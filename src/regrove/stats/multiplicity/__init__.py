"""How many of many alarms are false, and how often may a page ring?

Among the columns of one window: ``benjamini_hochberg`` for the list that a person reads (a share of it is false),
``holm`` and the joint ``max_t`` for the page that wakes one up (a chance that any of it is false); ``judge_page`` takes
what ``regrove.stats.drift.compare`` found. Over time: ``Budget`` spreads the false pages that one accepts over windows;
``Lord`` and ``Saffron`` keep the share of false alarms of an endless stream of p-values. ``e_bh`` takes e-values.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from regrove.stats.multiplicity.adjusted import Discoveries, benjamini_hochberg, holm
    from regrove.stats.multiplicity.budget import Budget, persistent
    from regrove.stats.multiplicity.evalues import e_bh
    from regrove.stats.multiplicity.joint import Joint, max_t
    from regrove.stats.multiplicity.lord import Lord, lord_levels
    from regrove.stats.multiplicity.page import PageVerdict, judge_page
    from regrove.stats.multiplicity.saffron import Saffron, saffron_levels

_HOMES = {
    "Budget": "budget",
    "Discoveries": "adjusted",
    "Joint": "joint",
    "Lord": "lord",
    "PageVerdict": "page",
    "Saffron": "saffron",
    "benjamini_hochberg": "adjusted",
    "e_bh": "evalues",
    "holm": "adjusted",
    "judge_page": "page",
    "lord_levels": "lord",
    "max_t": "joint",
    "persistent": "budget",
    "saffron_levels": "saffron",
}

__all__ = [
    "Budget",
    "Discoveries",
    "Joint",
    "Lord",
    "PageVerdict",
    "Saffron",
    "benjamini_hochberg",
    "e_bh",
    "holm",
    "judge_page",
    "lord_levels",
    "max_t",
    "persistent",
    "saffron_levels",
]


def __getattr__(name: str) -> object:
    """Load a name when it is first asked for, so that importing the door stays light."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)

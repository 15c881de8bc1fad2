"""Does the model, or the table, give people away? Membership inference, k-anonymity and l-diversity.

``loss_attack`` guesses from losses which rows a model learnt from, ``quantile_attack`` does so against what each row's
loss should be; both report how many members are found at few false alarms. ``anonymity`` counts rows that stand alone
among their quasi-identifiers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from regrove.stats.privacy.membership import Attack, Hit, logit_scores, loss_attack, membership_gate
    from regrove.stats.privacy.quantiles import quantile_attack
    from regrove.stats.privacy.reidentification import Anonymity, anonymity

_HOMES = {
    "Anonymity": "reidentification",
    "Attack": "membership",
    "Hit": "membership",
    "anonymity": "reidentification",
    "logit_scores": "membership",
    "loss_attack": "membership",
    "membership_gate": "membership",
    "quantile_attack": "quantiles",
}

__all__ = [
    "Anonymity",
    "Attack",
    "Hit",
    "anonymity",
    "logit_scores",
    "loss_attack",
    "membership_gate",
    "quantile_attack",
]


def __getattr__(name: str) -> object:
    """Load a name when it is first asked for, so that importing the door stays light."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)

"""Does the model know what it cannot know when it is asked? Six looks for leakage.

``single_columns``: a column that alone does what the whole model does; ``linear_pairs``: two numbers whose mixture is
the target; ``overlap``: rows of the test part that the training part holds too; ``availability``: values that were
known only after the prediction; ``split_gap``: a random split that looks much better than a split by time;
``identity_columns``: columns that name rows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from regrove.stats.leakage.columns import ColumnLeak, single_columns
    from regrove.stats.leakage.hashes import row_hashes
    from regrove.stats.leakage.identities import IdentityColumn, identity_columns
    from regrove.stats.leakage.pairs import PairLeak, linear_pairs
    from regrove.stats.leakage.repeats import Overlap, overlap
    from regrove.stats.leakage.splits import split_gap
    from regrove.stats.leakage.times import Lateness, availability

_HOMES = {
    "ColumnLeak": "columns",
    "IdentityColumn": "identities",
    "Lateness": "times",
    "Overlap": "repeats",
    "PairLeak": "pairs",
    "availability": "times",
    "identity_columns": "identities",
    "linear_pairs": "pairs",
    "overlap": "repeats",
    "row_hashes": "hashes",
    "single_columns": "columns",
    "split_gap": "splits",
}

__all__ = [
    "ColumnLeak",
    "IdentityColumn",
    "Lateness",
    "Overlap",
    "PairLeak",
    "availability",
    "identity_columns",
    "linear_pairs",
    "overlap",
    "row_hashes",
    "single_columns",
    "split_gap",
]


def __getattr__(name: str) -> object:
    """Load a name when it is first asked for, so that importing the door stays light."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)

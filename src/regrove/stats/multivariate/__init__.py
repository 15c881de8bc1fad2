"""Did the columns move together, although none moved alone? Tests of a joint distribution, on whole blocks.

``kernel_test`` compares sums of random Fourier features, always on; ``reconstruction_test`` compares how well a few
directions of the reference still describe the rows; ``tell_apart`` fits a classifier of window and reference on demand,
and says which columns give the window away.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from regrove.stats.multivariate.classifier import Apart, tell_apart
    from regrove.stats.multivariate.exchange import BlockTest, exchange_blocks
    from regrove.stats.multivariate.kernel import kernel_test
    from regrove.stats.multivariate.projection import Projection, fit_projection
    from regrove.stats.multivariate.reconstruction import ErrorSums, reconstruction_sums, reconstruction_test

_HOMES = {
    "Apart": "classifier",
    "BlockTest": "exchange",
    "ErrorSums": "reconstruction",
    "Projection": "projection",
    "exchange_blocks": "exchange",
    "fit_projection": "projection",
    "kernel_test": "kernel",
    "reconstruction_sums": "reconstruction",
    "reconstruction_test": "reconstruction",
    "tell_apart": "classifier",
}

__all__ = [
    "Apart",
    "BlockTest",
    "ErrorSums",
    "Projection",
    "exchange_blocks",
    "fit_projection",
    "kernel_test",
    "reconstruction_sums",
    "reconstruction_test",
    "tell_apart",
]


def __getattr__(name: str) -> object:
    """Load a name when it is first asked for, so that importing the door stays light."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)

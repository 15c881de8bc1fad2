"""Long simulations that check the error rates which docstrings state.

``python -m soak [--full] [TOPIC ...]``: each module here is a topic with ``rows(full) -> Iterator[Row]``; a row is one
stated rate, how often it was seen, and the exact interval for the truth behind it.
"""

from soak.row import Row, at_least, at_most, seen

__all__ = ["Row", "at_least", "at_most", "seen"]

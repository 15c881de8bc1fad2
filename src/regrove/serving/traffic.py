"""Who is answered by which revision: a share of the callers, each of them always by the same.

A caller is known by the key of the request. Its place on the line from 0 to 1 is a hash of the key and the salt of the
split, and the candidates take the line's beginning. So a caller who was in the canary at 5% is in it at 20%, on every
worker and replica without their speaking to each other, and another split shuffles the callers anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import blake3

__all__ = ["SHARES", "choose", "place"]

SHARES: Final = 10_000
"""A share is a whole number of ten-thousandths: 500 is 5%."""


def place(salt: str, unit: str) -> int:
    """Where a unit stands on the line of ``SHARES`` places.

    >>> place("a", "UA1") == place("a", "UA1"), 0 <= place("b", "UA1") < SHARES
    (True, True)
    """
    drawn = int.from_bytes(blake3.blake3(f"{salt}\0{unit}".encode()).digest(length=8), "big")
    return drawn * SHARES >> 64


def choose(shares: Sequence[int], salt: str, key: str | None, request_id: str) -> int:
    """The arm that answers: 0 is the control, i the candidate with ``shares[i - 1]``.

    A request without a key is a unit of its own.

    >>> choose([], "", None, "x"), choose([10_000], "s", "UA1", "x"), choose([0], "s", "UA1", "x")
    (0, 1, 0)
    """
    if not shares:
        return 0
    at = place(salt, request_id if key is None else key)
    end = 0
    for arm, share in enumerate(shares, start=1):
        end += share
        if at < end:
            return arm
    return 0

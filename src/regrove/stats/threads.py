"""How many threads a fit may take."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from functools import cache
from typing import Any

__all__ = ["few_threads"]

_LARGE = 100_000


def few_threads(rows: int) -> AbstractContextManager[object]:
    """Inside, OpenMP takes one thread, unless there are 100,000 rows or more; scikit-learn must have been imported.

    OpenMP's threads wait for each other by spinning, several times a node of a tree. On a machine that is busy with
    other work a fit of 2,000 rows that takes a fifth of a second by one thread took minutes by two.
    """
    return _pools().limit(limits=1, user_api="openmp") if rows < _LARGE else nullcontext()


@cache
def _pools() -> Any:
    from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]  # it ships no types

    return ThreadpoolController()

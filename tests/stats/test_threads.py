"""How many threads a fit may take."""

from __future__ import annotations

import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from regrove.stats.threads import few_threads

pytest.importorskip("sklearn.ensemble")


def _openmp() -> set[int]:
    return {each["num_threads"] for each in threadpool_info() if each["user_api"] == "openmp"}


class TestFewThreads:
    """One for small fits, all for large ones."""

    def test_small_fits_take_one_and_give_the_others_back(self) -> None:
        """What is outside keeps its threads."""
        with threadpool_limits(limits=3, user_api="openmp"):
            with few_threads(99_999):
                assert _openmp() == {1}
            assert _openmp() == {3}

    def test_large_fits_take_what_there_is(self) -> None:
        """A million rows are worth the waiting."""
        with threadpool_limits(limits=3, user_api="openmp"), few_threads(100_000):
            assert _openmp() == {3}

"""The choice of a window: all flips by enumeration, ties, few origins, and what is refused."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from regrove.stats.policy import choose_window
from regrove.stats.verdict import InvalidStatistic

_LOSSES = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(0, 9)), min_size=5, max_size=8).map(
    lambda rows: np.array(rows, dtype=float)
)


def _enumerated(gains: np.ndarray) -> list[float]:
    """Step-down max-T by listing every pattern of signs."""
    scale = np.sqrt((gains**2).sum(axis=0))
    unit = gains / np.where(scale > 0, scale, 1.0)
    seen = unit.sum(axis=0)
    patterns = [np.array(signs) @ unit for signs in itertools.product([1.0, -1.0], repeat=len(gains))]
    p, floor, left = [1.0] * len(seen), 0.0, list(np.argsort(-seen, kind="stable"))
    while left:
        floor = max(floor, float(np.mean([max(each[left]) >= seen[left[0]] - 1e-12 for each in patterns])))
        p[left[0]] = floor
        left = left[1:]
    return p


class TestChoice:
    """Which candidate is trained on."""

    @given(_LOSSES)
    @settings(max_examples=60, deadline=None)
    def test_p_values_are_those_of_every_pattern(self, losses: np.ndarray) -> None:
        """By brute force, of two candidates against the first."""
        found = choose_window({"all": losses[:, 0], "year": losses[:, 1], "month": losses[:, 2]}, draws=50)
        assert [each.p for each in found.windows[1:]] == pytest.approx(_enumerated(losses[:, :1] - losses[:, 1:]))
        assert found.flips == 2 ** len(losses)

    def test_one_candidate_is_the_permutation_test_of_scipy(self) -> None:
        """Where all patterns are listed."""
        rng = np.random.default_rng(5)
        first, other = rng.normal(1, 0.2, 9), rng.normal(0.9, 0.2, 9)
        theirs = stats.permutation_test(
            (first, other), lambda x, y: float(np.mean(x - y)), permutation_type="samples", alternative="greater"
        )
        found = choose_window({"all": first, "year": other}, draws=50)
        assert found.windows[1].p == pytest.approx(theirs.pvalue)

    def test_drawn_patterns_are_near_all_patterns(self) -> None:
        """More than 12 origins are drawn."""
        rng = np.random.default_rng(6)
        first, other = rng.normal(1, 0.2, 13), rng.normal(0.95, 0.2, 13)
        found = choose_window({"all": first, "year": other}, draws=4000)
        assert found.flips == 4001
        assert found.windows[1].p == pytest.approx(_enumerated((first - other)[:, None])[0], abs=0.03)

    @given(_LOSSES, st.floats(0.1, 10), st.integers(-5, 5))
    @settings(max_examples=30, deadline=None)
    def test_the_unit_of_the_loss_does_not_matter(self, losses: np.ndarray, scale: float, moved: int) -> None:
        """Neither does a hard block that is hard for all."""
        hard = np.arange(len(losses)) % 3 * float(moved)
        plain = choose_window({"all": losses[:, 0], "year": losses[:, 1], "month": losses[:, 2]}, draws=50)
        names = ("all", "year", "month")
        other = choose_window({n: scale * (losses[:, k] + hard) for k, n in enumerate(names)}, draws=50)
        assert other.chosen == plain.chosen
        assert [each.p for each in other.windows] == pytest.approx([each.p for each in plain.windows])

    def test_the_best_of_those_that_beat_the_first(self) -> None:
        """Not the one with the smallest p."""
        rng = np.random.default_rng(7)
        first = rng.normal(2, 0.3, 20)
        found = choose_window({"all": first, "sure": first - 0.1, "best": first - 0.5 + rng.normal(0, 0.2, 20)})
        assert found.chosen == "best"
        assert [each.better for each in found.windows] == [False, True, True]
        assert not found.tie
        assert "best loses" in found.reason


class TestTies:
    """The first stays."""

    def test_a_lower_mean_alone_does_not_win(self) -> None:
        """One origin carries the difference."""
        found = choose_window({"all": [1.0, 1.0, 1.0, 1.0, 9.0, 1.0], "month": [1.1, 1.1, 1.1, 1.1, 2.0, 1.1]})
        assert found.windows[1].loss < found.windows[0].loss
        assert (found.chosen, found.tie) == ("all", True)
        assert "stays" in found.reason

    @pytest.mark.parametrize("origins", [1, 2, 4])
    def test_few_origins(self, origins: int) -> None:
        """Fewer than 5 prefer nothing, whatever they show."""
        found = choose_window({"all": [9.0] * origins, "month": [1.0] * origins})
        assert found.tie
        assert f"needs {5 - origins} more origin" in found.reason

    def test_equal_and_constant_losses(self) -> None:
        """No division by 0."""
        found = choose_window({"all": [1.0] * 8, "month": [1.0] * 8, "worse": [2.0] * 8})
        assert [each.p for each in found.windows] == [1.0, 1.0, 1.0]
        assert found.tie

    def test_runs_ask_for_more(self) -> None:
        """Differences that last are fewer units."""
        found = {"all": np.ones(12), "month": np.full(12, 0.9)}
        assert choose_window(found).windows[1].p == pytest.approx(1 / 2**12)
        assert choose_window(found, run=4).windows[1].p == pytest.approx(1 / 2**3)


class TestRefused:
    """Columns that cannot be compared."""

    @pytest.mark.parametrize(
        "losses",
        [
            {},
            {"all": [1.0, 2.0]},
            {"all": [], "month": []},
            {"all": [1.0, 2.0], "month": [1.0]},
            {"all": [1.0, np.inf], "month": [1.0, 2.0]},
            {"all": [1.0, 2.0], "month": [[1.0, 2.0]]},
        ],
    )
    def test_columns(self, losses: dict[str, list[float]]) -> None:
        """None, one, empty, uneven, not finite, no vector."""
        with pytest.raises(InvalidStatistic):
            choose_window(losses)

    @pytest.mark.parametrize("arguments", [{"level": 0.0}, {"level": 1.0}, {"run": 0}, {"run": 9}, {"draws": 0}])
    def test_settings(self, arguments: dict[str, float]) -> None:
        """Levels, runs and draws that are none."""
        with pytest.raises(InvalidStatistic):
            choose_window({"all": [1.0] * 8, "month": [0.5] * 8}, **arguments)  # type: ignore[arg-type] - by name

"""Joint max-T, and the page that rests on it."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from regrove.stats import Drift, InvalidStatistic
from regrove.stats.drift import ColumnCounts, compare
from regrove.stats.multiplicity import Budget, holm, judge_page, max_t


def by_hand(table: np.ndarray) -> tuple[float, list[float]]:
    """Westfall and Young's step-down max-T, loop by loop."""
    low, middle, high = np.percentile(table, [16, 50, 84], axis=0)
    z = (table - middle) / ((high - low) / 2)
    count, m = z.shape
    order = sorted(range(m), key=lambda each: -z[0, each])
    adjusted, before = [0.0] * m, 0.0
    for place, name in enumerate(order):
        rest = order[place:]
        above = sum(max(z[s, each] for each in rest) >= z[0, name] - 1e-9 * (1 + abs(z[0, name])) for s in range(count))
        before = max(before, above / count)
        adjusted[name] = before
    return (1 + sum(max(z[s]) >= max(z[0]) for s in range(1, count))) / count, adjusted


class TestMaxT:
    """The rank of the largest among the largest."""

    @pytest.mark.parametrize("seed", range(5))
    def test_it_is_the_definition(self, seed: int) -> None:
        """Both the page's p and each adjusted one, on small tables."""
        table = np.random.default_rng(seed).chisquare(3, size=(40, 4)) + np.array([0, 1, 5, 9])
        p, adjusted = by_hand(table)
        found = max_t(table, exact=True)
        assert found.p == pytest.approx(p, abs=1e-12)
        assert found.adjusted == pytest.approx(adjusted, abs=1e-12)

    def test_the_p_is_exact_when_every_row_could_be_the_observed(self) -> None:
        """Over all rows put first in turn the p-values are 1/n, 2/n, ..., 1: uniform."""
        table = np.random.default_rng(0).normal(size=(25, 3))
        ps = sorted(max_t(np.roll(table, shift, axis=0), exact=True).p for shift in range(25))
        assert ps == pytest.approx(np.arange(1, 26) / 25)

    def test_all_arrangements_of_tiny_samples(self) -> None:
        """Fisher and Pitman: the largest mean difference of 3 + 3 rows in 2 columns, by listing all 20 windows."""
        data = np.array([[1, 9], [2, 4], [3, 6], [10, 1], [12, 3], [15, 2]], dtype=float)
        windows = sorted(itertools.combinations(range(6), 3), key=lambda each: each != (3, 4, 5))
        table = np.array([data[list(w)].mean(axis=0) - np.delete(data, w, axis=0).mean(axis=0) for w in windows])
        assert max_t(table, exact=True).p == pytest.approx(by_hand(table)[0])
        assert max_t(table, exact=True).adjusted[0] == pytest.approx(1 / 20)

    @settings(deadline=None)
    @given(
        arrays(np.float64, (30, 3), elements=st.floats(-1e3, 1e3)),
        st.floats(0.5, 100.0),
        st.floats(-50.0, 50.0),
    )
    def test_units_do_not_matter(self, table: np.ndarray, scale: float, shift: float) -> None:
        """A statistic in other units gives the same p, and p stays between 1 / (draws + 1) and 1."""
        table = np.round(table, 1)
        first = max_t(table, exact=True)
        moved = table.copy()
        moved[:, 1] = np.round(moved[:, 1] * 2.0**3, 1)
        assert max_t(moved, exact=True).p == first.p
        assert 1 / 30 <= first.p <= 1.0
        assert all(each >= first.p - 1e-12 for each in first.adjusted)

    def test_columns_that_move_together_cost_nothing(self) -> None:
        """Twenty copies of a column have the p of one; Holm would multiply it by twenty."""
        one = np.random.default_rng(3).chisquare(2, size=(500, 1))
        one[0] = np.sort(one[:, 0])[-12]
        assert max_t(np.repeat(one, 20, axis=1)).p == max_t(one).p

    def test_a_column_that_never_varies_is_left_out(self) -> None:
        """It has p = 1 and changes nothing; all of them constant is p = 1."""
        table = np.random.default_rng(4).normal(size=(100, 2))
        with_constant = max_t(np.column_stack([table, np.full(100, 7.0)]))
        assert with_constant.p == max_t(table).p
        assert with_constant.adjusted[2] == 1.0
        alone = max_t(np.full((5, 2), 3.0))
        assert (alone.p, alone.largest, alone.adjusted) == (1.0, -1, (1.0, 1.0))

    def test_a_column_whose_tails_alone_vary_is_scaled_by_its_spread(self) -> None:
        """Most draws of a rare event are 0: the middle has no width, the answer is no nan and no infinity."""
        table = np.zeros((200, 2))
        table[:, 1] = np.random.default_rng(5).normal(size=200)
        table[:20, 0] = 1.0
        assert 0.0 < max_t(table, exact=True).p <= 1.0

    def test_a_larger_effect_never_has_a_larger_p(self) -> None:
        """Monotone in the observed statistic."""
        table = np.random.default_rng(6).chisquare(3, size=(400, 3))
        ps = []
        for each in (1.0, 4.0, 8.0, 12.0, 30.0, 1e6):
            table[0, 1] = each
            ps.append(max_t(table).p)
        assert ps == sorted(ps, reverse=True)
        assert ps[-1] > 0.0

    @pytest.mark.parametrize("table", [np.zeros((1, 3)), np.zeros((5, 0)), np.zeros(5), np.full((3, 2), np.nan)])
    def test_what_is_no_null_is_refused(self, table: np.ndarray) -> None:
        """No draws, no statistics, a vector, nan."""
        with pytest.raises(InvalidStatistic, match="no joint null"):
            max_t(table)


class TestLevel:
    """The rank is uniform under the null, and ranking without the observed is the trap that it avoids."""

    def test_the_page_rate_is_the_level(self) -> None:
        """Heavy-tailed, dependent statistics of which few are drawn: at most .05, and not far below."""
        rng = np.random.default_rng(7)
        ps = []
        for _ in range(1500):
            common = rng.chisquare(1, size=(60, 1))
            ps.append(max_t(rng.chisquare(2, size=(60, 8)) + common, exact=True).p)
        rate = np.mean(np.array(ps) <= 0.05)
        assert 0.03 < rate < 0.065


def _comparison(blocks: int, drifted: bool) -> object:
    rng = np.random.default_rng(11)
    columns = []
    for name in ("fare", "delay"):
        shares = [0.1, 0.2, 0.3, 0.4] if drifted and name == "delay" else [0.25] * 4
        columns.append(
            ColumnCounts(
                name=name,
                reference=rng.multinomial(800, [0.25] * 4, size=blocks),
                window=rng.multinomial(800, shares, size=4),
                ordered=4,
            )
        )
    return compare(columns, draws=499)


class TestPage:
    """One answer a window."""

    @pytest.mark.parametrize("blocks", [30, 6])
    def test_it_names_the_column(self, blocks: int) -> None:
        """With a joint null (30 blocks) and with Holm (6)."""
        page = judge_page(_comparison(blocks, drifted=True))  # type: ignore[arg-type]
        assert page.verdict is Drift.DRIFT
        assert page.reason.startswith("delay: family-wise p = ")
        assert page.columns["delay"] <= page.threshold == pytest.approx(1 / 90)
        assert page.method == ("max-t" if blocks == 30 else "holm")

    @pytest.mark.parametrize("blocks", [30, 6])
    def test_it_is_quiet_without_drift(self, blocks: int) -> None:
        """Quiet is STABLE here, and the reason gives p."""
        page = judge_page(_comparison(blocks, drifted=False))  # type: ignore[arg-type]
        assert page.verdict is Drift.STABLE
        assert "nothing in 2 columns" in page.reason

    def test_holm_takes_the_columns_own_p_values(self) -> None:
        """Where no joint null was drawn."""
        comparison = _comparison(6, drifted=False)
        page = judge_page(comparison)  # type: ignore[arg-type]
        assert tuple(page.columns.values()) == holm([each.p for each in comparison.columns]).adjusted  # type: ignore[attr-defined]

    def test_the_budget_gives_the_level(self) -> None:
        """A level, a budget, or the default, but not two of them."""
        comparison = _comparison(30, drifted=False)
        assert judge_page(comparison, budget=Budget(windows=30)).threshold == pytest.approx(1 / 30)  # type: ignore[arg-type]
        assert judge_page(comparison, level=0.2).threshold == 0.2  # type: ignore[arg-type]
        with pytest.raises(InvalidStatistic, match="one level"):
            judge_page(comparison, level=0.2, budget=Budget())  # type: ignore[arg-type]
        with pytest.raises(InvalidStatistic, match="no level"):
            judge_page(comparison, level=1.0)  # type: ignore[arg-type]

    def test_nothing_to_test_is_inconclusive(self) -> None:
        """An empty window has no p, and says so."""
        column = ColumnCounts(name="x", reference=np.zeros((1, 3)), window=np.zeros((1, 3)))
        page = judge_page(compare([column]))
        assert (page.verdict, page.p) == (Drift.INCONCLUSIVE, None)
        assert page.reason == "no column of this window could be tested"

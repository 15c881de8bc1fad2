"""From counts to DRIFT, STABLE or INCONCLUSIVE."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regrove.stats import Drift, InvalidStatistic, Tier
from regrove.stats.drift import ColumnCounts, Floors, cells_for, choose, column_counts, compare, debiased, decide
from regrove.stats.summaries import count_numbers, edges_of

EDGES = np.linspace(-2, 2, 9)
SHARES = np.diff(np.r_[0.0, [0.02, 0.07, 0.16, 0.31, 0.5, 0.69, 0.84, 0.93, 0.98], 1.0])


def column(
    rng: np.random.Generator, shares: np.ndarray = SHARES, *, blocks: int = 5, rows: int = 2000, reference: int = 40
) -> ColumnCounts:
    """A numeric column on ten cells; the window has ``shares``."""
    return ColumnCounts(
        name="x",
        reference=rng.multinomial(rows, SHARES, reference),
        window=rng.multinomial(rows, shares, blocks),
        ordered=10,
        edges=EDGES,
    )


def shifted(by: int) -> np.ndarray:
    """The shares moved up by cells."""
    return np.roll(SHARES, by)


class TestDecide:
    """Three words."""

    def test_a_shift_is_drift_and_says_how_large(self) -> None:
        """With the effect against its floor."""
        verdict = decide(compare([column(np.random.default_rng(0), shifted(1))]).columns[0])
        assert verdict.verdict is Drift.DRIFT and "floor" in verdict.reason and verdict.more == 0

    def test_enough_rows_without_drift_are_stable(self) -> None:
        """Every upper bound is below its floor."""
        verdict = decide(compare([column(np.random.default_rng(1), rows=20_000)]).columns[0])
        assert verdict.verdict is Drift.STABLE

    def test_few_rows_are_inconclusive_and_say_how_many_are_missing(self) -> None:
        """Neither drift nor its absence is claimed."""
        verdict = decide(compare([column(np.random.default_rng(2), rows=200, reference=200)]).columns[0])
        assert verdict.verdict is Drift.INCONCLUSIVE and verdict.more > 0
        assert "more window blocks" in verdict.reason

    def test_a_difference_that_does_not_matter_is_no_drift(self) -> None:
        """A million rows make any difference significant; the floor keeps it from alarming."""
        tiny = SHARES + 0.001 * np.r_[1, -1, np.zeros(8)]
        test = compare([column(np.random.default_rng(3), tiny, rows=1_000_000)]).columns[0]
        assert test.p < 0.001
        assert decide(test).verdict is Drift.STABLE

    def test_a_floor_is_the_users(self) -> None:
        """The same column drifts when smaller effects matter."""
        rng = np.random.default_rng(3)
        tiny = SHARES + 0.01 * np.r_[1, -1, np.zeros(8)]
        one = column(rng, tiny, rows=1_000_000)
        strict = msgspec.structs.replace(one, floors=Floors(js=0.005))
        assert decide(compare([one]).columns[0]).verdict is Drift.STABLE
        assert decide(compare([strict]).columns[0]).verdict is Drift.DRIFT

    @pytest.mark.parametrize("level", [0.0, 1.0, -0.1, np.nan])
    def test_a_level_is_between_0_and_1(self, level: float) -> None:
        """Anything else is refused."""
        with pytest.raises(InvalidStatistic):
            decide(compare([column(np.random.default_rng(0))]).columns[0], level=level)


class TestBadInput:
    """A defined answer, or an error; never nan, never a warning."""

    @pytest.mark.parametrize(
        "window",
        [np.zeros((2, 4)), np.zeros((1, 4)), np.array([[0, 0, 0, 9]]), np.array([[0, 9, 0, 0]] * 3)],
        ids=["empty", "one empty block", "all null", "a single value"],
    )
    @pytest.mark.parametrize("blocks", [1, 3, 30])
    def test_poor_windows_are_inconclusive(self, window: np.ndarray, blocks: int) -> None:
        """Whatever the tier."""
        reference = np.tile([[0, 9, 0, 0]], (blocks, 1))
        one = ColumnCounts(name="c", reference=reference, window=window.astype(np.int64), nulls=3)
        verdict = decide(compare([one], draws=99).columns[0])
        assert verdict.verdict is not Drift.STABLE
        assert verdict.p is None or 0 < verdict.p <= 1
        assert verdict.reason

    @given(st.integers(1, 4), st.integers(1, 4), st.data())
    @settings(max_examples=60, deadline=None)
    def test_any_counts_have_an_answer_that_is_a_number(self, left: int, right: int, data: st.DataObject) -> None:
        """All fields are finite or absent."""
        cells = st.lists(st.integers(0, 30), min_size=4, max_size=4)
        one = ColumnCounts(
            name="c",
            reference=np.array(data.draw(st.lists(cells, min_size=left, max_size=left))),
            window=np.array(data.draw(st.lists(cells, min_size=right, max_size=right))),
            ordered=3,
            nulls=3,
        )
        test = compare([one], draws=49).columns[0]
        decide(test)
        for value in (test.p, test.p_ad, test.p_x2, test.ad, test.x2, test.design_effect):
            assert value is None or np.isfinite(value)
        for effect in test.effects:
            assert np.isfinite([effect.value, effect.raw, effect.interval.low, effect.interval.high]).all()

    @pytest.mark.parametrize(
        ("change", "says"),
        [
            ({"window": np.ones((1, 3), dtype=int)}, "other cells"),
            ({"window": -np.ones((1, 4), dtype=int)}, "no counts"),
            ({"ordered": 9}, "described wrongly"),
            ({"edges": np.array([1.0])}, "do not match"),
            ({"reference": np.full((2, 4), 2**52)}, "2^53|exactly"),
        ],
    )
    def test_counts_that_do_not_fit_are_refused(self, change: dict, says: str) -> None:
        """Other cells, negative counts, wrong places, too many rows."""
        given_ = {"name": "c", "reference": np.ones((2, 4), dtype=int), "window": np.ones((1, 4), dtype=int), **change}
        with pytest.raises(InvalidStatistic, match=says):
            compare([ColumnCounts(**given_)])

    def test_columns_of_other_blocks_are_refused(self) -> None:
        """And no columns at all."""
        rng = np.random.default_rng(0)
        with pytest.raises(InvalidStatistic, match="different blocks"):
            compare([column(rng), column(rng, blocks=4)])
        with pytest.raises(InvalidStatistic, match="no columns"):
            compare([])


class TestTiers:
    """The best calibration that blocks allow."""

    @pytest.mark.parametrize(
        ("reference", "window", "tier"),
        [
            (40, 5, Tier.BLOCK),
            (40, 1, Tier.LEAVE_ONE_OUT),
            (10, 5, Tier.RAO_SCOTT),
            (10, 1, Tier.RAO_SCOTT),
            (1, 1, Tier.IID),
        ],
    )
    def test_blocks_decide(self, reference: int, window: int, tier: Tier) -> None:
        """And the result carries it."""
        found = compare([column(np.random.default_rng(5), reference=reference, blocks=window)], draws=199)
        assert found.tier is tier is found.columns[0].tier and found.note

    def test_the_same_seed_is_the_same_result(self) -> None:
        """And another is another."""
        one = [column(np.random.default_rng(6))]
        assert compare(one, seed=1).columns == compare(one, seed=1).columns
        assert compare(one, seed=1).columns[0].p != compare(one, seed=2).columns[0].p

    def test_days_with_memory_are_kept_together(self) -> None:
        """Runs of neighbours in place of single blocks."""
        rng, level, days = np.random.default_rng(7), 0.0, []
        for _ in range(120):
            level = 0.8 * level + rng.normal()
            share = np.exp(0.3 * level * np.linspace(-1, 1, 10)) * SHARES
            days.append(rng.multinomial(1000, share / share.sum()))
        one = ColumnCounts(name="x", reference=np.array(days[:110]), window=np.array(days[110:]), ordered=10)
        assert compare([one], draws=199).tier is Tier.MOVING_BLOCK


class TestEffects:
    """Cleaned of what chance adds."""

    def test_without_drift_the_mean_effect_is_near_nothing(self) -> None:
        """Where the raw distance is not."""
        rng = np.random.default_rng(8)
        found = [compare([column(rng, rows=200)], draws=99, seed=s).columns[0].effect("js") for s in range(30)]
        assert np.median([each.value for each in found]) < 0.3 * np.median([each.raw for each in found])

    def test_intervals_cover_a_shift(self) -> None:
        """At 90% of 60 windows at least 45 do."""
        rng, wanted = np.random.default_rng(9), shifted(1)
        middle = (SHARES + wanted) / 2
        nats = 0.5 * (SHARES * np.log(SHARES / middle)).sum() + 0.5 * (wanted * np.log(wanted / middle)).sum()
        truth = (nats / np.log(2)) ** 0.5
        hits = sum(
            compare([column(rng, wanted, rows=500)], draws=199, seed=s).columns[0].effect("js").interval.covers(truth)
            for s in range(60)
        )
        assert hits >= 45

    def test_no_noise_leaves_the_raw_number(self) -> None:
        """Pairs without any difference."""
        value, interval = debiased(0.2, np.zeros(10))
        assert (value, interval.low, interval.high) == (0.2, 0.2, 0.2)


class TestChoice:
    """The table of defaults."""

    @pytest.mark.parametrize(
        ("kind", "rows", "distinct", "tests"),
        [
            ("numeric", 5000, 400, ("anderson-darling", "chi-square")),
            ("numeric", 100, 400, ("anderson-darling",)),
            ("numeric", 5000, 7, ("chi-square",)),
            ("boolean", 50, 2, ("chi-square",)),
            ("category", 5000, 900, ("chi-square",)),
            ("text", 500, 500, ("fourier-mmd",)),
            ("text", 100, 100, ()),
            ("datetime", 500, 500, ()),
            ("numeric", 20, 20, ()),
        ],
    )
    def test_kind_and_size_choose(self, kind: str, rows: int, distinct: int, tests: tuple) -> None:
        """And every choice says what to expect."""
        found = choose(kind, rows, distinct)
        assert found.tests == tests and found.note

    def test_cells_follow_the_window(self) -> None:
        """Never fewer for more rows."""
        found = [cells_for(rows) for rows in range(0, 3000, 7)]
        assert found == sorted(found) and found[-1] == 64

    def test_an_unknown_kind_is_refused(self) -> None:
        """Not guessed at."""
        with pytest.raises(ValueError, match="colour"):
            choose("colour", 10, 10)


class TestBridge:
    """From summaries to counts."""

    def test_cells_keep_their_meaning(self) -> None:
        """Below, between, above, broken, null: each where the layout says."""
        layout = edges_of([float(each) for each in range(100)], cells=4)
        block = count_numbers([-5.0, 10.0, 99.5, float("nan"), None], layout)
        found = column_counts("x", [block], [block, block])
        row = found.reference[0]
        assert row.sum() == 5 and row[found.nulls] == 1 and row[found.broken] == 1
        assert row[list(found.fresh)].sum() == 2 and found.window.shape == (2, len(row))

    def test_other_edges_are_refused(self) -> None:
        """Counts on different cells are no comparison."""
        blocks = [count_numbers([1.0], edges_of([float(x) for x in range(n)], cells=4)) for n in (50, 90)]
        with pytest.raises(InvalidStatistic, match="different cells"):
            column_counts("x", blocks[:1], blocks[1:])
        with pytest.raises(InvalidStatistic, match="no blocks"):
            column_counts("x", blocks[:1], [])

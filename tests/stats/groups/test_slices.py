"""The search for bad slices."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from regrove.stats.groups import binned, search_slices
from regrove.stats.groups.contrast import contrast
from regrove.stats.verdict import InvalidStatistic


def _columns(rng: np.random.Generator, rows: int) -> dict[str, np.ndarray]:
    return {name: rng.choice(list("abcd"), rows) for name in ("one", "two", "three")}


class TestSearch:
    """Found on one half, tested on the other."""

    def test_a_planted_pair_is_found(self) -> None:
        """It ranks first and its gap is right."""
        rng = np.random.default_rng(0)
        columns = _columns(rng, 20_000)
        bad = (columns["one"] == "a") & (columns["three"] == "c")
        loss = rng.random(20_000) < np.where(bad, 0.4, 0.1)
        found = search_slices(loss, columns)
        assert found.worse[0].where == (("one", "a"), ("three", "c"))
        assert found.worse[0].interval.covers(0.3)
        assert found.candidates == 12 + 48

    def test_without_a_bad_slice_little_is_called_worse(self) -> None:
        """In at most 5% of searches, with room for chance."""
        rng = np.random.default_rng(1)
        wrong = sum(
            bool(search_slices(rng.random(1500) < 0.2, _columns(rng, 1500), seed=trial).worse) for trial in range(100)
        )
        assert wrong <= 12

    def test_days_are_halved_as_a_whole(self) -> None:
        """A bad day is no bad slice: with its rows as blocks the alarm goes away."""
        rng = np.random.default_rng(2)
        day = np.repeat(np.arange(30), 100)
        shop = np.array(list("abcde"))[day % 5]
        loss = rng.random(3000) < rng.beta(2, 6, 30)[day]
        by_row = search_slices(loss, {"shop": shop}, depth=1)
        by_day = search_slices(loss, {"shop": shop}, depth=1, blocks=day)
        assert len(by_day.worse) <= len(by_row.worse)
        assert all(each.p >= 0.001 for each in by_day.slices)

    def test_the_same_seed_gives_the_same_answer(self) -> None:
        """And the reason counts the slices."""
        rng = np.random.default_rng(3)
        loss, columns = rng.normal(size=2000), _columns(rng, 2000)
        assert search_slices(loss, columns, seed=5) == search_slices(loss, columns, seed=5)
        assert "58 slices were looked at, 18 tested" in search_slices(loss, columns, seed=5).reason

    def test_nothing_to_find_is_an_answer(self) -> None:
        """Constant columns, constant losses, no rows."""
        assert search_slices([0.0] * 400, {"x": ["a"] * 400}).slices == ()
        assert search_slices([], {"x": []}).slices == ()
        flat = search_slices([1.0] * 400, {"x": ["a", "b"] * 200})
        assert not flat.worse

    def test_what_is_called_worse_is_corrected_for_all_that_were_tested(self) -> None:
        """As by scipy, with the level that was given."""
        rng = np.random.default_rng(7)
        columns = _columns(rng, 4000)
        loss = rng.random(4000) < np.where(columns["two"] == "b", 0.25, 0.2)
        found = search_slices(loss, columns, level=0.2)
        assert len(found.slices) > 5
        adjusted = [each.adjusted for each in found.slices]
        assert adjusted == pytest.approx(stats.false_discovery_control([each.p for each in found.slices]), abs=1e-12)
        assert [each.worse for each in found.slices] == [each <= 0.2 for each in adjusted]
        assert 0 < len(found.worse) < len(found.slices)

    def test_bad_searches_are_refused(self) -> None:
        """No columns, a depth of 3, nan in the loss."""
        for wrong in ({"columns": {}}, {"depth": 3}, {"loss": [np.nan]}, {"level": 0.0}, {"least": 1}):
            with pytest.raises(InvalidStatistic):
                search_slices(**({"loss": [1.0], "columns": {"x": ["a"]}} | wrong))


class TestParts:
    """The pieces, against scipy."""

    def test_the_contrast_of_rows_is_welchs(self) -> None:
        """To a factor that goes away with the rows."""
        rng = np.random.default_rng(4)
        a, b = rng.normal(0.1, 1, 4000), rng.normal(0, 2, 4000)
        found = contrast(np.concatenate([a, b]), np.repeat([True, False], 4000), np.arange(8000))
        assert found.p == pytest.approx(stats.ttest_ind(a, b, equal_var=False, alternative="greater").pvalue, rel=1e-2)

    def test_one_block_has_no_p(self) -> None:
        """It is 1, and the interval is open."""
        found = contrast(np.array([0.0, 1.0]), np.array([False, True]), np.zeros(2, dtype=int))
        assert found.p == 1.0
        assert found.interval.width == np.inf

    def test_bins_have_about_equal_counts(self) -> None:
        """And what is no number has a name of its own."""
        names = binned([*range(100), np.nan, np.inf], 4)
        assert names[-2:] == ["(none)", "(none)"]
        assert sorted(names.count(each) for each in set(names)) == [2, 25, 25, 25, 25]
        assert binned([np.nan], 4) == ["(none)"]
        assert set(binned([1.0] * 9, 4)) == {"from 1"}

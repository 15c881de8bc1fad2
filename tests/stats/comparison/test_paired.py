"""The paired block bootstrap: its statistics by brute force, its intervals by scipy's, its answers by simulation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats
from sklearn import metrics

from regrove.stats.comparison import (
    Metric,
    Ranking,
    bca,
    block_weights,
    bootstrap_p,
    measure,
    paired_bootstrap,
    paired_losses,
    row_losses,
)
from regrove.stats.verdict import InvalidStatistic, Tier

RNG = np.random.default_rng(7)
TRUTH = RNG.integers(0, 2, 400)
SCORE = np.round(special.expit(RNG.normal(size=400) + TRUTH), 2)
OTHER = np.round(special.expit(RNG.normal(size=400) + 0.5 * TRUTH), 3)
DAY = np.repeat(np.arange(20), 20)


@st.composite
def ranked(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Rows with many ties, both classes, 4 blocks and whole weights."""
    rows = draw(st.integers(2, 14))
    outcome = np.array([0, 1, *draw(st.lists(st.integers(0, 1), min_size=rows - 2, max_size=rows - 2))]) == 1
    score = np.array(draw(st.lists(st.integers(0, 4), min_size=rows, max_size=rows)), dtype=float)
    block = np.array(draw(st.lists(st.integers(0, 3), min_size=rows, max_size=rows)))
    weights = np.array(draw(st.lists(st.integers(0, 3), min_size=4, max_size=4)), dtype=float)
    return outcome, score, block, weights


def _pairs(outcome: np.ndarray, score: np.ndarray, weight: np.ndarray) -> float:
    """The AUC by listing all pairs."""
    pairs = weight[outcome][:, None] * weight[~outcome][None, :]
    wins = np.sign(score[outcome][:, None] - score[~outcome][None, :]) / 2 + 0.5
    return float((pairs * wins).sum() / pairs.sum()) if pairs.sum() > 0 else float("nan")


class TestMetrics:
    """Each metric on all rows."""

    def test_they_are_those_of_scikit_learn(self) -> None:
        """All seven, to 1e-12."""
        labels = SCORE > 0.5
        numbers, guesses = RNG.normal(size=50), RNG.normal(size=50)
        sure = np.where(RNG.random(400) < 0.1, 1.0, SCORE)
        for mine, theirs in (
            (measure(Metric.LOG_LOSS, TRUTH, sure), metrics.log_loss(TRUTH, sure)),
            (measure(Metric.BRIER, TRUTH, SCORE), metrics.brier_score_loss(TRUTH, SCORE)),
            (measure(Metric.AUC, TRUTH, SCORE), metrics.roc_auc_score(TRUTH, SCORE)),
            (measure(Metric.ACCURACY, TRUTH == 1, labels), metrics.accuracy_score(TRUTH, labels)),
            (measure(Metric.RMSE, numbers, guesses), metrics.root_mean_squared_error(numbers, guesses)),
            (measure(Metric.MAE, numbers, guesses), metrics.mean_absolute_error(numbers, guesses)),
        ):
            assert mine == pytest.approx(theirs, abs=1e-12)
        assert measure(Metric.ACCURACY, ["a", "b"], ["a", "c"]) == 0.5

    @pytest.mark.parametrize(
        ("metric", "truth", "prediction"),
        [
            (Metric.BRIER, [0, 2], [0.1, 0.2]),
            (Metric.BRIER, [0, 1], [0.1, 1.2]),
            (Metric.LOG_LOSS, [0, 1], [0.1, np.nan]),
            (Metric.RMSE, [0.0, np.inf], [0.1, 0.2]),
            (Metric.MAE, [0.0], [0.1, 0.2]),
            (Metric.MAE, [], []),
            (Metric.AUC, [1, 1], [0.1, 0.2]),
            (Metric.AUC, [], []),
            (Metric.ACCURACY, [[1]], [[1]]),
            (Metric.LOSS, [1.0], [1.0]),
        ],
    )
    def test_what_cannot_be_measured_is_refused(self, metric: Metric, truth: list, prediction: list) -> None:
        """Wrong outcomes, probabilities and lengths, nothing at all, a single class."""
        with pytest.raises(InvalidStatistic):
            measure(metric, truth, prediction)

    def test_the_auc_is_no_mean(self) -> None:
        """A row has none by itself."""
        with pytest.raises(InvalidStatistic, match="no auc of a row"):
            row_losses(Metric.AUC, TRUTH, SCORE)


class TestRanking:
    """The AUC of weighted blocks from one sort."""

    @settings(max_examples=150, deadline=None)
    @given(ranked())
    def test_weights_are_repeated_rows(self, case: tuple[np.ndarray, ...]) -> None:
        """As listing all pairs of the rows says, with ties, and nan where a class has no weight."""
        outcome, score, block, weights = case
        rank = Ranking(outcome, score, block, 4)
        assert rank.weighted(weights) == pytest.approx(_pairs(outcome, score, weights[block]), abs=1e-12, nan_ok=True)
        assert rank.value == pytest.approx(metrics.roc_auc_score(outcome, score), abs=1e-12)

    @settings(max_examples=150, deadline=None)
    @given(ranked())
    def test_leaving_a_block_out_is_a_weight_of_zero(self, case: tuple[np.ndarray, ...]) -> None:
        """For each block, from counts of pairs."""
        outcome, score, block, _ = case
        rank = Ranking(outcome, score, block, 4)
        expected = [_pairs(outcome, score, (block != each).astype(float)) for each in range(4)]
        assert rank.without_each() == pytest.approx(expected, abs=1e-12, nan_ok=True)


class TestBca:
    """Efron's interval, and what it is widened by."""

    @pytest.mark.parametrize("level", [0.5, 0.9, 0.99])
    @pytest.mark.parametrize("statistic", ["mean", "var"])
    def test_it_is_that_of_scipy(self, level: float, statistic: str) -> None:
        """On the same draws, for a skewed sample."""
        sample = np.random.default_rng(1).exponential(size=40)
        function = getattr(np, statistic)
        theirs = stats.bootstrap(
            (sample,), function, confidence_level=level, n_resamples=999, method="BCa", rng=np.random.default_rng(2)
        )
        without = np.array([function(np.delete(sample, place)) for place in range(40)])
        mine = bca(function(sample), theirs.bootstrap_distribution, without, level)
        assert (mine.low, mine.high) == pytest.approx(tuple(theirs.confidence_interval), abs=1e-9)

    def test_few_blocks_widen_it(self) -> None:
        """As Student's quantile and the lost degree of freedom do for the mean of 5."""
        draws, alike = np.random.default_rng(1).normal(size=200_000), np.zeros(5)
        half = special.stdtrit(4, 0.95) * np.sqrt(5 / 4)
        assert bca(0.0, draws, alike, 0.9, blocks=5).high == pytest.approx(half, abs=0.05)
        assert bca(0.0, draws, alike, 0.9).high == pytest.approx(special.ndtri(0.95), abs=0.03)

    @pytest.mark.parametrize("blocks", [None, 6, 100])
    def test_p_is_where_the_lower_end_meets_the_null(self, blocks: int | None) -> None:
        """So p <= .05 and a lower end of 90% above the null are the same, as far as 4,000 draws reach."""
        rng = np.random.default_rng(3)
        draws, without = rng.gamma(3, size=4000), rng.gamma(3, size=30)
        for level in (0.5, 0.8, 0.9) if blocks == 6 else (0.5, 0.8, 0.9, 0.98):  # Student's tail leaves the draws first
            low = bca(3.0, draws, without, level, blocks=blocks).low
            assert bootstrap_p(3.0, draws, without, low, blocks=blocks) == pytest.approx((1 - level) / 2, abs=1e-3)

    def test_draws_that_are_all_alike_are_a_point(self) -> None:
        """Two models that are one: no gain, and no doubt about it."""
        interval = bca(0.0, np.zeros(10), np.zeros(4), 0.9)
        assert (interval.low, interval.high) == (0.0, 0.0)
        assert bootstrap_p(0.0, np.zeros(10), np.zeros(4), 0.0) == 1.0
        assert bootstrap_p(1.0, np.ones(10), np.ones(4), 0.0) == pytest.approx(1 / 11)

    @pytest.mark.parametrize(("estimate", "draws", "level"), [(np.nan, 3, 0.9), (0.0, 0, 0.9), (0.0, 3, 1.0)])
    def test_bad_input_is_refused(self, estimate: float, draws: int, level: float) -> None:
        """No estimate, no draws, no level."""
        with pytest.raises(InvalidStatistic):
            bca(estimate, np.ones(draws), np.ones(3), level)

    def test_a_single_block_is_refused(self) -> None:
        """It has no spread."""
        with pytest.raises(InvalidStatistic, match="One block"):
            bca(0.0, np.arange(3.0), np.ones(1), 0.9, blocks=1)


class TestWeights:
    """How often each block is drawn."""

    @given(blocks=st.integers(1, 30), draws=st.integers(1, 30), data=st.data())
    @settings(max_examples=60, deadline=None)
    def test_every_draw_holds_as_many_blocks(self, blocks: int, draws: int, data: st.DataObject) -> None:
        """Single or in runs."""
        run = data.draw(st.integers(1, blocks))
        weights = np.concatenate(list(block_weights(blocks, draws, np.random.default_rng(0), run=run)))
        assert weights.shape == (draws, blocks)
        assert (weights.sum(axis=1) == blocks).all()

    def test_runs_are_neighbours(self) -> None:
        """One run of all blocks takes each once; runs of 3 of 6 take two stretches."""
        assert (next(block_weights(6, 5, np.random.default_rng(0), run=6)) == 1).all()
        weights = next(block_weights(6, 200, np.random.default_rng(0), run=3))
        stretches = {
            tuple(np.roll([1, 1, 1, 0, 0, 0], a) + np.roll([1, 1, 1, 0, 0, 0], b)) for a in range(6) for b in range(6)
        }
        assert {tuple(each) for each in weights.astype(int)} <= stretches

    @pytest.mark.parametrize(("blocks", "draws", "run"), [(0, 1, 1), (1, 0, 1), (3, 1, 4), (3, 1, 0)])
    def test_nothing_to_draw_is_refused(self, blocks: int, draws: int, run: int) -> None:
        """No blocks, no draws, runs too long."""
        with pytest.raises(InvalidStatistic):
            list(block_weights(blocks, draws, np.random.default_rng(0), run=run))


class TestPaired:
    """Gains on shared resamples."""

    @pytest.mark.parametrize("metric", [Metric.LOG_LOSS, Metric.BRIER, Metric.AUC, Metric.RMSE, Metric.MAE])
    def test_each_draw_is_the_metric_of_repeated_blocks(self, metric: Metric) -> None:
        """Rebuilt from the same weights by copying rows; and each block left out."""
        found = paired_bootstrap(metric, TRUTH, OTHER, SCORE, DAY, draws=12, seed=5)
        sign = 1 if metric.higher_is_better else -1

        def gain(rows: np.ndarray) -> float:
            return sign * (measure(metric, TRUTH[rows], SCORE[rows]) - measure(metric, TRUTH[rows], OTHER[rows]))

        weights = next(block_weights(20, 12, np.random.default_rng(5))).astype(int)
        rows = np.arange(400)
        assert found.gains[0] == pytest.approx(gain(rows), abs=1e-12)
        assert found.drawn[:, 0] == pytest.approx([gain(np.repeat(rows, each[DAY])) for each in weights], abs=1e-12)
        assert found.without[:, 0] == pytest.approx([gain(rows[each != DAY]) for each in range(20)], abs=1e-12)

    def test_the_sign_says_better_whichever_way_the_metric_points(self) -> None:
        """SCORE knows more than OTHER."""
        for metric in (Metric.AUC, Metric.BRIER, Metric.LOG_LOSS):
            found = paired_bootstrap(metric, TRUTH, OTHER, SCORE, DAY, draws=200).gain()
            assert found.value > 0
            assert found.challenger != found.champion
            assert found.interval.covers(found.value)
        labels = paired_bootstrap(Metric.ACCURACY, TRUTH, OTHER > 0.5, SCORE > 0.5, DAY, draws=200)
        assert labels.gains[0] == pytest.approx(labels.challengers[0] - labels.champion)

    def test_rows_can_be_in_any_order(self) -> None:
        """Nothing but the block of a row matters."""
        order = np.random.default_rng(1).permutation(400)
        one = paired_bootstrap(Metric.AUC, TRUTH, OTHER, SCORE, DAY, draws=50).gain()
        two = paired_bootstrap(Metric.AUC, TRUTH[order], OTHER[order], SCORE[order], DAY[order], draws=50).gain()
        assert (one.value, one.interval.low, one.p) == pytest.approx((two.value, two.interval.low, two.p), abs=1e-12)

    def test_a_champion_against_itself_has_no_gain(self) -> None:
        """The interval is a point and p is 1."""
        gain = paired_bootstrap(Metric.AUC, TRUTH, SCORE, SCORE, DAY, draws=100).gain()
        assert (gain.value, gain.interval.low, gain.interval.high, gain.error, gain.p) == (0, 0, 0, 0, 1)

    def test_the_tier_says_what_was_resampled(self) -> None:
        """Rows, blocks, or runs of them; only blocks see what rows of one day share."""
        shared = np.random.default_rng(2).normal(0, 1, 20)[DAY]
        by_row = paired_losses(np.zeros(400), shared, draws=300)
        by_day = paired_losses(np.zeros(400), shared, DAY, draws=300)
        by_run = paired_losses(np.zeros(400), shared, DAY, draws=300, run=3)
        assert [each.tier for each in (by_row, by_day, by_run)] == [Tier.IID, Tier.BLOCK, Tier.MOVING_BLOCK]
        assert by_day.gain().error > 3 * by_row.gain().error
        assert by_row.gain().units == (400, "rows")
        assert by_day.gain().units == (20, "blocks")

    def test_several_challengers_share_the_draws(self) -> None:
        """Each has the numbers that it has alone."""
        both = paired_bootstrap(Metric.BRIER, TRUTH, OTHER, {"a": SCORE, "b": SCORE / 2}, DAY, draws=100)
        alone = paired_bootstrap(Metric.BRIER, TRUTH, OTHER, SCORE / 2, DAY, draws=100)
        assert both.gain("b").interval == alone.gain().interval
        assert both.gain("b").name == "b"
        with pytest.raises(InvalidStatistic, match="no challenger 'c'"):
            both.gain("c")

    def test_resamples_without_a_class_are_dropped(self) -> None:
        """Positives in 5 of 20 blocks are enough to go on, a single one in 1,000 is refused."""
        truth = np.isin(DAY, [1, 5, 9]) & (np.arange(400) % 20 == 0)
        found = paired_bootstrap(Metric.AUC, truth, OTHER, SCORE, DAY, draws=200)
        assert 100 < len(found.drawn) < 200
        assert np.isfinite(found.drawn).all()
        alone = np.arange(400) == 3
        gain = paired_bootstrap(Metric.AUC, alone, OTHER, SCORE, DAY, draws=200).gain()
        assert np.isfinite([gain.interval.low, gain.interval.high, gain.p]).all()
        with pytest.raises(InvalidStatistic, match="lack a class"):
            paired_bootstrap(Metric.AUC, np.array([1, 0, 0, 1]), np.arange(4), np.arange(4), [0, 1, 1, 0], draws=99)

    @pytest.mark.parametrize("blocks", [np.zeros(400), DAY[:-1], np.zeros((400, 1))])
    def test_one_block_or_too_few_names_are_refused(self, blocks: np.ndarray) -> None:
        """A block says nothing about how blocks differ."""
        with pytest.raises(InvalidStatistic):
            paired_bootstrap(Metric.AUC, TRUTH, OTHER, SCORE, blocks)
        with pytest.raises(InvalidStatistic):
            paired_losses(OTHER, SCORE, blocks)

    def test_no_rows_and_no_challengers_are_refused(self) -> None:
        """There is nothing to compare."""
        for champion, challengers in (([], []), ([1.0], [1.0]), ([1.0, 2.0], {}), ([1.0, np.nan], [1.0, 2.0])):
            with pytest.raises(InvalidStatistic):
                paired_losses(champion, challengers)

    def test_its_ends_cover_the_truth(self) -> None:
        """The mean of skewed losses with day effects, 25 days: 90% intervals miss in 4 to 18 of 100."""
        rng, missed = np.random.default_rng(4), 0
        for _ in range(200):
            losses = np.repeat(rng.exponential(1, 25), 4) + rng.normal(size=100)
            missed += (
                not paired_losses(np.zeros(100), losses, np.repeat(np.arange(25), 4), draws=300)
                .gain()
                .interval.covers(-1.0)
            )
        assert 8 <= missed <= 36

"""What the guards make of counts: the same as of the requests one after the other, and no more than they may."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regrove.rollouts.guard import ERRORS, SLOW_95, SLOW_99, SPLIT, cell_names, grids, look, weights_of
from regrove.serving import RolloutConfig
from regrove.serving.edges import GuardEdges
from regrove.serving.tally import Tally

EDGES = GuardEdges(p95_s=0.1, p99_s=0.2, scores=(0.5,))
POLICY = RolloutConfig()
KINDS = (None, ERRORS, SLOW_95, "scores below 0.5", "scores from 0.5 up", "no score")

REQUESTS = st.lists(
    st.tuples(st.integers(2, 4), st.booleans(), st.sampled_from(range(len(KINDS)))), min_size=0, max_size=80
)
SHARE = {2: 0.05, 3: 0.2, 4: 0.5}


def tallies(requests):
    """Of requests (generation, whether the candidate's, kind)."""
    found = []
    for generation in sorted({each[0] for each in requests}):
        for candidate in (False, True):
            mine = [kind for one, side, kind in requests if (one, side) == (generation, candidate)]
            found.append(
                Tally(
                    generation=generation,
                    revision=1 + candidate,
                    candidate=candidate,
                    share=SHARE[generation],
                    requests=len(mine),
                    failed=mine.count(1),
                    slow_p95=mine.count(2),
                    slow_p99=0,
                    scores=(mine.count(3), mine.count(4), mine.count(5)),
                    first_at=0,
                    last_at=0,
                )
            )
    return found


def evidence(requests, kind, ratios, bound=1.0):
    """The e-value by the likelihoods themselves: the next event is the candidate's with pi R / (pi R + 1 - pi)."""
    total = 0.0
    for ratio in ratios:
        product = 1.0
        for generation, candidate, event in requests:
            if kind is not None and event != kind:
                continue
            odds = SHARE[generation] / (1 - SHARE[generation])
            likely, least = (odds * bound * ratio), (odds * bound)
            p, q = likely / (1 + likely), least / (1 + least)
            product *= p / q if candidate else (1 - p) / (1 - q)
        total += product
    return total / len(ratios)


class TestGrids:
    @given(REQUESTS, st.sampled_from([1.0, 3.0]))
    @settings(max_examples=40, deadline=None)
    def test_counts_are_as_the_likelihoods_of_all_requests(self, requests, bound):
        """Also of scores, which are compared with ``score_ratio`` times the control's rate."""
        found = grids(tallies(requests), EDGES, RolloutConfig(score_ratio=bound))
        assert set(found) == {SPLIT, ERRORS, SLOW_95, SLOW_99, *cell_names(EDGES)}
        ratios = (1.1, 1.25, 1.5, 2.0, 3.0, 5.0)
        for place, name in ((1, ERRORS), (2, SLOW_95), (3, KINDS[3]), (4, KINDS[4]), (5, KINDS[5])):
            expected = evidence(requests, place, ratios, bound if place > 2 else 1.0)
            assert found[name].e == pytest.approx(expected, rel=1e-9), name
        fine = (1.01, 1.02, 1.05, 1.1, 1.25, 1.5, 2.0, 3.0, 5.0)
        both = (*fine, *(1 / each for each in fine))
        assert found[SPLIT].e == pytest.approx(evidence(requests, None, both), rel=1e-9)

    def test_without_edges_errors_and_the_split_are_watched(self):
        assert set(grids([], None, POLICY)) == {ERRORS, SPLIT}


class TestLook:
    @given(st.lists(REQUESTS, min_size=1, max_size=4))
    @settings(max_examples=30, deadline=None)
    def test_peaks_are_the_largest_of_all_looks(self, parts):
        """And a verdict once reached stands, whatever is seen later."""
        peaks: dict[str, float] = {}
        seen: list[tuple[int, bool, int]] = []
        harm = False
        for part in parts:
            seen += part
            before = dict(peaks)
            judged = look(tallies(seen), EDGES, POLICY, peaks)
            peaks = judged.peaks
            assert all(peaks[name] >= before.get(name, 0.0) for name in peaks)
            assert judged.harm or not harm
            harm = judged.harm

    def test_errors_of_the_candidate_alone(self):
        judged = look(tallies([(3, True, 1)] * 12 + [(3, True, 0)] * 8 + [(3, False, 0)] * 80), EDGES, POLICY, {})
        assert judged.harm and not judged.void
        assert judged.reason.startswith("errors: 12 events of the canary, none of the control")

    def test_guards_that_point_one_way_stop_it_together(self):
        """None of them alone: their mean counts, at this look or at one before."""
        threshold = -math.log(POLICY.abort_alpha)
        judged = look([], EDGES, POLICY, {"together": threshold + 0.1})
        assert judged.harm and "all together" in judged.reason
        assert not look([], EDGES, POLICY, {"together": threshold - 0.1}).harm

    def test_a_split_that_was_not_as_asked_is_void(self):
        judged = look(tallies([(2, True, 1)] * 40 + [(2, False, 0)] * 60), EDGES, POLICY, {})
        assert judged.void
        assert "40 of 100 requests" in judged.reason

    def test_scores_within_what_is_let(self):
        """Twice as often in one cell is no harm; six times is."""

        def shifted(times):
            mine = 60 * times
            return tallies(
                [(4, True, 5)] * mine + [(4, True, 4)] * (600 - mine) + [(4, False, 5)] * 60 + [(4, False, 4)] * 540
            )

        assert not look(shifted(2), EDGES, POLICY, {}).harm
        judged = look(shifted(6), EDGES, POLICY, {})
        assert judged.harm
        assert (
            judged.reason
            == "no score: 360 of the candidate's, 6 times as often as the control's; up to 3 times is allowed"
        )

    def test_evidence_beyond_all_floats_is_kept(self):
        """It is written as JSON, which knows no infinity."""
        judged = look(tallies([(4, True, 1)] * 4000 + [(4, False, 0)] * 4000), EDGES, POLICY, {})
        assert judged.harm
        assert all(math.isfinite(each) for each in (*judged.peaks.values(), judged.e))


class TestCells:
    @pytest.mark.parametrize(
        "edges",
        [
            EDGES,
            GuardEdges(p95_s=1, p99_s=2),
            GuardEdges(p95_s=1, p99_s=2, scores=(0.1, 0.2, 0.3)),
            GuardEdges(p95_s=1, p99_s=2, classes=("a", "b")),
        ],
    )
    def test_each_cell_has_its_name(self, edges):
        names = cell_names(edges)
        assert len(set(names)) == len(names) == edges.cells

    def test_the_parts_of_alpha(self):
        """Errors weigh as much as both times together; all cells together as much as one time."""
        weights = weights_of([ERRORS, SLOW_95, SLOW_99, *cell_names(EDGES)])
        assert weights[ERRORS] == weights[SLOW_95] + weights[SLOW_99]
        assert math.fsum(weights[name] for name in cell_names(EDGES)) == pytest.approx(weights[SLOW_95])

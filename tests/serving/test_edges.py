"""Frozen edges: what counts as slow, and the tenths of the scores."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regrove.serving.edges import LEAST_REQUESTS, GuardEdges, edges_of

finite = st.floats(allow_nan=False, allow_infinity=False, width=32)


@given(st.lists(finite, min_size=LEAST_REQUESTS, max_size=LEAST_REQUESTS + 50))
def test_at_most_a_twentieth_is_slow_and_tenths_are_tenths(scores):
    seconds = np.abs(np.asarray(scores, dtype=np.float64))
    edges = edges_of(seconds, scores)
    assert (seconds > edges.p95_s).mean() <= 0.05
    assert (seconds > edges.p99_s).mean() <= 0.01
    cells = [edges.cell(each) for each in scores]
    assert all(0 <= each < edges.cells - 1 for each in cells)
    if len(set(scores)) == len(scores):
        assert max(np.bincount(cells)) <= len(scores) / 10 + 2


def test_too_few_requests_freeze_nothing():
    assert edges_of(np.ones(LEAST_REQUESTS - 1), [0.5] * (LEAST_REQUESTS - 1)) is None


def test_answers_that_are_no_numbers_are_counted_by_name():
    names = [["cat", "dog", "fox"][number % 3] for number in range(300)] + [None] * 5
    edges = edges_of(np.ones(305), names)
    assert edges.classes == ("cat", "dog", "fox")
    assert [edges.cell(each) for each in ("cat", "fox", "owl", None)] == [0, 2, 3, 4]


def test_a_constant_score_has_a_cell_on_each_side():
    edges = edges_of(np.ones(300), [0.5] * 300)
    assert edges.scores == (0.5,)
    assert [edges.cell(each) for each in (0.4, 0.5, 0.6, float("nan"))] == [0, 1, 1, 2]


def test_no_scores_at_all():
    edges = edges_of(np.ones(300), [None] * 300)
    assert edges.cells == 2
    assert edges.cell(None) == 1


@pytest.mark.parametrize("flag", [True, False])
def test_a_truth_value_is_a_class_and_no_number(flag):
    edges = edges_of(np.ones(300), [True] * 150 + [False] * 150)
    assert edges.classes == ("False", "True")
    assert edges.cell(flag) == int(flag)


def test_edges_survive_json():
    import msgspec

    edges = GuardEdges(p95_s=0.1, p99_s=0.25, scores=(0.1, 1 / 3))
    assert msgspec.json.decode(msgspec.json.encode(edges), type=GuardEdges) == edges

"""A canary on a real server under a steady load: it fails, it succeeds, it is killed, it does not load."""

from __future__ import annotations

import sys
from collections import Counter

import pytest

from regrove.serving.records import Failed
from regrove.serving.segment import read, segments
from regrove.serving.traffic import choose
from tests.registry import samples
from tests.serving.standing import Callers, Reply, eventually

ROW = samples.ROW
CONTROL, GOOD, FAILING = "model:late-arrival@1", "model:late-arrival@2", "model:late-arrival@3"

# What a server asks before a model goes live is made up and comes from nowhere; a caller's row comes from JFK.
FAILS = samples.PACKAGE | {
    "pipeline.py": samples.SOURCE + "\n\n_features = features\n\n\n"
    "def features(cleaned: pl.DataFrame) -> pl.DataFrame:\n"
    "    if (cleaned['origin'] == 'JFK').any():\n"
    "        raise ZeroDivisionError\n"
    "    return _features(cleaned)\n"
}
NEVER = samples.PACKAGE | {
    "pipeline.py": samples.SOURCE
    + "\n\ndef features(cleaned: pl.DataFrame) -> pl.DataFrame:\n    raise ZeroDivisionError('no')\n"
}

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="children are read from /proc")


@pytest.fixture
def failing(models, vault, written):
    """A third version, whose packaged function fails for every row that comes from somewhere."""
    assert models.register(samples.spec(vault, written, "boosting", seed=3, package=FAILS)).ref == FAILING


def reach(real, generation: int, workers: int) -> None:
    """Wait until every process answers from a generation."""
    for _ in eventually(f"generation {generation} everywhere"):
        found = real.splits.replicas("late")
        if [each.generation for each in found] == [generation] * workers:
            assert all(each.ready and not each.trouble for each in found)
            return


def sides(replies: list[Reply], generation: int) -> dict[str, set[int]]:
    """Which revisions answered each caller while a generation stood."""
    found: dict[str, set[int]] = {}
    for each in replies:
        if each.generation == generation:
            found.setdefault(each.key, set()).add(each.revision)
    return found


def on(found: dict[str, set[int]], revision: int) -> set[str]:
    """The callers whom this revision answered, and no other did."""
    return {key for key, revisions in found.items() if revisions == {revision}}


def failed(real, log) -> list[Failed]:
    """The failures in the log."""
    records = [record for path in segments(log / "test" / "late") for record in read(path)[0]]
    return [record for record in records if isinstance(record, Failed)]


def counted(real, salt: str) -> dict[tuple[int, int], int]:
    """Requests by generation and revision, as the tallies have them."""
    return {(each.generation, each.revision): each.requests for each in real.splits.tallies("late", salt=salt)}


class TestUnderLoad:
    """Two workers, callers with keys, and each change of the traffic in turn."""

    def test_a_failing_candidate_hurts_its_share_alone_and_a_good_one_nobody(self, standing, real, failing, log):
        """And what the log and the tallies hold is what the callers saw."""
        server = standing(workers=2).ready()
        with Callers(server, ROW) as callers:
            self.play(real, callers)
        assert server.stop() == 0
        assert callers.cut_off == []
        replies = callers.replies
        self.failures(replies, failed(real, log))
        self.good(replies)
        answered = sorted((each.id, each.generation, each.revision) for each in replies if each.status == 200)
        frame = real.predictions("late").collect()
        assert sorted(frame.select("request_id", "generation", "revision").rows()) == answered
        self.tallied(real, replies)
        before = (real.splits.tallies("late", salt="first"), real.splits.tallies("late", salt="second"))
        real.compact("late")
        assert (real.splits.tallies("late", salt="first"), real.splits.tallies("late", salt="second")) == before

    def play(self, real, callers):
        """What a rollout does, without its decisions."""
        callers.around()
        real.splits.open("late", candidate=FAILING, share=0.2, salt="first")  # 2
        self.stands(real, callers, 2)
        real.splits.settle("late", model=CONTROL)  # 3
        self.stands(real, callers, 3)
        for number, share in ((4, 0.2), (5, 0.5)):
            real.splits.open("late", candidate=GOOD, share=share, salt="second")
            self.stands(real, callers, number)
        real.splits.settle("late", model=GOOD)  # 6
        self.stands(real, callers, 6)

    def stands(self, real, callers, generation):
        """Until each caller was answered by it."""
        reach(real, generation, workers=2)
        callers.around()

    def failures(self, replies: list[Reply], logged: list[Failed]):
        """Of the failing candidate alone, each in the log, and only callers of its share met one."""
        seen = [each for each in replies if each.status != 200]
        assert {each.status for each in seen} == {500}
        assert sorted((each.request_id, each.key) for each in logged) == sorted((each.id, each.key) for each in seen)
        assert {(each.generation, each.revision, each.overridden) for each in logged} == {(2, 2, False)}
        hurt, fine = {each.key for each in seen}, set(sides(replies, 2))
        everybody = hurt | fine
        assert hurt == {key for key in everybody if choose([2_000], "first", key, request_id="")}
        assert hurt and hurt.isdisjoint(fine) and len(everybody) == 40

    def good(self, replies: list[Reply]):
        """Each caller has one side within a share, and who was in the canary stays in it."""
        small, large = sides(replies, 4), sides(replies, 5)
        assert all(len(each) == 1 for each in (*small.values(), *large.values()))
        assert on(small, 1) | on(small, 3) == on(large, 1) | on(large, 3) == {each.key for each in replies}
        assert on(small, 3) < on(large, 3)
        assert set(sides(replies, 2)) == on(sides(replies, 2), 1)
        for generation, revision in ((1, 1), (3, 1), (6, 3)):
            assert on(sides(replies, generation), revision) == {each.key for each in replies}

    def tallied(self, real, replies: list[Reply]):
        """One unit a request, on the side that answered or failed it."""
        seen = Counter((each.generation or 2, each.revision or 2) for each in replies)
        assert counted(real, "first") == {side: seen[side] for side in ((2, 1), (2, 2))}
        assert counted(real, "second") == {side: seen[side] for side in ((4, 1), (4, 3), (5, 1), (5, 3))}
        control, candidate = real.splits.tallies("late", salt="first")
        assert (control.failed, candidate.failed) == (0, candidate.requests)


class TestKill:
    """SIGKILL of the whole server in the middle of a split."""

    def test_who_comes_again_is_on_the_same_side_and_everything_is_counted_once(self, standing, real):
        """The callers send what was cut off again, under the same ids, to the server that stands up next."""
        real.splits.open("late", candidate=GOOD, share=0.5, salt="one")
        with Callers(standing(workers=2).ready(2), ROW, callers=24) as callers:
            callers.around()
            callers.server.kill()
            before = len(callers.replies)
            callers.server = standing(workers=2).ready(2)
            callers.around()
        assert callers.cut_off
        assert callers.server.stop() == 0
        first, then = sides(callers.replies[:before], 2), sides(callers.replies[before:], 2)
        assert first == then and all(len(each) == 1 for each in then.values()) and len(then) == 24
        seen = Counter((each.generation, each.revision) for each in callers.replies)
        assert set(seen) == {(2, 1), (2, 2)}
        assert counted(real, "one") == seen
        real.compact("late")
        assert counted(real, "one") == seen


class TestReplicas:
    """What each process says of itself."""

    def test_a_candidate_that_answers_nothing_is_refused_and_every_process_says_why(
        self, standing, real, models, vault, written
    ):
        """Not one caller met it, and the trouble is gone with the split."""
        models.register(samples.spec(vault, written, "boosting", seed=3, package=NEVER))
        assert real.splits.replicas("late") == []
        server = standing(workers=2).ready()
        reach(real, 1, workers=2)
        real.splits.open("late", candidate=FAILING, share=0.9, salt="one")
        for _ in eventually("the trouble of both"):
            found = real.splits.replicas("late")
            if len(found) == 2 and all(each.trouble for each in found):
                break
        assert [(each.worker, each.generation, each.candidate, each.refused) for each in found] == [
            (0, 1, 0, 2),
            (1, 1, 0, 2),
        ]
        assert all(each.ready for each in found) and len({each.server for each in found}) == 1
        assert all("Generation 2 cannot be loaded" in each.trouble for each in found)
        assert all("ZeroDivisionError" in each.trouble for each in found)
        assert {server.predicted(ROW)["revision"] for _ in range(10)} == {1}
        real.splits.settle("late", model=CONTROL)
        reach(real, 3, workers=2)
        assert server.stop() == 0
        assert real.splits.replicas("late") == []

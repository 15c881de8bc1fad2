"""A canary beside its control: who is answered by which, what is logged, what is counted, and both ways out."""

from __future__ import annotations

import msgspec
import pytest

from regrove.errors import Conflict, InvalidInput, Refused
from regrove.refs import new_id
from regrove.serving.edges import GuardEdges
from regrove.serving.generation import read
from tests.serving.doubles import Server, Sum, row

CANDIDATE = "model:late@2"
EDGES = GuardEdges(p95_s=10.0, p99_s=20.0, scores=(1_500.0,))


class Broken(Sum):
    """Cannot answer for hour 13."""

    def predict(self, columns):
        if 13 in columns["hour"]:
            raise ZeroDivisionError
        return super().predict(columns)


@pytest.fixture
def split(server, deployments, declared):
    """Half of the callers are answered by the second version."""
    declared.versions[CANDIDATE] = 2
    declared.versions["model:late@1"] = 1
    deployments.splits.open("late", candidate=CANDIDATE, share=0.5, salt="one", edges=EDGES)
    assert server.watcher.poll()
    return deployments


def revisions(server, count=40):
    """The revision that answers each of so many callers."""
    return [server.predict(row(flight=f"UA{number}")).json["revision"] for number in range(count)]


class TestOpen:
    def test_each_caller_stays_on_its_side(self, split, server):
        """As the share grows nobody leaves the canary, and what answers is what is said to answer."""
        first = revisions(server)
        assert set(first) == {1, 2}
        assert revisions(server) == first
        split.splits.open("late", candidate=CANDIDATE, share=0.9, salt="one", edges=EDGES)
        server.watcher.poll()
        wider = revisions(server)
        assert all(after == 2 for before, after in zip(first, wider, strict=True) if before == 2)
        assert wider.count(2) > first.count(2)
        answered = server.predict(row(flight="UA0")).json
        assert answered["model"] == f"model:late@{answered['revision']}"
        assert answered["predictions"][0]["score"] // 1000 == answered["revision"]

    def test_twice_is_once(self, split, ledger):
        before = ledger.head().position
        again = split.splits.open("late", candidate=CANDIDATE, share=0.5, salt="one", edges=EDGES)
        assert again.number == 2
        assert ledger.head().position == before

    def test_it_is_a_fact_and_can_be_traced(self, split, ledger):
        events = [each for each in ledger.read() if each.type == "deployment.split"]
        assert [each.event.candidates[0].share for each in events] == [5_000]
        assert split.revision("deployment:late@2").revision.model == CANDIDATE

    def test_publishing_what_is_declared_leaves_the_split_alone(self, split):
        """The publisher beside a server looks every second; a canary must survive that. A decision by hand ends it."""
        assert split.publish("late").candidates

    def test_one_that_is_opened_while_another_looks_stays(self, server, deployments, declared, monkeypatch):
        """Whoever publishes what is declared has read the state before the split was there."""
        declared.versions["model:late@1"] = 1
        looked = deployments._wanted

        def meanwhile(name, model=""):
            found = looked(name, model)
            if not deployments.get("late").current.candidates:
                monkeypatch.setattr(deployments, "_wanted", looked)
                deployments.splits.open("late", candidate=CANDIDATE, share=0.5, salt="one", edges=EDGES)
            return found

        monkeypatch.setattr(deployments, "_wanted", meanwhile)
        deployments.publish("late")
        assert deployments.get("late").current.salt == "one"
        assert deployments.start("late").current.salt == "one"

    def test_a_control_that_changes_while_it_is_opened_is_not_brought_back(
        self, server, deployments, declared, monkeypatch
    ):
        declared.versions |= {"model:late@1": 1, "model:late@3": 3}
        looked = deployments.splits._wanted

        def meanwhile(name, model=""):
            monkeypatch.setattr(deployments.splits, "_wanted", looked)
            declared.versions["model:late@champion"] = 3
            deployments.publish("late")
            return looked(name, model)

        monkeypatch.setattr(deployments.splits, "_wanted", meanwhile)
        opened = deployments.splits.open("late", candidate=CANDIDATE, share=0.5, salt="one", edges=EDGES)
        assert (opened.revision.model, opened.arms[1].model) == ("model:late@3", CANDIDATE)

    def test_a_decision_by_hand_ends_it(self, split, declared):
        declared.versions["model:late@champion"] = 3
        published = split.publish("late")
        assert (published.candidates, published.revision.model) == ((), "model:late@3")

    @pytest.mark.parametrize("share", [0.0, 1.0, -1.0, 0.00001])
    def test_no_share(self, server, deployments, share):
        with pytest.raises(InvalidInput, match="share"):
            deployments.splits.open("late", candidate=CANDIDATE, share=share, salt="one")

    def test_an_alias_is_no_candidate(self, server, deployments):
        with pytest.raises(InvalidInput, match="version"):
            deployments.splits.open("late", candidate="model:late@champion", share=0.5, salt="one")

    def test_what_answers_already_is_no_candidate(self, server, deployments, declared):
        declared.versions["model:late@1"] = 1
        with pytest.raises(Refused, match="already"):
            deployments.splits.open("late", candidate="model:late@1", share=0.5, salt="one")

    def test_what_could_not_be_opened_can_be_told_before(self, server, deployments, declared, ledger):
        declared.versions |= {CANDIDATE: 2, "model:late@1": 1}
        before = ledger.head().position
        deployments.splits.check("late", candidate=CANDIDATE)
        with pytest.raises(Refused, match="already"):
            deployments.splits.check("late", candidate="model:late@1")
        with pytest.raises(InvalidInput, match="version"):
            deployments.splits.check("late", candidate="model:late@champion")
        assert ledger.head().position == before

    def test_one_split_at_a_time(self, split):
        with pytest.raises(Conflict, match="split already"):
            split.splits.open("late", candidate=CANDIDATE, share=0.5, salt="two")


class TestLoading:
    def test_a_candidate_that_does_not_load_never_gets_a_caller(self, server, deployments, declared, objects, log):
        """The old generation goes on, whole, and the trouble is seen."""
        declared.versions |= {CANDIDATE: 2, "model:late@1": 1}

        def loader(published):
            if len(published.arms) > 1:
                raise OSError("half a file")
            return (Sum(1000.0),)

        mine = Server(objects, log, loader)
        mine.watcher.poll()
        deployments.splits.open("late", candidate=CANDIDATE, share=0.5, salt="one")
        assert not mine.watcher.poll()
        assert set(revisions(mine)) == {1}
        assert mine.counters.values().named("refused") == 2
        mine.close()

    def test_the_models_of_both_sides_are_published(self, split, objects):
        assert [arm.model for arm in read(objects, "test", "late", 2).arms] == ["model:late@1", CANDIDATE]
        assert read(objects, "test", "late", 1).format == 1
        assert read(objects, "test", "late", 2).format == 2


class TestOverride:
    def test_by_name(self, split, server):
        """Testers choose; what they asked is logged and does not count."""
        for _ in range(3):
            asked = server.ask("POST", "/predict", {"rows": [row()]}, headers=[(b"x-regrove-revision", b"2")])
            assert asked.json["revision"] == 2
        assert sum(each.requests for each in split.splits.tallies("late", salt="one")) == 0
        assert split.predictions("late").collect()["overridden"].to_list() == [True] * 3

    def test_one_that_does_not_answer(self, split, server):
        asked = server.ask("POST", "/predict", {"rows": [row()]}, headers=[(b"x-regrove-revision", b"7")])
        assert asked.status == 404
        assert asked.json["error"]["expected"] == "one of 1, 2"

    def test_no_number(self, split, server):
        asked = server.ask("POST", "/predict", {"rows": [row()]}, headers=[(b"x-regrove-revision", b"new")])
        assert asked.status == 422


class TestTallies:
    def test_each_request_is_counted_once_on_its_side(self, split, server):
        answered = revisions(server, 60)
        server.predict(row(), row(hour=8))  # a batch is one unit
        control, candidate = split.splits.tallies("late", salt="one")
        assert (control.candidate, candidate.candidate) == (False, True)
        assert control.requests + candidate.requests == 61
        assert candidate.requests in (answered.count(2), answered.count(2) + 1)
        assert control.scores == (control.requests, 0, 0)
        assert candidate.scores == (0, candidate.requests, 0)
        assert (control.share, control.slow_p95, control.failed) == (0.5, 0, 0)

    def test_a_caller_who_comes_again_is_one_unit(self, split, server):
        """In all generations together, whatever key it is known by; a request of many is a unit of its own."""
        for number in range(12):
            server.predict(row(flight="UA1"))
            server.predict(row(flight=f"UA{number}"), key="club")
        server.predict(row(flight="UA1"), row(flight="UA2"))
        before = split.splits.tallies("late", salt="one")
        assert sum(each.requests for each in before) == 25
        assert sum(each.units.requests for each in before) == 3
        assert sum(sum(each.units.scores) for each in before) == 3
        split.splits.open("late", candidate=CANDIDATE, share=0.9, salt="one", edges=EDGES)
        server.watcher.poll()
        server.predict(row(flight="UA1"))
        server.predict(row(flight="UA7"))
        later = split.splits.tallies("late", salt="one")
        assert sum(each.requests for each in later) == 27
        assert [each.units.requests for each in later[:2]] == [each.units.requests for each in before]
        assert sum(each.units.requests for each in later) == 4
        server.close()
        split.compact("late")
        assert split.splits.tallies("late", salt="one") == later

    def test_callers_who_come_once_are_their_requests(self, split, server):
        revisions(server, 5)
        assert [each.units for each in split.splits.tallies("late", salt="one")] == [None, None]

    def test_the_same_before_and_after_compaction(self, split, server):
        revisions(server, 30)
        before = split.splits.tallies("late", salt="one")
        server.close()
        split.compact("late")
        assert split.splits.tallies("late", salt="one") == before

    def test_what_a_revision_failed(self, server, deployments, declared, objects, log):
        """Failures are the revision's: a request that is wrong in itself is nobody's, and a failed one is not slow."""
        declared.versions |= {CANDIDATE: 2, "model:late@1": 1}
        mine = Server(objects, log, lambda published: tuple(Broken(1000.0 * arm.number) for arm in published.arms))
        deployments.splits.open("late", candidate=CANDIDATE, share=0.5, salt="one", edges=EDGES)
        mine.watcher.poll()
        identity = new_id()
        assert mine.predict(row(hour=13), id=identity).status >= 500
        assert mine.predict(row(hour=13), id=identity).status >= 500
        assert mine.predict(row(hour="x")).status == 422
        tallies = deployments.splits.tallies("late", salt="one")
        assert [each.failed for each in tallies].count(1) == 1
        assert sum(each.requests for each in tallies) == 1
        assert mine.predict(row(hour=13)).status >= 500
        tallies = deployments.splits.tallies("late", salt="one")
        assert sum(each.requests for each in tallies) == 2
        assert sum(each.units.failed for each in tallies) == 1  # both are of one caller, known by its sticky field
        before = tallies
        mine.close()
        deployments.compact("late")
        assert deployments.splits.tallies("late", salt="one") == before

    def test_slow_requests(self, split, server):
        """Times are held to the edges that were frozen when the split began."""
        split.splits.open(
            "late", candidate=CANDIDATE, share=0.5, salt="one", edges=msgspec.structs.replace(EDGES, p95_s=0.0)
        )
        server.watcher.poll()
        revisions(server, 20)
        tallies = split.splits.tallies("late", salt="one")
        assert sum(each.slow_p95 for each in tallies) == 20
        assert sum(each.slow_p99 for each in tallies) == 0

    def test_no_such_split(self, split):
        assert split.splits.tallies("late", salt="other") == []


class TestEdges:
    def test_frozen_from_the_control(self, server, deployments):
        for number in range(210):
            server.predict(row(hour=number % 24, flight=f"UA{number}"))
        edges = deployments.splits.edges("late")
        assert 0 < edges.p95_s <= edges.p99_s
        assert len(edges.scores) == 9
        assert deployments.splits.edges("late", since=2**62) is None

    def test_too_few(self, server, deployments):
        server.predict(row())
        assert deployments.splits.edges("late") is None


class TestSettle:
    @pytest.mark.parametrize("winner", ["model:late@1", CANDIDATE])
    def test_to_either_side(self, split, server, winner):
        """The winner keeps its number: its predictions before and after are of one revision."""
        published = split.splits.settle("late", model=winner)
        assert (published.candidates, published.revision.model) == ((), winner)
        assert published.revision.number == int(winner[-1])
        assert split.splits.settle("late", model=winner).number == published.number
        server.watcher.poll()
        assert set(revisions(server)) == {published.revision.number}

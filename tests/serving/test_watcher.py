"""Looking for generations and letting them live."""

from __future__ import annotations

import pytest

from regrove.errors import Unavailable
from regrove.serving.counters import Counters
from regrove.serving.generation import key, write
from regrove.serving.watcher import Watcher
from tests.serving.doubles import generation, load


def watcher(objects, loader=load) -> Watcher:
    return Watcher(objects, "test", "late", loader, Counters())


def refusing(*bad: int):
    def loader(published):
        if published.number in bad:
            raise OSError("half a file")
        return load(published)

    return loader


class TestPoll:
    """One look."""

    def test_nothing_is_live_before_something_is_published(self, objects):
        """And then it is, at the next look."""
        watching = watcher(objects)
        assert not watching.poll() and watching.live is None
        write(objects, generation(1))
        assert watching.poll() and watching.live.generation.number == 1
        assert not watching.poll()

    def test_generations_between_are_left_out(self, objects):
        """Only the newest counts."""
        loaded = []
        watching = watcher(objects, lambda published: loaded.append(published.number) or load(published))
        write(objects, generation(1))
        watching.poll()
        for number in (2, 3, 4):
            write(objects, generation(number))
        watching.poll()
        assert loaded == [1, 4] and watching.live.generation.number == 4

    def test_what_answers_is_replaced_whole(self, objects):
        """A request that began before goes on with what it began with."""
        write(objects, generation(1))
        watching = watcher(objects)
        watching.poll()
        before = watching.live
        write(objects, generation(2))
        watching.poll()
        assert before.generation.number == 1 and watching.live is not before

    @pytest.mark.parametrize("damage", ["load", "object", "warm"])
    def test_the_last_good_one_stays_when_the_newest_cannot_live(self, objects, damage):
        """The trouble is told, counted, and over when a good one comes."""
        write(objects, generation(1))
        watching = watcher(objects, refusing(2) if damage == "load" else load)
        watching.poll()
        if damage == "object":
            objects.put_bytes(key("test", "late", 2), b"{")
        else:
            write(objects, generation(2))
        if damage == "warm":
            watching._load = lambda published: _Unpredictable()
        assert not watching.poll()
        assert watching.live.generation.number == 1 and watching.refused == 2
        assert "Generation 2 cannot be loaded" in watching.trouble
        assert watching._counters.values().named("load_failures") == 1
        watching._load = load
        write(objects, generation(3))
        assert watching.poll()
        assert (watching.live.generation.number, watching.refused, watching.trouble) == (3, 0, "")

    def test_a_refused_generation_is_tried_again_but_not_at_every_look(self, objects):
        """It may have been the machine."""
        write(objects, generation(1))
        tries = []

        def loader(published):
            tries.append(published.number)
            if len(tries) == 1:
                raise OSError
            return load(published)

        watching = watcher(objects, loader)
        watching.poll()
        watching.poll()
        assert tries == [1]
        watching._again_at = 0.0
        assert watching.poll() and watching.live.generation.number == 1

    def test_a_fresh_server_falls_back_to_an_earlier_one(self, objects):
        """As the servers do that run already."""
        for number in (1, 2, 3):
            write(objects, generation(number))
        watching = watcher(objects, refusing(2, 3))
        assert watching.poll()
        assert watching.live.generation.number == 1 and watching.refused == 3
        assert "Generation 3" in watching.trouble

    def test_a_stopped_deployment_answers_no_more_until_it_is_started(self, objects):
        """By a generation as any other."""
        watching = watcher(objects)
        for number, state in ((1, "running"), (2, "stopped"), (3, "running")):
            write(objects, generation(number, revision=1, state=state))
            watching.poll()
            assert (watching.live is not None, watching.stopped) == (state == "running", 2 if state == "stopped" else 0)

    def test_an_object_store_that_does_not_answer_changes_nothing(self, objects, monkeypatch):
        """The last good one answers, and the trouble is told."""
        write(objects, generation(1))
        watching = watcher(objects)
        watching.poll()

        def down(_key):
            raise Unavailable("no answer")

        monkeypatch.setattr(objects, "info", down)
        assert not watching.poll()
        assert watching.live is not None and "cannot be asked" in watching.trouble
        monkeypatch.undo()
        assert not watching.poll() and watching.trouble == ""


class _Unpredictable:
    from tests.serving.doubles import OUTPUT as output
    from tests.serving.doubles import REQUEST as request

    target = "boolean"

    def predict(self, columns):
        raise RuntimeError("cannot")

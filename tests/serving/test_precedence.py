"""Requests go before what is loaded beside them."""

from __future__ import annotations

import sys
import threading

import pytest

from regrove.serving.generation import write
from regrove.serving.precedence import Precedence
from tests.serving.doubles import Sum, generation, load, row, served


def work(calls: int) -> int:
    """Something of so many calls."""
    return sum(abs(number) for number in range(calls))


class TestBehind:
    """Work that is held up."""

    def test_it_waits_while_a_request_is_answered_and_goes_on_after_it(self):
        """Each call of the work waits as long as the request is there."""
        waited = []

        def nap(_: float) -> None:
            waited.append(first.answering)
            if len(waited) == 7:
                first.__exit__()  # the other thread has answered

        first = Precedence(nap)
        first.__enter__()
        with first.behind():
            assert work(1_000) == 499_500
        assert waited == [True] * 7

    def test_with_nothing_to_answer_it_does_not_wait(self):
        """Nor does a request wait for anything."""
        waited = []
        first = Precedence(waited.append)
        with first.behind():
            work(100)
        with first:
            work(100)
        assert not waited and not first.answering

    def test_a_server_that_always_answers_holds_it_up_for_so_long_and_no_longer(self):
        """Otherwise a candidate would never be loaded where it is needed most."""
        waited = []
        with (first := Precedence(waited.append)), first.behind(patience_s=0.02):
            work(1_000)
        assert sum(waited) == pytest.approx(0.02)

    def test_a_request_that_waits_for_a_lock_of_the_work_gets_it(self):
        """Of a module that both import, for one; the next request holds the work up again."""
        waited = []
        first = Precedence(waited.append)
        lock, there, answered = threading.Lock(), threading.Event(), threading.Event()

        def request() -> None:
            with first:
                there.set()
                with lock:
                    answered.set()

        with first.behind():
            with lock:
                asking = threading.Thread(target=request)
                asking.start()
                there.wait()
                work(1_000)
                assert sum(waited) == pytest.approx(0.1) and not answered.is_set()
            asking.join()
            waited.clear()
            with first:
                work(50)
            assert len(waited) >= 50
        assert answered.is_set()

    def test_a_request_that_fails_is_over(self):
        """What is loaded goes on."""
        first = Precedence()
        with pytest.raises(OSError, match="away"), first:
            raise OSError("gone away")
        assert not first.answering

    def test_work_that_fails_leaves_the_thread_as_it_was(self):
        """Nothing is held up after it."""
        with pytest.raises(OSError, match="half"), Precedence().behind():
            raise OSError("half a file")
        assert sys.getprofile() is None

    def test_who_profiles_the_thread_goes_on_to(self):
        """One profiler is all that a thread can have."""
        seen, waited = [], []
        sys.setprofile(lambda _frame, event, _argument: seen.append(event))
        try:
            with (first := Precedence(waited.append)), first.behind():
                work(10)
                assert sys.getprofile() is not None
        finally:
            sys.setprofile(None)
        assert seen.count("c_call") >= 10 and not waited


class TestServer:
    """A server's requests and its models."""

    def test_the_first_model_is_loaded_as_fast_as_it_goes_and_the_next_behind_the_requests(self, objects, tmp_path):
        """While nothing answers there is nobody to wait for."""
        held_up = []

        def loader(published):
            held_up.append(sys.getprofile() is not None)
            return load(published)

        server = served(objects, tmp_path, loader=loader)
        write(objects, generation(2))
        assert server.watcher.poll() and held_up == [False, True] and sys.getprofile() is None
        server.close()

    def test_a_request_is_known_while_it_is_answered(self, objects, tmp_path):
        """And no longer, whether it was answered or refused."""
        server = served(objects, tmp_path)
        seen = []

        class Looking(Sum):
            def predict(self, columns):
                seen.append(server.watcher.precedence.answering)
                return super().predict(columns)

        server.watcher.live.model = Looking()
        assert server.predict(row()).status == 200
        assert seen == [True] and not server.watcher.precedence.answering
        assert server.predict({"hour": "one"}).status == 422 and not server.watcher.precedence.answering
        server.close()

"""The queue of writers beside a SQLite file."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest

from regrove.errors import Unavailable
from regrove.storage.turn import Turnstile


class TestTurnstile:
    """One at a time, and none for ever."""

    def test_threads_take_turns(self, tmp_path):
        """No two are inside at once."""
        turnstile = Turnstile(str(tmp_path / "x"), 60)
        inside, most, done = 0, 0, 0
        lock = threading.Lock()

        def work():
            nonlocal inside, most, done
            for _ in range(20):
                with turnstile.turn():
                    with lock:
                        inside += 1
                        most = max(most, inside)
                    with lock:
                        inside -= 1
                        done += 1

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert (most, done) == (1, 80)

    def test_a_turn_that_does_not_come_is_told(self, tmp_path):
        """Also while another waits before it; then the place is free again."""
        holder, hurried = Turnstile(str(tmp_path / "x"), 60), Turnstile(str(tmp_path / "x"), 0.02)
        with holder.turn():
            for _ in range(2):
                with pytest.raises(Unavailable, match="a turn within 0.02 s"), hurried.turn():
                    pass
        with hurried.turn():
            pass

    def test_a_turn_ends_with_its_block_whatever_happens(self, tmp_path):
        """An exception gives it back."""
        turnstile = Turnstile(str(tmp_path / "x"), 0.02)
        with pytest.raises(ValueError), turnstile.turn():
            raise ValueError
        with turnstile.turn():
            pass

    def test_a_killed_holder_holds_nothing(self, tmp_path):
        """The kernel gives its turn to the next."""
        code = (
            "import os, sys; from regrove.storage.turn import Turnstile\n"
            "with Turnstile(sys.argv[1], 60).turn(): os.kill(os.getpid(), 9)\n"
        )
        path = str(tmp_path / "x")
        assert subprocess.run([sys.executable, "-c", code, path], check=False).returncode == -9
        with Turnstile(path, 0.02).turn():
            pass

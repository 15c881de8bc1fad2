"""Status files: who serves on this machine."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from regrove.errors import InvalidInput
from regrove.serving.status import Announcement, running

_SERVER = """
import sys, time
from pathlib import Path
from regrove.serving.status import Announcement
with Announcement(Path(sys.argv[1]), "late") as announcement:
    announcement.tell("http://127.0.0.1:1")
    print(announcement.path.name, flush=True)
    sys.stdin.read()
"""


class TestRunning:
    """The servers of a deployment."""

    def test_each_server_is_there_as_long_as_it_lives(self, tmp_path):
        """The end of one takes nothing of the other away."""
        with Announcement(tmp_path, "late") as first:
            first.tell("http://one")
            with Announcement(tmp_path, "late") as second:
                second.tell("http://two")
                assert [each.url for each in running(tmp_path, "late")] == ["http://two", "http://one"]
                assert {each.pid for each in running(tmp_path, "late")} == {os.getpid()}
            assert [each.url for each in running(tmp_path, "late")] == ["http://one"]
        assert running(tmp_path, "late") == [] and list(tmp_path.iterdir()) == []

    def test_what_a_killed_server_left_is_removed(self, tmp_path):
        """It speaks of nobody, whoever has its number by now."""
        server = subprocess.Popen(
            [sys.executable, "-c", _SERVER, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        name = server.stdout.readline().strip()
        assert [each.pid for each in running(tmp_path, "late")] == [server.pid]
        server.send_signal(signal.SIGKILL)
        server.wait()
        server.stdin.close(), server.stdout.close()
        assert (tmp_path / name).exists()
        assert running(tmp_path, "late") == [] and not (tmp_path / name).exists()

    def test_deployments_are_told_apart(self, tmp_path):
        """Also those whose names begin alike, with dots in them."""
        with Announcement(tmp_path, "late.1") as other:
            other.tell("http://other")
            assert running(tmp_path, "late") == []
            assert [each.url for each in running(tmp_path, "late.1")] == ["http://other"]

    def test_a_server_that_never_listened_leaves_nothing(self, tmp_path):
        """And a name that is none is refused."""
        with Announcement(tmp_path, "late"):
            pass
        assert list(tmp_path.iterdir()) == []
        with pytest.raises(InvalidInput):
            Announcement(tmp_path, "../late")

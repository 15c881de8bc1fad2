"""A server of its own for a candidate."""

from __future__ import annotations

import json
import subprocess
import urllib.request

import pytest

import regrove.gates.process as process
from regrove.errors import Unavailable
from tests.gates.world import drawn


@pytest.fixture
def started(monkeypatch):
    """Every process that is begun."""
    begun: list[subprocess.Popen[bytes]] = []
    plain = subprocess.Popen

    def popen(*args, **options):
        begun.append(plain(*args, **options))
        return begun[-1]

    monkeypatch.setattr(process.subprocess, "Popen", popen)
    return begun


class TestServing:
    """From a version to an address, and to nothing again."""

    def test_it_answers_as_the_version_does_and_ends_with_the_block(self, world, tmp_path, started):
        """Over HTTP, from private copies of its objects."""
        version = world.models.get(world.version("xz"))
        row = {"x": 0.5, "z": -1.0, "kind": "p", "key": "k", "seen": "2013-03-01T00:00:00Z"}
        with process.serving(version, world.vault, tmp_path / "private") as address:
            url = address()
            assert url.startswith("http://127.0.0.1:")
            asked = urllib.request.Request(f"{url}/predict", json.dumps({"rows": [row]}).encode(), method="POST")
            with urllib.request.urlopen(asked) as answer:
                said = json.load(answer)
        frame = drawn(0, 1)[:1].select(
            x="request.x", z="request.z", kind="request.kind", key="request.key", seen="request.seen"
        )
        frame = frame.with_columns(x=0.5, z=-1.0)
        expected = world.models.load(version.ref).predict_frame(frame)["score"][0]
        assert (said["model"], said["predictions"][0]["score"]) == (version.ref, pytest.approx(expected, abs=1e-12))
        assert started[0].poll() is not None
        assert not [each for each in world.objects.list("deployments/")]

    def test_one_that_does_not_come_up_is_told_and_leaves_no_process(self, world, tmp_path, started, monkeypatch):
        """With no patience at all, none does."""
        monkeypatch.setattr(process, "_PATIENCE_S", 0.0)
        version = world.models.get(world.version("xz"))
        with (
            pytest.raises(Unavailable, match="did not come up") as caught,
            process.serving(version, world.vault, tmp_path) as address,
        ):
            address()
        assert caught.value.mend
        assert started[0].poll() is not None

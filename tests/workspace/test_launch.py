"""What playbooks do through the rooms of a workspace: rollouts and notices, with real rooms."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from regrove.errors import Refused, Unavailable
from regrove.playbooks import Judged, Playbooks, Retrained
from regrove.settings import EgressPolicy
from regrove.workspace.launch import Launch
from tests.playbooks.doubles import Declared, Rooms
from tests.playbooks.facts import fire
from tests.rollouts.world import MODEL, World


class Acting(Rooms):
    """Training and judging are told; rolling out is real."""

    def __init__(self, world: World, launch: Launch) -> None:
        super().__init__()
        self._world = world
        self.rollout = launch.rollout  # type: ignore[method-assign]  # the real thing
        self.rollout_state = launch.rollout_state  # type: ignore[method-assign]  # the real thing

    def _train(self, model: str) -> Retrained:
        return Retrained(run="run:" + "7" * 32, model=f"model:{MODEL}@2", reason="It learned from dataset:trips@2.")

    def _judge(self, candidate: str) -> Judged:
        return Judged(ref=self._world.report(candidate), verdict="PROMOTE", reason="better")


@pytest.fixture
def world(database: Any, objects: Any, vault: Any, ledger: Any, clock: Any, tmp_path: Path, acting: None) -> World:
    """A deployment that runs with version 1 of a model that has three."""
    made = World(database, objects, vault, ledger, clock, tmp_path).settle()
    made.policy(phases=("50%", "100%"), minimum_stay="1d", minimum_requests=100)
    return made


@pytest.fixture
def playbooks(world: World) -> Any:
    """A playbook that retrains, over the rooms of the world."""
    workspace: Any = SimpleNamespace(rollouts=world.rollouts, ledger=world.ledger)
    declared = Declared(retrain={"on": "alert.fired", "do": ["retrain", "gate", "rollout"]})
    declared.deployments = {"late": f"{MODEL}@champion"}
    actions = Acting(world, Launch(workspace))
    service = Playbooks(world.database, world.ledger, world.clock, declarations=declared, actions=actions)
    service.tick()
    fire(world.ledger, world.database, model=f"model:{MODEL}@1")
    for _ in range(4):
        service.tick()
    return service


class TestRollout:
    """From a passed gate to the outcome."""

    def test_no_harm_ends_in_a_promotion(self, playbooks: Any, world: World) -> None:
        """Phase by phase; the rollout is done because of the alert, by the playbook."""
        loop = playbooks.loop("last")
        assert (loop.present.action, world.rollout.cause, world.rollout.actor) == (
            "rollout",
            loop.cause,
            "playbook:retrain",
        )
        world.live_through(days=3)
        playbooks.tick()
        loop = playbooks.loop("last")
        assert (loop.state, loop.outcome, world.champion()) == ("finished", "promoted", 2)
        assert loop.reason == world.rollout.reason

    def test_harm_ends_in_an_abort(self, playbooks: Any, world: World) -> None:
        """The champion stays, and the loop says why."""
        world.live_through(days=1, failing=400)
        playbooks.tick()
        loop = playbooks.loop("last")
        assert (loop.outcome, world.champion()) == ("aborted", 1)
        assert loop.reason == world.rollout.reason


class Hook(http.server.BaseHTTPRequestHandler):
    """A webhook on this machine, which answers what it is told to."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.heard.append((self.headers["idempotency-key"], json.loads(body)))  # type: ignore[attr-defined]
        self.send_response(self.server.status)  # type: ignore[attr-defined]
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Nothing on the test's output."""


@pytest.fixture
def hook() -> Iterator[Any]:
    """A webhook that listens."""
    server: Any = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    server.heard, server.status = [], 200
    server.url = f"http://127.0.0.1:{server.server_port}/hook"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


class TestNotify:
    """Through the one way out."""

    def launch(self, root: Path, **policy: Any) -> Launch:
        settings = SimpleNamespace(egress=EgressPolicy(**policy))
        workspace: Any = SimpleNamespace(root=root, settings=settings)
        return Launch(workspace)

    def test_a_host_that_is_allowed_is_told_with_the_key(self, hook: Any, tmp_path: Path) -> None:
        """At the address, or at the one that a secret holds."""
        (tmp_path / "hook.txt").write_text(hook.url)
        launch = self.launch(tmp_path, loopback=True, allow=(f"127.0.0.1:{hook.server_port}",))
        for webhook in (hook.url, "file:hook.txt"):
            launch.notify(webhook, {"text": "late was promoted"}, key="loop.4")
        assert hook.heard == [("loop.4", {"text": "late was promoted"})] * 2

    @pytest.mark.parametrize("webhook", ["https://10.0.0.1/x", "https://example.org/x", "http://127.0.0.1:1/x"])
    def test_nothing_is_sent_where_the_settings_do_not_say_so(self, tmp_path: Path, webhook: str) -> None:
        """A declaration cannot widen the list."""
        with pytest.raises(Refused):
            self.launch(tmp_path).notify(webhook, {}, key="x")

    @pytest.mark.parametrize(("status", "error"), [(503, Unavailable), (404, Refused)])
    def test_an_answer_that_is_not_good_is_an_error(self, hook: Any, tmp_path: Path, status: int, error: Any) -> None:
        """One that may be better later is tried again; the others are not."""
        hook.status = status
        launch = self.launch(tmp_path, loopback=True, allow=(f"127.0.0.1:{hook.server_port}",))
        with pytest.raises(error, match=str(status)):
            launch.notify(hook.url, {}, key="x")

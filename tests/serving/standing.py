"""Real servers for tests: a process that calls `serve`, and a client with a connection that stays open."""

from __future__ import annotations

import contextlib
import http.client
import itertools
import json
import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

PATIENCE_S = 120.0


class Standing:
    """A server in processes of its own."""

    def __init__(self, objects: Path, log: Path, *, deployment: str = "late", workers: int = 1, **more: Any) -> None:
        arguments = {
            "objects": str(objects), "deployment": deployment, "project": "test", "log_dir": str(log),
            "workers": workers, "port": 0, "poll_s": 0.05, **more,
        }  # fmt: skip
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.serving.standing", json.dumps(arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE if more.get("quiet") else None,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError(f"the server did not start: {self.process.wait()}")
        self.url = urlsplit(line.strip())

    def client(self) -> Client:
        return Client(self.url.hostname, self.url.port)

    def ready(self, generation: int = 1) -> Standing:
        """Wait until a generation answers."""
        for _ in eventually(f"generation {generation}"):
            with contextlib.suppress(OSError, http.client.HTTPException), contextlib.closing(self.client()) as client:
                told = client.ask("GET", "/readyz")
                if told.status == 200 and told.json["generation"] >= generation:
                    return self
        raise AssertionError

    def predicted(self, *rows: dict[str, Any]) -> Any:
        """What one request on a connection of its own is answered."""
        with contextlib.closing(self.client()) as client:
            return client.predict(*rows).json

    def workers(self) -> list[int]:
        """The process ids of its workers."""
        return [
            int(each) for each in Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        ]

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.wait()

    def kill(self) -> None:
        """End the parent and all workers in the middle of whatever they do."""
        for each in (self.process.pid, *self.workers()):
            with contextlib.suppress(ProcessLookupError):
                os.kill(each, signal.SIGKILL)
        self.wait()

    def wait(self) -> int:
        code = self.process.wait(PATIENCE_S)
        self.process.stdout.close()
        return code


class Answer:
    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Client:
    """One connection that stays open."""

    def __init__(self, host: str, port: int) -> None:
        self.connection = http.client.HTTPConnection(host, port, timeout=60)

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        data = json.dumps(body).encode() if isinstance(body, dict) else body
        self.connection.request(method, path, data, headers)
        return Answer(self.connection.getresponse())

    def predict(self, *rows: dict[str, Any], **more: Any) -> Answer:
        return self.ask("POST", "/predict", {"rows": list(rows), **more})

    def close(self) -> None:
        self.connection.close()


class Load:
    """Clients that ask without a pause, each on its connection, until told to stop; failures are kept, not raised."""

    def __init__(
        self, server: Standing, rows: list[dict[str, Any]], *, clients: int = 4, reconnect: bool = False
    ) -> None:
        self.acknowledged: list[tuple[str, int]] = []
        """Request id and generation of every answer."""
        self.labelled: list[str] = []
        """Predictions whose label was accepted."""
        self.failures: list[str] = []
        self._server, self._rows, self._reconnect = server, rows, reconnect
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._run) for _ in range(clients)]

    def __enter__(self) -> Load:
        for each in self._threads:
            each.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for each in self._threads:
            each.join()

    def until(self, answers: int) -> None:
        """Wait for so many answers in all."""
        for _ in eventually(f"{answers} answers"):
            if len(self.acknowledged) >= answers:
                return

    def _run(self) -> None:
        client = self._server.client()
        while not self._over.is_set():
            try:
                answer = client.predict(*self._rows)
                if answer.status != 200:
                    self.failures.append(f"{answer.status} {answer.body!r}")
                    continue
                told = answer.json
                self.acknowledged.append((told["id"], told["generation"]))
                label = {"id": told["predictions"][0]["id"], "value": True}
                if client.ask("POST", "/feedback", {"labels": [label]}).status == 200:
                    self.labelled.append(told["id"])
            except (OSError, http.client.HTTPException) as error:
                self.failures.append(repr(error))
                client.close()
                if not self._reconnect:
                    return
                client = self._server.client()
        client.close()


class Reply(NamedTuple):
    """How a request of a known caller ended."""

    id: str
    key: str
    status: int
    generation: int = 0
    revision: int = 0


class Callers:
    """Callers with keys who ask without a pause, a few of them on each of a few connections, until told to stop.

    A connection is given up now and then, so that each caller meets every worker. A request that was cut off is sent
    again under its id, to whatever server stands then, until it is answered.
    """

    def __init__(self, server: Standing, row: dict[str, Any], *, callers: int = 40, connections: int = 4) -> None:
        self.server = server
        """Whom they ask from now on."""
        self.replies: list[Reply] = []
        self.cut_off: list[str] = []
        """Requests that got no answer when they were first sent."""
        self._row = row
        self._over = threading.Event()
        self.keys = [f"caller-{number}" for number in range(callers)]
        parts = [self.keys[start::connections] for start in range(connections)]
        self._threads = [threading.Thread(target=self._run, args=(part,)) for part in parts]

    def __enter__(self) -> Callers:
        for each in self._threads:
            each.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for each in self._threads:
            each.join()

    def around(self) -> None:
        """Wait until each caller has asked anew and was answered: two more replies, of which one may be older."""
        before = self._replies()
        for _ in eventually("two more replies to each caller"):
            now = self._replies()
            if all(now[key] >= before[key] + 2 for key in self.keys):
                return

    def _replies(self) -> Counter[str]:
        return Counter(each.key for each in list(self.replies))

    def _run(self, keys: list[str]) -> None:
        client = self.server.client()
        for count, key in enumerate(itertools.cycle(keys)):
            if self._over.is_set():
                break
            if count % 25 == 24:
                client.close()
                client = self.server.client()
            client = self._ask(client, key)
        client.close()

    def _ask(self, client: Client, key: str) -> Client:
        """One request until it is answered; the connection that it was answered on."""
        identity = uuid.uuid4().hex
        while True:
            try:
                answer = client.predict(self._row, id=identity, key=key)
            except (OSError, http.client.HTTPException):
                self.cut_off.append(identity)
                client.close()
                if self._over.wait(0.02):
                    return client
                client = self.server.client()
                continue
            told = answer.json
            self.replies.append(Reply(identity, key, answer.status, told.get("generation", 0), told.get("revision", 0)))
            return client


def eventually(what: str):
    """Turns of a loop that waits for something another process does; fails when it never comes."""
    until = time.monotonic() + PATIENCE_S
    pause = threading.Event()
    while time.monotonic() < until:
        yield
        pause.wait(0.01)
    raise AssertionError(f"{what} never came")


def gone(pid: int) -> bool:
    """Whether a process has ended (a zombie has)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def main() -> None:
    from regrove.serving import serve

    serve(**json.loads(sys.argv[1]), started=lambda url: print(url, flush=True))


if __name__ == "__main__":
    main()

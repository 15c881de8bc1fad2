"""Playing a script to a server that listens: in order, on one line, and the clock turns after what was acknowledged."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from regrove.clock import parse
from regrove.errors import InvalidInput, Unavailable
from regrove.serving.replay import Played, Replay
from tests.serving.replay.test_script import END, rows, script


class Server:
    """Answers as it is told, and keeps what it heard."""

    def __init__(self, answer=lambda _path, _count: (200, b"{}")):
        self.heard: list[tuple[str, str, dict]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # or head and body of an answer wait for each other

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                outer.heard.append((self.path, self.headers["x-regrove-at"], body))
                status, answered = answer(self.path, len(outer.heard))
                self.send_response(status)
                self.send_header("content-length", str(len(answered)))
                self.end_headers()
                self.wfile.write(answered)

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()


def play(server, turn=lambda _: None, **options) -> Played:
    total = None
    with Replay(server.url, turn) as replay:
        for each in replay.play(script(rows(200, 1), **options), begin=0, until=END):
            total = each if total is None else total.plus(each)
    return total


def test_requests_and_labels_in_the_order_of_time():
    turned: list[int] = []
    with Server() as server:
        played = play(server, turned.append, batch=20, singles=3)
    assert played.predictions == 200
    assert played.labels == sum(len(body["labels"]) for path, _, body in server.heard if path == "/feedback")
    assert turned == sorted(turned)
    assert played.end == turned[-1]
    times = [parse(at) for path, at, _ in server.heard if path == "/predict"]
    assert times == sorted(times)
    assert {len(body["rows"]) == 1 for path, _, body in server.heard if path == "/predict"} == {True, False}


def test_the_clock_stands_still_when_the_server_dies():
    """What was not acknowledged is sent again, so the clock must not have passed it."""
    turned: list[int] = []

    def answer(_path, count):
        if count == 12:
            raise ConnectionAbortedError
        return 200, b"{}"

    with Server(answer) as server:
        play(server, turned.append, batch=20)  # one dropped line is opened again
    assert len([body for path, _, body in server.heard if path == "/predict"]) > len(
        {body["id"] for path, _, body in server.heard if path == "/predict"}
    )
    stopped: list[int] = []
    with pytest.raises(Unavailable, match="cannot be reached"):
        play(Gone(server.url), stopped.append)
    assert stopped == []


class Gone:
    def __init__(self, url):
        self.url = url


def test_failures_of_a_model_are_counted():
    with Server(lambda path, count: (500, b"{}") if path == "/predict" and count == 1 else (200, b"{}")) as server:
        played = play(server, batch=50)
    assert played.failed == 1
    assert played.predictions < 200


def test_what_is_refused_is_told_in_the_words_of_the_server():
    said = {"error": {"code": "invalid-input", "happened": "Row 0 lacks 'x'", "mend": "send it"}}
    with (
        Server(lambda _path, _count: (422, json.dumps(said).encode())) as server,
        pytest.raises(InvalidInput, match="Row 0 lacks 'x'") as caught,
    ):
        play(server)
    assert caught.value.mend == "send it"


def test_an_address_that_is_none():
    with pytest.raises(InvalidInput, match="no address"):
        Replay("ftp://x", lambda _: None)

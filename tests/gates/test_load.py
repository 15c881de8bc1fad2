"""A steady rate, whatever the server does."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from regrove.gates.load import paced


class Stub(BaseHTTPRequestHandler):
    """Answers 200, and 503 to what it is told to; may hold the first eight up until all of them are there."""

    protocol_version = "HTTP/1.1"
    stall: threading.Barrier | None = None
    seen: list[bytes] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        Stub.seen.append(body)
        if Stub.stall is not None and len(Stub.seen) <= Stub.stall.parties:
            Stub.stall.wait(30)
        status = 503 if body == b"bad" else 200
        self.send_response(status)
        self.send_header("Content-Length", "4")
        self.end_headers()
        self.wfile.write(b"said")

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def url() -> Iterator[str]:
    Stub.stall = None
    Stub.seen.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Stub) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


class TestPaced:
    """What is sent, and what is counted."""

    def test_every_body_is_sent_in_turn_and_each_request_counted(self, url):
        """As many as were asked for."""
        taken = paced(url, [b"a", b"b"], rate=2000.0, count=10)
        assert sorted(Stub.seen) == [b"a"] * 5 + [b"b"] * 5
        assert (len(taken.seconds), taken.failed, taken.first_failure) == (10, 0, "")
        assert all(each > 0 for each in taken.seconds)

    def test_a_failure_is_told(self, url):
        """With what was answered; it counts among the requests."""
        taken = paced(url, [b"bad", b"good"], rate=2000.0, count=6)
        assert (taken.failed, len(taken.seconds)) == (3, 6)
        assert taken.first_failure == "503: said"

    def test_nobody_there_fails_every_request(self):
        """And nothing hangs."""
        taken = paced("http://127.0.0.1:9", [b"a"], rate=2000.0, count=5)
        assert taken.failed == 5
        assert "Error" in taken.first_failure

    def test_requests_that_a_stalled_server_kept_from_being_sent_count_their_waiting(self, url):
        """All are due at once and eight can be sent; each other one is as late as the first answer, and more."""
        Stub.stall = threading.Barrier(8)
        taken = paced(url, [b"a"], rate=1e6, count=30)
        assert taken.failed == 0
        first = min(taken.seconds[:8])
        assert all(each >= first - 30 / 1e6 for each in taken.seconds[8:])

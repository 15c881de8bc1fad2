"""``predict`` against what people give it and whom they ask."""

from __future__ import annotations

import os
import pty
import shlex
import shutil
import socketserver
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from regrove.cli.predict import _answered, _ask, _body, _said
from regrove.errors import Conflict, InvalidInput, RegroveError, Unavailable
from tests.journeys.shell import Shell


class TestBody:
    """What is sent."""

    @pytest.mark.parametrize(
        ("text", "says"),
        [
            ('{"rows": [{"a": 1}, {"a": NaN}]}', "Row 1: field 'a' is not finite"),
            ('[{"a": 1}, {"a": 1e999}]', "Row 1: field 'a' is not finite"),
            ('[{"a": 1, "a": 2}]', "Row 0: field 'a' stands twice"),
            ('{"rows": [], "kye": "x"}', "form of a request"),
            ("[" * 100_000, "nested too deeply"),
            ("{", "is not JSON"),
            ("", "is not JSON"),
            ("[]", "number of rows"),
            ("7", "form of a request"),
        ],
    )
    def test_what_the_server_would_refuse_is_refused_before_it_is_asked(
        self, tmp_path: Path, text: str, says: str
    ) -> None:
        """By the name of the file, with what mends it."""
        file = tmp_path / "rows.json"
        file.write_text(text)
        with pytest.raises(InvalidInput, match=says) as caught:
            _body(file)
        assert str(file) in caught.value.happened and caught.value.expected and caught.value.mend

    def test_a_list_of_rows_is_a_request(self, tmp_path: Path) -> None:
        """And a request is sent as it stands."""
        file = tmp_path / "rows.json"
        for text, sent in (('[{"a": 1.50}]', b'{"rows":[{"a": 1.50}]}'), ('{"rows": [{}]}', b'{"rows": [{}]}')):
            file.write_text(text)
            assert _body(file) == sent

    def test_bytes_that_are_no_text_are_refused(self, tmp_path: Path) -> None:
        """As no JSON."""
        file = tmp_path / "rows.json"
        file.write_bytes(b'[{"a":"\xff"}]')
        with pytest.raises(InvalidInput, match="is not JSON"):
            _body(file)


@pytest.fixture
def stranger() -> Iterator[tuple[str, dict[str, object]]]:
    """A server of something else, with what it answers next."""
    says: dict[str, object] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            if "raw" in says:
                self.wfile.write(says["raw"])
                return
            self.send_response(says.get("status", 200))
            self.end_headers()
            self.wfile.write(says["body"])

        def log_message(self, *_: object) -> None:
            pass

    with socketserver.TCPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}", says
        server.shutdown()
        thread.join()


class TestAsk:
    """Whom it asks."""

    @pytest.mark.parametrize(
        "says",
        [
            {"body": b"hello"},
            {"body": b'{"x":1}'},
            {"body": b"[]"},
            {"body": b'{"model":"m","revision":1,"predictions":[]}'},
            {"body": b'{"model":"m","revision":1,"predictions":[{"score":1}]}'},
            {"body": b"\xff" * 9},
            {"body": b"[" * 100_000},
            {"status": 404, "body": b"<html>"},
            {"status": 500, "body": b'{"error":"no"}'},
            {"raw": b"SSH-2.0-OpenSSH\r\n"},
        ],
    )
    def test_what_is_no_server_of_a_deployment_is_told_as_such(
        self, stranger: tuple[str, dict[str, object]], says: dict[str, object]
    ) -> None:
        """With the start of what it answered."""
        url, answers = stranger
        answers.update(says)
        with pytest.raises(InvalidInput, match="no server of a deployment") as caught:
            _ask(url, b"{}")
        assert caught.value.received and "--url" in caught.value.mend

    def test_nobody_there_is_worth_another_try(self) -> None:
        """For --wait."""
        with pytest.raises(Unavailable):
            _ask("http://127.0.0.1:1", b"{}")

    @pytest.mark.parametrize(
        ("status", "kind"), [(422, InvalidInput), (409, Conflict), (500, RegroveError), (503, Unavailable)]
    )
    def test_the_server_s_own_error_is_told_in_its_words(self, status: int, kind: type[RegroveError]) -> None:
        """As the error that it stands for."""
        error = _said("http://x", status, b'{"error":{"code":"c","happened":"It broke","mend":"glue"}}')
        assert type(error) is kind and (error.happened, error.mend) == ("It broke", "glue")

    def test_an_answer_is_handed_on(self) -> None:
        """Whole."""
        assert _answered("http://x", b'{"model":"m","revision":1,"predictions":[{"id":"a"}]}')["model"] == "m"


@pytest.fixture(scope="module")
def shop(champion_shop: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new project with a champion."""
    return shutil.copytree(champion_shop, tmp_path_factory.mktemp("predict") / "shop")


def test_at_a_terminal_it_asks_for_a_file_and_waits_for_nothing(shop: Path) -> None:
    """Rows from a pipe are read."""
    with Shell(shop) as shell:
        ours, theirs = pty.openpty()
        asked = subprocess.run(
            ["bash", "-c", "regrove predict"],
            cwd=shop, env=shell.environment, stdin=theirs, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        os.close(ours), os.close(theirs)
        assert asked.returncode == 2 and "regrove predict --from sample.json" in asked.stderr
        assert "No server of deployment:returns" in shell.run("cat sample.json | regrove predict", expect=7)
        assert "standard input is not JSON" in shell.run("echo x | regrove predict", expect=2)


def test_the_end_of_one_server_leaves_the_other_to_be_found(shop: Path) -> None:
    """Each says for itself where it listens."""
    with Shell(shop) as shell:
        first, _ = shell.start("regrove serve --port 0", until="^It is ready")
        second, _ = shell.start("regrove serve --port 0", until="^It is ready")
        second.terminate()
        second.communicate(timeout=60)
        said = shell.run("regrove predict --from sample.json")
        assert "model:returns@1 answered" in said
        log = shell.run(f"regrove trace {shlex.quote(said.split()[-1])}")
        assert "o04001" in log and "key" in log  # the identity that the request carries is its key
        first.terminate()
        first.communicate(timeout=60)
        shell.run("regrove predict --from sample.json", expect=7)

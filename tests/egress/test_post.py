"""A message arrives at the host that was meant, once, or an error says why not; nothing secret is told."""

from __future__ import annotations

import json
import socket
import ssl
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regrove.egress import Answer, Egress, EgressPolicy
from regrove.errors import InvalidInput, NotFound, Refused, RegroveError, Unavailable
from regrove.settings import Secret
from tests.egress.standing import OK, Script, answering, certified, flooding, standing, trickling, waits

LOCAL = EgressPolicy(allow=("127.0.0.1", "localhost"), loopback=True)
NAMED = EgressPolicy(allow=("hooks.example.com",))
PUBLIC = "93.184.216.34"


def posted(script: Script, payload: Any = None, **given: Any) -> tuple[Answer, bytes]:
    """What a server on this machine answered, and what it was sent."""
    with standing(script) as server:
        answer = Egress(LOCAL).post_json(server.url, payload, **given)
    return answer, server.requests[0]


def refused(script: Script, **given: Any) -> RegroveError:
    """The error that a server's behaviour leads to."""
    with standing(script) as server, pytest.raises(RegroveError) as caught:
        Egress(LOCAL).post_json(f"{server.url}/hunter2", {"a": "hunter3"}, **given)
    assert "hunter" not in str(caught.value)
    return caught.value


class TestPostJson:
    def test_a_message_arrives_whole(self) -> None:
        """Canonical JSON, its length, its key, and no more headers than needed."""
        payload = {"text": "ü" * 100_000, "n": [1, 2.5, None]}
        answer, request = posted(answering(OK), payload, key="alert-0190")
        head, _, body = request.partition(b"\r\n\r\n")
        assert answer == Answer(200, b"ok", whole=True) and answer.ok
        assert json.loads(body) == payload
        lines = head.decode().split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines[1:])
        assert lines[0] == "POST /hook HTTP/1.1" and headers["Idempotency-Key"] == "alert-0190"
        assert set(headers) == {
            *("Host", "User-Agent", "Content-Type", "Accept", "Connection", "Idempotency-Key", "Content-Length")
        }
        assert headers["Host"].startswith("127.0.0.1:") and headers["Content-Type"] == "application/json"

    @pytest.mark.parametrize(
        ("status", "ok", "later"),
        [(200, True, False), (204, True, False), (400, False, False), (404, False, False), (429, False, True)]
        + [(500, False, True), (503, False, True)],
    )
    def test_a_status_is_an_answer(self, status: int, ok: bool, later: bool) -> None:
        """Whether it was taken, and whether it makes sense to send it again."""
        answer, _ = posted(answering(f"HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n".encode()))
        assert (answer.status, answer.ok, answer.later) == (status, ok, later)

    def test_the_environments_proxy_is_not_asked(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """It would resolve the name again, elsewhere."""
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy"):
            monkeypatch.setenv(name, "http://127.0.0.1:1")
        assert posted(answering(OK))[0].ok

    @pytest.mark.parametrize(
        ("body", "whole"),
        [
            (b"Content-Length: 200000\r\n\r\n" + b"x" * 200_000, False),
            (b"\r\n" + b"x" * 200_000, False),
            (b"Content-Length: 9\r\n\r\nshort", False),
            (b"Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", True),
            (b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", False),
            (b"\r\nok", True),
            (b"Content-Length: 65536\r\n\r\n" + b"x" * 65_536, True),
        ],
    )
    def test_of_a_body_no_more_than_the_beginning_is_read(self, body: bytes, whole: bool) -> None:
        """The status decides; a body of any size or shape costs 64 KiB at most."""
        answer, _ = posted(answering(b"HTTP/1.1 200 OK\r\n" + body))
        assert answer.ok and answer.whole is whole and len(answer.body) <= 65_536

    def test_a_flood_is_cut_off(self) -> None:
        """Whatever a host says, no more than the beginning is taken in."""
        answer, _ = posted(flooding, timeout_s=60)
        assert answer.ok and not answer.whole and answer.body == b"x" * 65_536

    def test_a_body_without_end_does_not_hold_up(self) -> None:
        """The status was said, so the message was taken."""
        answer, _ = posted(trickling(b"HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n"), timeout_s=1.0)
        assert answer.ok and not answer.whole


class TestTrouble:
    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308, 304, 399])
    def test_a_redirect_is_not_followed(self, status: int) -> None:
        """Where it leads is not told, for it may hold what it was sent."""
        location = b"Location: http://169.254.169.254/hunter2\r\n"
        error = refused(answering(b"HTTP/1.1 %d X\r\n%sContent-Length: 0\r\n\r\n" % (status, location)))
        assert isinstance(error, Refused) and "redirects are not followed" in str(error)

    @pytest.mark.parametrize(
        "script",
        [waits, trickling(b""), trickling(b"HTTP/1.1 200 OK\r\nX: "), trickling(b"HTTP/1.1 100 Continue\r\n\r\nHTTP")],
    )
    def test_everything_together_ends_in_time(self, script: Script) -> None:
        """A byte now and then does not prolong it."""
        error = refused(script, timeout_s=0.7)
        assert isinstance(error, Unavailable) and "did not answer in time" in str(error) and "same key" in error.mend

    @pytest.mark.parametrize(
        "answer",
        [b"", b"hello\r\n\r\n", b"HTTP/1.1 OK\r\n\r\n", b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 1000 + b"\r\n"]
        + [b"HTTP/1.1 200 OK\r\nx: " + b"y" * 100_000 + b"\r\n\r\n", b"HTTP/1.1 99999 X\r\n\r\n", b"\x16\x03\x01\x00"],
    )
    def test_what_is_no_http(self, answer: bytes) -> None:
        """Or too much of it."""
        error = refused(answering(answer))
        assert isinstance(error, Unavailable) and "does not speak HTTP" in str(error)

    def test_nobody_listens(self) -> None:
        """The address that was tried is told."""
        with socket.create_server(("127.0.0.1", 0)) as closed:
            port = closed.getsockname()[1]
        with pytest.raises(Unavailable, match=r"takes no connection[\s\S]*127\.0\.0\.1"):
            Egress(LOCAL).post_json(f"http://127.0.0.1:{port}/", None)

    @given(
        st.text(st.characters(exclude_categories=[]), min_size=1).filter(lambda each: not each.isascii() or " " in each)
    )
    @settings(deadline=None)
    def test_a_key_that_is_no_header(self, key: str) -> None:
        """Nothing can be put in after it."""
        with pytest.raises(InvalidInput, match="key of a message"):
            Egress(NAMED).post_json("https://hooks.example.com/", None, key=key)

    @pytest.mark.parametrize("key", ["a\r\nHost: evil", "a\n", "\x00", "a" * 256])
    def test_a_key_that_would_be_two_headers(self, key: str) -> None:
        """Or too long for one."""
        with pytest.raises(InvalidInput, match="key of a message"):
            Egress(NAMED).post_json("https://hooks.example.com/", None, key=key)

    @pytest.mark.parametrize(
        "payload",
        [float("nan"), {"a": [float("inf")]}, object(), {"s": Secret.hidden("hunter2")}, "\ud800", "x" * 1_048_577],
    )
    def test_a_payload_that_has_no_form(self, payload: Any) -> None:
        """Before anything is sent, and without repeating it."""
        with pytest.raises(InvalidInput) as caught:
            Egress(NAMED).post_json("https://hooks.example.com/", payload)
        assert "hunter2" not in str(caught.value)

    @pytest.mark.parametrize("seconds", [0, -1, float("nan"), float("inf"), 601])
    def test_a_time_that_is_none(self, seconds: float) -> None:
        """It must end."""
        with pytest.raises(InvalidInput, match="no time to wait"):
            Egress(NAMED).post_json("https://hooks.example.com/", None, timeout_s=seconds)


class TestNames:
    """From a name to a connection: resolved once, checked, and held to."""

    def test_the_connection_goes_to_the_address_that_was_checked(self, tmp_path: Path) -> None:
        """A name that leads elsewhere a moment later (DNS rebinding) is not asked again; its certificate is checked."""
        asked: list[tuple[str, int]] = []
        dialled: list[tuple[str, int]] = []

        def rebinding(host: str, port: int) -> list[str]:
            asked.append((host, port))
            return [PUBLIC] if len(asked) == 1 else ["127.0.0.1"]

        server_tls, client_tls = certified(tmp_path, "hooks.example.com")
        with standing(answering(OK), tls=server_tls) as server:

            def connect(address: str, port: int, seconds: float) -> socket.socket:
                dialled.append((address, port))
                return socket.create_connection(("127.0.0.1", server.port), timeout=seconds)

            egress = Egress(NAMED, resolver=rebinding, connect=connect, tls=client_tls)
            assert egress.post_json("https://hooks.example.com/T01", {"a": 1}).ok
        assert (asked, dialled) == ([("hooks.example.com", 443)], [(PUBLIC, 443)])
        assert server.names == ["hooks.example.com"] and b"\r\nHost: hooks.example.com\r\n" in server.requests[0]

    def test_a_certificate_for_another_name_is_not_accepted(self, tmp_path: Path) -> None:
        """Nothing is said before the host has proved who it is."""
        server_tls, client_tls = certified(tmp_path, "other.example.com")
        with standing(answering(OK), tls=server_tls) as server:
            egress = Egress(
                NAMED,
                resolver=lambda host, port: [PUBLIC],
                connect=lambda address, port, seconds: socket.create_connection(("127.0.0.1", server.port)),
                tls=client_tls,
            )
            with pytest.raises(Unavailable, match=r"could not prove who it is[\s\S]*hooks\.example\.com"):
                egress.post_json("https://hooks.example.com/hunter2", None)
        assert b"hunter2" not in b"".join(server.requests)

    def test_an_authority_that_nobody_knows_is_not_trusted(self, tmp_path: Path) -> None:
        """By default the machine's list decides."""
        server_tls, _ = certified(tmp_path, "localhost")
        with standing(waits, tls=server_tls) as server, pytest.raises(Unavailable, match="could not prove"):
            Egress(LOCAL).post_json(f"https://localhost:{server.port}/", None)

    @pytest.mark.parametrize(("script", "words"), [(answering(OK), "SSLError"), (waits, "not in time")])
    def test_a_host_that_does_not_encrypt(self, script: Script, words: str) -> None:
        """The message is not sent in the open instead."""
        with standing(script) as server, pytest.raises(Unavailable, match=f"no encrypted connection[\\s\\S]*{words}"):
            Egress(LOCAL).post_json(
                f"https://127.0.0.1:{server.port}/hunter2", {"a": "hunter3"}, timeout_s=0.7 if script is waits else 60
            )
        assert b"hunter" not in b"".join(server.requests)

    def test_the_next_address_is_tried_when_one_takes_no_connection(self) -> None:
        """Nothing was sent yet, so nothing is sent twice."""
        with standing(answering(OK)) as server:
            tried: list[str] = []

            def connect(address: str, port: int, seconds: float) -> socket.socket:
                tried.append(address)
                if address == "::1":
                    raise ConnectionRefusedError(111, "Connection refused")
                return socket.create_connection((address, port), timeout=seconds)

            egress = Egress(LOCAL, resolver=lambda host, port: ["::1", "127.0.0.1"], connect=connect)
            assert egress.post_json(f"http://localhost:{server.port}/", None).ok
        assert tried == ["::1", "127.0.0.1"] and len(server.requests) == 1

    @given(
        st.lists(st.ip_addresses(network="10.0.0.0/8").map(str) | st.just(PUBLIC), max_size=3),
        st.sampled_from(
            ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "fe80::1%lo", "::ffff:127.0.0.1", "2130706433", "x"]
        ),
    )
    @settings(deadline=None)
    def test_a_name_that_leads_inside_is_not_dialled(self, others: list[str], bad: str) -> None:
        """Wherever among its addresses the bad one stands."""
        dialled: list[str] = []

        def connect(address: str, port: int, seconds: float) -> socket.socket:
            dialled.append(address)
            raise OSError

        for found in ([bad, *others], [*others, bad]):
            egress = Egress(NAMED, resolver=lambda host, port, found=found: found, connect=connect)
            with pytest.raises(Refused):
                egress.post_json("https://hooks.example.com/", None)
        assert dialled == []

    def test_what_is_not_listed_is_not_even_resolved(self) -> None:
        """A question to a name server tells something too."""
        asked: list[str] = []
        egress = Egress(NAMED, resolver=lambda host, port: asked.append(host) or [PUBLIC])
        with pytest.raises(Refused):
            egress.post_json("https://secret-data.evil.example/", None)
        assert asked == []


class TestSecrets:
    def test_a_url_may_be_a_secret(self) -> None:
        """Read when it is needed, told never."""
        with standing(answering(OK)) as server:
            secret = Secret("env:HOOK", environ={"HOOK": server.url})
            assert Egress(LOCAL).post_json(secret, None).ok
        with pytest.raises(NotFound, match="export HOOK="):
            Egress(LOCAL).check(Secret("env:HOOK", environ={}))

    @pytest.mark.parametrize(
        "url",
        [
            "https://elsewhere.example/hunter2",
            "https://hooks.example.com/hunter2 x",
            "https://u:hunter2@hooks.example.com/",
            "http://hooks.example.com/hunter2",
            "https://hooks.example.com:8443/hunter2",
        ],
    )
    def test_no_error_repeats_it(self, url: str) -> None:
        """Neither its words nor its cause nor what a traceback shows of it."""
        for each in (url, Secret.hidden(url)):
            with pytest.raises(RegroveError) as caught:
                Egress(NAMED).check(each)
            error: BaseException | None = caught.value
            while error is not None:
                assert "hunter2" not in f"{error} {error!r} {error.args}"
                error = error.__cause__ or error.__context__

    def test_the_context_of_encryption_checks_names(self) -> None:
        """What is used by default is the library's strict one."""
        context = Egress(NAMED)._trusting()
        assert context.check_hostname and context.verify_mode is ssl.CERT_REQUIRED

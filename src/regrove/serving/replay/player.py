"""Playing a script to a running server: requests, labels, then the clock, step after step."""

from __future__ import annotations

import http.client
from collections.abc import Callable, Iterator
from typing import Any, Final, Self
from urllib.parse import urlsplit

import msgspec

from regrove.clock import iso
from regrove.errors import InvalidInput, RegroveError, Unavailable
from regrove.serving.replay.script import Script, Step

__all__ = ["AT_HEADER", "Played", "Replay"]

AT_HEADER: Final = "x-regrove-at"
"""The header by which a server of a replayed workspace is told the domain time."""

_TIMEOUT_S: Final = 60.0


class Played(msgspec.Struct, frozen=True, kw_only=True):
    """What one step sent, or many of them together."""

    end: int
    """Where the clock stands now."""
    requests: int = 0
    predictions: int = 0
    failed: int = 0
    """Requests that the server answered with an error of its own (500 or above); their rows have no prediction."""
    labels: int = 0

    def plus(self, later: Played) -> Played:
        """Both together."""
        return Played(
            end=later.end,
            requests=self.requests + later.requests,
            predictions=self.predictions + later.predictions,
            failed=self.failed + later.failed,
            labels=self.labels + later.labels,
        )


class Replay:
    """Plays steps to the server at ``url``.

    ``turn`` is called at the end of each step with the instant that the clock is to stand at, after everything of the
    step was acknowledged: killed before, the step is sent again under the same ids; killed after, it is done.
    """

    def __init__(self, url: str, turn: Callable[[int], None]) -> None:
        parts = urlsplit(url)
        if parts.scheme != "http" or not parts.hostname:
            raise InvalidInput(
                "This is no address of a server", expected="http://127.0.0.1:PORT", received=url, mend="regrove serve"
            )
        self._address = (parts.hostname, parts.port or 80)
        self._turn = turn
        self._line: http.client.HTTPConnection | None = None

    def play(self, script: Script, *, begin: int, until: int) -> Iterator[Played]:
        """Send step after step, and yield what each of them sent.

        Raises Unavailable when the server cannot be reached, and InvalidInput when it refuses what it was sent: the
        rows do not fit the model, or the server does not serve a replayed workspace.
        """
        for step in script.steps(begin, until):
            played = self._step(step)
            self._turn(step.end)
            yield played

    def __enter__(self) -> Self:
        """The replay itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Hang up."""
        self.close()

    def close(self) -> None:
        """Hang up."""
        if self._line is not None:
            self._line.close()
            self._line = None

    def _step(self, step: Step) -> Played:
        played = Played(end=step.end)
        for ask in step.asks:
            body: dict[str, Any] = {"id": ask.request_id, "rows": ask.rows}
            if ask.key is not None:
                body["key"] = ask.key
            good = self._post("/predict", body, ask.at)
            played = played.plus(
                Played(end=step.end, requests=1, predictions=len(ask.rows) if good else 0, failed=0 if good else 1)
            )
        for tell in step.tells:
            labels = [{"id": name, "value": value, "at": iso(at)} for name, value, at in tell.labels]
            self._post("/feedback", {"labels": labels}, tell.at)
            played = played.plus(Played(end=step.end, labels=len(labels)))
        return played

    def _post(self, path: str, body: dict[str, Any], at: int) -> bool:
        """Whether the server did it; one that failed by itself has answered, and the replay goes on."""
        data = msgspec.json.encode(body)
        headers = {"content-type": "application/json", AT_HEADER: iso(at)}
        status, answer = self._exchange(path, data, headers)
        if status == 200:
            return True
        if status >= 500 and status != 503:
            return False
        raise _refused(path, status, answer)

    def _exchange(self, path: str, data: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        """One exchange on the open line; a line that the server closed meanwhile is opened once more."""
        for attempt in (1, 2):
            try:
                if self._line is None:
                    self._line = http.client.HTTPConnection(*self._address, timeout=_TIMEOUT_S)
                self._line.request("POST", path, data, headers)
                answer = self._line.getresponse()
                return answer.status, answer.read()
            except (OSError, http.client.HTTPException) as error:
                self.close()
                if attempt == 2 or isinstance(error, ConnectionRefusedError):
                    host, port = self._address
                    raise Unavailable(
                        "The server cannot be reached",
                        expected=f"a running server at http://{host}:{port}",
                        received=f"{type(error).__name__}: {error}",
                        mend="regrove serve NAME; then replay again: what was sent is not counted twice",
                    ) from error
        raise AssertionError("unreachable")


def _refused(path: str, status: int, answer: bytes) -> RegroveError:
    """The server's own error, told as its own words."""
    try:
        told = msgspec.json.decode(answer, type=dict[str, Any])
        error = told.get("error", told)
        happened = str(error.get("happened") or error.get("message"))
        fields = {name: str(error[name]) for name in ("expected", "received", "mend") if error.get(name)}
    except (msgspec.MsgspecError, AttributeError):
        happened, fields = f"the answer was {answer[:200].decode(errors='replace')}", {}
    kind = Unavailable if status >= 500 else InvalidInput
    return kind(f"The server refused a replayed request to {path} ({status}): {happened}", **fields)

"""The inference application: bare ASGI, nothing between the socket and the model but these modules.

POST /predict and /feedback, GET /healthz, /readyz and /metrics. It reads the object store (through the watcher) and
writes the prediction log; it never touches a database. A request is logged before it is answered, and one that
cannot be logged is not answered.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, NamedTuple

from regrove.clock import Clock, SystemClock, iso
from regrove.errors import InvalidInput, NotFound, RegroveError, Unavailable
from regrove.serving import metrics
from regrove.serving.answers import Answer, failure, ok, own_fault, predictions
from regrove.serving.bodies import Question, feedback, question
from regrove.serving.config import Limits
from regrove.serving.counters import ROUTES, Counters, Values
from regrove.serving.headers import AT, Told, told
from regrove.serving.live import Live
from regrove.serving.records import Failed, Labelled, Predicted
from regrove.serving.repeats import Repeats, content
from regrove.serving.segment import LogUnwritable, SegmentWriter
from regrove.serving.traffic import SHARES
from regrove.serving.watcher import Watcher

__all__ = ["App"]

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Handler = Callable[[bytes, Told], Awaitable[Answer]]

_DAY: Final = 86_400_000_000

_INLINE_ROWS: Final = 64
"""Requests of more rows are predicted on a thread, so that health checks and small requests do not wait for them."""

_log = logging.getLogger("regrove.serving")


class _Turn(NamedTuple):
    """One prediction request on its way."""

    arm: Live
    asked: Question
    at: int
    began: float
    overridden: bool


class _GoneError(Exception):
    """The client went away before its body was whole."""


class App:
    """One server process's application; ``workers`` reads the counters of all processes of its server.

    ``clock`` says when a prediction is made and a label arrives, and which label comes from the future. With
    ``replayed`` each request says it by its own header, and the log is cut by the days that they name.
    """

    def __init__(
        self,
        deployment: str,
        watcher: Watcher,
        log: SegmentWriter,
        counters: Counters,
        workers: Callable[[], Mapping[str, Values]] | None = None,
        clock: Clock | None = None,
        *,
        replayed: bool = False,
    ) -> None:
        self._deployment = deployment
        self._watcher = watcher
        self._writer = log
        self._counters = counters
        self._clock: Clock = clock or SystemClock()
        self._replayed = replayed
        self._repeats = Repeats()
        self._workers = workers or (lambda: {"0": counters.values()})
        self._threads = ThreadPoolExecutor(max_workers=1, thread_name_prefix="regrove-batch")
        looks = ("GET", "HEAD")
        self._handlers: dict[str, tuple[tuple[str, ...], Handler]] = {
            "/predict": (("POST",), self._predict),
            "/feedback": (("POST",), self._feedback),
            "/healthz": (looks, self._healthz),
            "/readyz": (looks, self._readyz),
            "/metrics": (looks, self._metrics),
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection scope of the ASGI protocol."""
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        else:
            await send({"type": "websocket.close", "code": 1000})

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await asyncio.to_thread(self._watcher.start)
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                await asyncio.to_thread(self.close)
                await send({"type": "lifespan.shutdown.complete"})
                return

    def close(self) -> None:
        """End the watcher, finish what runs, close the log."""
        self._watcher.close()
        self._threads.shutdown(wait=True)
        self._writer.close()

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        try:
            answer = await self._answer(scope, path, receive)
        except RegroveError as error:
            answer = failure(error)
            if isinstance(error, LogUnwritable):
                self._counters.add("log_failures")
            if error.__cause__ is not None:  # the project's code raised: the client is told what kind, the log the rest
                _log.error("%s failed: %s", path, error.happened, exc_info=error)
        except _GoneError:
            return
        except Exception:  # noqa: BLE001  # edge: whatever the model raises becomes an answer
            _log.exception("%s failed", path)
            answer = failure(
                RegroveError(
                    "The model or the server failed on this request",
                    mend="the server's own log tells what was raised; the request was logged as failed",
                )
            )
        self._counters.request(path if path in ROUTES else "other", answer.status)
        headers = [
            (b"content-type", answer.content_type),
            (b"content-length", str(len(answer.body)).encode()),
            *answer.headers,
        ]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else answer.body})

    async def _answer(self, scope: Scope, path: str, receive: Receive) -> Answer:
        if path not in self._handlers:
            raise NotFound(f"There is nothing at {path[:80]!r}", expected=f"one of {', '.join(self._handlers)}")
        methods, handler = self._handlers[path]
        if scope["method"] not in methods:
            error = InvalidInput(
                f"{path} does not answer to this method", expected=" or ".join(methods), received=scope["method"]
            )
            return failure(error, status=405, headers=((b"allow", ", ".join(methods).encode()),))
        body = b""
        if "POST" in methods:
            limit = self._limits().body_bytes
            if (size := _declared(scope)) > limit:
                return _too_large(limit, f"{size} bytes")
            read = await _body(receive, limit)
            if read is None:
                return _too_large(limit, "more")
            body = read
        with self._watcher.precedence:
            return await handler(body, told(scope["headers"]))

    def _limits(self) -> Limits:
        live = self._watcher.live
        return live.generation.revision.config.limits if live is not None else Limits()

    async def _predict(self, body: bytes, head: Told) -> Answer:
        began = time.perf_counter()
        live = self._watcher.live
        if live is None:
            raise self._not_ready()
        asked = question(body, live.generation.revision.config.limits)
        at = self._at(head)
        arm = (
            live.named(head.revision)
            if head.revision is not None
            else live.choose(asked.key, asked.request_id, asked.rows)
        )
        side = "control" if arm is live else "candidate"
        self._counters.add(f"{side}_requests")
        turn = _Turn(arm, asked, at, began, overridden=head.revision is not None)
        try:
            if len(asked.rows) <= _INLINE_ROWS:
                answer, written = self._predicted(turn)
            else:
                loop = asyncio.get_running_loop()
                answer, written = await loop.run_in_executor(self._threads, self._predicted, turn)
        except Exception as error:
            if (fault := own_fault(error)) and self._fail(turn, fault):
                self._counters.add(f"{side}_failures")
            raise
        took = time.perf_counter() - began
        self._counters.add("predictions", len(asked.rows))
        self._counters.add("log_bytes", written)
        self._counters.add(f"{side}_seconds", took)
        self._counters.took(took)
        return answer

    def _predicted(self, turn: _Turn) -> tuple[Answer, int]:
        """Predict, log, answer: in this order, so that what was answered is in the log. Also the bytes logged."""
        arm, asked = turn.arm, turn.asked
        inputs = arm.read(asked.rows)
        new = asked.given and self._repeats.claim(asked.request_id, content(asked.key, inputs))
        try:
            outputs = arm.answer(inputs)
            body = predictions(arm, asked.request_id, outputs)
            record = Predicted(
                request_id=asked.request_id,
                given=asked.given,
                key=asked.key,
                at=turn.at,
                generation=arm.generation.number,
                rows=len(asked.rows),
                inputs=inputs,
                outputs=outputs,
                revision=arm.revision.number,
                seconds=time.perf_counter() - turn.began,
                overridden=turn.overridden,
            )
            written = self._writer.append(record, answering=arm.answering)
        except Exception:
            if new:
                self._repeats.release(asked.request_id)
            raise
        return Answer(200, body), written

    def _fail(self, turn: _Turn, fault: str) -> bool:
        """Log that an arm failed a request; False when not even that could be written."""
        record = Failed(
            request_id=turn.asked.request_id,
            key=turn.arm.caller(
                turn.asked.key, turn.asked.rows
            ),  # its rows are not logged, so that nothing else says it
            at=turn.at,
            generation=turn.arm.generation.number,
            revision=turn.arm.revision.number,
            model=turn.arm.revision.model,
            rows=len(turn.asked.rows),
            seconds=time.perf_counter() - turn.began,
            overridden=turn.overridden,
            error=fault,
        )
        try:
            self._counters.add("log_bytes", self._writer.append(record))
        except LogUnwritable:
            self._counters.add("log_failures")
            return False
        return True

    async def _feedback(self, body: bytes, head: Told) -> Answer:
        live = self._watcher.live
        at = self._at(head)
        labels = feedback(body, self._limits(), live.model.target if live else None, now=at)
        written = self._writer.append(Labelled(received_at=at, labels=labels))
        self._counters.add("labels", len(labels))
        self._counters.add("log_bytes", written)
        return ok({"accepted": len(labels)})

    def _at(self, head: Told) -> int:
        """Domain time: the clock's, or in a replayed workspace what the request says."""
        if not self._replayed:
            if head.at is None:
                return self._clock.now()
            raise InvalidInput(
                f"This server lives in the present and takes no {AT}",
                expected="a request without the header",
                received=iso(head.at),
                mend='leave it out; a workspace with clock = "replay" is driven by: regrove replay',
            )
        if head.at is None:
            raise InvalidInput(
                "The server of a replayed workspace must be told the time of a request",
                expected=f"the header {AT} with a time such as 2013-03-01T12:00:00Z",
                mend="regrove replay sends it",
            )
        self._writer.turn(head.at // _DAY)
        return head.at

    async def _healthz(self, _body: bytes, _head: Told) -> Answer:
        return ok({"status": "ok"})

    async def _readyz(self, _body: bytes, _head: Told) -> Answer:
        live = self._watcher.live
        if live is None:
            return failure(self._not_ready())
        generation = live.generation
        said: dict[str, Any] = {
            "status": "ready",
            "deployment": generation.deployment,
            "generation": generation.number,
            "revision": generation.revision.number,
            "model": generation.revision.model,
            "published_at": iso(generation.published_at),
        }
        if live.candidates:
            split = zip(live.candidates, generation.shares, strict=True)
            said["candidates"] = [
                {"revision": arm.revision.number, "model": arm.revision.model, "share": share / SHARES}
                for arm, share in split
            ]
        if self._watcher.trouble:
            said |= {"trouble": self._watcher.trouble, "refused_generation": self._watcher.refused}
        return ok(said)

    async def _metrics(self, _body: bytes, _head: Told) -> Answer:
        text = metrics.render(self._deployment, self._workers())
        return Answer(200, text.encode(), metrics.CONTENT_TYPE.encode())

    def _not_ready(self) -> Unavailable:
        if self._watcher.stopped:
            return Unavailable(
                f"The deployment {self._deployment!r} is stopped",
                expected="a running deployment",
                received=f"generation {self._watcher.stopped}, which stops it",
                mend=f"regrove deployments start {self._deployment}",
            )
        return Unavailable(
            f"The deployment {self._deployment!r} has no model loaded yet",
            expected="a published generation that can be loaded",
            received=self._watcher.trouble or "none",
            mend="wait until /readyz answers 200, or: regrove deployments start " + self._deployment,
        )


def _declared(scope: Scope) -> int:
    """The length that the client announced, 0 when it announced none."""
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value)
    return 0


async def _body(receive: Receive, limit: int) -> bytes | None:
    """The whole body, or None as soon as it is larger than ``limit``."""
    message = await receive()
    if message["type"] == "http.request" and not message.get("more_body", False):
        whole: bytes = message.get("body", b"")
        return whole if len(whole) <= limit else None
    parts: list[bytes] = []
    size = 0
    while True:
        if message["type"] == "http.disconnect":
            raise _GoneError
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > limit:
            return None
        if not message.get("more_body", False):
            return b"".join(parts)
        message = await receive()


def _too_large(limit: int, received: str) -> Answer:
    error = InvalidInput(
        "The body is too large",
        expected=f"at most {limit} bytes",
        received=received,
        mend="send several requests, or raise limits.body_bytes of the deployment",
    )
    return failure(error, status=413, headers=((b"connection", b"close"),))

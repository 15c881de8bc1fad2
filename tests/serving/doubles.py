"""What the tests of this room share: a small model, its generations, and a client that speaks ASGI."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from regrove.schema import Column, LogicalType, Schema
from regrove.serving.app import App
from regrove.serving.config import DeploymentConfig, Limits
from regrove.serving.counters import Counters
from regrove.serving.generation import Generation, Revision, write
from regrove.serving.segment import SegmentWriter
from regrove.serving.watcher import Watcher

REQUEST = Schema(
    (
        Column("flight", LogicalType.STRING, nullable=False),
        Column("hour", LogicalType.INT8, nullable=False),
        Column("wind", LogicalType.FLOAT64),
        Column("day", LogicalType.DATE, nullable=False),
        Column("departs", LogicalType.TIMESTAMP, nullable=False),
    )
)
OUTPUT = Schema((Column("score", LogicalType.FLOAT64, nullable=False),))


def row(hour: int = 7, flight: str = "UA1", **other: Any) -> dict[str, Any]:
    whole = {"flight": flight, "hour": hour, "wind": 3.5, "day": "2013-03-01", "departs": "2013-03-01T05:15:00.000007Z"}
    return whole | other


class Sum:
    """Answers hour + wind + an offset."""

    request = REQUEST
    output = OUTPUT
    target = LogicalType.BOOLEAN

    def __init__(self, offset: float = 0.0) -> None:
        self.offset = offset

    def predict(self, columns: dict[str, list[Any]]) -> dict[str, list[Any]]:
        pairs = zip(columns["hour"], columns["wind"], strict=True)
        return {"score": [hour + (wind or 0.0) + self.offset for hour, wind in pairs]}


def generation(number: int = 1, revision: int | None = None, state: str = "running", **config: Any) -> Generation:
    revision = revision or number
    return Generation(
        project="test",
        deployment="late",
        number=number,
        state=state,
        revision=Revision(
            number=revision,
            model=f"model:late@{revision}",
            model_digest="b3-1:" + f"{revision:064x}",
            config=DeploymentConfig("late@champion", **config),
            declared="project:test@1",
        ),
        published_at=1_362_096_000_000_000,
    )


def load(published: Generation) -> tuple[Sum, ...]:
    return tuple(Sum(1000.0 * revision.number) for revision in published.arms)


class Server:
    """An application over a folder, asked without a socket."""

    def __init__(
        self,
        objects: Any,
        root: Path,
        loader: Any = load,
        clock: Any = None,
        *,
        replayed: bool = False,
        **writing: Any,
    ) -> None:
        self.counters = Counters()
        self.writer = SegmentWriter(root, "test", "late", **writing)
        self.watcher = Watcher(objects, "test", "late", loader, self.counters)
        self.app = App("late", self.watcher, self.writer, self.counters, clock=clock, replayed=replayed)

    def ask(self, method: str, path: str, body: Any = b"", *, chunks: int = 1, headers: Any = ()) -> SimpleNamespace:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return asyncio.run(call(self.app, method, path, data, chunks, headers))

    def predict(self, *rows: dict[str, Any], **more: Any) -> SimpleNamespace:
        return self.ask("POST", "/predict", {"rows": list(rows), **more})

    def label(self, *labels: dict[str, Any]) -> SimpleNamespace:
        return self.ask("POST", "/feedback", {"labels": list(labels)})

    def close(self) -> None:
        self.app.close()


def served(objects: Any, root: Path, **more: Any) -> Server:
    """A server whose first generation is live."""
    write(objects, generation(limits=Limits(body_bytes=20_000, rows=200)))
    server = Server(objects, root, **more)
    assert server.watcher.poll()
    return server


async def call(app: App, method: str, path: str, data: bytes, chunks: int = 1, headers: Any = ()) -> SimpleNamespace:
    size = max(1, -(-len(data) // chunks))
    parts = [data[start : start + size] for start in range(0, len(data), size)] or [b""]
    messages = [
        {"type": "http.request", "body": part, "more_body": index < len(parts) - 1} for index, part in enumerate(parts)
    ]
    sent: list[Any] = []

    async def receive() -> Any:
        return messages.pop(0) if messages else {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": method, "path": path, "headers": list(headers)}
    await app(scope, receive, send)
    if not sent:
        return SimpleNamespace(status=0, headers={}, body=b"", json=None)
    names = dict(sent[0]["headers"])
    body = sent[1]["body"]
    is_json = names[b"content-type"] == b"application/json" and body
    return SimpleNamespace(
        status=sent[0]["status"], headers=names, body=body, json=json.loads(body) if is_json else None
    )

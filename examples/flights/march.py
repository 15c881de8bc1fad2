"""A client of the demo: asks for the flights of March, keeps what was acknowledged, posts what became of them."""

from __future__ import annotations

import http.client
import importlib.util
import json
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import polars as pl
from rich.console import Console
from rich.progress import track

BATCH = 50
SINGLES = 0.1  # of the flights are asked for one by one


@dataclass
class Outcome:
    """What came of a part of the requests."""

    ids: list[str] = field(default_factory=list)
    truth: dict[str, bool | None] = field(default_factory=dict)
    unanswered: int = 0


class March:
    """The flights of March, cut into requests of one row and of many."""

    def __init__(self, folder: Path, flights: int) -> None:
        rows = _joined(folder).gather_every(9).head(flights)
        self.acknowledged_labels: set[str] = set()
        singles = int(rows.height * SINGLES)
        starts = [*range(singles), *range(singles, rows.height, BATCH)]
        ends = [*starts[1:], rows.height]
        self._requests = [(_request_id(), rows[start:end]) for start, end in zip(starts, ends, strict=True)]
        self._next = 0

    def predict(self, url: str, *, share: float, console: Console) -> Outcome:
        """Send requests until ``share`` of all are answered."""
        end = int(len(self._requests) * share)
        outcome = Outcome()
        connection = _connect(url)
        waiting = range(self._next, end)
        for index in track(waiting, "  predicting", console=console, transient=True, disable=not console.is_terminal):
            self._one(connection, index, outcome)
        self._next = end
        connection.close()
        return outcome

    def predict_until_killed(self, url: str, kill: Callable[[], None]) -> Outcome:
        """Send requests while ``kill`` ends the server; what had no answer stays to be sent again."""
        outcome = Outcome()
        assassin = threading.Timer(0.05, kill)
        assassin.start()
        while self._next < len(self._requests):
            try:
                connection = _connect(url)
                while self._next < len(self._requests) - 5:
                    self._one(connection, self._next, outcome)
                    self._next += 1
            except (OSError, http.client.HTTPException):
                outcome.unanswered += 1
            if not assassin.is_alive():
                break
        assassin.join()
        return outcome

    def label(self, url: str, *outcomes: Outcome, again: Outcome | None = None) -> None:
        """Post what became of the flights: a third of ``again`` late, some twice, one for an unknown id."""
        connection = _connect(url)
        for outcome in outcomes:
            known = [each for each in outcome.ids if outcome.truth[each] is not None]
            self._post_labels(connection, outcome, known[: len(known) * 2 // 3] if again is None else known)
        if again is not None:
            known = [each for each in again.ids if again.truth[each] is not None]
            self._post_labels(connection, again, known[len(known) * 2 // 3 :])  # late
            self._post_labels(connection, again, known[:100])  # twice
            _post(connection, "/feedback", {"labels": [{"id": f"{_request_id()}.0", "value": True}]})  # unknown: parked
        connection.close()

    def _one(self, connection: http.client.HTTPConnection, index: int, outcome: Outcome) -> None:
        identifier, rows = self._requests[index]
        body = {"id": identifier, "rows": _carried(rows)}
        answer = _post(connection, "/predict", body)
        for made, truth in zip(answer["predictions"], rows["late"], strict=True):
            outcome.ids.append(made["id"])
            outcome.truth[made["id"]] = truth

    def _post_labels(self, connection: http.client.HTTPConnection, outcome: Outcome, ids: list[str]) -> None:
        for start in range(0, len(ids), 500):
            part = ids[start : start + 500]
            _post(connection, "/feedback", {"labels": [{"id": each, "value": outcome.truth[each]} for each in part]})
            self.acknowledged_labels.update(part)


CARRIED = ["flight_id", "scheduled_departure", "carrier", "origin", "dest", "distance"]
CARRIED += ["temp", "humid", "wind_speed", "wind_gust", "precip", "pressure", "visib"]


def _carried(rows: pl.DataFrame) -> list[dict[str, Any]]:
    plain = rows.select(CARRIED).with_columns(pl.col("scheduled_departure").dt.strftime("%Y-%m-%dT%H:%M:%SZ"))
    return plain.to_dicts()


def _joined(folder: Path) -> pl.DataFrame:
    """March as the pipeline's own function joins it, with the truth beside it."""
    pipeline = _pipeline(folder)
    until = SimpleNamespace(until="2013-04-01T04:00:00Z")
    history = pipeline.history(pl.scan_parquet(folder / "data/flights/2013-03.parquet"), until)
    joined = pipeline.joined(history, pl.scan_parquet(folder / "data/weather.parquet"))
    return pl.concat([joined, pipeline.late(joined)], how="horizontal").collect()


def _pipeline(folder: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("flights_pipeline", folder / "pipeline.py")
    if spec is None or spec.loader is None:
        raise SystemExit("pipeline.py cannot be read")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _request_id() -> str:
    """A UUIDv7 of the client's own: a request that is sent again is the same request."""
    millis = time.time_ns() // 1_000_000
    tail = int.from_bytes(os.urandom(10)) & ((1 << 76) - 1)
    return f"{(millis << 80) | (7 << 76) | (tail & ~(3 << 62)) | (2 << 62):032x}"


def _connect(url: str) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)


def _post(connection: http.client.HTTPConnection, path: str, body: dict[str, Any]) -> dict[str, Any]:
    connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
    answer = connection.getresponse()
    text = answer.read()
    if answer.status != 200:
        raise SystemExit(f"{path} answered {answer.status}: {text.decode()}")
    return json.loads(text)

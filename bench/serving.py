"""What an answer costs: a real model with its log, against an application that only echoes, on the same server.

    python bench/serving.py [--seconds 2] [--servers uvicorn,granian] [--workers 1,2]

For each server and number of workers it prints requests a second and the median and 99th percentile of the time of one
request, at concurrency 1 and 32, for an echo application, for Regrove's with a model that costs nothing (*plain*: what
is left is reading, checking, logging and answering) and for Regrove's with a classifier of 100 trees (*model*), and the
ratios of the first to the others. The client is a process of its own with raw sockets, so that it costs little and the
same for all. The load is bounded: each cell runs for ``--seconds`` after a short warming.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "POLARS_MAX_THREADS"), "1")
ROW = {"origin": "JFK", "carrier": "AA", "hour": 7, "distance": 1089.0, "wind": 3.5}


# ---- the applications, imported by the servers ------------------------------------------------------------------


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Reads the body and sends it back."""
    if scope["type"] == "lifespan":
        while True:
            kind = (await receive())["type"]
            await send({"type": f"{kind}.complete"})
            if kind == "lifespan.shutdown":
                return
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def regrove() -> Any:
    """The inference application, as a worker builds it."""
    import msgspec

    from regrove.refs import new_id
    from regrove.serving.worker import Job, build

    job = msgspec.json.decode(os.environ["REGROVE_BENCH_JOB"].encode(), type=Job)
    counters = Path(job.counters) / new_id()
    counters.mkdir(parents=True)
    return build(msgspec.structs.replace(job, counters=str(counters)))


def plain() -> Any:
    """The same application and log with a model that costs nothing: what is left is Regrove's own."""
    app = regrove()
    load = app._watcher._load

    class Nothing:
        def __init__(self, model: Any) -> None:
            self.request, self.output, self.target = model.request, model.output, model.target

        def predict(self, columns: dict[str, list[Any]]) -> dict[str, list[Any]]:
            return {"score": [0.5] * len(columns["hour"])}

    app._watcher._load = lambda generation: tuple(Nothing(model) for model in load(generation))
    return app


def bare() -> Any:
    """The same application with nothing chosen, logged or counted: the rest of what a request costs."""
    from regrove.serving.live import Live

    class Silent:
        def request(self, *_: Any) -> None: ...
        def took(self, *_: Any) -> None: ...
        def add(self, *_: Any) -> None: ...

    app = regrove()
    app._writer.append = lambda *_, **__: 0
    app._counters = Silent()
    Live.choose = lambda self, *_: self  # type: ignore[method-assign]  # in this process alone
    return app


# ---- the model ---------------------------------------------------------------------------------------------------


def revision(folder: Path, number: int = 1) -> Any:
    """Registers a classifier of 100 trees with one packaged function; ``number`` makes another one."""
    import numpy as np
    import polars as pl
    from sklearn.ensemble import HistGradientBoostingClassifier

    from regrove import digest
    from regrove.registry import Link, ModelManifest, Output, Parameter, ServingCode, Signature, Training
    from regrove.registry.formats.skops import FORMAT
    from regrove.schema import Column, LogicalType, Schema
    from regrove.serving.config import DeploymentConfig
    from regrove.serving.generation import Revision
    from regrove.storage import LocalObjects, Vault

    code = (
        "import polars as pl\n\n"
        "def features(request: pl.LazyFrame) -> pl.LazyFrame:\n"
        "    return request.select(\n"
        "        pl.col('origin').replace_strict({'EWR': 0.0, 'JFK': 1.0, 'LGA': 2.0}, default=None),\n"
        "        pl.col('hour').cast(pl.Float64), 'distance', 'wind')\n"
    )
    random = np.random.default_rng(number)
    frame = pl.DataFrame({name: random.random(4000) * 10 for name in ("origin", "hour", "distance", "wind")})
    model = HistGradientBoostingClassifier(max_iter=100, early_stopping=False, random_state=1)
    model.fit(frame, frame["hour"].to_numpy() + random.normal(0, 3, 4000) > 5)
    vault = Vault(LocalObjects(folder / "objects"))
    FORMAT.dump(model, folder / f"model-{number}.skops")
    floats = [Column(name, LogicalType.FLOAT64) for name in ("origin", "hour", "distance", "wind")]
    strings = [Column(name, LogicalType.STRING) for name in ("origin", "carrier")]
    manifest = ModelManifest(
        name="bench",
        format="skops",
        model=vault.add_file(folder / f"model-{number}.skops"),
        signature=Signature(
            request=Schema((*strings, Column("hour", LogicalType.INT8), *floats[2:])),
            features=Schema(tuple(floats)),
            output=Output(task="binary", classes=(False, True)),
        ),
        serving=ServingCode(
            object=vault.add_json({"pipeline.py": code}),
            request="request",
            chain=(Link("features", "pipeline", (Parameter("request", "request", "lazy"),)),),
            code=digest.of_bytes(b""),
        ),
        training=Training(target="late", seed=1),
    )
    return Revision(
        number=number,
        model=f"model:bench@{number}",
        model_digest=vault.add_json(manifest),
        config=DeploymentConfig(f"bench@{number}"),
        declared="project:bench@1",
    )


def publish(folder: Path, number: int, control: Any, candidates: tuple[Any, ...] = ()) -> None:
    """Publishes generation ``number``; each of ``candidates`` is a revision with its share."""
    from regrove.serving.generation import Arm, Generation, write
    from regrove.storage import LocalObjects

    generation = Generation(
        project="bench",
        deployment="bench",
        number=number,
        state="running",
        revision=control,
        published_at=0,
        candidates=tuple(Arm(revision=each, share=share) for each, share in candidates),
        salt="bench" if candidates else "",
    )
    assert write(LocalObjects(folder / "objects"), generation)


def job_of(folder: Path, **changes: Any) -> dict[str, Any]:
    """What a worker over a folder is told."""
    return {
        "objects": str(folder / "objects"), "options": {}, "cache": str(folder), "project": "bench",
        "deployment": "bench", "log_dir": str(folder / "log"), "server": "bench", "counters": str(folder / "counters"),
        "worker": 0, "attempt": 0, "listener": 0, "poll_s": 1.0, "drain_s": 5.0, "segment_bytes": 1 << 30,
        "segment_s": 3600, **changes,
    }  # fmt: skip


# ---- the servers -------------------------------------------------------------------------------------------------


def start(server: str, app: str, port: int, workers: int, environment: dict[str, str]) -> list[subprocess.Popen[bytes]]:
    """The processes of one server over one application; under uvicorn each listens as Regrove's own workers do."""
    from regrove.serving.process import listening

    if server.startswith("granian"):
        factory = ["--factory"] if app != "echo" else []
        words = [
            sys.executable, "-m", "granian", f"serving:{app}", *factory, "--interface", "asgi", "--port", str(port),
            "--workers", str(workers), "--no-ws", "--no-access-log", "--log-level", "error",
        ]  # fmt: skip
        return [subprocess.Popen(words, env=environment, start_new_session=True)]
    with listening("127.0.0.1", port, workers) as listeners:
        words = [sys.executable, __file__, "--work", app, "--on"]
        return [
            subprocess.Popen(
                [*words, str(each.fileno())], env=environment, pass_fds=(each.fileno(),), start_new_session=True
            )
            for each in listeners
        ]


def work(app: str, descriptor: int) -> None:
    """One worker under uvicorn, as `regrove.serving.worker` runs it."""
    from regrove.serving.worker import listen

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with socket.socket(fileno=descriptor) as listener:
        listen(echo if app == "echo" else globals()[app](), listener, drain_s=2)


class Serving:
    """A server as long as the block runs; everything it started is ended with it."""

    def __init__(self, server: str, app: str, workers: int, job: dict[str, Any]) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        path = os.pathsep.join(filter(None, (str(ROOT / "bench"), os.environ.get("PYTHONPATH"))))
        own = {"REGROVE_BENCH_JOB": json.dumps(job), "PYTHONPATH": path}
        self.processes = start(server, app, self.port, workers, {**ONE_THREAD, **os.environ, **own})

    def __enter__(self) -> int:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=5):
                    return self.port
            except OSError:
                time.sleep(0.05)
        raise SystemExit("the server did not start")

    def __exit__(self, *_: object) -> None:
        for each in self.processes:
            os.killpg(each.pid, signal.SIGTERM)
        for each in self.processes:
            try:
                each.wait(15)
            except subprocess.TimeoutExpired:
                os.killpg(each.pid, signal.SIGKILL)
                each.wait()


# ---- the client --------------------------------------------------------------------------------------------------


def request(rows: int) -> bytes:
    """The bytes of one prediction request."""
    body = json.dumps({"rows": [ROW] * rows}).encode()
    head = f"POST /predict HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: {len(body)}\r\n\r\n"
    return head.encode() + body


async def _one(port: int, data: bytes, until: float, times: list[float]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while (began := time.perf_counter()) < until:
        writer.write(data)
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise SystemExit(f"answered {head[:40]!r}")
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        await reader.readexactly(length)
        times.append(time.perf_counter() - began)
    writer.close()


async def _all(port: int, concurrency: int, seconds: float, data: bytes) -> list[float]:
    times: list[float] = []
    until = time.perf_counter() + seconds
    await asyncio.gather(*(_one(port, data, until, times) for _ in range(concurrency)))
    return times


def measure(port: int, concurrency: int, seconds: float, rows: int = 1) -> tuple[float, float, float]:
    """Requests a second, and the median and 99th percentile in ms."""
    data = request(rows)
    asyncio.run(_all(port, concurrency, min(0.5, seconds), data))
    times = sorted(asyncio.run(_all(port, concurrency, seconds, data)))
    return len(times) / seconds, times[len(times) // 2] * 1e3, times[int(len(times) * 0.99)] * 1e3


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--servers", default="uvicorn,granian")
    parser.add_argument("--workers", default="1,2")
    parser.add_argument("--work", help=argparse.SUPPRESS)
    parser.add_argument("--on", type=int, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.work:
        work(chosen.work, chosen.on)
        return
    heads = " | ".join(f"{name + ' /s':>10} {'p50 ms':>7} {'p99 ms':>7}" for name in APPS)
    print(f"{'server':27} {'workers':>7} {'at once':>7} | {heads} | echo/plain echo/model")
    with tempfile.TemporaryDirectory(prefix="bench-serving-") as folder:
        publish(Path(folder), 1, revision(Path(folder)))
        job = job_of(Path(folder))
        for server in chosen.servers.split(","):
            for workers in map(int, chosen.workers.split(",")):
                cells(server, workers, job, chosen.seconds)


APPS = {"echo": "echo", "plain": "plain", "model": "regrove"}


def cells(server: str, workers: int, job: dict[str, Any], seconds: float) -> None:
    """Measure and print one server with one number of workers."""
    found: dict[tuple[str, int], tuple[float, float, float]] = {}
    for name, app in APPS.items():
        with Serving(server, app, workers, job) as port:
            for concurrency in (1, 32):
                found[name, concurrency] = measure(port, concurrency, seconds)
    for concurrency in (1, 32):
        row = [found[name, concurrency] for name in APPS]
        texts = [f"{rate:10.0f} {half:7.3f} {most:7.3f}" for rate, half, most in row]
        ratios = " ".join(f"{row[0][0] / each[0]:10.1f}" for each in row[1:])
        print(f"{server:27} {workers:7} {concurrency:7} | {' | '.join(texts)} | {ratios}", flush=True)


if __name__ == "__main__":
    main()

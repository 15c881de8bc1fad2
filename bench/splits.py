"""What a split costs: choosing, logging and counting on the path of a request, and the moments of a change.

    python -m bench.splits [--rounds 60] [--seconds 0.15] [--cycles 5] [--window 3] [--rate 100]

*Cost*: a classifier of 100 trees behind the whole application, half of whose callers are answered by a second one,
against the same application with nothing chosen, logged or counted (*bare*). Both servers stand at the same time and
are asked in short turns, so that whatever else the machine does hits both. Two ratios are told: of the medians of the
time that a client waits, which a busy machine blurs, and of the processor time that the server spends on a request.

*Changes*: two workers are asked at a steady rate while a canary begins, is rolled back, begins again and takes over;
each change loads a model aside. The time of a request runs from when it was due, so that waiting counts. What is
compared is the 99th percentile in the seconds after each change against that of the seconds before.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import tempfile
import time
from pathlib import Path

from bench.serving import ROW, Serving, job_of, publish, revision

COST, CHANGE = 1.10, 2.0
"""The budgets: of the whole against the bare application, and of a change against the time before it."""

CALLERS = 64
CHANGES = ("before", "canary begins", "rolled back", "begins again", "takes over")
Times = list[float]


def request(caller: int) -> bytes:
    """One prediction request of a caller."""
    body = json.dumps({"rows": [ROW], "key": f"caller-{caller}"}).encode()
    return f"POST /predict HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body


REQUESTS = [request(caller) for caller in range(CALLERS)]


async def answered(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, data: bytes) -> bool:
    """Whether one request was answered with 200."""
    writer.write(data)
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    await reader.readexactly(length)
    return head.startswith(b"HTTP/1.1 200")


async def turn(port: int, seconds: float) -> Times:
    """The times of requests that follow one another on one connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    times: Times = []
    until = time.perf_counter() + seconds
    while (began := time.perf_counter()) < until:
        if not await answered(reader, writer, REQUESTS[len(times) % CALLERS]):
            raise SystemExit("a request failed")
        times.append(time.perf_counter() - began)
    writer.close()
    return times


def quantile(times: Times, level: float) -> float:
    """A quantile in ms."""
    return sorted(times)[int(len(times) * level)] * 1e3


def cost(folder: Path, rounds: int, seconds: float) -> None:
    """Measure and print the cost of choosing, logging and counting."""
    publish(folder, 1, revision(folder, 1), ((revision(folder, 2), 5_000),))
    job = job_of(folder)
    every: dict[str, Times] = {"bare": [], "whole": []}
    spent = dict.fromkeys(every, 0.0)
    servers = {"bare": Serving("uvicorn", "bare", 1, job), "whole": Serving("uvicorn", "regrove", 1, job)}
    with servers["bare"] as bare, servers["whole"] as whole:
        for port in (bare, whole):
            asyncio.run(turn(port, 1.0))  # to warm
        for _ in range(rounds):
            for name, port in (("bare", bare), ("whole", whole)):
                before = processor(servers[name])
                every[name] += asyncio.run(turn(port, seconds))
                spent[name] += processor(servers[name]) - before
    print(f"{'':8} {'requests':>9} {'p50 ms':>8} {'p90 ms':>8} {'p99 ms':>8} {'CPU ms':>8}")
    each_cpu = {name: spent[name] * 1e3 / len(times) for name, times in every.items()}
    for name, times in every.items():
        levels = " ".join(f"{quantile(times, level):8.3f}" for level in (0.5, 0.9, 0.99))
        print(f"{name:8} {len(times):9} {levels} {each_cpu[name]:8.3f}")
    waited = quantile(every["whole"], 0.5) / quantile(every["bare"], 0.5)
    print(verdict("choosing, logging and counting, whole / bare: median of the time waited", waited, COST))
    print(verdict("and of the processor time", each_cpu["whole"] / each_cpu["bare"], COST))


def processor(server: Serving) -> float:
    """Seconds of processor time that a server has spent."""
    (process,) = server.processes
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Steady:
    """Requests at a steady rate until the end; ``times`` has when each was due, and how long it took from then."""

    def __init__(self, port: int, rate: float, connections: int = 4) -> None:
        self._port, self._every, self._connections = port, connections / rate, connections
        self.times: list[tuple[float, float]] = []
        self.failed = 0
        self._over = False

    async def run(self) -> None:
        """Ask until `end`."""
        await asyncio.gather(*(self._one(index) for index in range(self._connections)))

    def end(self) -> None:
        """Ask no more."""
        self._over = True

    async def _one(self, index: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        due = time.perf_counter() + self._every * index / self._connections
        while not self._over:
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            good = await answered(reader, writer, REQUESTS[len(self.times) % CALLERS])
            self.failed += not good
            self.times.append((due, time.perf_counter() - due))
            due += self._every
        writer.close()


async def changes(folder: Path, port: int, cycles: int, window: float, rate: float) -> tuple[dict[str, Times], int]:
    """The times after each kind of change over all cycles, and how many requests failed."""
    old, new = revision(folder, 1), revision(folder, 2)
    states = {
        "before": None,
        "canary begins": (old, ((new, 2_000),)),
        "rolled back": (old, ()),
        "begins again": (old, ((new, 5_000),)),
        "takes over": (new, ()),
    }
    load, number = Steady(port, rate), 1
    found: dict[str, Times] = {name: [] for name in CHANGES}
    running = asyncio.create_task(load.run())
    await asyncio.sleep(window)
    for _ in range(cycles):
        for name, state in states.items():
            began = time.perf_counter()
            if state is not None:
                number += 1
                publish(folder, number, *state)
            await asyncio.sleep(window)
            ended = time.perf_counter()
            found[name] += [took for due, took in load.times if began <= due < ended]
        number += 1
        publish(folder, number, old)
        await asyncio.sleep(window)
    load.end()
    await running
    return found, load.failed


def verdict(what: str, ratio: float, budget: float) -> str:
    """A ratio against its budget."""
    return f"{what}: {ratio:.2f} ({'within' if ratio <= budget else 'OVER'} the budget of {budget:.2f})"


def report(found: dict[str, Times], failed: int) -> None:
    """Print what the changes did."""
    print(f"\n{'':16} {'requests':>9} {'p50 ms':>8} {'p99 ms':>8} {'worst ms':>9} {'p99 / before':>13}")
    before = quantile(found["before"], 0.99)
    for name, times in found.items():
        half, most = quantile(times, 0.5), quantile(times, 0.99)
        print(f"{name:16} {len(times):9} {half:8.3f} {most:8.3f} {max(times) * 1e3:9.3f} {most / before:13.2f}")
    worst = max(quantile(times, 0.99) for times in found.values()) / before
    print(verdict(f"{failed} requests failed; the worst 99th percentile after a change / before", worst, CHANGE))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--seconds", type=float, default=0.15)
    parser.add_argument("--cycles", type=int, default=5)
    parser.add_argument("--window", type=float, default=3.0)
    parser.add_argument("--rate", type=float, default=100.0)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-splits-") as folder:
        cost(Path(folder), chosen.rounds, chosen.seconds)
    with tempfile.TemporaryDirectory(prefix="bench-splits-") as folder:
        publish(Path(folder), 1, revision(Path(folder), 1))
        with Serving("uvicorn", "regrove", 2, job_of(Path(folder), poll_s=0.2)) as port:
            found, failed = asyncio.run(changes(Path(folder), port, chosen.cycles, chosen.window, chosen.rate))
    report(found, failed)


if __name__ == "__main__":
    main()

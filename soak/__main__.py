"""``python -m soak [--full] [--jobs N] [TOPIC ...]``: run the simulations and print one table.

Exit status 1 when a stated rate is excluded by what was seen, 2 for a topic that does not exist.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import TextIO

for _threads in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_threads, "1")  # one core a topic; set before numpy is loaded

from soak.row import Row  # noqa: E402 - after the threads are set

_NO_TOPIC = {"__init__", "__main__", "row"}
_LONGEST = ("gate", "labels", "drift", "multivariate", "monitor", "rollout")
"""What is begun first, so that nobody waits for one of them at the end."""


def topics() -> list[str]:
    """The names of all topics."""
    return sorted(path.stem for path in Path(__file__).parent.glob("*.py") if path.stem not in _NO_TOPIC)


def run(topic: str, full: bool) -> tuple[str, float, list[Row]]:
    """All rows of a topic, with the seconds of one core that it took; progress goes to the error stream."""
    import importlib

    began = time.process_time()  # what else the machine does meanwhile does not count
    rows = []
    for row in importlib.import_module(f"soak.{topic}").rows(full):
        rows.append(row)
        # With all that the table will say of it: a run of hours that is killed has told what it saw.
        seen = f"{row.rate:.4g}, stated {row.claim}, {row.low:.4f} to {row.high:.4f}{'' if row.holds else ' EXCLUDED'}"
        _say(f"  {topic}: {row.name}: {seen} ({time.process_time() - began:.0f} s)", sys.stderr)
    return topic, time.process_time() - began, rows


def table(found: dict[str, list[Row]]) -> str:
    """The rows as text, topic by topic."""
    width = max((len(row.name) for rows in found.values() for row in rows), default=10)
    head = f"{'':<{width}}  {'stated':>9}  {'seen':>7}  {'99% interval':>17}  {'events':>8} / {'trials':<9}"
    lines = [head]
    for topic in sorted(found):
        lines.append(f"-- {topic}")
        lines += [
            f"{row.name:<{width}}  {row.claim:>9}  {row.rate:7.4f}  {row.low:7.4f} - {row.high:7.4f}"
            f"  {row.events:8d} / {row.trials:<9d}{'' if row.holds else ' EXCLUDED'}"
            for row in found[topic]
        ]
    return "\n".join(lines)


def _say(text: str, stream: TextIO | None = None) -> None:
    (stream or sys.stdout).write(text + "\n")
    (stream or sys.stdout).flush()


def main(arguments: list[str] | None = None) -> int:
    """Run the topics that are named, or all."""
    parser = argparse.ArgumentParser(prog="python -m soak", description=__doc__)
    parser.add_argument("topics", nargs="*", metavar="TOPIC")
    parser.add_argument("--full", action="store_true", help="the full sizes")
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1), help="topics at a time")
    options = parser.parse_args(arguments)
    known = topics()
    unknown = [each for each in options.topics if each not in known]
    if unknown:
        _say(f"There is no topic {', '.join(unknown)}. There are: {', '.join(known)}", sys.stderr)
        return 2
    wanted = options.topics or known
    found: dict[str, list[Row]] = {}
    began, seconds = time.monotonic(), 0.0
    wanted = sorted(wanted, key=lambda topic: topic not in _LONGEST)
    with ProcessPoolExecutor(max(1, min(options.jobs, len(wanted)))) as pool:
        for done in as_completed([pool.submit(run, topic, options.full) for topic in wanted]):
            topic, took, found[topic] = done.result()
            seconds += took
            _say(f"{topic}: {len(found[topic])} rows in {took:.0f} s of one core", sys.stderr)
    _say(table(found))
    broken = [row for rows in found.values() for row in rows if not row.holds]
    size = "full" if options.full else "quick"
    took = f"{seconds:.0f} s of one core, {time.monotonic() - began:.0f} s by the clock"
    _say(f"{sum(map(len, found.values()))} rows, {len(broken)} excluded; {size} sizes, {took}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())

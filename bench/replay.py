"""A year's replay: what it takes to live through March to December 2013, asked, labelled and watched day by day.

    python -m bench.replay [--until 2014-01-01T05:00:00Z]

The example's first model is trained, a server answers, and every flight of the year is asked about. Once nobody
watches, so that what is timed is sending, answering and writing down; once a worker compacts and judges each day before
the next one begins, as in ``make demo`` but with no playbooks, which retrain for as long as a model takes to fit.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import subprocess
import tempfile
import time
from pathlib import Path
from types import ModuleType

EXAMPLE = Path(__file__).parents[1] / "examples" / "year"


def main() -> None:
    """Live through it twice, and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--until", default="2014-01-01T05:00:00Z")
    chosen = parser.parse_args()
    demo = _demo()
    print(f"{'':12} {'predictions':>12} {'requests':>9} {'labels':>9} {'seconds':>8} {'a day, ms':>10} {'a second':>9}")
    for name, watched in (("nobody looks", False), ("watched", True)):
        with tempfile.TemporaryDirectory(prefix="bench-replay-") as folder:
            sent, seconds, days = _lived(demo, Path(folder) / "year", chosen.until, watched=watched)
        counts = f"{sent['predictions']:12,} {sent['requests']:9,} {sent['labels']:9,}"
        print(f"{name:12} {counts} {seconds:8.1f} {seconds / days * 1e3:10.0f} {sent['predictions'] / seconds:9,.0f}")


def _lived(demo: ModuleType, folder: Path, until: str, *, watched: bool) -> tuple[dict[str, int], float, float]:
    """What was sent, the seconds that it took, and the days that were lived through."""
    demo.console.quiet = True
    folder = demo.fresh(folder)
    declared = folder / "regrove.toml"
    declared.write_text(declared.read_text().partition("[playbooks.")[0])
    subprocess.run([demo.sys.executable, "prepare.py"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    for line in (f"clock --turn-to {demo.BEGIN}", "run", f"models promote {demo.MODEL}@1 --reason first"):
        demo.ask(folder, *line.split())
    demo.ask(folder, "datasets", "register", "year")
    server = demo.Process(folder, "serve", demo.MODEL, "--port", "0")
    worker = demo.Process(folder, "worker") if watched else None
    try:
        server.wait_for("is ready and answers")
        began = time.perf_counter()
        sent = json.loads(demo.ask(folder, "replay", "year", "--until", until, *demo.REPLAY, "--json"))
        seconds = time.perf_counter() - began
    finally:
        for each in (worker, server):
            if each is not None:
                each.stop()
    day = 86_400
    begin, end = (time.mktime(time.strptime(each, "%Y-%m-%dT%H:%M:%SZ")) for each in (demo.BEGIN, until))
    return sent, seconds, (end - begin) / day


def _demo() -> ModuleType:
    """The example's own script, whose commands are those of a user."""
    spec = importlib.util.spec_from_file_location("year_demo", EXAMPLE / "demo.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    main()

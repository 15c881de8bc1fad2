"""What it costs to begin: ``regrove --help``, an import, ``regrove serve`` to ready, and the installed size."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

BIN = Path(sys.executable).parent
RUNS = 7


def main() -> None:
    """Print the figures."""
    bare = median(lambda: subprocess.run([sys.executable, "-c", "pass"], check=True))
    typer = median(lambda: subprocess.run([sys.executable, "-c", "import typer, rich.console, rich.table"], check=True))
    imported = median(lambda: subprocess.run([sys.executable, "-c", "import regrove"], check=True))
    shown = median(lambda: subprocess.run([BIN / "regrove", "--help"], check=True, stdout=subprocess.DEVNULL))
    print(f"python -c pass                       {bare * 1e3:7.0f} ms")
    print(f"python -c 'import regrove'           {imported * 1e3:7.0f} ms   {imported / bare:5.2f} x bare Python")
    print(f"python -c 'import typer, rich'       {typer * 1e3:7.0f} ms   {typer / bare:5.2f} x bare Python")
    print(
        f"regrove --help                       {shown * 1e3:7.0f} ms   {shown / typer:5.2f} x importing typer and rich"
    )
    serve_start()
    size()


def median(act: object) -> float:
    """Seconds of the median run."""
    times = []
    for _ in range(RUNS):
        began = time.perf_counter()
        act()  # type: ignore[operator]  # a callable without arguments
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def serve_start() -> None:
    """From the start of ``regrove serve`` to its first ready answer, with the model of the tabular template."""
    with tempfile.TemporaryDirectory() as folder:
        regrove(folder, "init", "shop")
        project = Path(folder) / "shop"
        regrove(project, "run")
        regrove(project, "models", "promote", "returns@1", "--reason", "to be measured")
        times = [_one_start(project) for _ in range(3)]
    print(f"regrove serve to /readyz             {statistics.median(times) * 1e3:7.0f} ms   (3 starts)")


def _one_start(project: Path) -> float:
    began = time.perf_counter()
    process = subprocess.Popen([BIN / "regrove", "serve", "--port", "0"], cwd=project, stdout=subprocess.DEVNULL)
    folder = project / ".regrove" / "serving"
    try:
        while time.perf_counter() - began < 60:
            try:
                status = next(folder.glob("returns.*.server.json"))
                url = json.loads(status.read_text())["url"]
                urllib.request.urlopen(f"{url}/readyz", timeout=5).close()  # loopback
                return time.perf_counter() - began
            except (OSError, ValueError, KeyError, StopIteration):
                time.sleep(0.005)
    finally:
        process.terminate()
        process.wait(30)
    raise SystemExit("the server did not become ready")


def regrove(folder: Path | str, *words: str) -> None:
    """Run a command quietly."""
    subprocess.run([BIN / "regrove", *words], cwd=folder, check=True, stdout=subprocess.DEVNULL)


def size() -> None:
    """The core install: regrove and what it depends on without extras, as installed here, with its byte-code."""
    found: dict[str, int] = {}
    wanted = ["regrove"]
    while wanted:
        name = wanted.pop()
        if name in found:
            continue
        distribution = importlib.metadata.distribution(name)
        files = {Path(str(distribution.locate_file(each))) for each in distribution.files or []}
        files |= {Path(importlib.util.cache_from_source(path)) for path in files if path.suffix == ".py"}
        found[name] = sum(path.stat().st_size for path in files if path.is_file())
        for requirement in distribution.requires or []:
            if "extra ==" not in requirement and not _left_out(requirement):
                wanted.append(re.split(r"[\s;<>=!~\[(]", requirement, maxsplit=1)[0].lower())
    total = sum(found.values()) / 2**20
    largest = ", ".join(f"{name} {size / 2**20:.0f}" for name, size in sorted(found.items(), key=lambda x: -x[1])[:5])
    print(f"core install                         {total:7.0f} MiB  {len(found)} distributions ({largest})")


def _left_out(requirement: str) -> bool:
    """Whether a marker rules the requirement out here, or it is not installed because of one."""
    name = re.split(r"[\s;<>=!~\[(]", requirement, maxsplit=1)[0]
    try:
        importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        return True
    return False


if __name__ == "__main__":
    main()

"""``python -m bench [NAME ...]``: run the benchmarks, all or those named, one after the other."""

from __future__ import annotations

import platform
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
NO_BENCH = {"__init__", "__main__", "peers"}


def main(names: list[str]) -> int:
    """Run the benchmarks; 2 for a name that is none."""
    known = sorted(path.stem for path in Path(__file__).parent.glob("*.py") if path.stem not in NO_BENCH)
    unknown = [name for name in names if name not in known]
    if unknown:
        print(f"There is no benchmark {', '.join(unknown)}. There are: {', '.join(known)}", file=sys.stderr)
        return 2
    print(
        f"Python {platform.python_version()}, {platform.machine()}, {len(_cpus())} CPUs. "
        "Ratios travel; absolute times do not."
    )
    for name in names or known:
        print(f"\n== {name}", flush=True)
        # In a process of its own, so that none inherits the memory, the threads or the caches of another.
        code = f"import bench.{name}; bench.{name}.main()"
        ended = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode
        if ended:
            return ended
    return 0


def _cpus() -> set[int]:
    import os

    return os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set(range(os.cpu_count() or 1))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

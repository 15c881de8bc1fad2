"""Killing a process at each of its commit edges, on purpose and in order.

A *commit edge* is a moment after which something is durable that was not before, or just before it: each COMMIT of a
database and each rename, replace or link of a file, before and after. `edges` runs a function to its end in a fresh
process and names them; `kill_at` runs it again and kills the process with SIGKILL at the n-th; `kill_randomly` kills it
at a random moment drawn from a seed. What is patched is patched in the child, from the test's side; the product has no
hook for this.

The function is named ``package.module:function`` and is called with ``**args``, which are JSON; so is what it returns.
Keep it in a module of its own that imports little: each call imports it anew in a forked child. `preload` names modules
to import once before the forks; such a module may start no threads (see `tests.crash_child.IDLE`).

    def test_a_killed_import_is_continued(tmp_path):
        args = lambda name: {"folder": str(fresh(tmp_path / name))}
        for n, label in enumerate(crash.edges("tests.x.acts:act", args("whole"))):
            at = args(f"edge{n}")
            crash.kill_at("tests.x.acts:act", at, n)
            crash.run("tests.x.acts:act", at)          # the next start goes on
            ...                                        # and the state is as if nothing had happened

`also` names further functions (``module:Class.method``) whose end is an edge, such as the append to a log.
"""

from __future__ import annotations

import atexit
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

__all__ = ["SEEDS", "edges", "kill_at", "kill_randomly", "run"]

SEEDS = range(50 if os.environ.get("REGROVE_SOAK") else 5)
"""Of the random kills: five in the tests, fifty in ``make soak``."""


_ROOT = Path(__file__).resolve().parent.parent
_zygote: subprocess.Popen[str] | None = None
_durations: dict[str, float] = {}


def run(function: str, args: Mapping[str, Any], *, preload: Sequence[str] = ()) -> Any:
    """Run the function to its end in a fresh process and return what it returned."""
    return _finished(_request(function, args, preload=preload), function)["result"]


def edges(
    function: str, args: Mapping[str, Any], *, also: Sequence[str] = (), preload: Sequence[str] = ()
) -> list[str]:
    """Run the function to its end in a fresh process and return the labels of its commit edges, in order."""
    return _finished(_request(function, args, also=also, preload=preload), function)["edges"]


def kill_at(
    function: str, args: Mapping[str, Any], n: int, *, also: Sequence[str] = (), preload: Sequence[str] = ()
) -> str:
    """Run the function until its edge number ``n`` (from 0), kill it there, and return the edge's label."""
    answer = _request(function, args, kill_at=n, also=also, preload=preload)
    if answer["signal"] != signal.SIGKILL:
        raise AssertionError(f"{function} did not come to edge {n} of {answer['edges']}:\n{answer['output']}")
    return answer["edges"][-1]


def kill_randomly(
    function: str, args: Mapping[str, Any], seed: int, *, within_s: float | None = None, preload: Sequence[str] = ()
) -> bool:
    """Kill the function at a random moment; False when it had finished by then.

    The moment is drawn uniformly from ``within_s`` seconds, by default the time that the last whole run took.
    """
    within = within_s if within_s is not None else _durations.get(function, 1.0)
    answer = _request(function, args, delay=random.Random(seed).uniform(0, within), preload=preload)
    if answer["signal"] == signal.SIGKILL:
        return True
    _finished(answer, function)
    return False


def _finished(answer: dict[str, Any], function: str) -> dict[str, Any]:
    if answer["signal"] or answer["exit"]:
        raise AssertionError(f"{function} failed ({answer['signal'] or answer['exit']}):\n{answer['output']}")
    _durations[function] = answer["seconds"]
    return answer


def _request(function: str, args: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="crash-") as folder:
        request = {"function": function, "args": dict(args), "folder": folder, **more}
        child = _running()
        assert child.stdin is not None and child.stdout is not None
        started = time.monotonic()
        child.stdin.write(json.dumps(request) + "\n")
        child.stdin.flush()
        line = child.stdout.readline()
        if not line:
            raise AssertionError(f"the process that forks the children has ended ({child.wait()})")
        status = json.loads(line)["status"]
        result = Path(folder, "result")
        ended = os.WIFEXITED(status) and result.exists()  # one that was killed may have written half of it
        return {
            "signal": os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0,
            "exit": os.WEXITSTATUS(status) if os.WIFEXITED(status) else 0,
            "seconds": time.monotonic() - started,
            "edges": Path(folder, "edges").read_text().splitlines(),
            "output": Path(folder, "output").read_text(errors="replace"),
            "result": json.loads(result.read_text()) if ended else None,
        }


def _running() -> subprocess.Popen[str]:
    global _zygote
    if _zygote is None or _zygote.poll() is not None:
        # No threads in numpy's BLAS and in the allocator of polars: a process that has threads must not be forked.
        single = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "_RJEM_MALLOC_CONF": "background_thread:false"}
        environment = {**os.environ, **single, "PYTHONPATH": str(_ROOT)}
        _zygote = subprocess.Popen(
            [sys.executable, "-m", "tests.crash_child"],
            cwd=_ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        atexit.register(_stop, _zygote)
    return _zygote


def _stop(child: subprocess.Popen[str]) -> None:
    assert child.stdin is not None and child.stdout is not None
    child.stdin.close()
    child.wait(10)
    child.stdout.close()

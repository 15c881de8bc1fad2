"""The process from which `tests.crash` forks its children: light modules are loaded once, nothing is opened."""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import Any

PRELOADED = (
    "alembic.migration",
    "alembic.operations",
    "alembic.script",
    "blake3",
    "msgspec",
    "numpy.random",
    "polars",
    "sqlalchemy.dialects.postgresql",
    "sqlalchemy.dialects.sqlite",
    "regrove.storage.database",
    "regrove.storage.lease",
    "regrove.storage.migration",
    "regrove.storage.objects.local",
    "regrove.storage.vault",
    "scipy.special",
)
IDLE = {"polars-ooc-clea"}
"""The one thread of polars that its import starts: it sleeps until a query has spilled to disk, and holds nothing."""


def main() -> None:
    for name in PRELOADED:
        importlib.import_module(name)
    for line in sys.stdin:
        request = json.loads(line)
        for name in request["preload"]:
            importlib.import_module(name)
        if threads() > 1:
            raise SystemExit(f"{request['preload']} started a thread, so nothing may be forked from here")
        for name in ("edges", "output"):
            open(os.path.join(request["folder"], name), "w").close()
        pid = os.fork()
        if pid == 0:
            child(request)
        if request.get("delay") is not None:
            time.sleep(request["delay"])
            os.kill(pid, signal.SIGKILL)  # no reused pid: it is not waited for yet
        print(json.dumps({"status": os.waitpid(pid, 0)[1]}), flush=True)


def threads() -> int:
    try:
        names = [Path(task, "comm").read_text().strip() for task in Path("/proc/self/task").iterdir()]
    except OSError:
        return threading.active_count()
    return len([name for name in names if name not in IDLE])


def child(request: dict[str, Any]) -> None:
    code = 1
    try:
        output = os.open(os.path.join(request["folder"], "output"), os.O_WRONLY)
        os.dup2(output, 1)
        os.dup2(output, 2)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)  # the requests are the parent's
        module, _, function = request["function"].partition(":")
        target = getattr(importlib.import_module(module), function)
        watch(request)
        result = target(**request["args"])
        with open(os.path.join(request["folder"], "result"), "w") as file:
            json.dump(result, file)
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def watch(request: dict[str, Any]) -> None:
    """Count the commit edges, and die at the one that was asked for."""
    from sqlalchemy.engine.default import DefaultDialect

    out = os.open(os.path.join(request["folder"], "edges"), os.O_WRONLY | os.O_APPEND)
    lock, count, fatal = threading.Lock(), 0, request.get("kill_at")

    def edge(label: str) -> None:
        nonlocal count
        with lock:
            os.write(out, (label + "\n").encode())
            if count == fatal:
                os.kill(os.getpid(), signal.SIGKILL)
            count += 1

    def wrap(owner: Any, name: str, label: Any, *, before: bool = True) -> None:
        original = getattr(owner, name)

        def wrapped(*args: Any, **kwargs: Any) -> Any:
            said = label(args)
            if before:
                edge(f"before {said}")
            value = original(*args, **kwargs)
            edge(f"after {said}")
            return value

        setattr(owner, name, wrapped)

    wrap(DefaultDialect, "do_commit", lambda _: "COMMIT")
    for name in ("link", "rename", "replace"):
        wrap(os, name, lambda args, name=name: f"{name} {os.path.basename(os.fspath(args[1]))}")
    for place in request.get("also", ()):
        module, _, path = place.partition(":")
        owner = importlib.import_module(module)
        *parents, name = path.split(".")
        for parent in parents:
            owner = getattr(owner, parent)
        wrap(owner, name, lambda _, place=place: place, before=False)


if __name__ == "__main__":
    main()

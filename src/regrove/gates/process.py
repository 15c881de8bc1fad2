"""A server of its own for a candidate: a process that answers on this machine alone, and ends with whoever began it.

It reads one line of JSON, serves the deployment that the line names until its standard input ends, and prints its
address on one line. Its object store and its log are private folders, so no real deployment sees anything of it.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from regrove.errors import MissingExtra, Unavailable
from regrove.serving.config import DeploymentConfig
from regrove.serving.generation import Generation, Revision, write
from regrove.storage import LocalObjects, Vault

if TYPE_CHECKING:
    from regrove.registry import ModelVersion

__all__ = ["check_parts", "main", "serving"]

_DEPLOYMENT: Final = "candidate"
_PATIENCE_S: Final = 60.0


class Post(msgspec.Struct, frozen=True):
    """What the process is told."""

    objects: str
    log: str
    project: str


def check_parts() -> None:
    """Raise MissingExtra when nothing here can answer over HTTP."""
    if find_spec("uvicorn") is None:
        raise MissingExtra("uvicorn", extra="serve", need="measure how fast a candidate answers")


@contextlib.contextmanager
def serving(version: ModelVersion, vault: Vault, folder: Path) -> Iterator[Callable[[], str]]:
    """Begins a server with ``version``; everything it needs is copied below ``folder``.

    Gives a function that waits until the server is ready to answer, and returns its address. That one raises
    Unavailable, with what the server said, when it does not come up.
    """
    objects = LocalObjects(folder / "objects")
    private = Vault(objects)
    for digest in (version.digest, *version.manifest.objects):
        private.add_file(vault.fetch(digest))
    write(objects, _generation(version))
    post = Post(str(folder / "objects"), str(folder / "log"), version.project)
    with open(folder / "server.txt", "wb") as said:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "regrove.gates.process"],  # -P: a project's files must not hide modules
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
            process_group=0,  # Ctrl-C is for whoever began it, which ends it in order
        )
    try:
        assert process.stdin is not None
        process.stdin.write(msgspec.json.encode(post) + b"\n")
        process.stdin.flush()
        yield lambda: _ready(process, folder)
    finally:
        _end(process)


def _generation(version: ModelVersion) -> Generation:
    revision = Revision(
        number=1,
        model=version.ref,
        model_digest=version.digest,
        config=DeploymentConfig(model=version.ref.removeprefix("model:")),
        declared="",
    )
    return Generation(
        project=version.project,
        deployment=_DEPLOYMENT,
        number=1,
        state="running",
        revision=revision,
        published_at=version.registered_at,
    )


def _address(process: subprocess.Popen[bytes], folder: Path) -> str:
    assert process.stdout is not None
    with selectors.DefaultSelector() as waiting:
        waiting.register(process.stdout, selectors.EVENT_READ)
        line = process.stdout.readline() if waiting.select(_PATIENCE_S) else b""
    if not line.startswith(b"http://"):
        raise _silent(folder)
    return line.decode().strip()


def _ready(process: subprocess.Popen[bytes], folder: Path) -> str:
    """The address, once it answers there."""
    url = _address(process, folder)
    until = time.monotonic() + _PATIENCE_S
    while time.monotonic() < until and process.poll() is None:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{url}/readyz", timeout=5):  # noqa: S310  # our own
            return url
        time.sleep(0.02)
    raise _silent(folder)


def _silent(folder: Path) -> Unavailable:
    said = (folder / "server.txt").read_text(errors="replace").strip().splitlines()
    return Unavailable(
        "The server that was to answer with the candidate did not come up",
        expected=f"one that is ready within {_PATIENCE_S:.0f} s",
        received=said[-1] if said else "nothing",
        mend="regrove models verify tells whether the version can be loaded",
    )


def _end(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    with contextlib.suppress(BrokenPipeError):
        process.stdin.close()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()


def main() -> None:
    """Serve what the line on standard input names."""
    from regrove.serving.process import serve

    post = msgspec.json.decode(sys.stdin.buffer.readline(), type=Post)
    threading.Thread(target=_watch, name="regrove-parent", daemon=True).start()
    serve(post.objects, _DEPLOYMENT, post.project, Path(post.log), port=0, poll_s=5.0, drain_s=2.0, started=_tell)


def _tell(url: str) -> None:
    sys.stdout.write(f"{url}\n")
    sys.stdout.flush()


def _watch() -> None:
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()

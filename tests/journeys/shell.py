"""A shell as a user has one: commands as text, their output, and servers in the background."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

__all__ = ["Shell"]

PATIENCE_S = 800


class Shell:
    """Runs commands in one folder with ``regrove`` and ``python`` on the path, and ends what it started."""

    def __init__(self, folder: Path, *, bin_folder: Path | None = None, **environment: str) -> None:
        self.folder = folder
        scripts = bin_folder or Path(sys.executable).parent
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("REGROVE_", "COV_", "PYTEST"))}
        self.environment = (
            kept | {"PATH": f"{scripts}:{os.environ['PATH']}", "REGROVE_ACTOR": "person:ann"} | environment
        )
        self._background: list[subprocess.Popen[str]] = []

    def run(self, command: str, *, expect: int = 0) -> str:
        """Run a command; its whole output. The test fails when it does not end as expected."""
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
        assert done.returncode == expect, f"$ {command}\n{done.stdout}\nexit code {done.returncode}, expected {expect}"
        return done.stdout

    def start(self, command: str, *, until: str) -> tuple[subprocess.Popen[str], str]:
        """Start a server and read what it prints up to a line that matches ``until``."""
        process = subprocess.Popen(
            ["bash", "-c", f"exec {command}"],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._background.append(process)
        assert process.stdout is not None
        said = ""
        for line in process.stdout:
            said += line
            if re.search(until, line):
                return process, said
        raise AssertionError(f"$ {command}\n{said}\nended with {process.wait()} before it said {until!r}")

    def close(self) -> None:
        """End the servers in good order."""
        for process in self._background:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            try:
                process.communicate(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()

    def __enter__(self) -> Shell:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()


def next_commands(output: str) -> list[str]:
    """The commands that an output names as the next ones."""
    found = re.findall(r"^next  (.+?)(?:   # .*)?$", output, flags=re.M)
    return [each.strip() for each in found]

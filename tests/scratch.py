"""``make test``: where the tests write. Prints a folder.

They write and sync tens of thousands of small files and transactions, and ask what is there after a process was killed,
not after the machine was. So it is memory where there is plenty, else the machine's own place.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
from pathlib import Path

MEMORY = Path("/dev/shm")  # noqa: S108  what Linux offers as a folder in memory
NEEDED = 8 * 2**30
"""Bytes that must be free: the tests hold up to two thousand million at a time, their processes as much."""


def folder() -> str:
    """What TMPDIR says; without it memory, where it is large enough and programs in it may run."""
    if "TMPDIR" in os.environ or sys.platform != "linux" or not os.access(MEMORY, os.W_OK):
        return tempfile.gettempdir()
    enough = min(shutil.disk_usage(MEMORY).free, _available()) >= NEEDED
    runs = not os.statvfs(MEMORY).f_flag & os.ST_NOEXEC
    return str(MEMORY) if enough and runs else tempfile.gettempdir()


def _available() -> int:
    """Bytes of memory that processes can have without swapping."""
    found = re.search(r"^MemAvailable: +(\d+) kB$", Path("/proc/meminfo").read_text(encoding="ascii"), re.M)
    return int(found[1]) * 1024 if found else 0


if __name__ == "__main__":
    print(folder())

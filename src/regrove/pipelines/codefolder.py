"""Importing the project's modules from the folder of its applied source, and from nowhere else."""

from __future__ import annotations

import importlib
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

__all__ = ["inside"]

_lock: Final = threading.RLock()
_loaded: list[str] = []
"""The folder whose modules are loaded now, if any."""


@contextmanager
def inside(root: str) -> Iterator[None]:
    """Let imports of the project's modules come from ``root`` until the block ends.

    Modules of another version of the project, or of its work tree, are dropped first, so that two versions never mix
    in one process. One block at a time: others wait.
    """
    with _lock:
        if _loaded != [root]:
            _drop(root)
            _loaded[:] = [root]
        written = sys.dont_write_bytecode
        sys.dont_write_bytecode = True  # the folder holds what was applied and nothing else
        sys.path.insert(0, root)
        try:
            yield
        finally:
            sys.path.remove(root)
            sys.dont_write_bytecode = written


def _drop(root: str) -> None:
    names = {path.stem for path in Path(root).iterdir()} - set(sys.stdlib_module_names)
    for module in list(sys.modules):
        if module.partition(".")[0] in names or _lies_in(module, _loaded):
            del sys.modules[module]
    importlib.invalidate_caches()


def _lies_in(module: str, roots: list[str]) -> bool:
    file = getattr(sys.modules[module], "__file__", None)
    return bool(roots) and bool(file) and str(file).startswith(roots[0] + "/")

"""Importing written-out modules for a moment, to see that code which was read also runs."""

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def importable(folder: Path) -> Iterator[None]:
    """Let modules below ``folder`` be imported, whatever was imported under their names before; then forget them."""
    own = {path.stem for path in folder.iterdir()} - set(sys.stdlib_module_names)
    before = {name: sys.modules.pop(name) for name in list(sys.modules) if name.partition(".")[0] in own}
    known, written = set(sys.modules), sys.dont_write_bytecode
    sys.path.insert(0, str(folder))
    sys.dont_write_bytecode = True
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        sys.dont_write_bytecode = written
        for name in set(sys.modules) - known:
            file = getattr(sys.modules[name], "__file__", None) or next(
                iter(getattr(sys.modules[name], "__path__", [""]))
            )
            if str(file).startswith(str(folder)):
                del sys.modules[name]
        sys.modules.update(before)


def lay_out(folder: Path, files: dict[str, str]) -> None:
    """Write an extracted package."""
    for path, text in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)

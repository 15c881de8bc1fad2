"""Where the modules of a project stand: the files under its root, and nothing outside."""

from __future__ import annotations

import io
import os
import sys
import tokenize
from dataclasses import dataclass
from importlib.machinery import PathFinder
from pathlib import Path

from regrove.errors import InvalidInput, of_system

__all__ = ["Finder", "Found"]

_NOT_SOURCE = frozenset({"__pycache__", "node_modules", "site-packages", "build", "dist"})


@dataclass(frozen=True, slots=True)
class Found:
    """A module of the project: its file relative to the root, with ``/``; empty for a folder without ``__init__``."""

    path: str
    is_package: bool


class Finder:
    """Finds the modules below ``root`` as Python would with ``root`` first on its path."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._found: dict[str, Found | None] = {}

    def find(self, name: str) -> Found | None:
        """The module ``name``, or None when it is not the project's."""
        if name not in self._found:
            self._found[name] = self._look(name)
        return self._found[name]

    def _look(self, name: str) -> Found | None:
        parts = name.split(".")
        if not all(part.isidentifier() for part in parts) or parts[0] in sys.builtin_module_names:
            return None
        if len(parts) > 1 and self.find(".".join(parts[:-1])) is None:
            return None
        base = "/".join(parts)
        for path, is_package in ((f"{base}/__init__.py", True), (f"{base}.py", False)):
            if (self.root / path).is_file():
                return Found(path, is_package)
        if (self.root / base).is_dir() and self._holds_source(self.root / base) and not self._installed(name):
            return Found("", is_package=True)
        return None

    def _holds_source(self, folder: Path) -> bool:
        return any(True for _ in _files(folder))

    @staticmethod
    def _installed(name: str) -> bool:
        """Whether an installed package hides a plain folder of that name, as Python decides it."""
        if "." in name:
            return False
        spec = PathFinder.find_spec(name, [each for each in sys.path if each])
        return spec is not None and spec.origin is not None

    def everything(self) -> list[str]:
        """The names of all modules below the root, sorted; hidden folders and virtual environments are left out."""
        names = []
        for path in _files(self.root):
            parts = path.relative_to(self.root).with_suffix("").parts
            name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            if name and self.find(name) is not None:
                names.append(name)
        return sorted(set(names))

    def read(self, path: str) -> str:
        """The text of a file, its lines ended as on Linux; Unavailable or InvalidInput when it cannot be read."""
        try:
            data = (self.root / path).read_bytes()
        except OSError as error:
            raise of_system(error, f"{path} cannot be read") from error
        try:
            encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
            if encoding not in ("utf-8", "utf-8-sig"):
                raise InvalidInput(
                    f"{path} is not UTF-8", expected="UTF-8", received=encoding, mend=f"save {path} as UTF-8"
                )
            text = data.decode("utf-8-sig")
        except (SyntaxError, UnicodeDecodeError) as error:
            raise InvalidInput(
                f"{path} is not UTF-8", expected="UTF-8", received=str(error), mend=f"save {path} as UTF-8"
            ) from None
        return text.replace("\r\n", "\n").replace("\r", "\n")


def _files(folder: Path) -> list[Path]:
    """The Python files below ``folder``, sorted."""
    found: list[Path] = []
    for place, folders, files in os.walk(folder):
        here = Path(place)
        folders[:] = sorted(
            each
            for each in folders
            if not each.startswith(".") and each not in _NOT_SOURCE and not (here / each / "pyvenv.cfg").exists()
        )
        found += [here / each for each in sorted(files) if each.endswith(".py")]
    return found

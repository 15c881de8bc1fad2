"""The doors of the sub-packages."""

from __future__ import annotations

import importlib
import pkgutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import regrove.stats

DOORS = [each.name for each in pkgutil.iter_modules(regrove.stats.__path__, "regrove.stats.") if each.ispkg]


@pytest.mark.parametrize("door", DOORS)
class TestDoors:
    """Light, sorted, and not shadowed by a module."""

    def test_every_name_can_be_had(self, door: str) -> None:
        """A module named like a function would take the function's place once it is imported."""
        package = importlib.import_module(door)
        for module in pkgutil.iter_modules(package.__path__, door + "."):
            importlib.import_module(module.name)
        assert package.__doc__
        assert list(package.__all__) == sorted(package.__all__)
        for name in package.__all__:
            assert not isinstance(getattr(package, name), ModuleType), name

    def test_an_import_loads_nothing_heavy(self, door: str) -> None:
        """Neither numpy nor scipy before a function is asked for; scipy.stats never."""
        code = (
            f"import sys, importlib, pkgutil; package = importlib.import_module({door!r})\n"
            "heavy = {'numpy', 'scipy', 'sklearn', 'polars', 'datasketches'}\n"
            "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
            f"[importlib.import_module(m.name) for m in pkgutil.iter_modules(package.__path__, {door + '.'!r})]\n"
            "assert not {'scipy.stats', 'sklearn', 'pandas'} & set(sys.modules), set(sys.modules)\n"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    def test_names_are_modules_of_their_own(self, door: str) -> None:
        """No grab bag beside them."""
        package = importlib.import_module(door)
        assert not {path.stem for path in Path(package.__path__[0]).glob("*.py")} & {
            "utils",
            "helpers",
            "common",
            "misc",
        }

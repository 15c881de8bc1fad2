"""The extracted package really runs, alone, and gives what the project gives."""

import importlib
import json
import subprocess
import sys

import pytest

from regrove.errors import NotFound, Refused
from tests.pipelines.code.projects import load, write
from tests.pipelines.code.running import importable, lay_out

PROJECT = {
    "pipeline.py": '''
        """Doc."""
        from __future__ import annotations
        import statistics
        from dataclasses import dataclass
        import a.b
        import a.c as see
        import helpers, plugin
        from helpers import twice as double, unused
        from regrove import step

        LIMIT = 3

        @dataclass(frozen=True)
        class Row:
            x: int
            y: int = LIMIT

        try:
            from fast import run
        except ImportError:
            from slow import run

        @step(retries=2)
        def features(x: int) -> int:
            """Doc."""
            total = double(x) + a.b.one(x) + see.two(x) + run(x) + Row(x).y
            return total + statistics.mean([x, x]) + sum(helpers.PLUGS)

        def local(x):
            import a.d
            from a import e as other
            return a.d.three(x) + other.four(x)

        def nothing(x):
            return unused(x) + plugin.OTHER

        def starry(x):
            from_star = five(x)
            return from_star

        from stars import *
    ''',
    "helpers.py": "PLUGS = []\nPLUGS.append(1)\ndef twice(x): return 2 * x\ndef unused(x): return missing\n",
    "plugin.py": "from helpers import PLUGS\nPLUGS.append(10)\nOTHER = 1\n",
    "slow.py": "def run(x): return 100 * x\n",
    "stars.py": "__all__ = ['five']\nfrom a.e import four\ndef five(x): return four(x) + 5\n",
    "a/__init__.py": "",
    "a/b.py": "from .c import two\nfrom . import d\ndef one(x): return two(x) + d.three(x)\n",
    "a/c.py": "import helpers\ndef two(x): return helpers.twice(x) + 1\n",
    "a/d.py": "def three(x): return x + 3\ndef dead(x): return x\n",
    "a/e.py": "def four(x): return x + 4\n",
}


class TestExtract:
    """A model takes the code of its serving path along."""

    @pytest.mark.parametrize("name", ["features", "local", "starry"])
    def test_gives_the_same_results(self, tmp_path, name):
        """The functions of the package compute what those of the project compute."""
        files = load(tmp_path / "project", PROJECT).extract([name])
        lay_out(tmp_path / "packages" / "private_0a1b", files)
        with importable(tmp_path / "project"):
            expected = getattr(importlib.import_module("pipeline"), name)(7)
        before = set(sys.modules)
        with importable(tmp_path / "packages"):
            package = importlib.import_module("private_0a1b.pipeline")
            assert getattr(package, name)(7) == expected
            assert not {"pipeline", "helpers", "a", "a.b", "slow"} & (set(sys.modules) - before)

    def test_holds_only_what_is_reached(self, tmp_path):
        """Other functions, constants, docstrings and modules stay behind, and so does regrove."""
        files = load(tmp_path, PROJECT).extract(["features"])
        assert "unused" not in files["helpers.py"]
        assert "dead" not in files["a/d.py"]
        assert "Doc" not in files["pipeline.py"]
        assert "regrove" not in files["pipeline.py"]
        assert "a/e.py" not in files
        assert "OTHER" not in files["plugin.py"]

    def test_several_functions(self, tmp_path):
        """One package for all of a serving path."""
        files = load(tmp_path, PROJECT).extract(["features", "local"])
        assert "def features" in files["pipeline.py"]
        assert "def local" in files["pipeline.py"]

    def test_works_beside_modules_of_the_same_names(self, tmp_path):
        """Two versions of a project and the project itself live in one process."""
        first = load(tmp_path / "one", {"pipeline.py": "import lib\ndef f(): return lib.x\n", "lib.py": "x = 1\n"})
        second = load(tmp_path / "two", {"pipeline.py": "import lib\ndef f(): return lib.x\n", "lib.py": "x = 2\n"})
        lay_out(tmp_path / "packages" / "p1", first.extract(["f"]))
        lay_out(tmp_path / "packages" / "p2", second.extract(["f"]))
        write(tmp_path / "packages", {"lib.py": "x = 3\n"})
        with importable(tmp_path / "packages"):
            assert importlib.import_module("lib").x == 3
            assert [importlib.import_module(f"{name}.pipeline").f() for name in ("p1", "p2")] == [1, 2]

    def test_two_processes_write_the_same_bytes(self, tmp_path):
        """Whatever the hash seed of the process."""
        write(tmp_path, PROJECT)
        program = (
            "import json, sys; from pathlib import Path; from regrove.pipelines.code import Codebase;"
            "c = Codebase.load(Path(sys.argv[1]), 'pipeline');"
            "print(json.dumps([c.extract(['features', 'starry']), [c.closure(n).digest for n in c.functions()]]))"
        )
        results = [
            subprocess.run(
                [sys.executable, "-c", program, str(tmp_path)],
                env={"PYTHONHASHSEED": seed},
                capture_output=True,
                text=True,
                check=True,
            ).stdout
            for seed in ("1", "2")
        ]
        assert results[0] == results[1]
        assert list(json.loads(results[0])[0]) == sorted(json.loads(results[0])[0])

    def test_docstring_edit_writes_the_same_bytes(self, tmp_path):
        """What changes no closure by its text changes no package."""
        one = load(tmp_path / "1", {"pipeline.py": "def f():\n    '''One.'''\n    return 1  # so\n"})
        two = load(tmp_path / "2", {"pipeline.py": "def g(): ...\ndef f():\n    return (1)\n"})
        assert one.extract(["f"]) == two.extract(["f"])

    def test_module_package(self, tmp_path):
        """The project's module may be a package, or lie in one."""
        files = {
            "flights/__init__.py": "",
            "flights/main.py": "from . import x\nfrom flights.y import Y\ndef f(): return x.X + Y\n",
            "flights/x.py": "X = 1\n",
            "flights/y.py": "import flights.x as x\nY = x.X + 1\n",
        }
        extracted = load(tmp_path, files, "flights.main").extract(["f"])
        lay_out(tmp_path / "packages" / "other", extracted)
        with importable(tmp_path / "packages"):
            assert importlib.import_module("other.flights.main").f() == 3

    def test_keeps_the_order_of_modules_that_import_each_other(self, tmp_path):
        """A ring of imports that works from one end only is entered at that end, though nothing there is reached."""
        files = {
            "pipeline.py": "import left\nfrom right import g\ndef f(): return g()\n",
            "left.py": "z = 1\nfrom right import y\n",
            "right.py": "from left import z\ny = 2\ndef g(): return z + y\n",
        }
        extracted = load(tmp_path / "project", files).extract(["f"])
        lay_out(tmp_path / "packages" / "ring", extracted)
        with importable(tmp_path / "packages"):
            assert importlib.import_module("ring.pipeline").f() == 3

    @pytest.mark.parametrize(
        "text",
        [
            "from importlib import import_module\ndef f(n): return import_module(n)\n",
            "import importlib\ndef f(): return importlib.import_module('lib')\n",
            "def f(n): return __import__(n)\n",
            "def f(): return open(__file__)\n",
            "from pathlib import Path\nHERE = Path(__file__).parent\ndef f(): return HERE\n",
            "from importlib.resources import files\ndef f(): return files('lib')\n",
            "from importlib import resources\ndef f(): return resources.files('lib')\n",
        ],
    )
    def test_refuses_what_would_not_travel(self, tmp_path, text):
        """Imports of the project by name and files beside the code are refused with file and line."""
        with pytest.raises(Refused, match=r"pipeline\.py:\d cannot travel"):
            load(tmp_path, {"pipeline.py": text, "lib.py": ""}).extract(["f"])

    def test_a_file_that_nothing_reached_needs(self, tmp_path):
        """Code left behind may read what it likes."""
        code = load(tmp_path, {"pipeline.py": "def g(): return __file__\ndef f(): return 1\n"})
        assert code.extract(["f"])["pipeline.py"] == "def f():\n    return 1\n"

    def test_unknown_function(self, tmp_path):
        """The nearest function is offered."""
        with pytest.raises(NotFound, match="did you mean 'features'"):
            load(tmp_path, PROJECT).extract(["feature"])

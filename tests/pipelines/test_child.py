"""One step in a worker."""

from __future__ import annotations

import msgspec
import pytest

from regrove.pipelines.call import Argument, Call, Outcome, pack, unpack
from regrove.pipelines.child import load, run
from regrove.pipelines.kinds import Kind

MODULE = """\
import random
import sys

import numpy as np
import polars as pl

from steps_helper_of_test import explode


def drawn(seed: int) -> list[float]:
    return [random.random(), float(np.random.rand()), float(np.random.default_rng(seed).random())]


def broken() -> int:
    return explode(3)


def wrong() -> int:
    return "three"


def later() -> pl.LazyFrame:
    return pl.LazyFrame({"a": [1]}).select(pl.col("a") / pl.col("zz"))


def left() -> int:
    sys.exit(3)


def talking(run) -> int:
    print("working on it")
    run.log_metric("loss", 0.5, step=2)
    return 1


def asked(params) -> int:
    return params.depht
"""
HELPER = """\
def explode(n):
    if n == 0:
        raise ZeroDivisionError("nothing left")
    return explode(n - 1)
"""


@pytest.fixture
def ask(tmp_path):
    """Run a function of the module above and return the outcome."""
    root = tmp_path / "code"
    root.mkdir()
    (root / "steps_of_test.py").write_text(MODULE)
    (root / "steps_helper_of_test.py").write_text(HELPER)

    def asking(step, *arguments, kind=Kind.JSON, seed=7) -> Outcome:
        call = Call(step, str(root), f"{tmp_path}/", tuple(arguments), seed, kind, "steps_of_test")
        return unpack(run(pack(call)), Outcome)

    return asking


class TestRun:
    """What comes back."""

    def test_seeds_are_set_before_each_step(self, ask):
        """Both global generators give the same numbers each time, and others for another seed."""
        seed = Argument("seed", form="seed", value=7)
        one, two = ask("drawn", seed), ask("drawn", seed)
        assert one.results[0].data == two.results[0].data
        assert ask("drawn", seed, seed=8).results[0].data != one.results[0].data

    def test_points_and_print_come_along(self, ask):
        """What a step measured and said."""
        outcome = ask("talking", Argument("run", form="run"))
        assert outcome.printed == "working on it\n"
        assert msgspec.structs.astuple(outcome.points[0]) == ("loss", 0.5, 2)

    def test_an_error_shows_the_projects_own_frames(self, ask):
        """Frames of libraries and of ours are left out."""
        failure = ask("broken").failure
        assert failure.happened == "The step broken raised ZeroDivisionError: nothing left"
        frames = failure.received.splitlines()
        assert frames[0].startswith("steps_of_test.py:15 in broken: return explode(3)")
        assert len(frames) == 5
        assert "regrove/pipelines" not in failure.received
        assert failure.again

    def test_a_wrong_value_is_not_tried_again(self, ask):
        """It would be wrong again."""
        failure = ask("wrong").failure
        assert "JSON" in failure.happened
        assert not failure.again

    def test_a_lazy_error_belongs_to_its_step(self, ask):
        """A frame that is computed later fails in the step that made it."""
        failure = ask("later", kind=Kind.FRAME).failure
        assert failure.happened.startswith("The step later raised ColumnNotFoundError")
        assert "while its frame was computed" in failure.received

    def test_leaving_is_an_error(self, ask):
        """A step that ends the process does not end the worker."""
        assert "SystemExit" in ask("left").failure.happened

    def test_our_own_errors_keep_their_mend(self, ask):
        """A slip in a name of a param is answered with the name that was meant."""
        failure = ask("asked", Argument("params", form="params", value={"depth": 1})).failure
        assert failure.mend == "did you mean 'depth'?"

    def test_a_module_that_cannot_be_imported(self, ask, tmp_path):
        """Its place is named."""
        (tmp_path / "code" / "steps_helper_of_test.py").write_text("import nowhere_at_all\n")
        failure = ask("drawn").failure
        assert "No module named 'nowhere_at_all'" in failure.happened
        assert "steps_helper_of_test.py:1" in failure.received


class TestLoad:
    """Importing the module, before any step is given to a worker."""

    @pytest.fixture
    def loaded(self, tmp_path):
        """What becomes of importing a module of this text."""

        def ask(text, name):
            (tmp_path / f"{name}.py").write_text(text)
            call = Call(step="", root=str(tmp_path), scratch="", arguments=(), seed=0, module=name)
            return unpack(load(pack(call)), Outcome).failure

        return ask

    def test_a_module_that_can_be_imported(self, loaded, capsys):
        """Nothing is said, also of what it prints."""
        assert loaded("print('hello')\nX = 1\n", "loads_for_test") is None
        assert capsys.readouterr().out == ""

    @pytest.mark.parametrize(
        ("text", "says", "place", "mend"),
        [
            ("import os\nimport polrs\n", "No module named 'polrs'", "2 in <module>: import polrs", "'polars'"),
            ("import zzqq.deep\n", "No module named 'zzqq'", "1 in <module>", "install the package that holds zzqq"),
            ("from polars import nothing_here\n", "cannot import name 'nothing_here'", "1 in <module>", ""),
            ("X = 1\nY = Z\n", "NameError: name 'Z' is not defined", "2 in <module>: Y = Z", ""),
            ("raise SystemExit(3)\n", "SystemExit: 3", "1 in <module>", ""),
            ("from regrove import stpe\n", "stpe", "1 in <module>", ""),
        ],
    )
    def test_one_that_cannot_be_is_named_with_its_line(self, loaded, text, says, place, mend):
        """As of a step that raised."""
        failure = loaded(text, "does_not_load_for_test")
        assert says in failure.happened
        assert f"does_not_load_for_test.py:{place}" in failure.received
        assert mend in failure.mend

"""A project of numbers, whose steps need neither frames nor estimators, so that a run of it takes milliseconds."""

from __future__ import annotations

from pathlib import Path

from tests.pipelines.project import CLEAN, DEEP, PIPELINE, TEXT, Project

NUMBERS = '''

from near.one import base as _base
from near.one import told as _told


def first() -> int:
    """The beginning."""
    return _base(1)  # one


def second(first: int) -> int:
    return first * FACTOR


def other() -> int:
    return _told()


def total(second: int, other: int) -> int:
    return second + other


FACTOR = 2
'''
ONE = """
from near.two import middle


def traced(function):
    return function


@traced
def base(x: int) -> int:
    return middle(x)


def told() -> int:
    return 100


def never() -> int:
    return 0
"""
TWO = """
from near.three import last


def middle(x: int) -> int:
    return last(x)
"""
THREE = '''
"""Three imports away."""
STEP = 1


def last(x: int, more: int = 5) -> int:
    """The end of the way."""
    return x + more + STEP  # here
'''


class Light(Project):
    """The numbers beside the trips."""

    def begin(self) -> Light:
        self.write(
            pipeline=PIPELINE + NUMBERS,
            parts__clean=CLEAN,
            parts__text=TEXT,
            parts__deep=DEEP,
            near__one=ONE,
            near__two=TWO,
            near__three=THREE,
        )
        self.drop_frames()
        return self

    def drop_frames(self) -> None:
        """Let the module import nothing heavy: the functions of the model are there to be read, not to be run."""
        path = Path(self.root / "pipeline.py")
        text = path.read_text()
        for line in ("import numpy as np\n", "from parts.clean import tidy\n"):
            text = text.replace(line, "")
        heads = (
            "import polars as pl\nfrom sklearn.linear_model import LogisticRegression\n\n"
            "from regrove import Params, Train\n"
        )
        assert heads in text
        text = text.replace(
            heads,
            "from __future__ import annotations\nfrom typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    "
            + heads.replace("\n\n", "\n").replace("\n", "\n    ").rstrip()
            + "\n",
        )
        text = text.replace('"""Trips: is one longer than ten minutes?"""\n', "")
        path.write_text(text)
        self.declared.apply()

    def total(self) -> set[str]:
        """Run up to the sum; the steps that were executed."""
        return set(self.pipelines.run("late", only="total").executed)

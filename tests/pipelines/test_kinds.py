"""What annotations stand for."""

from __future__ import annotations

import pytest

from regrove.pipelines.kinds import Kind, Names, meaning

MODULE = """\
from __future__ import annotations
import typing
from typing import Annotated, Any
import numpy as np
import numpy.typing as npt
import pandas as pd
import polars as pl
import sklearn.ensemble
from pathlib import Path
from msgspec import Struct
from numpy.typing import NDArray
from polars import LazyFrame
from sklearn.base import BaseEstimator
from sklearn.linear_model import LogisticRegression as Logit
from parts.shapes import Report, Own

class Summary(Struct):
    rows: int

class Longer(Summary):
    more: int

class Mine(BaseEstimator):
    pass

class Plain:
    pass
"""
SHAPES = """\
import msgspec
from sklearn.base import ClassifierMixin

class Report(msgspec.Struct):
    rows: int

class Own(ClassifierMixin):
    pass
"""


@pytest.fixture(scope="module")
def names(tmp_path_factory):
    """A project with a module and a package."""
    root = tmp_path_factory.mktemp("code")
    (root / "pipeline.py").write_text(MODULE)
    (root / "parts").mkdir()
    (root / "parts" / "__init__.py").write_text("")
    (root / "parts" / "shapes.py").write_text(SHAPES)
    return Names(root)


class TestMeaning:
    """From text to kind."""

    @pytest.mark.parametrize(
        ("text", "kind", "form"),
        [
            ("pl.LazyFrame", Kind.FRAME, "lazy"),
            ("LazyFrame", Kind.FRAME, "lazy"),
            ("pl.DataFrame", Kind.FRAME, "eager"),
            ("'pl.DataFrame'", Kind.FRAME, "eager"),
            ("Annotated[pl.DataFrame, 'clean']", Kind.FRAME, "eager"),
            ("np.ndarray", Kind.ARRAY, "numpy.ndarray"),
            ("NDArray[np.float64]", Kind.ARRAY, "numpy.typing.NDArray"),
            ("npt.NDArray[np.float64]", Kind.ARRAY, "numpy.typing.NDArray"),
            ("int", Kind.JSON, "int"),
            ("dict[str, list[float]]", Kind.JSON, "dict"),
            ("Summary", Kind.JSON, "pipeline.Summary"),
            ("Longer", Kind.JSON, "pipeline.Longer"),
            ("Report", Kind.JSON, "parts.shapes.Report"),
            ("Logit", Kind.ESTIMATOR, "sklearn.linear_model.LogisticRegression"),
            ("sklearn.ensemble.RandomForestClassifier", Kind.ESTIMATOR, "sklearn.ensemble.RandomForestClassifier"),
            (
                "Logit | sklearn.ensemble.RandomForestClassifier",
                Kind.ESTIMATOR,
                "sklearn.linear_model.LogisticRegression",
            ),
            ("Mine", Kind.ESTIMATOR, "pipeline.Mine"),
            ("Own", Kind.ESTIMATOR, "parts.shapes.Own"),
        ],
    )
    def test_what_can_be_kept(self, names, text, kind, form):
        """Names are followed to what they import, aliases and subclasses included."""
        found = meaning(text, "pipeline", names)
        assert (found.kind, found.form) == (kind, form)

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ("", "missing"),
            ("Any", "says nothing"),
            ("typing.Any", "says nothing"),
            ("object", "says nothing"),
            ("None", "return something"),
            ("set", "order"),
            ("bytes", "format"),
            ("pl.Series", "one column"),
            ("pd.DataFrame", "no way to keep pandas.DataFrame"),
            ("Path", "no way to keep pathlib.Path"),
            ("Plain", "neither"),
            ("Lgit", "neither imported nor defined"),
            ("int | str", "more than one type"),
            ("3 +", "not a type"),
            ("f()", "not a type"),
        ],
    )
    def test_what_cannot_be_kept_says_why(self, names, text, reason):
        """Each refusal has its reason."""
        found = meaning(text, "pipeline", names)
        assert found.kind is None
        assert reason in found.reason

"""What one table may say, checked in itself; the place in the file is added where it is read."""

from __future__ import annotations

import pytest

from regrove.errors import InvalidDeclaration, InvalidInput
from regrove.project import ProjectConfig, read_text

HEAD = '[project]\nname = "shop"\nmodule = "pipeline"\n\n'


class TestProjectConfig:
    """The module is a name below the folder, not a path."""

    @pytest.mark.parametrize("module", ["pipeline", "shop.pipeline", "_a.b2"])
    def test_a_dotted_name(self, module: str) -> None:
        """As an import statement has it."""
        assert ProjectConfig(name="shop", module=module).module == module

    @pytest.mark.parametrize(
        ("module", "mend"),
        [
            ("../x", 'module = "x"'),
            ("./pipeline.py", 'module = "pipeline"'),
            ("shop/steps.py", 'module = "shop.steps"'),
            ("my-pipeline", 'module = "pipeline"'),
            ("", 'module = "pipeline"'),
        ],
    )
    def test_a_path_is_refused_with_the_name_that_was_meant(self, module: str, mend: str) -> None:
        """Whatever leads out of the folder is no module of the project."""
        with pytest.raises(InvalidInput) as caught:
            ProjectConfig(name="shop", module=module)
        assert "a dotted name" in caught.value.expected
        assert caught.value.received == repr(module)
        assert caught.value.mend == mend


class TestPlaces:
    """A table that contradicts itself is named with its line."""

    @pytest.mark.parametrize(
        ("text", "place", "received", "mend"),
        [
            (HEAD.replace("pipeline", "../x"), "line 1: [project]: module is not", "'../x'", 'module = "x"'),
            (
                HEAD + '[datasets.a]\nsource = "a.csv"\n\n[[datasets.a.expect]]\ncolumn = "v"\nbetween = [5000, 0]\n',
                "line 8: [datasets.a.expect[0]]: between begins after it ends",
                "[5000, 0]",
                "between = [0, 5000]",
            ),
            (
                HEAD + '[datasets.a]\nsource = "a.csv"\nkey = ["k", "k"]\n',
                "line 5: [datasets.a]: key names a column twice",
                "k, k",
                'key = ["k"]',
            ),
            (
                HEAD + '[datasets.a]\nsource = "a.csv"\nevent_time = "t"\ncolumns = { t = "date" }\n',
                "line 5: [datasets.a]: event_time 't' would be of two types",
                "timestamp and date",
                "correct its type",
            ),
        ],
    )
    def test_both_sides_and_the_mend_have_their_fields(self, text: str, place: str, received: str, mend: str) -> None:
        """What happened is not said under what was expected."""
        with pytest.raises(InvalidDeclaration) as caught:
            read_text(text)
        assert place in caught.value.happened
        assert caught.value.expected
        assert caught.value.received == received
        assert mend in caught.value.mend

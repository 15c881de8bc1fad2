"""The functions of a project as the graph sees them."""

import pytest

from regrove.errors import InvalidInput
from regrove.pipelines.code import Parameter
from tests.pipelines.code.projects import load


class TestFunctions:
    """Names, parameters, annotations and options, without running anything."""

    def test_what_is_read(self, tmp_path):
        """Everything the graph needs stands in the source."""
        code = load(
            tmp_path,
            {
                "pipeline.py": '''
            import polars as pl
            from regrove import step
            @step(retries=2, variables=("HOME",))
            def joined(flights: pl.LazyFrame, weather: "pl.LazyFrame", *, how="left") -> pl.LazyFrame:
                """One row a flight."""
            def _private(): ...
            def late(joined): ...
        '''
            },
        )
        joined, late = code.functions().values()
        assert joined.parameters == (
            Parameter("flights", "pl.LazyFrame"),
            Parameter("weather", "pl.LazyFrame"),
            Parameter("how", "", has_default=True, kind="keyword"),
        )
        assert (joined.name, joined.module, joined.path, joined.line) == ("joined", "pipeline", "pipeline.py", 5)
        assert (joined.returns, joined.doc) == ("pl.LazyFrame", "One row a flight.")
        assert joined.step == {"retries": 2, "variables": ("HOME",)}
        assert (late.name, late.step) == ("late", None)

    def test_kinds_of_parameters(self, tmp_path):
        """Positional-only, star and double star parameters are told apart."""
        code = load(tmp_path, {"pipeline.py": "def f(a, /, b=1, *c, d, **e): ...\n"})
        assert [(p.name, p.kind, p.has_default) for p in code.functions()["f"].parameters] == [
            ("a", "positional", False),
            ("b", "plain", True),
            ("c", "args", False),
            ("d", "keyword", False),
            ("e", "kwargs", False),
        ]

    def test_imported_functions(self, tmp_path):
        """Imported functions are helpers, unless ``__all__`` lists them."""
        files = {"pipeline.py": "from lib import f\ndef g(): ...\ndef h(): ...\n", "lib.py": "def f(x: int): ...\n"}
        assert list(load(tmp_path, files).functions()) == ["g", "h"]
        files["pipeline.py"] += "__all__ = ['f', 'g']\n"
        found = load(tmp_path, files).functions()
        assert [(each.name, each.module) for each in found.values()] == [("f", "lib"), ("g", "pipeline")]

    def test_conditional_definition(self, tmp_path):
        """A function defined under a condition is one; what is only for the type checker is not."""
        code = load(
            tmp_path,
            {
                "pipeline.py": """
            from typing import TYPE_CHECKING
            if TYPE_CHECKING:
                def only_types(): ...
            try:
                import json
                def f(): ...
            except ImportError:
                def f(x): ...
        """
            },
        )
        assert list(code.functions()) == ["f"]

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("from regrove import step\nN = 2\n@step(retries=N)\ndef f(): ...\n", "pipeline.py:4 the option retries"),
            ("import regrove as r\n@r.step(2)\ndef f(): ...\n", "options without a name"),
            ("async def f(): ...\n", "async function"),
        ],
    )
    def test_refused(self, tmp_path, text, message):
        """Options must be literals by name, and no step is async."""
        with pytest.raises(InvalidInput, match=message):
            load(tmp_path, {"pipeline.py": text}).functions()

"""The sentences that say why something runs again."""

from regrove.pipelines.code import Closure, explain
from tests.pipelines.code.projects import closures, edited

PROJECT = {
    "pipeline.py": "import lib\nROWS = []\nROWS.append(1)\ndef f(): return lib.a() + len(ROWS)\n",
    "lib.py": "def a(): return 1\ndef b(): return 2\n",
}


def sentences(path, old, new):
    before, after = closures(PROJECT)["f"], closures(edited(PROJECT, path, old, new))["f"]
    return [change.sentence for change in explain(before, after)]


class TestExplain:
    """Each difference is one sentence that names the thing and its module."""

    def test_nothing(self):
        """Equal closures need no explanation."""
        closure = closures(PROJECT)["f"]
        assert explain(closure, closure) == []

    def test_changed(self):
        """A helper of another module."""
        assert sentences("lib.py", "return 1", "return 3") == ["the function a in lib changed"]

    def test_statement(self):
        """A statement that changes a value; the order in which things run comes after what changed."""
        found = sentences("pipeline.py", "append(1)", "append(2)")
        assert found[0] == "the statement that changes ROWS in pipeline changed"
        assert found[1:] == ["the order of the statements that touch ROWS in pipeline changed"]

    def test_added_and_removed(self):
        """One function in place of another."""
        assert sentences("pipeline.py", "lib.a()", "lib.b()") == [
            "the function a in lib is no longer reached",
            "the function b in lib is reached now",
            "the function f in pipeline changed",
        ]

    def test_version(self):
        """An installed package with both versions."""
        before = Closure("f", "b3-1:0", (), (("polars", "1.0"),))
        after = Closure("f", "b3-1:0", (), (("polars", "2.0"),))
        (change,) = explain(before, after)
        assert change.sentence == "the installed version of polars changed from 1.0 to 2.0"
        assert (change.what, change.part.kind) == ("changed", "distribution")

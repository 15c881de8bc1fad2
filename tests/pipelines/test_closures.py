"""What an edit runs again: exactly what stands on it."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.pipelines.light import Light

CHAIN = {"first", "second", "total"}


@pytest.fixture
def light(tmp_path, database, acting):
    """The project of numbers, run once."""
    project = Light(tmp_path, database).begin()
    assert project.total() == {"first", "second", "other", "total"}
    return project


class TestNothing:
    """Edits that change no meaning."""

    @pytest.mark.parametrize(
        ("module", "old", "new"),
        [
            ("pipeline", "# one", "# another comment"),
            ("pipeline", '"""The beginning."""', '"""Another docstring."""'),
            ("near__three", '"""The end of the way."""', '"""Words."""'),
            ("near__three", '"""Three imports away."""', ""),
            ("near__three", "  # here", ""),
            ("near__one", "def never() -> int:\n    return 0", "def never() -> int:\n    return 1"),
            ("near__one", "def never() -> int:\n    return 0\n", ""),
            (
                "pipeline",
                "def unused(trips: pl.LazyFrame) -> pl.LazyFrame:\n    return trips",
                "def unused(trips: pl.LazyFrame) -> pl.LazyFrame:\n    return trips.head(1)",
            ),
            ("pipeline", "    return second + other", "    return (\n        second\n        + other\n    )"),
            ("near__two", "def middle", "\n\n\ndef middle"),
        ],
    )
    def test_nothing_runs(self, light, module, old, new):
        """Comments, docstrings, layout, and functions that nothing reaches."""
        light.edit(module, old, new)
        assert light.total() == set()


class TestDependants:
    """Edits that do."""

    @pytest.mark.parametrize(
        ("module", "old", "new", "expected"),
        [
            ("near__three", "STEP = 1", "STEP = 2", CHAIN),
            ("near__three", "more: int = 5", "more: int = 6", CHAIN),
            ("near__three", "x + more + STEP", "x + more - STEP", CHAIN),
            (
                "near__one",
                "def traced(function):\n    return function",
                "def traced(function):\n    return lambda x: 2 * function(x)",
                CHAIN,
            ),
            ("near__one", "return 100", "return 101", {"other", "total"}),
            ("pipeline", "FACTOR = 2", "FACTOR = 3", {"second", "total"}),
            ("pipeline", "second + other", "second - other", {"total"}),
            # The same results as before: the wave stops where they are the same.
            ("near__three", "x + more + STEP", "STEP + more + x", {"first"}),
            ("near__one", "@traced\n", "", {"first"}),
            ("near__one", "return 100", "return 99 + 1", {"other"}),
        ],
    )
    def test_exactly_the_dependants_run(self, light, module, old, new, expected):
        """A constant, a default, a body, a decorator, three imports away and near."""
        light.edit(module, old, new)
        assert light.total() == expected
        assert light.total() == set()

    def test_back_again_is_still_kept(self, light):
        """What was made once is not made twice."""
        light.edit("near__three", "STEP = 1", "STEP = 2")
        light.total()
        light.edit("near__three", "STEP = 2", "STEP = 1")
        assert light.total() == set()


@st.composite
def projects(draw):
    """Helpers that call one another, steps that call helpers and earlier steps, and a helper to edit."""
    helpers = draw(st.integers(1, 5))
    calls = [draw(st.sets(st.integers(0, place - 1))) if place else set() for place in range(helpers)]
    steps = draw(st.integers(1, 5))
    uses = [draw(st.sets(st.integers(0, helpers - 1))) for _ in range(steps)]
    needs = [draw(st.sets(st.integers(0, place - 1))) if place else set() for place in range(steps)]
    return calls, uses, needs, draw(st.integers(0, helpers - 1))


def sources(calls, uses, needs, values):
    """A module for each helper, and the steps."""
    files = {}
    for place, called in enumerate(calls):
        imports = "".join(f"from near.h{each} import h{each}\n" for each in sorted(called))
        terms = "".join(f" + h{each}()" for each in sorted(called))
        files[f"near__h{place}"] = f"{imports}VALUE = {values[place]}\n\n\ndef h{place}():\n    return VALUE{terms}\n"
    steps = "".join(f"from near.h{each} import h{each} as _h{each}\n" for each in range(len(calls)))
    for place, (used, needed) in enumerate(zip(uses, needs, strict=True)):
        parameters = ", ".join(f"s{each}: int" for each in sorted(needed))
        terms = "".join(f" + _h{each}()" for each in sorted(used)) + "".join(f" + s{each}" for each in sorted(needed))
        steps += f"\n\ndef s{place}({parameters}) -> int:\n    return {place}{terms}\n"
    parameters = ", ".join(f"s{each}: int" for each in range(len(uses)))
    terms = " + ".join(f"s{each}" for each in range(len(uses)))
    return files, f"{steps}\n\ndef everything({parameters}) -> int:\n    return {terms}\n"


def reached(starts, edges):
    """Everything that ``starts`` lead to."""
    found = set(starts)
    while more := {each for one in found for each in edges[one]} - found:
        found |= more
    return found


class TestAnyProject:
    """Whatever the shape."""

    @settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(projects())
    def test_an_edit_of_a_helper_runs_who_reaches_it_and_who_needs_them(self, acting, sqlite_template, shape):
        """No more, and no fewer: every value grows, so every result behind it is another."""
        import shutil

        from regrove.storage import Database

        calls, uses, needs, edited = shape
        with tempfile.TemporaryDirectory() as folder:
            shutil.copyfile(sqlite_template, f"{folder}/regrove.db")
            database = Database.open(f"sqlite:///{folder}/regrove.db")
            project = Light(Path(folder), database).begin()
            head = (project.root / "pipeline.py").read_text()
            values = [1 << (8 * place) for place in range(len(calls))]
            for round_ in range(2):
                files, steps = sources(calls, uses, needs, values)
                project.write(pipeline=head + "\n\n" + steps, **files)
                ran = set(project.pipelines.run("late", only="everything").executed)
                values[edited] += 1
                if round_ == 0:
                    assert ran == {"everything", *(f"s{place}" for place in range(len(uses)))}
            touching = {place for place, used in enumerate(uses) if edited in reached(used, calls)}
            later = [{other for other, needed in enumerate(needs) if place in needed} for place in range(len(uses))]
            expected = {f"s{place}" for place in reached(touching, later)}
            assert ran == (expected | {"everything"} if expected else set())
            database.close()

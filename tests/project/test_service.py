"""Comparing and applying: what would stop a run is refused before anything is recorded."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

import regrove
from regrove.errors import Conflict, InvalidInput, NotFound, Refused, RegroveError
from regrove.pipelines import RunRequest
from regrove.workspace import Workspace
from tests.project.light import begin


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project that was never applied."""
    return begin(tmp_path / "shop")


def edit(folder: Path, name: str, old: str, new: str) -> None:
    """Replace a piece of a file."""
    text = (folder / name).read_text()
    assert old in text
    (folder / name).write_text(text.replace(old, new, 1))


def record(folder: Path) -> tuple[list[str], list[str]]:
    """All that is recorded: each row of each table, and the names of the objects."""
    database = sqlite3.connect(folder / ".regrove" / "regrove.db")
    rows = list(database.iterdump())
    database.close()
    objects = folder / ".regrove" / "objects"
    return rows, sorted(str(path.relative_to(objects)) for path in objects.rglob("*") if path.is_file())


BROKEN: list[tuple[str, str, str, str, type[RegroveError], str, str]] = [
    ("unknown name", "pipeline.py", "features(placed:", "features(plcaed:", InvalidInput, "needs 'plcaed'", "'placed'"),
    (
        "circle",
        "pipeline.py",
        "placed(orders: pl.LazyFrame)",
        "placed(orders: pl.LazyFrame, features: pl.LazyFrame)",
        InvalidInput,
        "in a circle: placed -> features -> placed",
        "features in placed",
    ),
    (
        "no such trainer",
        "regrove.toml",
        'trainer = "classifier"',
        'trainer = "clasifier"',
        InvalidInput,
        "trainer of the model 'returns' names no function",
        "'classifier'",
    ),
    (
        "a trainer that returns no estimator",
        "regrove.toml",
        'trainer = "classifier"',
        'trainer = "returned"',
        InvalidInput,
        "trainer of 'returns' is returned (pipeline.py:24), which returns something else",
        "an estimator class",
    ),
    (
        "random split of rows with a time",
        "regrove.toml",
        'split = { holdout = "14d", embargo = "1d" }',
        "split = { random = 0.2 }",
        InvalidInput,
        "split at random",
        "split by time",
    ),
    (
        "dataset on the serving path",
        "pipeline.py",
        "features(placed: pl.LazyFrame)",
        "features(placed: pl.LazyFrame, orders: pl.LazyFrame)",
        Refused,
        "The dataset 'orders' lies on the way from a request",
        "join orders before placed",
    ),
    (
        "missing source",
        "regrove.toml",
        "data/orders.csv",
        "data/ordres.csv",
        NotFound,
        "line 5: [datasets.orders]: No file matches",
        "'orders.csv'",
    ),
    (
        "missing key column",
        "regrove.toml",
        '["order_id"]',
        '["order"]',
        InvalidInput,
        "line 5: [datasets.orders]: data/orders.csv lacks the column 'order' that key names",
        "'order_id'",
    ),
    (
        "missing column of a rule",
        "regrove.toml",
        'column = "value"',
        'column = "vlaue"',
        InvalidInput,
        "names the column 'vlaue'",
        "'value'",
    ),
    (
        "param that is no number",
        "regrove.toml",
        "regularisation = 1.0",
        "regularisation = nan",
        InvalidInput,
        "The parameter 'regularisation' of 'returns'",
        "regularisation",
    ),
    (
        "param that nothing reads",
        "regrove.toml",
        "regularisation = 1.0",
        "regularisation = 1.0, regularization = 2.0",
        InvalidInput,
        "reads the parameter 'regularization'",
        "'regularisation'",
    ),
    (
        "syntax error",
        "pipeline.py",
        "def features(",
        "def def features(",
        InvalidInput,
        "pipeline.py:20 is not Python",
        "correct line 20 of pipeline.py",
    ),
    (
        "package that is not there",
        "pipeline.py",
        "from typing import TYPE_CHECKING",
        "import polrs\nfrom typing import TYPE_CHECKING",
        InvalidInput,
        "'pipeline' cannot be imported: ModuleNotFoundError: No module named 'polrs'",
        "'polars'",
    ),
    (
        "name that is not there",
        "pipeline.py",
        "import LIMIT",
        "import LIMITS",
        InvalidInput,
        "'pipeline' cannot be imported: ImportError: cannot import name 'LIMITS'",
        "correct the line",
    ),
    (
        "error in a module behind it",
        "prices.py",
        "LIMIT = 5000",
        "LIMIT = 5000 / 0",
        InvalidInput,
        "'pipeline' cannot be imported: ZeroDivisionError",
        "correct the line",
    ),
    (
        "missing module",
        "regrove.toml",
        'module = "pipeline"',
        'module = "pipline"',
        NotFound,
        "no module 'pipline'",
        "'pipeline'",
    ),
]
CASES = pytest.mark.parametrize(
    ("file", "old", "new", "error", "says", "mend"), [case[1:] for case in BROKEN], ids=[case[0] for case in BROKEN]
)


def refused(act: Callable[[], object], error: type[RegroveError], says: str, mend: str) -> None:
    """One error with all its parts."""
    with pytest.raises(error) as caught:
        act()
    assert says in caught.value.happened
    assert caught.value.expected
    assert caught.value.received
    assert mend in caught.value.mend


class TestRefused:
    """Plan and apply refuse alike, and leave ledger, database and objects as they were."""

    @CASES
    def test_a_broken_declaration(
        self, folder: Path, file: str, old: str, new: str, error: type[RegroveError], says: str, mend: str
    ) -> None:
        """Of a project that is applied, and of one that is not yet."""
        edit(folder, file, old, new)
        with regrove.open(folder) as ws:
            before = record(folder)
            refused(ws.projects.apply, error, says, mend)
            assert record(folder) == before
            assert ws.projects.revisions() == []
            edit(folder, file, new, old)
            in_force = ws.projects.apply()
            edit(folder, file, old, new)
            before = record(folder)
            for act in (ws.projects.plan, ws.projects.apply):
                refused(act, error, says, mend)
            assert record(folder) == before
            assert ws.projects.applied.revision == in_force

    @pytest.mark.parametrize(
        ("request_", "error", "says", "mend"),
        [
            (RunRequest("retruns"), NotFound, "no model 'retruns'", "'returns'"),
            (RunRequest("returns", only="featres"), InvalidInput, "no step 'featres'", "'features'"),
            (RunRequest("returns", from_step="trian"), InvalidInput, "no step 'trian'", ""),
            (RunRequest("returns", {"regularization": 1}), InvalidInput, "'regularization'", "'regularisation'"),
            (
                RunRequest("returns", {"regularisation": math.inf}),
                InvalidInput,
                "'regularisation'",
                "another value",
            ),
        ],
    )
    def test_a_run_that_a_sound_declaration_cannot_serve(
        self, folder: Path, request_: RunRequest, error: type[RegroveError], says: str, mend: str
    ) -> None:
        """It is refused with the declaration, not after it."""
        with regrove.open(folder) as ws:
            before = record(folder)
            refused(lambda: ws.projects.apply(request_), error, says, mend)
            assert record(folder) == before

    def test_a_key_that_is_null_is_no_dataset_version(self, folder: Path) -> None:
        """Rows are read after the declaration is recorded, and before the version is."""
        (folder / "data" / "orders.csv").write_text("order_id,placed_at,value\n,2025-01-01T10:00:00Z,1.0\n")
        with regrove.open(folder) as ws:
            ws.projects.apply()
            rows, _ = record(folder)
            with pytest.raises(Refused, match="orders"):
                ws.datasets.register("orders")
            assert record(folder)[0] == rows


class TestImports:
    """The module is imported when its source is another than the one in force, and then once."""

    def test_only_other_source_is_imported(self, folder: Path, tmp_path: Path) -> None:
        """A declaration that changed alone, or nothing, costs no import."""
        trail = tmp_path / "trail"
        trail.touch()
        edit(folder, "prices.py", "LIMIT", f"open({str(trail)!r}, 'a').write('x')\nLIMIT")
        with regrove.open(folder) as ws:
            ws.projects.apply()
            assert trail.read_text() == "x"
            ws.projects.apply()
            ws.projects.plan()
            edit(folder, "regrove.toml", "regularisation = 1.0", "regularisation = 2.0")
            ws.projects.plan()
            assert ws.projects.apply().ordinal == 2
            assert trail.read_text() == "x"
            edit(folder, "prices.py", "5000", "4000")
            ws.projects.plan()
            assert trail.read_text() == "xx"

    def test_what_an_import_prints_is_not_said(self, folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
        """A command's own output stays readable for programs."""
        edit(folder, "prices.py", "LIMIT", "print('imported')\nLIMIT")
        with regrove.open(folder) as ws:
            ws.projects.apply()
        assert capfd.readouterr().out == ""

    def test_code_that_ends_the_process_is_told(self, folder: Path) -> None:
        """And nothing is recorded."""
        edit(folder, "prices.py", "LIMIT", "import os\nos._exit(3)\nLIMIT")
        with regrove.open(folder) as ws:
            with pytest.raises(RegroveError, match="'pipeline' was not imported: worker died of exit code 3"):
                ws.projects.apply()
            assert ws.ledger.head().position == 0


class TestInForce:
    """What is in force already is not judged again, and made whole when an object of it is lost."""

    def test_a_lost_object_is_written_again(self, folder: Path) -> None:
        """No second revision for that."""
        with regrove.open(folder) as ws:
            revision = ws.projects.apply()
            for path in (folder / ".regrove" / "objects").rglob(revision.declaration_digest.rpartition(":")[2]):
                path.unlink()
            assert not ws.vault.has(revision.declaration_digest)
            assert ws.projects.apply() == revision
            assert ws.vault.has(revision.declaration_digest)
            assert ws.ledger.head().position == 1

    def test_a_changed_file_takes_the_place_of_a_lost_one(self, folder: Path) -> None:
        """Nobody is locked out of the record by what is missing of it."""
        with regrove.open(folder) as ws:
            revision = ws.projects.apply()
            for path in (folder / ".regrove" / "objects").rglob(revision.declaration_digest.rpartition(":")[2]):
                path.unlink()
        edit(folder, "regrove.toml", "regularisation = 1.0", "regularisation = 2.0")
        with regrove.open(folder) as ws:
            assert ws.projects.apply().ordinal == 2
            assert ws.projects.applied.model("returns").params == {"regularisation": 2.0}

    def test_plan_judges_it_all_the_same(self, folder: Path) -> None:
        """A source that has gone would stop the next run."""
        with regrove.open(folder) as ws:
            ws.projects.apply()
            assert ws.projects.plan().is_empty
            (folder / "data" / "orders.csv").unlink()
            with pytest.raises(NotFound, match="No file matches"):
                ws.projects.plan()

    def test_declared_is_the_file_and_applied_the_record(self, folder: Path) -> None:
        """Of two models one is declared only."""
        with regrove.open(folder) as ws:
            ws.projects.apply()
            text = (folder / "regrove.toml").read_text()
            more = text[text.index("[models.returns]") : text.index("[deployments")].replace("returns]", "again]")
            (folder / "regrove.toml").write_text(text + more)
            assert list(ws.projects.declared().models) == ["returns", "again"]
            assert ws.projects.applied.model_names() == ["returns"]


class TestName:
    """A workspace may hold several projects; one that appears by a changed name alone is refused."""

    @pytest.fixture
    def renamed(self, folder: Path) -> Path:
        """The folder of a project that was applied as shop and is called shops now."""
        with regrove.open(folder) as ws:
            ws.projects.apply()
        edit(folder, "regrove.toml", 'name = "shop"', 'name = "shops"')
        return folder

    def test_a_changed_name_is_refused_with_the_way_back(self, renamed: Path) -> None:
        """Its models and runs would seem to be gone."""
        with regrove.open(renamed) as ws:
            before = record(renamed)
            for act in (ws.projects.plan, ws.projects.apply):
                refused(act, Conflict, "has no project 'shops'; what it holds belongs to shop", "did you mean 'shop'?")
            assert record(renamed) == before

    def test_a_new_project_is_begun_when_it_is_said(self, renamed: Path) -> None:
        """Beside the other, which stays as it is."""
        with regrove.open(renamed) as ws:
            plan = ws.projects.plan(new_project=True)
            assert (plan.beside, plan.in_force) == (("shop",), "")
            assert ws.projects.apply(new_project=True).ref == "project:shops@1"
            assert ws.projects.apply(new_project=True).ref == "project:shops@1"
            assert ws.projects.plan().beside == ()
        edit(renamed, "regrove.toml", 'name = "shops"', 'name = "shop"')
        with regrove.open(renamed) as ws:
            assert [each.ref for each in ws.projects.revisions()] == ["project:shop@1"]
            assert ws.projects.plan().is_empty

    def test_a_name_that_changes_while_the_workspace_is_open(self, folder: Path) -> None:
        """What is recorded is recorded as of the project that was opened."""
        with regrove.open(folder) as ws:
            edit(folder, "regrove.toml", 'name = "shop"', 'name = "shops"')
            for act in (ws.projects.plan, ws.projects.apply):
                refused(
                    act, Conflict, "another project than this workspace was opened with", "open the workspace again"
                )
            assert ws.ledger.head().position == 0

    def test_the_first_project_needs_no_word(self, folder: Path) -> None:
        """An empty workspace holds nothing to be mistaken for."""
        with regrove.open(folder) as ws:
            assert isinstance(ws, Workspace)
            assert ws.projects.plan().beside == ()
            assert ws.projects.apply().ordinal == 1

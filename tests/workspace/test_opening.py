"""Opening a workspace."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import regrove
from regrove.errors import Conflict, Corrupt, InvalidInput, NotFound, RegroveError
from regrove.project import create


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A new project."""
    create(tmp_path / "shop", "shop")
    return tmp_path / "shop"


class TestOpening:
    """A workspace is made where it is first opened, and found from below."""

    def test_it_is_found_from_a_folder_below(self, folder: Path) -> None:
        """As git finds its repository."""
        with regrove.open(folder / "data") as ws:
            assert ws.root == folder.resolve()
            assert ws.project == "shop"

    def test_outside_a_project_there_is_none(self, tmp_path: Path) -> None:
        """And nothing is made there."""
        with pytest.raises(NotFound, match="regrove init"):
            regrove.open(tmp_path)
        assert not list(tmp_path.iterdir())

    def test_its_folder_is_kept_out_of_git(self, folder: Path) -> None:
        """State is no source."""
        regrove.open(folder).close()
        assert (folder / ".regrove" / ".gitignore").read_text() == "*\n"

    def test_who_acts_is_recorded(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """The given actor, or REGROVE_ACTOR."""
        with regrove.open(folder, actor="person:ann") as ws:
            ws.projects.apply()
            assert ws.ledger.get(1).actor == "person:ann"
        (folder / "pipeline.py").write_text((folder / "pipeline.py").read_text() + "\nX = 1\n")
        monkeypatch.setenv("REGROVE_ACTOR", "service:nightly")
        with regrove.open(folder) as ws:
            ws.projects.apply()
            assert ws.ledger.get(2).actor == "service:nightly"

    def test_an_actor_that_is_none_is_refused(self, folder: Path) -> None:
        """Before anything is recorded under it."""
        with pytest.raises(InvalidInput, match="actor"):
            regrove.open(folder, actor="ann")

    def test_after_closing_nobody_acts(self, folder: Path) -> None:
        """What would be recorded afterwards is refused."""
        from regrove.ledger import attribution

        regrove.open(folder).close()
        with pytest.raises(RegroveError, match="Nobody is acting"):
            attribution()

    def test_a_database_that_a_newer_version_wrote_is_left_alone(self, folder: Path) -> None:
        """It says so, and changes nothing."""
        import sqlite3

        regrove.open(folder).close()
        file = folder / ".regrove" / "regrove.db"
        with sqlite3.connect(file) as connection:
            connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.close()
        before = file.read_bytes()
        with pytest.raises(RegroveError) as caught:
            regrove.open(folder)
        assert "9999" in str(caught.value)
        assert file.read_bytes() == before

    @pytest.mark.parametrize("how", ["deleted", "emptied"])
    def test_an_empty_database_beside_anchors_is_one_that_was_lost(self, folder: Path, how: str) -> None:
        """It is not begun anew without a word, and is left as it is; without the anchors a new one begins."""
        with regrove.open(folder, actor="person:ann") as ws:
            ws.projects.apply()
            anchor = ws.ledger.anchor()
        file = folder / ".regrove" / "regrove.db"
        file.unlink() if how == "deleted" else file.write_bytes(b"")
        with pytest.raises(Corrupt, match="emptied") as caught:
            regrove.open(folder)
        assert anchor.hash in caught.value.expected
        assert file.exists() == (how == "emptied")
        shutil.rmtree(folder / ".regrove" / "objects" / "anchors")
        with regrove.open(folder) as ws:
            assert ws.ledger.head().position == 0

    def test_something_else_in_the_place_of_its_folder_is_left_alone(self, folder: Path) -> None:
        """And told with what moves it away."""
        (folder / ".regrove").write_text("mine")
        with pytest.raises(Conflict, match="Something else stands") as caught:
            regrove.open(folder)
        assert caught.value.mend == f"mv {folder}/.regrove {folder}/.regrove.aside"
        assert (folder / ".regrove").read_text() == "mine"

    def test_a_folder_name_with_odd_characters_is_a_folder_name(self, tmp_path: Path) -> None:
        """A question mark begins no options of the database's address."""
        folder = tmp_path / "what now? 100% #1"
        create(folder, "shop")
        regrove.open(folder).close()
        assert (folder / ".regrove" / "regrove.db").is_file()

    def test_settings_move_the_workspace_and_not_the_project(self, folder: Path, tmp_path: Path) -> None:
        """The same project on another database and in another folder of objects."""
        from regrove.settings import Settings

        (folder / ".regrove").mkdir()
        (folder / ".regrove" / "settings.toml").write_text(f'objects = "{tmp_path / "elsewhere"}"\n')
        assert Settings.read(folder).objects == str(tmp_path / "elsewhere")
        with regrove.open(folder) as ws:
            revision = ws.projects.apply()
        assert list((tmp_path / "elsewhere").rglob(revision.source_digest.rpartition(":")[2]))


class TestReplay:
    """A project made with ``clock="replay"`` lives in the time that it is turned to."""

    def test_what_is_recorded_happened_when_the_clock_stood(self, tmp_path: Path) -> None:
        """Nothing can be recorded before the first turn; afterwards it is as late as the clock says."""
        from regrove.storage import StoredClock

        create(tmp_path / "shop", "shop", clock="replay")
        with regrove.open(tmp_path / "shop") as ws:
            assert isinstance(ws.clock, StoredClock)
            with pytest.raises(Conflict, match="regrove clock --turn-to"):
                ws.projects.apply()
            ws.clock.turn_to(1_362_096_000_000_000)
            assert ws.projects.apply().applied_at == 1_362_096_000_000_000
            assert ws.ledger.get(1).occurred_at == 1_362_096_000_000_000

    def test_the_word_for_the_clock_is_checked_before_anything_is_written(self, tmp_path: Path) -> None:
        """With the nearest."""
        with pytest.raises(InvalidInput, match="did you mean 'replay'"):
            create(tmp_path / "shop", "shop", clock="repaly")
        assert not list(tmp_path.iterdir())


class TestApply:
    """Applying through an opened workspace."""

    def test_a_change_of_the_file_is_not_acted_on_before_it_is_applied(self, folder: Path) -> None:
        """Rooms read the record."""
        file = folder / "regrove.toml"
        with regrove.open(folder) as ws:
            first = ws.projects.apply()
            file.write_text(file.read_text().replace("regularisation = 1.0", "regularisation = 9.0"))
            assert ws.projects.applied.model("returns").params == {"regularisation": 1.0}
            plan = ws.projects.plan()
            assert [change.where for change in plan.changes] == ["models.returns.params"]
            second = ws.projects.apply()
            assert ws.projects.applied.model("returns").params == {"regularisation": 9.0}
            assert (first.ordinal, second.ordinal, plan.digest) == (1, 2, second.digest)

    def test_applying_the_same_again_records_nothing(self, folder: Path) -> None:
        """One revision, one event."""
        with regrove.open(folder) as ws:
            assert ws.projects.apply() == ws.projects.apply()
            assert ws.ledger.head().position == 1

    def test_before_anything_is_applied_rooms_say_so(self, folder: Path) -> None:
        """With the mend."""
        with regrove.open(folder) as ws, pytest.raises(Conflict, match="regrove apply"):
            ws.datasets.register("orders")

    def test_the_laid_out_source_is_that_of_the_record(self, folder: Path) -> None:
        """Also when somebody edited the copy, or the work tree."""
        with regrove.open(folder) as ws:
            ws.projects.apply()
            code = ws.projects.applied.code()
            text = (code / "pipeline.py").read_text()
            (code / "pipeline.py").write_text("broken")
            (folder / "pipeline.py").write_text("broken too")
            assert (ws.projects.applied.code() / "pipeline.py").read_text() == text

    def test_source_that_is_no_python_is_refused_before_anything_is_recorded(self, folder: Path) -> None:
        """With file and line."""
        (folder / "pipeline.py").write_text("def features(:\n")
        with regrove.open(folder) as ws:
            with pytest.raises(InvalidInput, match=r"pipeline\.py"):
                ws.projects.apply()
            assert ws.ledger.head().position == 0

"""Publishing, answering and compacting, killed at every commit edge and continued."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests import crash
from tests.serving import acts

PRELOAD = ("regrove.serving.service", "regrove.registry.service", "tests.serving.conftest")
ALSO = ["regrove.serving.segment:SegmentWriter.append", "regrove.serving.compaction:_remove"]
EVERYTHING = [(identity, row) for identity in acts.REQUESTS for row in (0, 1)]


@pytest.fixture
def fresh(sqlite_template, tmp_path):
    """Folders with an empty database, or copies of one."""

    def make(name: str, like: Path | None = None) -> Path:
        folder = tmp_path / name
        if like is not None:
            shutil.copytree(like, folder)
        else:
            folder.mkdir()
            shutil.copyfile(sqlite_template, folder / "regrove.db")
        return folder

    return make


def done(folder: Path, *names: str) -> Path:
    for name in names:
        getattr(acts, name)(str(folder))
    return folder


class TestPublish:
    """Object, then row and event."""

    @pytest.mark.parametrize("act", ["start", "move", "stop"])
    def test_a_publication_that_was_killed_is_made_once(self, fresh, act):
        """Whichever edge it was killed at, the next call ends where an undisturbed one does."""
        before = done(fresh("before"), *{"start": [], "move": ["start"], "stop": ["start"]}[act])
        whole = fresh("whole", before)
        labels = crash.edges(f"tests.serving.acts:{act}", {"folder": str(whole)}, preload=PRELOAD)
        assert {label.split()[1] for label in labels} == {"link", "COMMIT"}
        expected = acts.state(str(whole))
        for n, label in enumerate(labels):
            folder = fresh(f"edge{n}", before)
            crash.kill_at(f"tests.serving.acts:{act}", {"folder": str(folder)}, n, preload=PRELOAD)
            done(folder, act)
            assert acts.state(str(folder)) == expected, label


class TestAnswer:
    """One record a request, before its answer."""

    def test_what_was_acknowledged_is_there_and_a_repeated_request_is_there_once(self, fresh):
        """After a kill at each append and each rename; the client then sends everything again."""
        before = done(fresh("before"), "start")
        args = {"folder": str(fresh("whole", before))}
        labels = crash.edges("tests.serving.acts:answer", args, also=ALSO[:1], preload=PRELOAD)
        assert sum("append" in label for label in labels) == 6
        for n, label in enumerate(labels):
            folder = str(fresh(f"edge{n}", before))
            crash.kill_at("tests.serving.acts:answer", {"folder": folder}, n, also=ALSO[:1], preload=PRELOAD)
            found = acts.state(folder)
            assert acts.acknowledged(folder, "predicted") <= {identity for identity, _ in found["predictions"]}, label
            assert acts.acknowledged(folder, "labelled") <= {identity for identity, _ in found["labelled"]}, label
            done(Path(folder), "answer", "compact")
            found = acts.state(folder)
            assert found["predictions"] == EVERYTHING and found["labels"] == 3 and found["parked"] == 0, label


class TestCompact:
    """Objects, row and event, removal."""

    def test_nothing_is_missing_or_twice_at_any_moment(self, fresh):
        """Neither right after the kill nor when the next compaction has continued."""
        before = done(fresh("before"), "start", "answer")
        whole = fresh("whole", before)
        labels = crash.edges("tests.serving.acts:compact", {"folder": str(whole)}, also=ALSO[1:], preload=PRELOAD)
        assert sum("link" in label for label in labels) == 4 and any("_remove" in label for label in labels)
        expected = acts.state(str(whole))
        assert expected["predictions"] == EVERYTHING and expected["events"].count("predictions.compacted") == 1
        for n, label in enumerate(labels):
            folder = str(fresh(f"edge{n}", before))
            crash.kill_at("tests.serving.acts:compact", {"folder": folder}, n, also=ALSO[1:], preload=PRELOAD)
            found = acts.state(folder)
            assert (found["predictions"], found["labels"]) == (EVERYTHING, 3), label
            done(Path(folder), "compact")
            assert acts.state(folder) == expected, label
            assert not list(Path(folder, "log").rglob("*.log"))

    @pytest.mark.parametrize("seeds", [range(5), pytest.param(range(5, 55), marks=pytest.mark.soak)], ids=["5", "50"])
    def test_random_kills_leave_it_to_the_next(self, fresh, seeds):
        """Wherever they fall."""
        before = done(fresh("before"), "start", "answer")
        expected = None
        for seed in seeds:
            folder = str(fresh(f"seed{seed}", before))
            crash.kill_randomly("tests.serving.acts:compact", {"folder": folder}, seed, within_s=0.4, preload=PRELOAD)
            done(Path(folder), "compact")
            found = acts.state(folder)
            expected = expected or found
            assert found == expected and found["predictions"] == EVERYTHING

from __future__ import annotations

import os
import shutil

import pytest

from tests import crash

ACT = "tests.datasets.acts:register"
PRELOAD = ("regrove.datasets.service", "regrove.ledger.service")


@pytest.fixture
def fresh(tmp_path, sqlite_template):
    def make(name):
        root = tmp_path / name
        (root / "data").mkdir(parents=True)
        (root / "data/a.csv").write_text("id,x\n1,1.5\n2,2.5\n,3.5\n1,4.5\n")
        for path in (root / "data/a.csv",):
            os.utime(path, (1e9, 1e9))
        shutil.copyfile(sqlite_template, root / "regrove.db")
        return {"folder": str(root)}

    return make


class TestRegister:
    def test_killed_at_any_commit_edge_it_is_simply_called_again(self, fresh):
        """Whatever was durable by then, the next call ends as if there had been no other: one version, one event."""
        whole = fresh("whole")
        expected = crash.run(ACT, whole, preload=PRELOAD)
        assert expected[2:] == [2, 2, True, 1, ["dataset.registered"], True]
        labels = crash.edges(ACT, fresh("edges"), preload=PRELOAD)
        assert any("COMMIT" in label for label in labels)
        for n in range(len(labels)):
            args = fresh(f"edge{n}")
            crash.kill_at(ACT, args, n, preload=PRELOAD)
            assert crash.run(ACT, args, preload=PRELOAD) == expected, labels[n]

    @pytest.mark.parametrize("seed", range(5))
    def test_killed_at_any_moment_it_is_simply_called_again(self, fresh, seed):
        """Between the edges too."""
        expected = crash.run(ACT, fresh("whole"), preload=PRELOAD)
        args = fresh("killed")
        crash.kill_randomly(ACT, args, seed, preload=PRELOAD)
        assert crash.run(ACT, args, preload=PRELOAD) == expected

    @pytest.mark.soak
    @pytest.mark.parametrize("seed", range(5, 55))
    def test_killed_at_fifty_moments(self, fresh, seed):
        """The same, longer."""
        args = fresh("killed")
        crash.kill_randomly(ACT, args, seed, within_s=0.8, preload=PRELOAD)
        assert crash.run(ACT, args, preload=PRELOAD)[2:] == [2, 2, True, 1, ["dataset.registered"], True]

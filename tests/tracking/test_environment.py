"""What a run stands on."""

from __future__ import annotations

import platform
import shutil
import subprocess

import msgspec
import pytest

from regrove.tracking import Environment, capture
from regrove.tracking.environment import packages
from tests.conftest import missing_part


def git(root, *words):
    subprocess.run(
        ["git", "-C", str(root), "-c", "user.name=t", "-c", "user.email=t@example.org", *words],
        check=True,
        capture_output=True,
    )


@pytest.fixture
def repository(tmp_path):
    """A repository with one committed file."""
    if shutil.which("git") is None:
        missing_part("git is not installed")
    root = tmp_path / "repository"
    root.mkdir()
    git(root, "init", "-q", "-b", "main")
    (root / "pipeline.py").write_text("x = 1\n")
    git(root, "add", ".")
    git(root, "commit", "-q", "-m", "first")
    return root


class TestCapture:
    """Reading the environment."""

    def test_a_clean_work_tree_has_a_commit_and_no_patch(self, repository, vault):
        """Commit and branch are named, and nothing differs."""
        found = capture(repository, vault)
        assert len(found.git_commit) == 40
        assert (found.git_branch, found.git_diff, found.git_untracked) == ("main", "", ())

    def test_a_dirty_work_tree_keeps_its_patch(self, repository, vault):
        """What was not committed can be read again from the object."""
        (repository / "pipeline.py").write_text("x = 2\n")
        (repository / "new.py").write_text("")
        found = capture(repository, vault)
        assert b"+x = 2" in vault.read(found.git_diff)
        assert found.git_untracked == ("new.py",)

    def test_outside_git_the_fields_are_empty(self, tmp_path, vault):
        """A folder without a repository is no error."""
        found = capture(tmp_path, vault)
        assert (found.git_commit, found.git_diff) == ("", "")

    def test_a_repository_without_a_commit_is_no_error(self, tmp_path, vault):
        """There is nothing to name yet."""
        if shutil.which("git") is None:
            missing_part("git is not installed")
        git(tmp_path, "init", "-q")
        assert capture(tmp_path, vault).git_commit == ""

    def test_python_and_packages_are_named(self, tmp_path, vault):
        """The interpreter and the installed distributions are there."""
        found = capture(tmp_path, vault)
        assert found.python == platform.python_version()
        assert found.packages["msgspec"] == msgspec.__version__

    def test_the_lock_file_is_named_by_digest(self, tmp_path, vault):
        """The lock that is nearest is digested."""
        (tmp_path / "requirements.txt").write_text("polars==2.1.0\n")
        found = capture(tmp_path, vault)
        assert found.lock_file == "requirements.txt"
        assert found.lock_digest.startswith("b3-1:")

    def test_it_survives_json(self, tmp_path, vault):
        """What is kept is what was captured."""
        found = capture(tmp_path, vault)
        assert vault.read_json(vault.add_json(found), Environment) == found

    def test_packages_are_sorted_and_plain(self):
        """Names are written one way, whatever their folder is called."""
        names = list(packages())
        assert names == sorted(names)
        assert all(name == name.lower() and "_" not in name for name in names)

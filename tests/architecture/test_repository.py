"""What the repository promises about itself."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]


def _tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        capture_output=True,
        check=True,
    )
    return [ROOT / name for name in listed.stdout.decode().split("\0") if name and (ROOT / name).is_file()]


class TestRepository:
    """Promises that a reader can check with one command."""

    def test_the_core_has_at_most_15_dependencies(self) -> None:
        """Each more must earn its place as an extra."""
        project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
        assert len(project["dependencies"]) <= 15

    def test_no_registry_is_named(self) -> None:
        """Packages come from wherever the reader's installer looks."""
        address = re.compile(r"https?://(pypi|files\.pythonhosted|registry\.)|index-url *=|extra-index")
        locks = [*ROOT.glob("requirements/*.txt"), ROOT / "pyproject.toml", ROOT / "Makefile"]
        assert not (ROOT / "uv.lock").exists()
        assert not [path.name for path in locks if address.search(path.read_text())]

    def test_every_locked_package_has_a_hash(self) -> None:
        """A lock without hashes proves nothing."""
        for path in ROOT.glob("requirements/*.txt"):
            entries = re.split(r"\n(?=[A-Za-z0-9])", path.read_text())
            assert entries
            assert all("--hash=sha256:" in entry for entry in entries), path.name

    def test_the_version_stands_in_the_changelog(self) -> None:
        """What is released is described."""
        import regrove

        assert f"## {regrove.__version__}" in (ROOT / "CHANGELOG.md").read_text()

    def test_no_text_file_has_a_grab_bag_of_spaces(self) -> None:
        """Text ends with one newline and has no blanks at the ends of lines."""
        bad = []
        for path in _tracked():
            if path.suffix in {".py", ".md", ".toml"}:
                text = path.read_text()
                if text and (not text.endswith("\n") or text.endswith("\n\n") or re.search(r"[ \t]$", text, re.M)):
                    bad.append(path.relative_to(ROOT).as_posix())
        assert not bad

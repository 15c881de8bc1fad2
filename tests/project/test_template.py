"""A new project: all of it, or nothing and the reason."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from regrove.errors import Conflict, InvalidInput
from regrove.project import create


class TestCreate:
    """Writing the files."""

    def test_a_file_in_the_place_of_the_folder_is_told(self, tmp_path: Path) -> None:
        """With its path."""
        (tmp_path / "shop").write_text("mine")
        with pytest.raises(InvalidInput, match="cannot be written into") as caught:
            create(tmp_path / "shop", "shop")
        assert str(tmp_path / "shop") in caught.value.received
        assert (tmp_path / "shop").read_text() == "mine"

    def test_what_is_there_already_stays(self, tmp_path: Path) -> None:
        """Nothing is written beside it."""
        (tmp_path / "pipeline.py").write_text("mine")
        with pytest.raises(Conflict, match="pipeline.py is there already"):
            create(tmp_path, "shop")
        assert [path.name for path in tmp_path.iterdir()] == ["pipeline.py"]

    def test_on_a_full_disk_no_half_project_is_left(self, tmp_path: Path) -> None:
        """So that the same command works once there is room; the file size limit stands for the disk."""
        code = (
            "import resource, sys; from pathlib import Path; from regrove.project import create\n"
            "resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, resource.RLIM_INFINITY))\n"
            "create(Path(sys.argv[1]), 'shop')\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", code, str(tmp_path / "shop")], capture_output=True, text=True, check=False
        )
        assert "Unavailable: The project cannot be written into" in done.stderr
        assert "free some space" in done.stderr
        assert not [path for path in tmp_path.rglob("*") if path.is_file()]
        assert "regrove.toml" in create(tmp_path / "shop", "shop")

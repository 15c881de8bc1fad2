"""A page is on disk whole or not at all."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from regrove.errors import InvalidInput, Unavailable
from regrove.render import write_page

FULL = """
import resource, sys
from regrove.errors import Unavailable
from regrove.render import write_page
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    write_page(sys.argv[1], "x" * 100_000)
except Unavailable as error:
    print(error)
"""


class TestWritePage:
    def test_what_is_written_is_there_and_nothing_else(self, tmp_path: Path) -> None:
        """Missing folders are made, in UTF-8, and the path comes back."""
        path = write_page(tmp_path / "a" / "b" / "report.html", "<p>数据 ✓</p>")
        assert path.read_text(encoding="utf-8") == "<p>数据 ✓</p>"
        assert os.listdir(path.parent) == ["report.html"]

    def test_a_new_page_replaces_the_old_one(self, tmp_path: Path) -> None:
        """Not the bytes of it: a reader who has the old one open keeps it."""
        path = write_page(tmp_path / "report.html", "old")
        with open(path) as reader:
            write_page(path, "new")
            assert (reader.read(), path.read_text()) == ("old", "new")

    @pytest.mark.skipif(sys.platform == "win32", reason="file size limits are a matter of Unix")
    def test_a_full_disk_leaves_the_old_page_and_no_rest(self, tmp_path: Path) -> None:
        """The file size limit stands for a disk without room."""
        path = write_page(tmp_path / "report.html", "old")
        ended = subprocess.run([sys.executable, "-c", FULL, path], capture_output=True, text=True, check=True)
        assert "The page could not be written" in ended.stdout and "df -h" in ended.stdout
        assert path.read_text() == "old" and os.listdir(tmp_path) == ["report.html"]

    def test_a_folder_is_not_overwritten(self, tmp_path: Path) -> None:
        """The mend names a file in it."""
        with pytest.raises(InvalidInput, match=r"report\.html"):
            write_page(tmp_path, "x")

    def test_a_path_through_a_file_cannot_be_written(self, tmp_path: Path) -> None:
        """No folder can be made there."""
        (tmp_path / "file").write_text("")
        with pytest.raises(Unavailable, match="could not be written"):
            write_page(tmp_path / "file" / "report.html", "x")

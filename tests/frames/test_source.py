from __future__ import annotations

import os

import pytest

from regrove.errors import InvalidInput, NotFound
from regrove.frames import UnreadableFile, find_files


def put(root, name, data=b"a\n1\n"):
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


class TestFindFiles:
    def test_a_glob_gives_its_files_sorted_by_name(self, tmp_path):
        """The order of files does not depend on the file system."""
        for name in ("data/b.csv", "data/a.csv", "data/c.csv.gz", "data/note.txt"):
            put(tmp_path, name)
        assert [file.name for file in find_files(tmp_path, "data/*.csv*")] == [
            "data/a.csv",
            "data/b.csv",
            "data/c.csv.gz",
        ]

    def test_a_single_path_is_a_source(self, tmp_path):
        """A path without a wildcard names one file."""
        put(tmp_path, "weather.parquet")
        (file,) = find_files(tmp_path, "weather.parquet")
        assert (file.name, file.format, file.size) == ("weather.parquet", "parquet", 4)

    def test_a_deep_glob_finds_nested_files_but_no_hidden_ones(self, tmp_path):
        """Files that editors and writers leave behind do not count."""
        for name in ("data/2013/01.csv", "data/.aside.csv", "data/.tmp/02.csv"):
            put(tmp_path, name)
        assert [file.name for file in find_files(tmp_path, "data/**/*.csv")] == ["data/2013/01.csv"]

    def test_an_absolute_source_outside_the_project_is_named_whole(self, tmp_path):
        """A file elsewhere keeps its whole path as its name."""
        path = put(tmp_path / "elsewhere", "a.csv")
        (file,) = find_files(tmp_path / "project", str(path))
        assert file.name == path.as_posix()

    def test_no_match_names_the_nearest_file(self, tmp_path):
        """A typo in the path is met with the file that was meant."""
        put(tmp_path, "data/flights.csv")
        with pytest.raises(NotFound, match="flights.csv") as caught:
            find_files(tmp_path, "data/flihgts.csv")
        assert caught.value.mend == "did you mean 'flights.csv'?"

    def test_a_folder_is_refused_with_the_glob_that_was_meant(self, tmp_path):
        """A folder alone does not say which files in it are meant."""
        put(tmp_path, "data/a.csv")
        with pytest.raises(InvalidInput, match="is a folder") as caught:
            find_files(tmp_path, "data")
        assert caught.value.mend == 'source = "data/*.parquet"'

    def test_another_format_is_refused_by_name(self, tmp_path):
        """A file that is neither Parquet nor CSV is named."""
        put(tmp_path, "data/a.xlsx")
        with pytest.raises(InvalidInput, match="data/a.xlsx"):
            find_files(tmp_path, "data/*")

    def test_an_empty_file_is_refused_by_name(self, tmp_path):
        """A file without a byte is no table."""
        put(tmp_path, "data/a.parquet", b"")
        with pytest.raises(UnreadableFile, match="data/a.parquet is empty"):
            find_files(tmp_path, "data/*.parquet")

    @pytest.mark.parametrize("source", ["", "  "])
    def test_an_empty_source_is_refused(self, tmp_path, source):
        """A source names something."""
        with pytest.raises(InvalidInput):
            find_files(tmp_path, source)


class TestSourceFile:
    def test_a_written_file_is_noticed_even_with_its_old_time(self, tmp_path):
        """Setting the time back does not hide that a file was written."""
        path = put(tmp_path, "a.csv", b"a\n1\n")
        (file,) = find_files(tmp_path, "a.csv")
        assert file.unchanged()
        before = path.stat()
        path.write_bytes(b"a\n2\n")
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
        while path.stat().st_ctime_ns == before.st_ctime_ns:  # the file system's clock is coarse
            os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
        assert not file.unchanged()

    def test_a_file_that_is_gone_has_changed(self, tmp_path):
        """A file that was removed is not what it was."""
        path = put(tmp_path, "a.csv")
        (file,) = find_files(tmp_path, "a.csv")
        path.unlink()
        assert not file.unchanged()

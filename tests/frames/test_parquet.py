from __future__ import annotations

import subprocess
import sys

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from regrove.errors import Corrupt
from regrove.frames import decode_parquet, encode_parquet, scan_parquet, write_parquet
from regrove.schema import schema_of


@pytest.fixture
def frame():
    return pl.DataFrame(
        {
            "id": [1, 2, 3],
            "carrier": pl.Series(["AA", None, "UA"], dtype=pl.Categorical),
            "at": pl.Series([0, 1, None]).cast(pl.Datetime("us", "UTC")),
            "delay": [1.5, None, float("nan")],
        }
    )


class TestEncode:
    def test_the_same_rows_give_the_same_bytes_however_they_were_chunked(self, frame):
        """Chunks in memory leave no trace in the file."""
        assert encode_parquet(pl.concat([frame[:1], frame[1:]], rechunk=False)) == encode_parquet(frame)

    def test_another_process_gives_the_same_bytes(self):
        """Nothing of the process enters the file."""
        program = (
            "import polars, hashlib, regrove.frames as f\n"
            "frame = polars.DataFrame({'x': range(1000), 's': ['a', 'b'] * 500})\n"
            "print(hashlib.sha256(f.encode_parquet(frame)).hexdigest())"
        )
        found = {subprocess.run([sys.executable, "-c", program], capture_output=True, check=True).stdout for _ in "ab"}
        assert len(found) == 1

    def test_what_was_encoded_comes_back(self, frame):
        """Types and values survive the way through the bytes."""
        assert_frame_equal(decode_parquet(encode_parquet(frame), schema=schema_of(frame)), frame)

    def test_bytes_that_are_no_parquet_are_corrupt(self):
        """Damage is told as such."""
        with pytest.raises(Corrupt):
            decode_parquet(b"PAR1 but not really")


class TestWrite:
    def test_a_file_is_replaced_whole_and_nothing_is_left_beside_it(self, frame, tmp_path):
        """A reader sees the old table or the new one; the file aside is gone."""
        path = tmp_path / "x.parquet"
        write_parquet(frame[:1], path)
        write_parquet(frame, path)
        assert pl.read_parquet(path).height == 3
        assert [each.name for each in tmp_path.iterdir()] == ["x.parquet"]

    def test_a_lazy_table_is_streamed_to_the_file(self, frame, tmp_path):
        """A lazy frame is written like an eager one."""
        write_parquet(frame.lazy(), tmp_path / "x.parquet")
        assert_frame_equal(pl.read_parquet(tmp_path / "x.parquet"), frame)

    def test_a_failed_write_leaves_the_old_file(self, frame, tmp_path):
        """A query that raises replaces nothing."""
        path = tmp_path / "x.parquet"
        write_parquet(frame, path)
        with pytest.raises(pl.exceptions.PolarsError):
            write_parquet(frame.lazy().select("nowhere"), path)
        assert pl.read_parquet(path).height == 3
        assert len(list(tmp_path.iterdir())) == 1


class TestScan:
    def test_several_files_are_one_table_in_the_given_order(self, frame, tmp_path):
        """Parts come in the order in which they are named."""
        write_parquet(frame[2:], tmp_path / "a.parquet")
        write_parquet(frame[:2], tmp_path / "b.parquet")
        found = scan_parquet([tmp_path / "b.parquet", tmp_path / "a.parquet"], schema=schema_of(frame)).collect()
        assert_frame_equal(found, frame)

    def test_times_of_any_unit_and_zone_become_microseconds_in_utc(self, tmp_path):
        """An instant is one type, whatever wrote it."""
        moment = pl.Series("at", [1_000]).cast(pl.Datetime("ns", "America/New_York"))
        moment.to_frame().write_parquet(tmp_path / "a.parquet")
        found = scan_parquet([tmp_path / "a.parquet"], schema=schema_of(moment.to_frame())).collect()
        assert found.schema == {"at": pl.Datetime("us", "UTC")}
        assert found["at"].to_physical().to_list() == [1]

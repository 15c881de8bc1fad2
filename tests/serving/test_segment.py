"""Segments: written by one process, read by many, given up by a close or a death."""

from __future__ import annotations

import resource
import subprocess
import sys
import threading

import pytest

from regrove.errors import Corrupt, InvalidInput
from regrove.serving.live import Live
from regrove.serving.records import Answering, Label, Labelled, Opened
from regrove.serving.segment import LogUnwritable, SegmentWriter, cut, folder_of, held, read, segments
from tests.serving.doubles import Sum, generation


def labelled(number: int = 0) -> Labelled:
    return Labelled(received_at=number, labels=[Label("a" * 32, number, True)])


@pytest.fixture
def writer(tmp_path):
    writer = SegmentWriter(tmp_path, "test", "late", server="s")
    yield writer
    writer.close()


class TestWriting:
    """Appending."""

    def test_no_file_before_the_first_record(self, writer):
        """A server that answers nothing leaves nothing."""
        writer.tick()
        assert segments(writer.folder) == []

    def test_records_come_back_in_order_after_one_that_says_whose_they_are(self, writer, tmp_path):
        """The first names project, deployment and process."""
        for number in range(5):
            writer.append(labelled(number))
        [path] = segments(folder_of(tmp_path, "test", "late"))
        records, whole, torn = read(path)
        assert isinstance(records[0], Opened) and records[0].segment == path.stem
        assert (records[0].project, records[0].deployment, records[0].server) == ("test", "late", "s")
        assert records[1:] == [labelled(number) for number in range(5)]
        assert (whole, torn) == (path.stat().st_size, 0)

    def test_what_answers_is_said_once_a_segment(self, tmp_path):
        """And again in the next segment, so that each can be read alone."""
        writer = SegmentWriter(tmp_path, "test", "late", largest=600)
        answering = Live(generation(), Sum()).answering
        for number in range(30):
            writer.append(labelled(number), answering=answering)
        writer.close()
        parts = [read(path)[0] for path in segments(writer.folder)]
        assert len(parts) > 1
        for records in parts:
            assert [type(each) for each in records].count(Answering) == 1
            assert isinstance(records[1], Answering)

    def test_an_old_segment_is_closed_and_the_next_begun(self, tmp_path):
        """So that an idle server's records are compacted too."""
        writer = SegmentWriter(tmp_path, "test", "late", oldest_s=0)
        writer.append(labelled(1))
        writer.tick()
        writer.append(labelled(2))
        first, second = segments(writer.folder)
        with held(first) as free, held(second) as busy:
            assert free is not None and busy is None
        writer.close()

    def test_threads_do_not_tear_each_other(self, writer):
        """Each record is one write."""
        threads = [
            threading.Thread(target=lambda: [writer.append(labelled(number)) for number in range(200)])
            for _ in range(4)
        ]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        [path] = segments(writer.folder)
        assert len(read(path)[0]) == 801

    def test_a_closed_log_takes_nothing(self, writer):
        """A request that comes too late is refused, not lost."""
        writer.close()
        with pytest.raises(LogUnwritable):
            writer.append(labelled())

    def test_names_cannot_leave_the_log_folder(self, tmp_path):
        """A name is checked before it becomes a path."""
        with pytest.raises(InvalidInput):
            SegmentWriter(tmp_path, "..", "late")
        with pytest.raises(InvalidInput):
            SegmentWriter(tmp_path, "test", "a/b")


class TestFullDisk:
    """A limit on the size of files stands for a full disk."""

    def test_a_record_that_does_not_fit_leaves_nothing_behind(self, writer):
        """It is refused, what stood before is whole, and when there is room again the log goes on."""
        writer.append(labelled(1))
        [path] = segments(writer.folder)
        size = path.stat().st_size
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + 10, hard))
        try:
            with pytest.raises(LogUnwritable, match="cannot be written"):
                writer.append(labelled(2))
            assert path.stat().st_size == size
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        writer.append(labelled(3))
        assert read(path)[0][1:] == [labelled(1), labelled(3)]

    def test_no_segment_can_be_begun(self, tmp_path):
        """The error names the folder; no half file is left."""
        writer = SegmentWriter(tmp_path, "test", "late")
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (10, hard))
        try:
            with pytest.raises(LogUnwritable, match="late"):
                writer.append(labelled())
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert list(writer.folder.iterdir()) == []
        writer.append(labelled())
        writer.close()


class TestOwnership:
    """Who may read and who may cut."""

    def test_a_live_segment_cannot_be_held_and_can_be_read(self, writer):
        """Its owner goes on appending."""
        writer.append(labelled(1))
        [path] = segments(writer.folder)
        with held(path) as handle:
            assert handle is None
        assert len(read(path)[0]) == 2

    def test_a_dead_owner_gives_its_segment_up(self, tmp_path):
        """However it died."""
        code = (
            "import os, sys, pathlib, signal\n"
            "from regrove.serving.segment import SegmentWriter\n"
            "from regrove.serving.records import Label, Labelled\n"
            "writer = SegmentWriter(pathlib.Path(sys.argv[1]), 'test', 'late')\n"
            "writer.append(Labelled(received_at=1, labels=[Label('a' * 32, 0, True)]))\n"
            "os.kill(os.getpid(), signal.SIGKILL)\n"
        )
        subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False)
        [path] = segments(folder_of(tmp_path, "test", "late"))
        with path.open("ab") as torn:
            torn.write(b"half a frame")
        records, whole, rest = read(path)
        assert len(records) == 2 and rest == 12
        with held(path) as handle:
            assert handle is not None
            cut(handle, whole)
        assert read(path)[2] == 0

    def test_a_segment_that_is_gone_is_not_held(self, writer, tmp_path):
        """Another compaction was first."""
        with held(tmp_path / "gone.log") as handle:
            assert handle is None

    def test_a_record_of_another_kind_is_refused(self, writer):
        """A newer version's log is not guessed at."""
        writer.append(labelled())
        [path] = segments(writer.folder)
        data = path.read_bytes()
        from regrove.serving.framing import MAGIC, PREAMBLE, Framer

        path.write_bytes(data + Framer(data[len(MAGIC) : PREAMBLE]).frame(b"\x91\xa6future"))
        with pytest.raises(Corrupt, match="cannot read"):
            read(path)

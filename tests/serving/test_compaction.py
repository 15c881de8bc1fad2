"""From segments to Parquet, whatever happens in between."""

from __future__ import annotations

import pytest

from regrove.errors import Conflict
from regrove.refs import new_id
from regrove.serving.generation import write
from regrove.serving.segment import SegmentWriter, segments
from regrove.storage import Leases
from tests.serving.doubles import Server, generation, row


def another(objects, log, **more) -> Server:
    server = Server(objects, log, **more)
    server.watcher.poll()
    return server


class TestCompact:
    """One call."""

    def test_closed_segments_become_objects_and_one_event(self, deployments, server, ledger, vault, log):
        """The event names each object by digest; the files are gone."""
        for hour in (1, 2):
            server.predict(row(hour=hour))
        server.label({"id": f"{new_id()}.0", "value": True})
        server.close()
        done = deployments.compact("late")
        assert (done.segments, done.predictions, done.labels, done.repeated, done.torn_bytes) == (1, 2, 1, 0, 0)
        assert segments(server.writer.folder) == [] and all(vault.has(digest) for digest in done.objects)
        entry = ledger.read()[-1]
        assert entry.type == "predictions.compacted" and entry.subject == "deployment:late"
        assert [each.digest for each in entry.event.objects] == list(done.objects)
        assert list(entry.used) == ["deployment:late@1"]
        assert sorted(entry.generated) == sorted(f"object:{digest}" for digest in done.objects)
        assert deployments.live_digests() == set(done.objects)

    def test_a_live_segment_is_left_alone(self, deployments, server):
        """Its server goes on appending."""
        server.predict(row())
        done = deployments.compact("late")
        assert (done.live, done.segments, done.objects) == (1, 0, ())
        assert server.predict(row()).status == 200
        assert deployments.predictions("late").collect().height == 2

    def test_nothing_to_do_is_no_event(self, deployments, server, ledger):
        """Compacting is cheap to call."""
        server.close()
        before = ledger.head()
        assert deployments.compact("late").segments == 0
        assert ledger.head() == before

    def test_a_torn_tail_is_cut_and_counted(self, deployments, server):
        """It was never answered."""
        server.predict(row())
        server.close()
        [path] = segments(server.writer.folder)
        with path.open("ab") as torn:
            torn.write(path.read_bytes()[-40:-3])
        done = deployments.compact("late")
        assert (done.predictions, done.torn_bytes) == (1, 37)

    def test_a_damaged_segment_stays_and_is_named_and_holds_no_one_up(self, deployments, server, objects, log):
        """What cannot be read is not thrown away."""
        for _ in range(3):
            server.predict(row())
        server.close()
        [path] = segments(server.writer.folder)
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 0xFF
        path.write_bytes(bytes(data))
        other = another(objects, log)
        other.predict(row())
        other.close()
        done = deployments.compact("late")
        assert done.predictions == 1 and len(done.damaged) == 1 and str(path) in done.damaged[0]
        assert segments(server.writer.folder) == [path]

    def test_a_request_that_was_sent_twice_counts_once(self, deployments, server, objects, log, ledger):
        """In one segment, in two, or after the first was compacted; the first answer counts."""
        identity = new_id()
        other = another(objects, log)
        for each in (server, server, other):
            assert each.predict(row(hour=1), row(hour=2), id=identity).status == 200
        assert deployments.predictions("late").collect().height == 2
        server.close(), other.close()
        done = deployments.compact("late")
        assert (done.predictions, done.repeated, done.differing) == (2, 4, 0)
        third = another(objects, log)
        third.predict(row(hour=1), row(hour=2), id=identity)
        assert deployments.predictions("late").collect().height == 2
        third.close()
        done = deployments.compact("late")
        assert (done.predictions, done.repeated, done.differing) == (0, 2, 0)
        frame = deployments.predictions("late").sort("row").collect()
        assert frame["request.hour"].to_list() == [1, 2]
        assert "predictions.differed" not in {each.type for each in ledger.read()}

    def test_an_id_that_was_used_for_another_request_is_named_and_counted(
        self, deployments, server, objects, log, ledger
    ):
        """One server cannot know what another answered; what is left out of the record is never left out in silence."""
        one, two = sorted(new_id() for _ in range(2))
        other = another(objects, log)
        server.predict(row(hour=1), row(hour=2), id=one)
        server.predict(row(hour=5), id=two)
        other.predict(row(hour=3), row(hour=2), row(hour=4), id=one)
        server.close(), other.close()
        done = deployments.compact("late")
        assert (done.predictions, done.repeated, done.differing, done.differing_requests) == (4, 2, 1, (one,))
        third = another(objects, log)
        third.predict(row(hour=1), row(hour=2, wind=9.0), id=one)
        third.predict(row(hour=5, flight="DL7"), id=two)
        third.close()
        done = deployments.compact("late")
        assert (done.predictions, done.repeated, done.differing, done.differing_requests) == (0, 3, 2, (one, two))
        events = [each for each in ledger.read() if each.type == "predictions.differed"]
        assert [(each.event.predictions, each.event.requests) for each in events] == [(1, [one]), (2, [one, two])]
        assert {each.subject for each in events} == {"deployment:late"}
        assert deployments.differing("late") == (3, [one, two])
        frame = deployments.predictions("late").sort("request_id", "row").collect()
        assert frame["request.hour"].to_list() == [1, 2, 4, 5]

    def test_a_request_that_another_model_reads_in_other_types_is_the_same(self, deployments, server, objects, log):
        """A whole number stays what it is when a later model asks for a float."""
        from regrove.schema import Column, LogicalType, Schema
        from tests.serving.doubles import REQUEST, Sum

        class Float(Sum):
            request = Schema(
                tuple(Column("hour", LogicalType.FLOAT64) if each.name == "hour" else each for each in REQUEST)
            )

        identity = new_id()
        server.predict(row(hour=1), row(hour=2), id=identity)
        server.close()
        deployments.compact("late")
        write(objects, generation(2))
        other = another(objects, log, loader=lambda _: (Float(),))
        assert other.predict(row(hour=1), row(hour=2.5), id=identity).json["generation"] == 2
        other.close()
        assert deployments.compact("late").differing == 1

    def test_generations_are_kept_apart_with_their_own_types(self, deployments, server, objects):
        """A later model may ask for other fields."""
        server.predict(row())
        write(objects, generation(2))
        server.watcher.poll()
        server.predict(row())
        server.close()
        assert len(deployments.compact("late").objects) == 2
        frame = deployments.predictions("late").sort("generation").collect()
        assert frame["generation"].to_list() == [1, 2] and frame["model"].to_list() == ["model:late@1", "model:late@2"]

    def test_one_compacts_at_a_time(self, deployments, server, database):
        """The other is told who does."""
        with Leases(database).acquire("compact:test/late", ttl_s=60), pytest.raises(Conflict):
            deployments.compact("late")

    def test_a_segment_whose_row_is_committed_is_removed_and_not_read_again(self, deployments, server, monkeypatch):
        """A compaction that was killed before it removed the file."""
        from regrove.serving import compaction

        server.predict(row())
        server.close()
        monkeypatch.setattr(compaction, "_remove", lambda path: None)
        deployments.compact("late")
        monkeypatch.undo()
        assert len(segments(server.writer.folder)) == 1
        assert deployments.predictions("late").collect().height == 1
        assert deployments.compact("late").predictions == 0
        assert segments(server.writer.folder) == []
        assert deployments.predictions("late").collect().height == 1

    def test_what_a_server_died_over_is_swept_later(self, deployments, server, log):
        """Not while it could still be made."""
        import os

        folder = server.writer.folder
        folder.mkdir(parents=True)
        for name, age in ((".a.new", 0), (".b.new", 9999)):
            (folder / name).touch()
            os.utime(folder / name, (folder.stat().st_mtime - age,) * 2)
        deployments.compact("late")
        assert (folder / ".a.new").exists() and not (folder / ".b.new").exists()

    def test_logs_of_two_deployments_are_apart(self, deployments, server, log):
        """Each is compacted by its name."""
        deployments.start("other")
        writer = SegmentWriter(log, "test", "other")
        server.predict(row())
        server.close()
        writer.close()
        assert deployments.compact("other").segments == 0
        assert deployments.compact("late").segments == 1

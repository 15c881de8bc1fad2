"""Deployments: started, published, stopped, and read back."""

from __future__ import annotations

import msgspec
import pytest

from regrove.errors import Conflict, InvalidDeclaration, InvalidInput, NotFound
from regrove.refs import new_id
from regrove.serving.config import DeploymentConfig, Limits, RolloutConfig
from regrove.serving.generation import key, newest, read, write
from tests.serving.doubles import Server, generation, row


def types(ledger) -> list[str]:
    return [entry.type for entry in ledger.read()]


class TestStart:
    """Starting and publishing."""

    def test_the_first_generation_is_published_and_recorded(self, deployments, objects, ledger):
        """The object holds what the row repeats, and the events say who and why."""
        deployment = deployments.start("late")
        assert (deployment.state, deployment.current.number, deployment.current.revision.number) == ("running", 1, 1)
        assert read(objects, "test", "late", 1).revision == deployment.current.revision
        assert deployment.current.revision.model == "model:late@1"
        published, started = ledger.read()
        assert (published.type, started.type) == ("deployment.published", "deployment.started")
        assert published.event_id == deployment.current.event_id
        assert published.subject == "deployment:late" and published.actor == "person:test"
        assert set(published.used) == {"model:late@1", "project:test@1"}
        assert list(published.generated) == ["deployment:late@1"]

    def test_starting_again_changes_nothing(self, deployments, objects, ledger):
        """Neither an object nor an event."""
        assert deployments.start("late") == deployments.start("late")
        assert newest(objects, "test", "late") == 1 and len(types(ledger)) == 2

    def test_a_moved_alias_is_published_as_the_next_revision(self, deployments, declared, ledger):
        """And nothing happens when it did not move."""
        deployments.start("late")
        assert deployments.publish("late").number == 1
        declared.versions["model:late@champion"] = 2
        published = deployments.publish("late")
        assert (published.number, published.revision.number, published.revision.model) == (2, 2, "model:late@2")
        assert types(ledger)[2:] == ["deployment.published"]

    def test_a_changed_configuration_is_a_new_revision(self, deployments, declared):
        """The same model under another limit answers differently."""
        deployments.start("late")
        declared.configs["late"] = DeploymentConfig("late@champion", limits=Limits(rows=5))
        assert deployments.publish("late").revision.number == 2

    def test_how_versions_are_rolled_out_is_no_revision(self, deployments, declared, ledger):
        """Who is let in by which steps changes no answer: nothing is published, no split is ended."""
        deployments.start("late")
        declared.configs["late"] = DeploymentConfig("late@champion", sticky="flight", rollout=RolloutConfig())
        assert deployments.publish("late").number == 1
        assert len(types(ledger)) == 2

    def test_what_is_not_declared_cannot_start(self, deployments):
        """Before anything is published."""
        with pytest.raises(NotFound, match="declaration in force"):
            deployments.start("nowhere")

    def test_a_model_that_is_not_there_cannot_start(self, deployments, declared, objects, ledger):
        """Before anything is published."""
        del declared.versions["model:late@champion"]
        with pytest.raises(NotFound):
            deployments.start("late")
        assert newest(objects, "test", "late") == 0 and types(ledger) == []

    def test_a_sticky_field_that_no_request_has_is_refused(self, deployments, declared, objects, ledger):
        """With the nearest name, before anything is published: its key would never be logged."""
        declared.configs["late"] = DeploymentConfig("late@champion", sticky="fligth")
        with pytest.raises(InvalidDeclaration, match="sticky names 'fligth'") as caught:
            deployments.start("late")
        assert caught.value.mend == "did you mean 'flight'?" and "departs" in caught.value.expected
        declared.configs["late"] = DeploymentConfig("late@champion", sticky="order")
        with pytest.raises(InvalidDeclaration) as caught:
            deployments.start("late")
        assert ".drop('order')" in caught.value.mend
        assert newest(objects, "test", "late") == 0 and types(ledger) == []

    def test_a_running_deployment_goes_on_when_its_sticky_field_becomes_unusable(self, deployments, declared):
        """What is published stays."""
        deployments.start("late")
        declared.configs["late"] = DeploymentConfig("late@champion", sticky="nothing")
        with pytest.raises(InvalidDeclaration):
            deployments.publish("late")
        assert deployments.get("late").current.number == 1

    def test_two_deployments_stand_side_by_side(self, deployments):
        """Each with generations of its own."""
        deployments.start("late")
        deployments.start("other")
        assert [(each.name, each.current.revision.model) for each in deployments.list()] == [
            ("late", "model:late@1"),
            ("other", "model:late@2"),
        ]


class TestStop:
    """Stopping and starting again."""

    def test_a_stopped_deployment_keeps_its_revision(self, deployments, objects, ledger):
        """Servers learn of it by a generation."""
        deployments.start("late")
        stopped = deployments.stop("late")
        assert (stopped.state, stopped.current.number, stopped.current.revision.number) == ("stopped", 2, 1)
        assert read(objects, "test", "late", 2).state == "stopped"
        with pytest.raises(Conflict, match="does not run"):
            deployments.publish("late")
        again = deployments.start("late")
        assert (again.state, again.current.number, again.current.revision.number) == ("running", 3, 1)
        assert types(ledger).count("deployment.started") == 2 and types(ledger).count("deployment.stopped") == 1

    def test_stopping_twice_is_stopping_once(self, deployments, ledger):
        """And a stopped one can be looked at."""
        deployments.start("late")
        assert deployments.stop("late") == deployments.stop("late") == deployments.get("late")
        assert types(ledger).count("deployment.stopped") == 1

    def test_what_was_never_started_is_not_found(self, deployments):
        """With what would help."""
        with pytest.raises(NotFound) as caught:
            deployments.stop("late")
        assert caught.value.mend == "regrove deployments start late"
        deployments.start("late")
        with pytest.raises(NotFound, match="laet") as caught:
            deployments.get("laet")
        assert "late" in caught.value.mend


class TestPublishingAfterAKill:
    """An object without its row."""

    def test_what_a_killed_publisher_left_is_recorded_first(self, deployments, objects, declared, ledger):
        """Servers may have answered from it already."""
        deployments.start("late")
        write(objects, generation(2, sticky="flight"))
        declared.versions["model:late@champion"] = 3
        assert deployments.publish("late").number == 3
        assert [each.revision.model for each in deployments.publications("late")] == [
            "model:late@1", "model:late@2", "model:late@3",
        ]  # fmt: skip
        assert types(ledger).count("deployment.published") == 3

    def test_an_object_that_is_what_is_wanted_is_taken_over(self, deployments, objects):
        """The same publication is not made twice."""
        wanted = generation(1, sticky="flight")
        write(objects, wanted)
        assert deployments.start("late").current.number == 1
        assert newest(objects, "test", "late") == 1

    def test_another_publisher_that_was_first_is_seen(self, deployments, objects, monkeypatch):
        """A number is given away once."""
        from regrove.serving import publishing

        deployments.start("late")
        real, raced = publishing.write, []

        def late(store, published):
            if not raced:
                raced.append(real(store, msgspec.structs.replace(generation(published.number, revision=7))))
            return real(store, published)

        monkeypatch.setattr(publishing, "write", late)
        deployments.stop("late")
        assert [(each.number, each.state) for each in deployments.publications("late")] == [
            (1, "running"), (2, "running"), (3, "stopped"),
        ]  # fmt: skip
        assert objects.info(key("test", "late", 4)) is None


class TestOnBothDatabases:
    """The same record on SQLite and PostgreSQL."""

    def test_a_deployment_s_whole_life(self, any_database, vault, objects, clock, declared, log, acting):
        """Started, answered, moved, stopped, compacted, read back."""
        from regrove.ledger import Ledger
        from tests.serving.conftest import service

        ledger = Ledger(any_database, objects, clock)
        deployments = service(any_database, vault, objects, ledger, clock, declared, log)
        deployments.start("late")
        server = Server(objects, log)
        server.watcher.poll()
        identity = server.predict(row(), row()).json["id"]
        server.label({"id": f"{identity}.1", "value": True})
        server.close()
        declared.versions["model:late@champion"] = 2
        deployments.publish("late")
        assert deployments.stop("late").current.number == 3
        assert deployments.compact("late").predictions == 2
        assert deployments.predictions("late").collect()["label"].to_list() == [None, True]
        assert deployments.prediction(f"prediction:{identity}.0").revision == 1
        assert [each.revision.number for each in deployments.publications("late")] == [1, 2, 2]
        assert len(deployments.live_digests()) == 2 and ledger.verify().ok


class TestReading:
    """Predictions and labels, before and after compaction."""

    def answered(self, server: Server, *hours: int, **more) -> str:
        return server.predict(*(row(hour=hour, flight=f"UA{hour}") for hour in hours), **more).json["id"]

    def test_a_prediction_is_found_in_the_log_and_in_an_object(self, deployments, server):
        """With what was asked, answered and what answered."""
        identity = self.answered(server, 3, 4)
        raw = deployments.prediction(f"prediction:{identity}.1")
        server.close()
        deployments.compact("late")
        kept = deployments.prediction(f"{identity}.1")
        assert raw.stored == "segment" and kept.stored.startswith("object:b3-1:")
        assert msgspec.structs.replace(raw, stored="") == msgspec.structs.replace(kept, stored="")
        assert (kept.request["hour"], kept.output["score"], kept.key) == (4, 1007.5, "UA4")
        assert (kept.revision_ref, kept.generation, kept.model) == ("deployment:late@1", 1, "model:late@1")
        assert deployments.revision(kept.revision_ref).revision.model == "model:late@1"
        assert kept.request["day"].isoformat() == "2013-03-01"

    def test_a_prediction_that_was_never_made_is_not_found(self, deployments, server):
        """And one that is no id is refused."""
        self.answered(server, 3)
        with pytest.raises(NotFound, match="There is no prediction:"):
            deployments.prediction(f"prediction:{new_id()}.0")
        with pytest.raises(InvalidInput, match="not the id of a prediction"):
            deployments.prediction("prediction:x")

    def test_predictions_come_as_one_frame_with_their_last_label(self, deployments, server):
        """Some compacted, some not; a label may come twice, late, and be corrected."""
        first = self.answered(server, 1, 2)
        server.label({"id": f"{first}.0", "value": False, "at": "2013-03-02T00:00:00Z"})
        server.label({"id": f"{first}.0", "value": False, "at": "2013-03-02T00:00:00Z"})
        self.rotate(server)
        deployments.compact("late")
        second = self.answered(server, 5)
        server.label({"id": f"{first}.0", "value": True, "at": "2013-03-03T00:00:00Z"})
        server.label({"id": f"{second}.0", "value": True})
        frame = deployments.predictions("late").sort("request_id", "row").collect()
        assert frame["request_id"].to_list() == [first, first, second]
        assert frame["row"].to_list() == [0, 1, 0]
        assert frame["label"].to_list() == [True, None, True]
        assert frame["output.score"].to_list() == [1004.5, 1005.5, 1008.5]
        assert frame["key"].to_list() == ["UA1", "UA2", "UA5"]
        assert [each.value for each in deployments.labels(f"{first}.0")] == [False, True]
        assert deployments.prediction(f"{first}.0").labels[-1].value is True

    def test_a_key_of_the_request_goes_before_the_sticky_field(self, deployments, server):
        """Both are logged as the key."""
        self.answered(server, 1, key="mine")
        assert deployments.predictions("late").collect()["key"].to_list() == ["mine"]

    def test_labels_without_a_prediction_are_parked_until_it_comes(self, deployments, server):
        """They are joined then, wherever both stand."""
        identity = new_id()
        server.label({"id": f"{identity}.0", "value": True})
        assert deployments.parked("late")["request_id"].to_list() == [identity]
        self.rotate(server)
        deployments.compact("late")
        assert deployments.parked("late").height == 1
        assert [each.value for each in deployments.labels(f"{identity}.0")] == [True]
        self.answered(server, 1, id=identity)
        assert deployments.parked("late").height == 0
        assert deployments.predictions("late").collect()["label"].to_list() == [True]

    def test_nothing_is_predicted_yet(self, deployments):
        """An empty frame with its columns."""
        deployments.start("late")
        frame = deployments.predictions("late").collect()
        assert frame.height == 0 and {"request_id", "row", "label"} <= set(frame.columns)
        assert deployments.parked("late").height == 0

    def rotate(self, server: Server) -> None:
        server.writer._oldest = 0
        server.writer.tick()
        server.writer._oldest = 10**15

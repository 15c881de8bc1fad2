"""Real servers, real sockets, real kills."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import socket
import sys

import pytest
from prometheus_client.parser import text_string_to_metric_families

from regrove.errors import Conflict, InvalidInput, Unavailable
from regrove.refs import new_id
from regrove.serving import serve
from tests.registry import samples
from tests.serving.standing import Load, eventually, gone

ROW = samples.ROW

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="children are read from /proc")


def known(real, name="late") -> list[str]:
    return real.predictions(name).collect()["request_id"].to_list()


class TestServe:
    """One server, from its start to its end."""

    def test_it_answers_over_http_and_ends_in_order(self, standing, real, log):
        """What HTTP asks of a server holds on one connection; at the end the log is closed, the counters gone."""
        server = standing(workers=1).ready()
        with contextlib.closing(server.client()) as client:
            told = self.conversation(client)
        assert server.stop() == 0
        assert list((log / "test" / "late" / ".servers").iterdir()) == []
        assert real.compact("late").predictions == 3
        assert real.prediction(told["predictions"][0]["id"]).labels[0].value is True

    def conversation(self, client):
        told = client.predict(ROW).json
        assert told["model"] == "model:late-arrival@1" and 0 < told["predictions"][0]["score"] < 1
        assert client.predict(ROW, ROW | {"distance": None}).status == 200
        for body, status in ((b"{", 400), ({"rows": [ROW | {"distance": "far"}]}, 422), ({"rows": []}, 422)):
            assert client.ask("POST", "/predict", body).status == status  # the connection goes on
        assert client.ask("GET", "/predict").headers["allow"] == "POST"
        assert client.ask("GET", "/nothing").status == 404
        chunked = client.ask("POST", "/predict", iter([b'{"rows":[{"origin":"JFK","carrier":"AA",', b'"scheduled":']))
        assert chunked.status == 400
        label = {"labels": [{"id": told["predictions"][0]["id"], "value": True}]}
        assert client.ask("POST", "/feedback", label).json == {"accepted": 1}
        assert client.ask("HEAD", "/healthz").body == b""
        assert client.ask("GET", "/readyz").json["generation"] == 1
        return told

    def test_a_body_over_the_limit_is_refused(self, standing, real):
        """Announced or not."""
        server = standing().ready()
        with contextlib.closing(server.client()) as client:
            client.connection.putrequest("POST", "/predict")
            client.connection.putheader("content-length", str(1 << 40))
            client.connection.endheaders()
            assert client.connection.getresponse().status == 413
        assert server.stop() == 0

    def test_two_workers_share_the_socket_and_the_metrics(self, standing, real):
        """Each has a segment of its own; /metrics tells of both whoever is asked."""
        server = standing(workers=2).ready()
        with Load(server, [ROW], clients=8) as load:
            load.until(100)
        assert load.failures == []
        with contextlib.closing(server.client()) as client:
            for _ in eventually("both workers"):
                text = client.ask("GET", "/metrics").body.decode()
                samples_ = [each for family in text_string_to_metric_families(text) for each in family.samples]
                ready = {each.labels["worker"]: each.value for each in samples_ if each.name == "regrove_ready"}
                if ready == {"0": 1, "1": 1}:
                    break
        total = {each.name: each.value for each in samples_}["regrove_predictions_total"]
        assert total == len(load.acknowledged) == len(known(real))
        assert server.stop() == 0

    def test_two_deployments_are_served_at_once(self, standing, real):
        """From one object store and one log folder."""
        real.start("second")
        one, two = standing(), standing(deployment="second")
        assert one.ready().predicted(ROW)["model"] == "model:late-arrival@1"
        assert two.ready().predicted(ROW)["model"] == "model:late-arrival@2"
        assert one.stop() == two.stop() == 0
        assert len(known(real)) == len(known(real, "second")) == 1


class TestSwap:
    """Another model while clients ask."""

    def test_no_request_fails_while_generations_change(self, standing, real, models):
        """And each answer says which generation gave it, as the log does."""
        server = standing(workers=2).ready()
        with Load(server, [ROW]) as load:
            load.until(20)
            for number, version in enumerate((2, 1, 2), start=2):
                models.promote(f"late-arrival@{version}", reason="by hand")
                assert real.publish("late").number == number
                for _ in eventually(f"an answer of generation {number}"):
                    if any(generation == number for _, generation in load.acknowledged):
                        break
            load.until(len(load.acknowledged) + 20)
        assert load.failures == []
        assert server.stop() == 0
        frame = real.predictions("late").collect()
        assert sorted(zip(frame["request_id"], frame["generation"], strict=True)) == sorted(load.acknowledged)
        assert {generation for _, generation in load.acknowledged} == {1, 2, 3, 4}

    def test_a_model_that_cannot_be_loaded_leaves_the_last_one(self, standing, real, models, vault):
        """It shows in /readyz, and a server that starts then serves the earlier one too."""
        server = standing().ready()
        broken = vault.objects.root / vault.key(models.get("late-arrival@2").manifest.model)
        whole = broken.read_bytes()
        broken.chmod(0o644)
        broken.write_bytes(whole[:-1] + b"x")
        models.promote("late-arrival@2", reason="by hand")
        real.publish("late")
        with contextlib.closing(server.client()) as client:
            for _ in eventually("the trouble"):
                told = client.ask("GET", "/readyz").json
                if "trouble" in told:
                    break
            assert told["generation"] == 1 and told["refused_generation"] == 2
            assert "have changed" in told["trouble"]
            assert client.predict(ROW).json["generation"] == 1
        assert standing().ready().predicted(ROW)["generation"] == 1
        broken.write_bytes(whole)
        server.ready(2)


class TestKill:
    """SIGKILL in the middle."""

    def test_a_killed_worker_is_replaced_and_nothing_answered_is_lost(self, standing, real):
        """The other goes on; clients that were cut off come again."""
        server = standing(workers=2).ready()
        with Load(server, [ROW], reconnect=True) as load:
            load.until(30)
            victim = server.workers()[0]
            os.kill(victim, signal.SIGKILL)
            for _ in eventually("another worker"):
                if victim not in server.workers() and len(server.workers()) == 2:
                    break
            load.until(len(load.acknowledged) + 50)
        assert server.stop() == 0
        real.compact("late")
        ids = known(real)
        assert len(ids) == len(set(ids)) and {each for each, _ in load.acknowledged} <= set(ids)

    @pytest.mark.parametrize("seeds", [range(5), pytest.param(range(5, 55), marks=pytest.mark.soak)], ids=["5", "50"])
    def test_a_server_that_is_killed_whole_loses_nothing_it_acknowledged(self, standing, real, seeds):
        """Neither answers nor labels; nothing is there twice, also when a client sends its request again."""
        ids, labelled = set(), set()
        for seed in seeds:
            server = standing().ready()
            mine = new_id()
            with contextlib.closing(server.client()) as client:
                client.predict(ROW, id=mine), client.predict(ROW, id=mine)
            with Load(server, [ROW, ROW]) as load:
                load.until(random.Random(seed).randint(1, 150))
                server.kill()
            ids |= {mine} | {each for each, _ in load.acknowledged}
            labelled |= set(load.labelled)
            if seed % 2:
                real.compact("late")
            frame = real.predictions("late").collect()
            assert frame.select("request_id", "row").is_unique().all()
            assert ids <= set(frame["request_id"])
            assert labelled <= set(frame.filter(frame["label"].is_not_null())["request_id"])
        assert real.parked("late").height == 0

    def test_workers_end_when_their_parent_is_killed(self, standing, real):
        """However it died, and their log is given up."""
        server = standing(workers=2).ready()
        with contextlib.closing(server.client()) as client:
            client.predict(ROW)
        workers = server.workers()
        os.kill(server.process.pid, signal.SIGKILL)
        server.wait()
        for _ in eventually("the end of the workers"):
            if all(gone(each) for each in workers):
                break
        assert real.compact("late").predictions == 1


class TestRefused:
    """What cannot be served is said before anything listens."""

    def test_a_port_that_is_taken_is_named(self, objects, log):
        """With what to do."""
        with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(Conflict, match="is taken"):
            serve(str(objects.root), "late", "test", log, port=taken.getsockname()[1])

    @pytest.mark.parametrize(
        "wrong",
        [{"workers": 0}, {"host": "no such host"}, {"port": 99_999}, {"deployment": "../x"}, {"objects": "ftp://x"}],
    )
    def test_what_makes_no_sense_is_refused(self, objects, log, wrong):
        """In the house's way."""
        given = {
            "objects": str(objects.root),
            "deployment": "late",
            "project": "test",
            "log_dir": log,
            "port": 0,
            **wrong,
        }
        with pytest.raises(InvalidInput):
            serve(**given)

    def test_workers_that_cannot_live_end_the_server(self, objects, log, monkeypatch):
        """It does not start them for ever."""
        from regrove.serving import process

        monkeypatch.setattr(process, "_QUICK_DEATHS", 2)
        monkeypatch.setattr(process, "_MODULE", "regrove.serving.no_such_module")
        with pytest.raises(Unavailable, match="die within"):
            serve(str(objects.root), "late", "test", log, port=0)

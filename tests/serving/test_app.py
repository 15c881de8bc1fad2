"""The inference application, asked as a server asks it."""

from __future__ import annotations

import json
import resource

import pytest
from prometheus_client.parser import text_string_to_metric_families

from regrove.clock import HandClock
from regrove.errors import Unavailable
from regrove.refs import new_id
from regrove.registry import ServingFailed
from regrove.serving.generation import write
from regrove.serving.records import Answering, Labelled, Predicted
from regrove.serving.segment import read, segments
from tests.serving.doubles import Server, Sum, generation, row, served


@pytest.fixture
def server(objects, tmp_path):
    server = served(objects, tmp_path / "log")
    yield server
    server.close()


def logged(server: Server) -> list:
    return [record for path in segments(server.writer.folder) for record in read(path)[0]]


def predicted(server: Server) -> list[Predicted]:
    return [record for record in logged(server) if isinstance(record, Predicted)]


class TestPredict:
    """POST /predict."""

    def test_each_row_is_answered_with_its_id(self, server):
        """And the answer says what answered."""
        answer = server.predict(row(hour=1), row(hour=2, wind=None))
        assert answer.status == 200
        told = answer.json
        assert {name: told[name] for name in ("deployment", "revision", "model", "generation")} == {
            "deployment": "late", "revision": 1, "model": "model:late@1", "generation": 1,
        }  # fmt: skip
        assert told["predictions"] == [
            {"id": f"{told['id']}.0", "score": 1004.5},
            {"id": f"{told['id']}.1", "score": 1002.0},
        ]

    def test_what_was_answered_is_in_the_log(self, server):
        """One record a request, with what was asked, in full."""
        identity = new_id()
        server.predict(row(), row(hour=8), id=identity, key="UA1")
        what, one = logged(server)[1:]
        assert isinstance(what, Answering) and (what.generation, what.model) == (1, "model:late@1")
        assert (one.request_id, one.given, one.key, one.generation, one.rows) == (identity, True, "UA1", 1, 2)
        assert one.inputs["hour"] == [7, 8] and one.inputs["day"] == ["2013-03-01"] * 2
        assert one.inputs["departs"][0].isoformat() == "2013-03-01T05:15:00.000007+00:00"
        assert one.outputs == {"score": [1010.5, 1011.5]}

    def test_a_large_request_is_answered_as_a_small_one(self, server):
        """On a thread of its own."""
        answer = server.predict(*(row(hour=number % 24) for number in range(150)))
        assert len(answer.json["predictions"]) == 150 and predicted(server)[0].rows == 150

    def test_a_body_may_come_in_pieces(self, server):
        """As a chunked one does."""
        assert server.ask("POST", "/predict", {"rows": [row()]}, chunks=5).status == 200

    @pytest.mark.parametrize(
        ("change", "named"),
        [
            ({"hour": None}, "field 'hour' is null"),
            ({"hour": "7"}, "field 'hour' has the wrong type"),
            ({"hour": 300}, "field 'hour' is out of range"),
            ({"hour": 7.0}, "field 'hour' has the wrong type"),
            ({"wind": True}, "field 'wind' has the wrong type"),
            ({"wind": 10**400}, "field 'wind' is not finite"),
            ({"departs": "2013-03-01T05:15:00"}, "field 'departs' is a time without a zone"),
            ({"day": "March"}, "field 'day' has the wrong type"),
            ({"extra": 1}, "field 'extra' is not part of the request"),
        ],
    )
    def test_a_row_that_breaks_the_signature_is_named_and_nothing_is_logged(self, server, change, named):
        """Row and field are in the error."""
        answer = server.predict(row(), row(**change))
        assert answer.status == 422 and answer.json["error"]["code"] == "invalid-input"
        assert f"Row 1: {named}" in answer.json["error"]["happened"]
        assert logged(server) == []

    def test_a_missing_field_is_named(self, server):
        """With what was sent instead."""
        short = row()
        del short["wind"]
        answer = server.predict(row(), row(), short)
        assert answer.status == 422 and "Row 2: field 'wind' is missing" in answer.json["error"]["happened"]

    @pytest.mark.parametrize("body", [b"{", b"", b"\xff"])
    def test_malformed_json_is_a_bad_request(self, server, body):
        """400, where JSON that cannot be used is 422."""
        answer = server.ask("POST", "/predict", body)
        assert answer.status == 400 and answer.json["error"]["code"] == "malformed-body"
        assert logged(server) == []

    def test_a_number_that_json_does_not_have_is_refused_by_row_and_field(self, server):
        """It is found even where the body is no JSON for it."""
        answer = server.ask("POST", "/predict", b'{"rows":[{"hour":1},{"hour":2,"wind":NaN}]}')
        error = answer.json["error"]
        assert answer.status == 422 and error["happened"] == "Row 1: field 'wind' is not finite"
        assert set(error) == {"code", "happened", "expected", "received", "mend"} and logged(server) == []

    def test_an_id_stands_for_one_request(self, server):
        """The same rows may come again under it, others may not; what was refused or failed does not use it up."""
        identity = new_id()
        assert server.predict(row(hour="x"), id=identity).status == 422
        first = server.predict(row(hour=1), id=identity)
        again = server.predict({**dict(reversed(row(hour=1).items()))}, id=identity)
        assert first.status == again.status == 200 and first.json == again.json
        for rows, more in (((row(hour=2),), {}), ((row(hour=1), row(hour=1)), {}), ((row(hour=1),), {"key": "other"})):
            answer = server.predict(*rows, **more, id=identity)
            error = answer.json["error"]
            assert answer.status == 409 and error["code"] == "different-request" and identity in error["happened"]
            assert error["expected"] and error["received"] and error["mend"]
        assert [each.inputs["hour"] for each in predicted(server)] == [[1], [1]]
        assert 'status="409"} 3' in server.ask("GET", "/metrics").body.decode()

    def test_an_id_whose_request_failed_is_free(self, objects, tmp_path):
        """Nothing was answered under it."""

        class Failing(Sum):
            def predict(self, columns):
                if columns["flight"] == ["bad"]:
                    raise RuntimeError
                return super().predict(columns)

        server = served(objects, tmp_path / "log", loader=lambda _: (Failing(),))
        identity = new_id()
        assert server.predict(row(flight="bad"), id=identity).status == 500
        assert server.predict(row(), id=identity).status == 200
        server.close()

    def test_a_project_s_code_that_fails_is_logged_and_not_shown(self, objects, tmp_path, caplog):
        """The client reads which row and what kind; the whole error is in the server's own log."""

        class Failing(Sum):
            def predict(self, columns):
                try:
                    return super().predict(columns | {"hour": "x"} if columns["flight"] == ["bad"] else columns)
                except TypeError as error:
                    raise ServingFailed("Row 0: the estimator failed: TypeError", mend="look at the log") from error

        server = served(objects, tmp_path / "log", loader=lambda _: (Failing(),))
        answer = server.predict(row(flight="bad"))
        assert answer.status == 500 and answer.json["error"]["code"] == "serving-failed"
        assert answer.json["error"]["happened"].startswith("Row 0") and b"Traceback" not in answer.body
        assert "TypeError: can only concatenate" in caplog.text and "Traceback" in caplog.text
        server.close()

    def test_a_body_over_the_limit_is_refused_before_it_is_read(self, server):
        """By its announced length."""
        answer = server.ask("POST", "/predict", b"x", headers=[(b"content-length", b"20001")])
        assert answer.status == 413 and "20000 bytes" in answer.json["error"]["expected"]

    def test_a_body_over_the_limit_is_refused_while_it_is_read(self, server):
        """When its length was not announced."""
        assert server.ask("POST", "/predict", b"x" * 30_000, chunks=10).status == 413
        assert server.ask("POST", "/predict", b"x" * 30_000).status == 413

    def test_a_client_that_goes_away_is_not_answered(self, server):
        """And nothing is recorded."""
        import asyncio

        async def gone():
            return {"type": "http.disconnect"}

        sent = []

        async def send(message):
            sent.append(message)

        asyncio.run(server.app({"type": "http", "method": "POST", "path": "/predict", "headers": []}, gone, send))
        assert sent == [] and logged(server) == []

    def test_a_model_that_fails_is_an_error_of_the_server(self, objects, tmp_path):
        """What it raised goes to the server's log and not to the client."""

        class Failing(Sum):
            def predict(self, columns):
                if columns["flight"] == ["bad"]:
                    raise RuntimeError("secret path")
                return super().predict(columns)

        server = served(objects, tmp_path / "log", loader=lambda _: (Failing(),))
        answer = server.predict(row(flight="bad"))
        assert answer.status == 500 and b"secret" not in answer.body
        assert predicted(server) == [] and server.predict(row()).status == 200
        server.close()

    def test_a_log_that_cannot_be_written_refuses_the_request(self, server):
        """Nothing is answered that is not recorded; health goes on."""
        server.predict(row())
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        [path] = segments(server.writer.folder)
        resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 20, hard))
        try:
            answer = server.predict(row())
            assert answer.status == 503 and answer.json["error"]["code"] == "log-unwritable"
            assert answer.headers[b"retry-after"] == b"1"
            assert server.ask("GET", "/healthz").status == 200
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert server.predict(row()).status == 200
        assert len(predicted(server)) == 2
        assert server.counters.values().named("log_failures") == 1

    def test_a_request_is_answered_by_what_was_live_when_it_began(self, server, objects):
        """And the next by the next."""
        write(objects, generation(2))
        assert server.predict(row()).json["generation"] == 1
        server.watcher.poll()
        assert server.predict(row()).json["generation"] == 2
        assert [each.generation for each in logged(server) if isinstance(each, Answering)] == [1, 2]


class TestFeedback:
    """POST /feedback."""

    def test_labels_are_logged_and_counted(self, server):
        """Also of predictions that this process knows nothing of."""
        told = server.predict(row()).json
        answer = server.label(
            {"id": f"{told['id']}.0", "value": True, "at": "2013-03-02T00:00:00Z"},
            {"id": f"{new_id()}.3", "value": False},
        )
        assert (answer.status, answer.json) == (200, {"accepted": 2})
        [record] = [each for each in logged(server) if isinstance(each, Labelled)]
        assert [label.value for label in record.labels] == [True, False]

    def test_one_that_cannot_be_used_refuses_all(self, server):
        """Nothing of the request is kept."""
        answer = server.label({"id": f"{new_id()}.0", "value": True}, {"id": "7", "value": True})
        assert answer.status == 422 and "Label 1" in answer.json["error"]["happened"]
        assert logged(server) == []

    def test_a_label_of_another_type_than_the_target_is_refused(self, server):
        """The deployed model says which that is."""
        answer = server.label({"id": f"{new_id()}.0", "value": "yes"})
        assert answer.status == 422 and "boolean" in answer.json["error"]["expected"]

    def test_a_label_from_the_future_is_refused_by_the_clock_of_the_deployment(self, objects, tmp_path):
        """Which may be turned by hand."""
        clock = HandClock(1_362_096_000_000_000)
        server = Server(objects, tmp_path, clock=clock)
        label = {"id": f"{new_id()}.0", "value": True, "at": "2013-03-02T00:00:00Z"}
        assert server.label(label).status == 422
        clock.advance(86_400_000_000)
        assert server.label(label).status == 200
        [record] = [each for each in logged(server) if isinstance(each, Labelled)]
        assert record.received_at == clock.now()
        server.close()

    def test_labels_are_taken_without_a_model(self, objects, tmp_path):
        """They are facts of the world, and come when they come."""
        server = Server(objects, tmp_path)
        assert server.label({"id": f"{new_id()}.0", "value": True}).status == 200
        server.close()


class TestHealth:
    """GET /healthz, /readyz, /metrics."""

    def test_it_is_ready_only_with_a_model(self, objects, tmp_path):
        """And alive before."""
        server = Server(objects, tmp_path)
        assert server.ask("GET", "/healthz").status == 200
        assert server.ask("GET", "/readyz").status == 503
        answer = server.predict(row())
        assert answer.status == 503 and answer.headers[b"retry-after"] == b"1"
        write(objects, generation(4))
        server.watcher.poll()
        told = server.ask("GET", "/readyz").json
        assert (told["generation"], told["revision"], told["model"]) == (4, 4, "model:late@4")
        server.close()

    def test_a_refused_generation_shows(self, server, objects):
        """While the last good one answers."""
        write(objects, generation(2))

        def broken(_):
            raise Unavailable("the model file is gone")

        server.watcher._load = broken
        server.watcher.poll()
        told = server.ask("GET", "/readyz")
        assert told.status == 200 and told.json["generation"] == 1
        assert told.json["refused_generation"] == 2 and "the model file is gone" in told.json["trouble"]
        assert server.predict(row()).status == 200

    def test_a_stopped_deployment_says_so(self, server, objects):
        """With the command that starts it."""
        write(objects, generation(2, revision=1, state="stopped"))
        server.watcher.poll()
        answer = server.predict(row())
        assert answer.status == 503 and "is stopped" in answer.json["error"]["happened"]
        assert answer.json["error"]["mend"] == "regrove deployments start late"
        assert server.ask("GET", "/readyz").status == 503
        assert server.label({"id": f"{new_id()}.0", "value": True}).status == 200

    def test_metrics_count_what_happened(self, server):
        """In the form that Prometheus reads."""
        server.predict(row(), row())
        server.predict(row(hour="x"))
        server.ask("GET", "/nowhere")
        text = server.ask("GET", "/metrics").body.decode()
        found = {
            (each.name, each.labels.get("route"), each.labels.get("status")): each.value
            for family in text_string_to_metric_families(text)
            for each in family.samples
        }
        assert found["regrove_predictions_total", None, None] == 2
        assert found["regrove_http_requests_total", "/predict", "200"] == 1
        assert found["regrove_http_requests_total", "/predict", "422"] == 1
        assert found["regrove_http_requests_total", "other", "404"] == 1
        assert found["regrove_generation", None, None] == 1
        assert found["regrove_log_bytes_total", None, None] > 100


class TestRoutes:
    """What is not there, and how it is said."""

    def test_an_unknown_path_is_not_found(self, server):
        """The error names what there is."""
        answer = server.ask("GET", "/predictions")
        assert answer.status == 404 and "/predict" in answer.json["error"]["expected"]

    @pytest.mark.parametrize(
        ("method", "path", "allowed"),
        [("GET", "/predict", b"POST"), ("DELETE", "/feedback", b"POST"), ("POST", "/healthz", b"GET, HEAD")],
    )
    def test_another_method_is_not_allowed(self, server, method, path, allowed):
        """The header says which is."""
        answer = server.ask(method, path)
        assert answer.status == 405 and answer.headers[b"allow"] == allowed

    def test_head_has_the_headers_and_no_body(self, server):
        """As HTTP asks."""
        answer = server.ask("HEAD", "/healthz")
        assert answer.status == 200 and answer.body == b"" and int(answer.headers[b"content-length"]) > 0

    def test_every_error_has_the_house_s_form(self, server):
        """A code for programs, a sentence for people."""
        for method, path, body in (("GET", "/x", b""), ("PUT", "/predict", b""), ("POST", "/predict", b"{}")):
            error = json.loads(server.ask(method, path, body).body)["error"]
            assert error["code"] and error["happened"]

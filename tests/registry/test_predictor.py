"""From the rows of a request to answers, with nothing but manifest and vault."""

from __future__ import annotations

import math
import sys
import threading
from typing import Any

import msgspec
import numpy as np
import polars as pl
import pytest

from regrove import digest
from regrove.errors import Corrupt, InvalidInput, NotFound
from regrove.registry import (
    BadAnswer,
    BrokenServingCode,
    Link,
    Models,
    Parameter,
    Predictor,
    ServingCode,
    ServingFailed,
)
from regrove.registry.answer import answerer
from regrove.registry.predictor import UnusableFeatures
from regrove.registry.service import _manifest
from regrove.schema import Column, LogicalType, Schema, decode_rows
from tests.registry import samples


@pytest.fixture
def made(vault: Any, written: Any) -> Any:
    """Make a predictor of a spec, as a serving process does: from the digest of a manifest."""

    def make(kind: str = "boosting", **changes: Any) -> Predictor:
        manifest = _manifest(samples.spec(vault, written, kind, **changes))
        return Predictor.read(vault.add_json(manifest), vault)

    return make


def rows(count: int = 5) -> list[dict[str, Any]]:
    return [{**samples.ROW, "scheduled": f"2013-03-01T{n % 24:02}:15:00Z"} for n in range(count)]


def packaged(vault: Any, source: str, function: str = "features", form: Any = "lazy") -> ServingCode:
    chain = (Link(function, "pipeline", (Parameter("joined", "joined", form),)),)
    return ServingCode(request="joined", chain=chain, object=vault.add_json({"pipeline.py": source}))


class TestPredict:
    def test_a_row_goes_the_way_of_training(self, made: Any) -> None:
        """Request, packaged functions, estimator: the same score as by hand."""
        frame = pl.DataFrame(
            {"origin": ["JFK"], "carrier": ["AA"], "hour": [5.0], "distance": [1089.0]},
        )
        answer = made().predict_rows([samples.ROW])
        assert answer == {"score": samples.fitted().predict_proba(frame)[:, 1].tolist()}

    def test_a_batch_answers_each_row_as_if_it_were_alone(self, made: Any) -> None:
        """Bit for bit."""
        predictor = made()
        many = rows(48)
        together = predictor.predict_rows(many)["score"]
        assert together == [predictor.predict_rows([row])["score"][0] for row in many]
        assert predictor.predict_rows([]) == {"score": []}

    @pytest.mark.parametrize("null", [False, True])
    def test_one_row_becomes_the_frame_that_many_become(self, made: Any, null: bool) -> None:
        """Every logical type, and null in each of them."""
        predictor = made()
        values = {
            LogicalType.BOOLEAN: True,
            LogicalType.BINARY: "AAEC",
            LogicalType.DATE: "2013-03-01",
            LogicalType.TIMESTAMP: "2013-03-01T05:15:00.000001+01:00",
            LogicalType.STRING: "é",
            LogicalType.CATEGORY: "JFK",
        }
        row = {kind.value: None if null else values.get(kind, 7) for kind in LogicalType}
        schema = Schema(tuple(Column(kind.value, kind) for kind in LogicalType))
        signature = msgspec.structs.replace(predictor.signature, request=schema)
        manifest = msgspec.structs.replace(predictor.manifest, signature=signature, serving=ServingCode(request="x"))
        other = Predictor(manifest, predictor.estimator, [])
        one, two = (other._frame(decode_rows([row] * count, schema)) for count in (1, 2))
        assert one.equals(two[:1]) and one.schema == two.schema

    def test_every_task_has_its_answer(self, made: Any) -> None:
        """Names and types are those of the output schema, and it can be written as JSON."""
        for kind in ("boosting", "multiclass", "regression"):
            predictor = made(kind)
            answer = predictor.predict_rows(rows(3))
            assert tuple(answer) == predictor.output.names
            assert {len(values) for values in answer.values()} == {3}
            digest.canonical(answer)
        answer = made("multiclass").predict_rows(rows(1))
        shares = {name: answer[f"probability:{name}"][0] for name in ("AA", "DL", "UA")}
        assert math.isclose(sum(shares.values()), 1.0) and answer["class"][0] == max(shares, key=shares.__getitem__)

    @pytest.mark.parametrize(
        ("change", "says"),
        [
            ({"distance": "far"}, "wrong type"),
            ({"distance": math.inf}, "not finite"),
            ({"scheduled": None}, "is null"),
            ({"scheduled": "2013-03-01T05:15:00"}, "without a zone"),
            ({"more": 1}, "not part of the request"),
        ],
    )
    def test_a_request_that_does_not_fit_is_refused_before_anything_runs(
        self, made: Any, change: Any, says: str
    ) -> None:
        """The row and the field are named."""
        with pytest.raises(InvalidInput, match=f"Row 1: .*{says}"):
            made().predict_rows([samples.ROW, {**samples.ROW, **change}])

    def test_a_frame_is_answered_like_its_rows(self, made: Any) -> None:
        """Columns beyond the request are left aside; order does not matter."""
        predictor = made()
        types = {"scheduled": pl.Datetime("us", "UTC"), "carrier": pl.Categorical()}
        frame = pl.DataFrame(rows(6)).with_columns(pl.col("scheduled").str.to_datetime(time_zone="UTC"), more=1)
        frame = frame.cast(types).select("more", *reversed(samples.REQUEST.names))
        answers = predictor.predict_frame(frame)
        assert answers["score"].to_list() == predictor.predict_rows(rows(6))["score"]
        assert predictor.features(frame).columns == list(samples.FEATURES.names)

    def test_a_frame_that_does_not_fit_says_how(self, made: Any) -> None:
        """A missing column, another type, a null."""
        predictor = made()
        frame = pl.DataFrame(rows(2)).with_columns(
            pl.col("scheduled").str.to_datetime(time_zone="UTC"), pl.col("carrier").cast(pl.Categorical)
        )
        with pytest.raises(InvalidInput, match="lacks the column 'origin'"):
            predictor.predict_frame(frame.drop("origin"))
        with pytest.raises(InvalidInput, match="another type"):
            predictor.predict_frame(frame.with_columns(pl.col("distance").cast(pl.Int64)))
        with pytest.raises(InvalidInput, match="holds nulls"):
            predictor.predict_frame(frame.with_columns(scheduled=pl.lit(None, pl.Datetime("us", "UTC"))))

    def test_threads_may_share_it(self, made: Any) -> None:
        """Every thread gets the answers that one alone gets."""
        predictor = made("forest")
        expected = predictor.predict_rows(rows(24))
        found: list[Any] = []
        threads = [
            threading.Thread(target=lambda: found.extend(predictor.predict_rows(rows(24)) for _ in range(5)))
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found == [expected] * 20

    def test_features_that_training_never_saw_are_no_answer(self, made: Any, vault: Any) -> None:
        """A function that returns other columns, fewer rows, or no frame: the caller is told which."""
        select = 'joined.select("origin", pl.col("carrier").cast(pl.String), "distance", hour=pl.lit({}))'
        for body, says in (
            (select.format(1), "not those that the model was trained on"),
            (select.format(1.0) + ".head(1)", "1 rows of"),
            (select.format(1.0) + ".drop('hour')", "not those"),
            ("[1]", "returned no frame"),
            ("joined.select('nothing')", "cannot be computed"),
            ("1 / 0", "ZeroDivisionError"),
        ):
            code = packaged(vault, f"import polars as pl\ndef features(joined):\n    return {body}\n")
            with pytest.raises(ServingFailed, match=says):
                made(serving=code).predict_rows(rows(2))

    @pytest.mark.parametrize("at", [0, 3, 10])
    @pytest.mark.parametrize("count", [1, 11])
    def test_a_row_on_which_a_function_fails_is_named(self, made: Any, vault: Any, at: int, count: int) -> None:
        """With the kind of what it raised; its words, which may hold anything, stay in the chain of causes."""
        source = (
            "import polars as pl\ndef features(joined):\n"
            "    if joined['distance'].min() < 0: raise KeyError('a secret')\n"
            "    return joined.select('origin', pl.col('carrier').cast(pl.String), "
            "hour=pl.col('scheduled').dt.hour().cast(pl.Float64), distance='distance')\n"
        )
        predictor = made(serving=packaged(vault, source, form="eager"))
        at = min(at, count - 1)
        many = rows(count)
        assert len(predictor.predict_rows(many)["score"]) == count
        many[at]["distance"] = -1.0
        with pytest.raises(ServingFailed, match=f"^Row {at}: the function 'features' failed .*: KeyError") as caught:
            predictor.predict_rows(many)
        assert "secret" not in str(caught.value) and caught.value.expected and caught.value.mend
        assert "a secret" in str(caught.value.__cause__.__cause__)

    @pytest.mark.parametrize(
        ("made_of", "is_"), [("1 / (pl.col('distance') - 7)", "inf"), ("(pl.col('distance') - 7).sqrt()", "NaN")]
    )
    def test_a_feature_that_is_not_finite_is_named_with_its_row(
        self, made: Any, vault: Any, made_of: str, is_: str
    ) -> None:
        """The request can mend it: it is refused as input."""
        source = (
            "import polars as pl\ndef features(joined):\n"
            "    return joined.select('origin', pl.col('carrier').cast(pl.String), "
            f"hour=pl.col('scheduled').dt.hour().cast(pl.Float64), distance={made_of})\n"
        )
        predictor = made("logistic", serving=packaged(vault, source))
        many = rows(9)
        assert len(predictor.predict_rows(many)["score"]) == 9
        many[4]["distance"] = 7.0 if is_ == "inf" else 6.0
        with pytest.raises(UnusableFeatures, match=f"^Row 4: the feature 'distance' is {is_.lower()}"):
            predictor.predict_rows(many)

    def test_an_estimator_that_fails_on_a_row_is_named_as_such(self, made: Any) -> None:
        """No feature is blamed that would have been taken."""
        predictor = made()

        def answer(frame: pl.DataFrame) -> Any:
            if (frame["distance"] < 0).any():
                raise ValueError("a secret")
            return {"score": [0.5] * frame.height}

        predictor._answer = answer
        many = rows(5)
        many[2] |= {"distance": -1.0, "carrier": None}
        with pytest.raises(ServingFailed, match="^Row 2: the estimator failed: ValueError") as caught:
            predictor.predict_rows(many)
        assert "secret" not in str(caught.value)

    def test_rows_that_only_fail_together_are_not_told_apart(self, made: Any) -> None:
        """No row is blamed that would be answered alone."""
        predictor = made()

        def answer(frame: pl.DataFrame) -> Any:
            if frame.height > 1:
                raise MemoryError
            return {"score": [0.5]}

        predictor._answer = answer
        with pytest.raises(ServingFailed, match="^The estimator failed: MemoryError"):
            predictor.predict_rows(rows(4))

    def test_columns_in_another_order_are_put_right(self, made: Any, vault: Any) -> None:
        """The estimator sees the order that it was fitted on."""
        source = (
            "import polars as pl\ndef features(joined):\n    return joined.select(distance='distance', "
            "hour=pl.col('scheduled').dt.hour().cast(pl.Float64), carrier=pl.col('carrier').cast(pl.String), "
            "origin='origin')\n"
        )
        assert made(serving=packaged(vault, source)).predict_rows(rows()) == made().predict_rows(rows())

    def test_a_model_without_functions_sees_the_request(self, made: Any) -> None:
        """An empty chain needs no package."""
        predictor = made(serving=ServingCode(request="features"), request=samples.FEATURES)
        row = {"origin": "JFK", "carrier": "AA", "hour": 5, "distance": 1089.0}
        assert predictor.predict_rows([row]) == made().predict_rows([samples.ROW])

    def test_an_answer_that_is_no_number_is_an_error(self, made: Any) -> None:
        """NaN never leaves as a score."""

        class Odd:
            def __init__(self, values: Any) -> None:
                self.values = np.asarray(values)

            def predict_proba(self, frame: Any) -> Any:
                return self.values

        signature = made().signature
        frame = pl.DataFrame({"x": [1, 2]})
        with pytest.raises(BadAnswer, match="row 1 .* not finite"):
            answerer(Odd([[0.5, 0.5], [math.nan, 0.5]]), signature)(frame)
        with pytest.raises(BadAnswer, match="number of rows"):
            answerer(Odd([[0.5, 0.5]]), signature)(frame)


class TestRead:
    def test_no_database_is_needed(self, made: Any) -> None:
        """What serving imports of this room leads to no table."""
        import subprocess

        made()
        code = "import sys; import regrove.registry.predictor; sys.exit('sqlite3' in sys.modules)"
        assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

    def test_missing_and_changed_objects_are_named(self, vault: Any, written: Any, objects: Any) -> None:
        """No half-loaded model."""
        manifest = _manifest(samples.spec(vault, written, package={"pipeline.py": samples.SOURCE + "# x"}))
        with pytest.raises(NotFound):
            Predictor.read(manifest.digest, vault)
        of = vault.add_json(manifest)
        vault.delete(manifest.serving.object)
        with pytest.raises(NotFound):
            Predictor.read(of, vault)
        with pytest.raises(Corrupt, match="not the JSON of a ModelManifest"):
            Predictor.read(vault.add_json({"format_version": 1}), vault)


class TestServingCode:
    def test_two_versions_live_in_one_process(self, made: Any, vault: Any) -> None:
        """The same module name, other constants: each model has its own."""
        before = sys.modules.get("pipeline")
        one, two = (
            made(package={**samples.PACKAGE, "parts/units.py": f"MILES = {factor}\n"}) for factor in (1.0, 1.609)
        )
        frame = pl.DataFrame(rows(1)).with_columns(
            pl.col("scheduled").str.to_datetime(time_zone="UTC"), pl.col("carrier").cast(pl.Categorical)
        )
        assert [each.features(frame)["distance"][0] for each in (one, two, one)] == [1089.0, 1089.0 * 1.609, 1089.0]
        names = {each.manifest.serving.object.rpartition(":")[2] for each in (one, two)}
        assert all(f"_regrove_code_{name}" in sys.modules for name in names)
        assert sys.modules.get("pipeline") is before

    @pytest.mark.parametrize(
        "path",
        ["../evil.py", "/etc/evil.py", "a/../b.py", "evil.txt", "a b.py", "1.py", ".py", "a//b.py", "pipeline.py\n"],
    )
    def test_a_path_that_leads_elsewhere_is_refused(self, made: Any, path: str) -> None:
        """Nothing is written anywhere anyway; such a package is not imported either."""
        with pytest.raises(BrokenServingCode, match="leads elsewhere"):
            made(package={**samples.PACKAGE, path: ""})

    @pytest.mark.parametrize(
        ("source", "says"),
        [
            ("def features(", "cannot be imported: SyntaxError"),
            ("import no_such_package", "cannot be imported: ModuleNotFoundError"),
            ("from . import other", "cannot be imported: ImportError"),
            ("raise RuntimeError('no')", "cannot be imported: RuntimeError: no"),
            ("features = 3", "has no function 'features'"),
        ],
    )
    def test_code_that_cannot_be_imported_says_why(self, made: Any, vault: Any, source: str, says: str) -> None:
        """When the version is registered or loaded, not at the first request."""
        with pytest.raises(BrokenServingCode, match=says):
            made(serving=packaged(vault, source))

    def test_a_traceback_shows_the_line(self, made: Any, vault: Any) -> None:
        """Though the package lies in no folder."""
        import traceback

        code = packaged(vault, "def features(joined):\n    return joined.nothing_like_this\n")
        with pytest.raises(ServingFailed) as caught:
            made(serving=code).predict_rows(rows(1))
        assert caught.value.__cause__ is not None
        assert "return joined.nothing_like_this" in "".join(traceback.format_exception(caught.value.__cause__))

    def test_a_chain_that_asks_for_more_than_a_request_is_refused(self) -> None:
        """A dataset, or params, cannot be had in serving."""
        with pytest.raises(InvalidInput, match="'features' on the serving path asks for"):
            ServingCode(
                request="joined",
                chain=(Link("features", "pipeline", (Parameter("weather", "weather"),)),),
                object=digest.of_bytes(b""),
            )


class TestModels:
    def test_load_by_ref(self, models: Models, vault: Any, written: Any) -> None:
        """A notebook asks for an alias and predicts."""
        models.register(samples.spec(vault, written))
        models.promote("late-arrival@1", reason="x")
        predictor = models.load("late-arrival@champion")
        assert predictor.request == samples.REQUEST
        assert 0 < predictor.predict_rows([samples.ROW])["score"][0] < 1


class TestOutput:
    @pytest.mark.parametrize(
        ("task", "classes"),
        [("binary", ("a",)), ("binary", ("a", "a")), ("multiclass", ()), ("regression", ("a",)), ("binary", ("a", 1))],
    )
    def test_classes_that_do_not_fit_the_task_are_refused(self, task: Any, classes: Any) -> None:
        """Two for binary, some for multiclass, none for regression; different and of one type."""
        from regrove.registry import Output

        with pytest.raises(InvalidInput, match="not the classes"):
            Output(task=task, classes=classes)

    def test_the_schema_of_an_answer(self) -> None:
        """A field for the class and one for each share."""
        from regrove.registry import Output

        schema = Output(task="multiclass", classes=(1, 2, 3)).schema
        assert schema == Schema(
            (
                Column("class", LogicalType.INT64, nullable=False),
                *(Column(f"probability:{n}", LogicalType.FLOAT64, nullable=False) for n in (1, 2, 3)),
            )
        )

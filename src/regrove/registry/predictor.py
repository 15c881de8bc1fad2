"""A model version at work: from the rows of a request to answers, without a database."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from regrove import plugins
from regrove.errors import Corrupt, InvalidInput, RegroveError
from regrove.registry.answer import BadAnswer, answerer, check_fits, made_finite, not_finite
from regrove.registry.code import Objects, serving_functions
from regrove.registry.manifest import Link, ModelManifest
from regrove.schema import Schema, decode_rows, from_polars, schema_of, to_polars

if TYPE_CHECKING:
    import polars as pl

    from regrove.registry.signature import Signature
    from regrove.storage import Vault

__all__ = ["Predictor", "ServingFailed", "UnusableFeatures"]


class ServingFailed(RegroveError):
    """A function of the project raised on the way to the features, or returned what the estimator never saw."""

    code = "serving-failed"


class UnusableFeatures(InvalidInput):
    """A row of which the functions of the project make a number that is not finite, where the estimator needs one."""

    code = "unusable-features"


class Predictor:
    """Answers rows with one model version; made by `Predictor.read` or `Models.load`.

    Everything comes from the manifest and the vault: the model file is audited before it is loaded, the project's
    functions are those that were packaged. Nothing in it changes when it predicts, so threads may share it.
    """

    def __init__(self, manifest: ModelManifest, estimator: Any, functions: Sequence[Callable[..., Any]]) -> None:
        self.manifest = manifest
        self.estimator = estimator
        """The estimator itself."""
        self._steps = [_Step(link, function) for link, function in zip(manifest.serving.chain, functions, strict=True)]
        self._answer = answerer(estimator, manifest.signature)
        self._request_types = {column.name: to_polars(column.type) for column in manifest.signature.request}
        self._feature_types = {column.name: to_polars(column.type) for column in manifest.signature.features}
        self.output = manifest.signature.output.schema
        """The fields of an answer."""

    @classmethod
    def read(cls, digest: str, vault: Vault) -> Predictor:
        """The predictor of the manifest ``digest``.

        Raises NotFound or Corrupt for objects that are missing or changed, UntrustedTypes, BrokenModelFile,
        BrokenServingCode and WrongSignature for what cannot be served.
        """
        try:
            manifest = vault.read_json(digest, ModelManifest)
        except InvalidInput as error:
            raise Corrupt(f"The object {digest} is no manifest of a model: {error.happened}") from error
        return cls.of(manifest, vault)

    @classmethod
    def of(cls, manifest: ModelManifest, vault: Objects) -> Predictor:
        """The predictor of a manifest that is at hand."""
        form = plugins.load("model_formats", manifest.format)
        estimator = form.load(vault.fetch(manifest.model), trusted=manifest.trusted_types)
        check_fits(estimator, manifest.signature)
        return cls(manifest, estimator, serving_functions(manifest.serving, vault))

    @property
    def signature(self) -> Signature:
        """What goes in and what comes out."""
        return self.manifest.signature

    @property
    def request(self) -> Schema:
        """The fields of a row."""
        return self.manifest.signature.request

    def predict_rows(self, rows: Sequence[Any]) -> dict[str, list[Any]]:
        """The fields of the answers to ``rows`` (objects as JSON gives them), each a list over the rows.

        Raises InvalidInput that names row and field, before any function of the project runs; UnusableFeatures that
        names row and feature when the estimator cannot take a number that is not finite; ServingFailed or BadAnswer,
        with the row when one row is at fault, for functions and estimators that fail.
        """
        return self.predict(decode_rows(rows, self.request))

    def predict(self, columns: dict[str, list[Any]]) -> dict[str, list[Any]]:
        """The same for columns that ``decode_rows`` has made of the rows of a request."""
        return self._answered(self._frame(columns))

    def predict_frame(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The answers to the rows of a frame, which must have the columns of the request (others are left aside)."""
        import polars as pl

        answers = self._answered(self._requested(frame))
        return pl.DataFrame(answers, schema={column.name: to_polars(column.type) for column in self.output})

    def features(self, frame: pl.DataFrame) -> pl.DataFrame:
        """What the estimator sees for the rows of a frame that has the columns of the request."""
        return self._features(self._requested(frame))

    def _answered(self, frame: pl.DataFrame) -> dict[str, list[Any]]:
        try:
            return self._answer(self._features(frame))
        except Exception as error:  # edge: the project's own functions and estimator run here and may raise anything
            if isinstance(error, RegroveError) and not isinstance(error, ServingFailed | BadAnswer):
                raise
            raise self._diagnosed(frame, error) from error

    def _diagnosed(self, frame: pl.DataFrame, error: Exception) -> RegroveError:
        """The error with the row and the feature at fault, as far as they can be found by asking again for fewer."""
        row = self._failing_row(frame)
        where = "" if row is None else f"Row {row}: "
        if row is not None:
            try:
                feature = self._at_fault(self._features(frame[row : row + 1]))
            except ServingFailed as found:
                return _at(where, found)
            if feature is not None:
                return UnusableFeatures(
                    f"{where}the feature {feature[0]!r} is {feature[1]}, and the estimator does not take that",
                    expected="a finite number",
                    received=feature[1],
                    mend="send values from which it can be computed, or let the features function treat this case",
                )
        if isinstance(error, ServingFailed | BadAnswer):
            return error if isinstance(error, BadAnswer) else _at(where, error)
        return ServingFailed(
            _after(where, f"The estimator failed: {type(error).__name__}"),
            expected="an answer to any features that the functions make of a request",
            received=type(error).__name__,
            mend="the log of the server holds the whole error; regrove trace names the model version",
        )

    def _failing_row(self, frame: pl.DataFrame) -> int | None:
        """A row that fails alone, found by halving; None when only rows together do."""
        start, end = 0, frame.height
        while end - start > 1:
            middle = (start + end) // 2
            if self._fails(frame[start:middle]):
                end = middle
            elif self._fails(frame[middle:end]):
                start = middle
            else:
                return None
        return start if frame.height else None

    def _at_fault(self, features: pl.DataFrame) -> tuple[str, str] | None:
        """The feature of one row, and its value, that is not finite and without which the row would be answered."""
        found = not_finite(features)
        try:
            if found is not None:
                self._answer(made_finite(features))
        except Exception:  # noqa: BLE001  # the project's own estimator fails in any way it likes
            return None
        return found

    def _fails(self, frame: pl.DataFrame) -> bool:
        try:
            self._answer(self._features(frame))
        except Exception:  # noqa: BLE001  # the project's own code fails in any way it likes
            return True
        return False

    def _frame(self, columns: dict[str, list[Any]]) -> pl.DataFrame:
        import polars as pl

        names = self.request.names
        if names and len(columns[names[0]]) == 1:  # by row is four times faster than by column for one row
            row = tuple(columns[name][0] for name in names)
            return pl.DataFrame([row], schema=self._request_types, orient="row")
        return pl.DataFrame(columns, schema=self._request_types)

    def _requested(self, frame: pl.DataFrame) -> pl.DataFrame:
        for column in self.request:
            if column.name not in frame.columns:
                raise InvalidInput(
                    f"The frame lacks the column {column.name!r} of the request",
                    expected=", ".join(self.request.names),
                    received=", ".join(frame.columns),
                )
            found = from_polars(frame.schema[column.name], column=column.name)
            if found is not column.type:
                raise InvalidInput(
                    f"The column {column.name!r} is of another type than the request's",
                    expected=column.type.value,
                    received=found.value,
                    mend=f"cast it: pl.col({column.name!r}).cast({to_polars(column.type)!r})",
                )
            if not column.nullable and frame[column.name].null_count():
                raise InvalidInput(f"The column {column.name!r} holds nulls", expected=f"{column.type}, never null")
        return frame.select(self.request.names)

    def _features(self, frame: pl.DataFrame) -> pl.DataFrame:
        results: dict[str, Any] = {self.manifest.serving.request: frame}
        value: Any = frame
        for step in self._steps:
            value = results[step.name] = step.call(results)
        features = _collected(value)
        if features.schema == self._feature_types and features.height == frame.height:
            return features
        return self._fitted(features, frame.height)

    def _fitted(self, features: pl.DataFrame, rows: int) -> pl.DataFrame:
        """The slow way: columns in the order that the estimator knows, or an error that says what differs."""
        expected = self.manifest.signature.features
        found = schema_of(features)
        missing = [column for column in expected if column.name not in found]
        strange = [column for column in found if column.name not in expected]
        other = [column for column in expected if column.name in found and found[column.name].type is not column.type]
        if missing or strange or other or features.height != rows:
            named = [f"{each.name!r} is missing" for each in missing] + [f"{each.name!r} is new" for each in strange]
            named += [f"{each.name!r} is of another type" for each in other]
            raise ServingFailed(
                "The features of a request are not those that the model was trained on"
                + (f": {', '.join(named[:3])}" if named else ""),
                expected=f"{rows} rows of " + ", ".join(f"{each.name} {each.type}" for each in expected),
                received=f"{features.height} rows of " + ", ".join(f"{each.name} {each.type}" for each in found),
                mend="a features function returns one row for each row, and the same columns whatever the rows hold",
            )
        return features.select(expected.names)


class _Step:
    """One packaged function, called with frames of the kind that its parameters are annotated with."""

    def __init__(self, link: Link, function: Callable[..., Any]) -> None:
        self.name = link.function
        self._function = function
        forms = {"lazy": _lazy, "eager": _collected, "": _as_it_is}
        self._arguments = [(each.name, each.source, forms[each.form]) for each in link.parameters]

    def call(self, results: dict[str, Any]) -> Any:
        arguments = {name: form(results[source]) for name, source, form in self._arguments}
        try:
            return self._function(**arguments)
        except RegroveError:
            raise
        except Exception as error:  # edge: the project's own function runs here and may raise anything
            raise self._failed(error) from error

    def _failed(self, error: Exception) -> ServingFailed:
        return ServingFailed(
            f"The function {self.name!r} failed on the rows of a request: {type(error).__name__}",
            expected="features of any rows that the request's types allow",
            received=type(error).__name__,
            mend="the log of the server holds the whole error; regrove trace names the model version",
        )


def _at(where: str, error: ServingFailed) -> ServingFailed:
    return ServingFailed(
        _after(where, error.happened),
        expected=error.expected,
        received=error.received,
        mend=error.mend,
    )


def _after(where: str, sentence: str) -> str:
    return where + sentence[0].lower() + sentence[1:] if where else sentence


def _as_it_is(value: Any) -> Any:
    return value


def _lazy(value: Any) -> Any:
    return _collected(value).lazy() if not hasattr(value, "lazy") else value.lazy()


def _collected(value: Any) -> pl.DataFrame:
    import polars as pl

    if isinstance(value, pl.LazyFrame):
        try:
            return value.collect()
        except Exception as error:  # edge: a lazy frame runs the project's own functions when it is collected
            raise ServingFailed(
                f"The features of a request cannot be computed: {type(error).__name__}",
                expected="features of any rows that the request's types allow",
                received=type(error).__name__,
                mend="the log of the server holds the whole error; regrove trace names the model version",
            ) from error
    if not isinstance(value, pl.DataFrame):
        raise ServingFailed(
            "A function on the serving path returned no frame",
            expected="pl.LazyFrame or pl.DataFrame",
            received=type(value).__name__,
        )
    return value

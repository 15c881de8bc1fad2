"""From the features frame to the fields of an answer: what each task asks of an estimator."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from math import isfinite
from typing import TYPE_CHECKING, Any, Final

from regrove.errors import InvalidInput, RegroveError
from regrove.registry.shortcut import FEW_ROWS, shorten
from regrove.registry.signature import Output, Signature

if TYPE_CHECKING:
    import polars as pl

__all__ = ["BadAnswer", "WrongSignature", "answerer", "check_fits", "made_finite", "not_finite"]

_FEW_ROWS: Final = 4096
"""Up to here one thread is faster than waking several, and requests already come from several workers."""

Answer = dict[str, list[Any]]


class WrongSignature(InvalidInput):
    """An estimator and the signature that it was registered with do not belong together."""

    code = "wrong-signature"


class BadAnswer(RegroveError):
    """An estimator answered what is no answer: another number of rows, or a number that is not finite."""

    code = "bad-answer"


def check_fits(estimator: Any, signature: Signature) -> None:
    """Raise WrongSignature when ``estimator`` was not fitted on these features, or does not answer this output."""
    names = signature.features.names
    fitted = getattr(estimator, "feature_names_in_", None)
    if fitted is not None and tuple(fitted) != names:
        raise _wrong("names of its features", ", ".join(names), ", ".join(map(str, fitted)))
    count = getattr(estimator, "n_features_in_", len(names))
    if count != len(names):
        raise _wrong("number of its features", str(len(names)), str(count))
    needed = "predict" if signature.output.task == "regression" else "predict_proba"
    if not hasattr(estimator, needed):
        mend = "wrap it in sklearn.calibration.CalibratedClassifierCV" if needed == "predict_proba" else ""
        raise _wrong("methods", needed, type(estimator).__name__ + " without it", mend)
    classes = getattr(estimator, "classes_", None)
    if signature.output.task != "regression" and classes is not None:
        found = [label.item() if hasattr(label, "item") else label for label in classes]
        if found != list(signature.output.classes):
            raise _wrong("classes", repr(list(signature.output.classes)), repr(found))


def _wrong(what: str, expected: str, received: str, mend: str = "") -> WrongSignature:
    return WrongSignature(
        f"The estimator does not fit the signature: the {what} differ",
        expected=expected,
        received=received,
        mend=mend or "train it on the frame that the features function returns",
    )


def answerer(estimator: Any, signature: Signature) -> Callable[[pl.DataFrame], Answer]:
    """The function from a features frame to the fields of the answer, each a list over the rows."""
    output = signature.output
    shape = {"binary": _binary, "multiclass": _multiclass, "regression": _regression}[output.task]
    ask = _asker(estimator, signature)

    def answer(features: pl.DataFrame) -> Answer:
        import numpy as np

        if not features.height:
            return {name: [] for name in output.schema.names}
        with _one_thread() if features.height <= _FEW_ROWS else nullcontext():
            values = np.asarray(ask(features), dtype=np.float64)
        if len(values) != features.height or not np.isfinite(values).all():
            raise _bad(values, features)
        return shape(values, output)

    return answer


def not_finite(features: pl.DataFrame) -> tuple[str, str] | None:
    """The feature of one row that is no finite number, and what it is, before one that is null; None without either.

    >>> import polars as pl
    >>> not_finite(pl.DataFrame({"gust": [None], "price": [float("inf")]}))
    ('price', 'inf')
    """
    row = features.row(0, named=True)
    strange = [(name, str(value)) for name, value in row.items() if isinstance(value, float) and not isfinite(value)]
    strange += [(name, "null") for name, value in row.items() if value is None]
    return strange[0] if strange else None


def made_finite(features: pl.DataFrame) -> pl.DataFrame:
    """The features with zeros and empty texts for what `not_finite` finds: if they are answered, that was at fault."""
    import polars as pl
    from polars import selectors as cs

    finite = features.with_columns(pl.when(cs.float().is_finite()).then(cs.float()).otherwise(0))
    return finite.with_columns(
        cs.numeric().fill_null(0), cs.boolean().fill_null(value=False), cs.string().fill_null("")
    )


def _asker(estimator: Any, signature: Signature) -> Callable[[pl.DataFrame], Any]:
    method = "predict" if signature.output.task == "regression" else "predict_proba"
    long: Callable[[pl.DataFrame], Any] = getattr(estimator, method)
    short = shorten(estimator, signature.features)
    if short is None:
        return long
    last: Callable[[Any], Any] = getattr(short[0], method)
    encode = short[1]

    def ask(features: pl.DataFrame) -> Any:
        encoded = encode(features) if features.height <= FEW_ROWS else None
        return long(features) if encoded is None else last(encoded)

    return ask


def _binary(values: Any, output: Output) -> Answer:  # noqa: ARG001  # the three have one form
    return {"score": values[:, 1].tolist()}


def _multiclass(values: Any, output: Output) -> Answer:
    best = values.argmax(axis=1).tolist()
    shares = {f"probability:{label}": values[:, index].tolist() for index, label in enumerate(output.classes)}
    return {"class": [output.classes[index] for index in best], **shares}


def _regression(values: Any, output: Output) -> Answer:  # noqa: ARG001  # the three have one form
    return {"value": values.reshape(-1).tolist()}


def _bad(values: Any, features: pl.DataFrame) -> BadAnswer:
    import numpy as np

    if len(values) != features.height:
        return BadAnswer(
            "The estimator answered another number of rows",
            expected=str(features.height),
            received=str(len(values)),
        )
    finite = np.isfinite(values.reshape(len(values), -1)).all(axis=1)
    row = int(np.flatnonzero(~finite)[0])
    return BadAnswer(
        f"The estimator answered row {row} with a number that is not finite",
        expected="a finite number",
        received=str(values[row].tolist()),
        mend="let the estimator treat missing values, for example with an imputer before it",
    )


@cache
def _pools() -> Any:
    """The thread pools that are loaded; None for a format whose libraries do not bring threadpoolctl."""
    try:
        from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]  # it ships no types
    except ImportError:
        return None
    return ThreadpoolController()


def _one_thread() -> AbstractContextManager[Any]:
    """OpenMP held to one thread in this thread: a parallel region for each tree costs more than the tree."""
    pools = _pools()
    limit: AbstractContextManager[Any] = pools.limit(limits=1, user_api="openmp") if pools else nullcontext()
    return limit

"""The built-in steps as a worker runs them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

import msgspec

from regrove.clock import iso
from regrove.errors import InvalidInput
from regrove.pipelines.call import Call, Link, Result
from regrove.pipelines.codecs import encode
from regrove.pipelines.config import SplitConfig, Task
from regrove.pipelines.kinds import Kind
from regrove.pipelines.rolling import REFERENCE, Recalling, Rolling
from regrove.pipelines.trained import Learned

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Evaluating", "Learning", "Splitting", "run"]


class Splitting(msgspec.Struct, frozen=True):
    """What the step ``split`` is told."""

    config: SplitConfig
    columns: tuple[str, ...]
    """Columns that may hold the event time, the likeliest first."""


class Learning(msgspec.Struct, frozen=True):
    """What the step ``signature`` is told."""

    request: str
    chain: tuple[Link, ...]


class Evaluating(msgspec.Struct, frozen=True):
    """What the step ``evaluate`` is told."""

    task: Task


def run(call: Call, arguments: dict[str, Any]) -> tuple[Result, ...]:
    """Run the built-in step of ``call``."""
    return _STEPS.get(call.step, _origin)(call, arguments)


def _split(call: Call, arguments: dict[str, Any]) -> tuple[Result, ...]:
    from regrove.pipelines.split import split

    told = msgspec.convert(call.settings, Splitting)
    request = arguments["request"]
    sides = split(
        arguments["features"],
        arguments["target"],
        request,
        told.config,
        time=_time_column(told.columns, request) if told.columns else "",
        seed=call.seed,
    )
    about = {
        "unlabelled": sides.unlabelled,
        "embargoed": sides.embargoed,
        "boundary": iso(sides.boundary_at) if sides.boundary_at is not None else "",
    }
    made = (encode(sides.train, Kind.SIDE, "train", call), encode(sides.holdout, Kind.SIDE, "holdout", call))
    rows = encode(sides.rows, Kind.FRAME, "sides", call)
    return tuple(msgspec.structs.replace(each, about={**each.about, **about}) for each in (*made, rows))


def _time_column(columns: Sequence[str], request: pl.DataFrame) -> str:
    found = next((column for column in columns if column in request.columns), None)
    if found is None:
        raise InvalidInput(
            "The request frame holds no event time to split by",
            expected=f"a column {' or '.join(map(repr, columns))}",
            received=", ".join(request.columns),
            mend="keep the event time of the dataset in the request, or name a column with split.time",
        )
    return found


def _signature(call: Call, arguments: dict[str, Any]) -> tuple[Result, ...]:
    from regrove.pipelines.signature import learn

    told = msgspec.convert(call.settings, Learning)
    learned = learn(arguments["request"], arguments["features"], lambda rows: _through(told, rows))
    return (encode(msgspec.to_builtins(learned), Kind.JSON, call.step, call),)


def _through(told: Learning, rows: pl.DataFrame) -> pl.DataFrame:
    """Rows of a request through the serving path."""
    values: dict[str, Any] = {told.request: rows}
    for link in told.chain:
        function = getattr(import_module(link.module), link.function)
        values[link.function] = function(
            **{parameter: _in_form(values[source], form) for parameter, source, form in link.needs}
        )
    last = values[told.chain[-1].function] if told.chain else rows
    return _in_form(last, "eager")  # type: ignore[no-any-return]  # an eager frame is a DataFrame


def _in_form(value: Any, form: str) -> Any:
    import polars as pl

    if form == "lazy" and isinstance(value, pl.DataFrame):
        return value.lazy()
    if form == "eager" and isinstance(value, pl.LazyFrame):
        return value.collect()
    return value


def _evaluate(call: Call, arguments: dict[str, Any]) -> tuple[Result, ...]:
    from regrove.pipelines.evaluate import evaluate

    told = msgspec.convert(call.settings, Evaluating)
    holdout, train = arguments["holdout"], arguments["train"]
    values, classes = evaluate(arguments["trainer"], holdout, train.target.to_numpy(), told.task)
    rows = {"rows_train": float(len(train)), "rows_holdout": float(len(holdout))}
    # NaN has no JSON form; a metric without a meaning on this holdout is kept as null.
    kept = {key: None if value != value else value for key, value in {**values, **rows}.items()}  # noqa: PLR0124  # NaN
    return (encode({"metrics": kept, "classes": classes}, Kind.JSON, call.step, call),)


def _origin(call: Call, arguments: dict[str, Any]) -> tuple[Result, ...]:
    from regrove.pipelines.origins import forecast

    told = msgspec.convert(call.settings, Rolling)
    train = arguments.pop("train")
    found = forecast(told, train, arguments)
    if found.why:
        sys.stdout.write(f"Nothing is predicted after {call.step}: {found.why}\n")  # told to whoever runs it
    about = {
        "origin": iso(found.origin_at) if found.origin_at is not None else "",
        "fitted": found.fitted,
        "why": found.why,
    }
    made = encode(found.frame, Kind.FRAME, call.step, call)
    return (msgspec.structs.replace(made, about={**made.about, **about}),)


def _reference(call: Call, arguments: dict[str, Any]) -> tuple[Result, ...]:
    from regrove.pipelines.answers import answers
    from regrove.pipelines.reference import reference
    from regrove.pipelines.rolling import origin

    told = msgspec.convert(call.settings, Recalling)
    learned = msgspec.convert(arguments["signature"], Learned)
    frame = reference(
        arguments["request"],
        arguments["target"],
        arguments["sides"],
        learned.request.names,
        answers(arguments["trainer"], arguments["holdout"].features, told.task),
        [arguments[origin(place)] for place in range(1, told.origins + 1)],
    )
    return (encode(frame, Kind.FRAME, call.step, call),)


_STEPS: Final[dict[str, Callable[[Call, dict[str, Any]], tuple[Result, ...]]]] = {
    "split": _split,
    "signature": _signature,
    "evaluate": _evaluate,
    REFERENCE: _reference,
}

"""What must hold of a graph before anything runs: no leak, a path that can be served, params that are read."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date, time
from typing import TYPE_CHECKING, Any, Protocol

from regrove.errors import InvalidInput, Refused, nearest
from regrove.pipelines.graph import Origin
from regrove.pipelines.kinds import Kind

if TYPE_CHECKING:
    from regrove.pipelines.config import ModelConfig
    from regrove.pipelines.graph import Graph

__all__ = ["Leak", "UnservablePath", "check", "serving_chain", "time_columns"]

_LEAST, _MOST = -(2**63), 2**64 - 1
"""The whole numbers that MessagePack carries to a worker."""


class UnservablePath(Refused):
    """A function between ``request`` and ``features`` needs what a request cannot carry."""

    code = "unservable-path"


class Leak(Refused):
    """The trainer would see what it is judged by."""

    code = "leak"


class HasEventTime(Protocol):
    """What is read of a dataset's declaration."""

    @property
    def event_time(self) -> str | None:
        """The column that says when a row happened."""
        ...


def check(graph: Graph, config: ModelConfig, datasets: Mapping[str, HasEventTime]) -> None:
    """Raise InvalidInput, UnservablePath or Leak for the first rule that does not hold."""
    _check_kinds(graph, config)
    _check_leak(graph, config)
    serving_chain(graph, config)
    _check_params(graph, config)
    _check_split(graph, config, datasets)


def serving_chain(graph: Graph, config: ModelConfig) -> tuple[str, ...]:
    """The functions that turn rows of ``request`` into ``features``, in running order; empty when they are the same.

    Raises UnservablePath when one of them needs a dataset or a given name.
    """
    if config.features == config.request:
        return ()
    chain = [name for name in graph.ancestors(config.features, stop=(config.request,)) if name != config.request]
    for name in chain:
        for need in graph.steps[name].needs:
            if need.origin is Origin.DATASET:
                raise _dataset_on_path(graph, config, name, need.name)
            if need.origin is Origin.GIVEN or need.name == "split":
                raise UnservablePath(
                    f"{name} ({graph.steps[name].place}) lies between {config.request} and {config.features} and needs "
                    f"{need.parameter!r}, which a request does not carry",
                    expected=f"functions of the rows of {config.request} alone",
                    received=f"{need.parameter} -> {' -> '.join(graph.path(name, config.features))}",
                    mend="write the value into the function, or fit it inside the estimator "
                    "(a scikit-learn Pipeline, for example)",
                )
    if not any(need.name == config.request for name in chain for need in graph.steps[name].needs):
        raise UnservablePath(
            f"{config.features} does not stand on {config.request}, so no request can be turned into features",
            expected=f"a parameter {config.request!r} of {config.features}, or of a function that it needs",
            received=", ".join(chain),
            mend=f"let {config.features} take {config.request}, or name as request what it stands on",
        )
    return tuple(chain)


def _dataset_on_path(graph: Graph, config: ModelConfig, name: str, dataset: str) -> UnservablePath:
    way = " -> ".join((dataset, *graph.path(name, config.features)))
    return UnservablePath(
        f"The dataset {dataset!r} lies on the way from a request to the features, where a request cannot carry it",
        expected=f"functions of the rows of {config.request} alone",
        received=way,
        mend=f"let the request carry the joined columns (join {dataset} before {config.request}), "
        f"or read them from a feature view of {dataset}",
    )


def _check_kinds(graph: Graph, config: ModelConfig) -> None:
    for role, wanted, text in (
        ("request", (Kind.FRAME,), "a frame (pl.LazyFrame or pl.DataFrame)"),
        ("features", (Kind.FRAME,), "a frame (pl.LazyFrame or pl.DataFrame)"),
        ("target", (Kind.FRAME,), "a frame with one column"),
        ("trainer", (Kind.ESTIMATOR,), "an estimator class, such as a class of scikit-learn"),
    ):
        step = graph.steps[getattr(config, role)]
        if step.kind not in wanted:
            raise InvalidInput(
                f"{role} of {graph.model!r} is {step.name} ({step.place}), which returns something else",
                expected=text,
                received=str(step.kind),
                mend=f"annotate and return {text}, or name another function",
            )


def _check_leak(graph: Graph, config: ModelConfig) -> None:
    behind = graph.ancestors(config.trainer, stop=("split",))
    for name in behind:
        step = graph.steps[name]
        if any(need.output == "holdout" and need.name == "split" for need in step.needs):
            raise Leak(
                f"{name} ({step.place}) reads the holdout on the way to the trainer {config.trainer}, which is judged "
                "by it",
                expected="train alone",
                received=" -> ".join(("holdout", *graph.path(name, config.trainer))),
                mend="split what you need for early stopping or tuning off train, inside the function",
            )
    for role in ("features", "target"):
        seen = getattr(config, role)
        if seen in behind:
            raise Leak(
                f"The trainer {config.trainer} sees all rows of {seen}, those of the holdout too",
                expected="rows that come through train",
                received=" -> ".join(graph.path(seen, config.trainer)),
                mend="take train as the parameter: train.features and train.target hold the rows before the split",
            )
    if "split" not in behind:
        raise InvalidInput(
            f"The trainer {config.trainer} ({graph.steps[config.trainer].place}) never sees the rows of train",
            expected="a parameter train",
            received=", ".join(need.parameter for need in graph.steps[config.trainer].needs) or "no parameters",
            mend=f"def {config.trainer}(train: Train, ...), with train from regrove",
        )


def _check_params(graph: Graph, config: ModelConfig) -> None:
    for key, value in config.params.items():
        _check_value(graph.model, key, value)
    readers = [step for step in graph.steps.values() if any(need.name == "params" for need in step.needs)]
    wanted = sorted({key for step in readers for key in (*step.reads.needed, *step.reads.optional)})
    for key in config.params:
        if not any(step.reads.covers(key) for step in readers):
            raise InvalidInput(
                f"No function of {graph.model!r} reads the parameter {key!r}",
                expected=f"one of {', '.join(wanted)}" if wanted else "no params: no function reads any",
                received=repr(key),
                mend=nearest(key, wanted) or "remove it, or read it with params." + key,
            )
    for step in readers:
        for key in step.reads.needed:
            if key not in config.params:
                raise InvalidInput(
                    f"{step.name} ({step.place}) reads params.{key}, which is not declared",
                    expected=f"one of {', '.join(config.params) or '(none are declared)'}",
                    received=repr(key),
                    mend=nearest(key, config.params) or f"add {key} to params of [models.{graph.model}]",
                )


def _check_value(model: str, key: str, value: Any) -> None:
    """Refuse what has no form as JSON: it could be neither kept nor compared."""
    if isinstance(value, dict) and all(isinstance(each, str) for each in value):
        for inner, each in value.items():
            _check_value(model, f"{key}.{inner}", each)
    elif isinstance(value, list | tuple):
        for place, each in enumerate(value):
            _check_value(model, f"{key}[{place}]", each)
    elif not _has_a_form(value):
        raise InvalidInput(
            f"The parameter {key!r} of {model!r} has a value that cannot be kept",
            expected="a finite number, a text, true or false, or a list or table of them",
            received=str(value) if isinstance(value, int | float) else f"a value of type {type(value).__name__}",
            mend=f"give {key} another value; one that is absent can be left out and read with params.get",
        )


def _has_a_form(value: Any) -> bool:
    if isinstance(value, int):
        return _LEAST <= value <= _MOST
    return math.isfinite(value) if isinstance(value, float) else isinstance(value, str | date | time | None)


def _check_split(graph: Graph, config: ModelConfig, datasets: Mapping[str, HasEventTime]) -> None:
    timed = [name for name in graph.datasets if datasets[name].event_time]
    if config.split.random is not None and timed:
        raise InvalidInput(
            f"{graph.model!r} would be split at random, but the dataset {timed[0]!r} has an event time: the holdout "
            "would lie before rows of train and flatter the model",
            expected='split = { holdout = "14d", embargo = "2d" }',
            received=f"split = {{ random = {config.split.random} }}",
            mend="split by time",
        )
    if config.split.random is None and config.split.time is None and not time_columns(graph, config, datasets):
        raise InvalidInput(
            f"{graph.model!r} is split by time, but no dataset behind {config.request} has an event time",
            expected="event_time in the table of a dataset",
            received=", ".join(graph.datasets) or "no datasets",
            mend="declare event_time, name a column with split.time, or use split = { random = 0.2 }",
        )


def time_columns(graph: Graph, config: ModelConfig, datasets: Mapping[str, HasEventTime]) -> tuple[str, ...]:
    """The columns that may hold the event time of the request's rows, the likeliest first.

    ``split.time`` when it is given; else the event times of the datasets behind ``request``, in the order in which
    its parameters lead to them.
    """
    if config.split.random is not None:
        return ()
    if config.split.time is not None:
        return (config.split.time,)
    found: dict[str, None] = {}
    for name in _datasets_behind(graph, config.request):
        column = datasets[name].event_time
        if column:
            found[column] = None
    return tuple(found)


def _datasets_behind(graph: Graph, name: str) -> list[str]:
    found: dict[str, None] = {}
    for need in graph.steps[name].needs:
        if need.origin is Origin.DATASET:
            found[need.name] = None
        elif need.origin is Origin.STEP:
            found.update(dict.fromkeys(_datasets_behind(graph, need.name)))
    return list(found)

"""The graph of a model: which steps there are, what each needs, in which order they can run.

A parameter names a dataset, another function, or a given name. Three steps are built in: ``signature`` learns what a
request carries, ``split`` makes ``train`` and ``holdout``, ``evaluate`` judges the estimator on the holdout.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import msgspec

from regrove.errors import InvalidInput, nearest
from regrove.pipelines.given import NAMES
from regrove.pipelines.kinds import Kind, Meaning, Names, meaning
from regrove.pipelines.options import StepOptions, options_of
from regrove.pipelines.reads import Reads, reads

if TYPE_CHECKING:
    from regrove.pipelines.code import FunctionInfo, Parameter
    from regrove.pipelines.config import ModelConfig

__all__ = ["BUILT_IN", "CyclicGraph", "Graph", "Need", "Origin", "Step", "build"]

BUILT_IN: Final = ("signature", "split", "evaluate")
"""The steps that Regrove adds; no function on the way to a model may be called so."""


class Origin(StrEnum):
    """Where the value of a parameter comes from."""

    DATASET = "dataset"
    STEP = "step"
    GIVEN = "given"


class Need(msgspec.Struct, frozen=True):
    """One parameter of a step and what fills it."""

    parameter: str
    origin: Origin
    name: str
    """The dataset, the step, or the given name (``params``, ``seed``, ``run``)."""
    output: str = ""
    """Which output of the step; a function has one, named like the function."""
    form: str = ""
    """For a frame: ``lazy`` or ``eager``."""


class Step(msgspec.Struct, frozen=True):
    """A node of the graph: a function of the project, or a built-in step (its ``module`` is empty)."""

    name: str
    needs: tuple[Need, ...]
    kind: Kind = Kind.JSON
    module: str = ""
    path: str = ""
    line: int = 0
    options: StepOptions = StepOptions()
    reads: Reads = Reads()
    returns: str = ""
    """The dotted name behind the return annotation."""

    @property
    def place(self) -> str:
        """Where the function stands: ``pipeline.py:12``."""
        return f"{self.path}:{self.line}" if self.module else "built in"

    def upstream(self) -> Iterable[str]:
        """The steps that this one needs."""
        return (need.name for need in self.needs if need.origin is Origin.STEP)


class Graph(msgspec.Struct, frozen=True):
    """The steps of one model in an order in which they can run."""

    model: str
    steps: dict[str, Step]

    @property
    def datasets(self) -> tuple[str, ...]:
        """The datasets that any step needs, in the order of their first use."""
        needs = (need for step in self.steps.values() for need in step.needs)
        return tuple(dict.fromkeys(need.name for need in needs if need.origin is Origin.DATASET))

    def ancestors(self, name: str, *, stop: Collection[str] = ()) -> tuple[str, ...]:
        """The steps that ``name`` stands on and itself, in running order; not looking behind those in ``stop``."""
        found: set[str] = set()
        waiting = [name]
        while waiting:
            each = waiting.pop()
            if each in found:
                continue
            found.add(each)
            if each not in stop:
                waiting += self.steps[each].upstream()
        return tuple(step for step in self.steps if step in found)

    def descendants(self, name: str) -> tuple[str, ...]:
        """The steps that stand on ``name`` and itself, in running order."""
        found = {name}
        for step in self.steps.values():
            if found.intersection(step.upstream()):
                found.add(step.name)
        return tuple(step for step in self.steps if step in found)

    def path(self, start: str, end: str) -> tuple[str, ...]:
        """The steps on one way from ``start`` to ``end`` in the direction of the data."""
        trails: dict[str, tuple[str, ...]] = {start: (start,)}
        for step in self.steps.values():
            for each in step.upstream():
                if each in trails and step.name not in trails:
                    trails[step.name] = (*trails[each], step.name)
        return trails.get(end, ())


class CyclicGraph(InvalidInput):
    """Functions need each other in a circle, so none can run first."""

    code = "cyclic-graph"


def build(
    model: str,
    config: ModelConfig,
    functions: Mapping[str, FunctionInfo],
    datasets: Collection[str],
    names: Names,
    *,
    also: str = "",
) -> Graph:
    """The graph of ``model``; ``also`` names one more function to reach.

    Raises InvalidInput for an unknown name (with the nearest), an annotation that cannot be kept, a parameter that
    asks for another kind than it gets, and CyclicGraph with the circle written out.
    """
    maker = _Maker(model, config, functions, datasets, names)
    for role in ("request", "features", "target", "trainer"):
        maker.check_role(role, getattr(config, role))
    for root in ("signature", "evaluate", *([also] if also else ())):
        maker.visit(root, ())
    return Graph(model, maker.steps)


class _Maker:
    """Builds the steps depth first, each after what it needs."""

    def __init__(
        self,
        model: str,
        config: ModelConfig,
        functions: Mapping[str, FunctionInfo],
        datasets: Collection[str],
        names: Names,
    ) -> None:
        self.model = model
        self.config = config
        self.functions = functions
        self.datasets = datasets
        self.names = names
        self.steps: dict[str, Step] = {}

    def check_role(self, role: str, name: str) -> None:
        """Refuse a ``request``, ``features``, ``target`` or ``trainer`` that names no function."""
        if name not in self.functions:
            raise InvalidInput(
                f"{role} of the model {self.model!r} names no function",
                expected=f"one of {', '.join(self.functions) or '(the module has no functions)'}",
                received=repr(name),
                mend=nearest(name, self.functions) or f"write a function {name}, or correct {role}",
            )

    def visit(self, name: str, trail: tuple[str, ...]) -> None:
        """Add ``name`` after everything that it needs."""
        if name in trail:
            circle = (*trail[trail.index(name) :], name)
            raise CyclicGraph(
                f"Functions of {self.model!r} need each other in a circle: {' -> '.join(reversed(circle))}",
                expected="a function that needs none of those that need it",
                received=f"{circle[0]} needs {circle[1]}",
                mend=f"take one of these parameters away: {circle[1]} in {circle[0]}",
            )
        if name in self.steps:
            return
        step = self._built_in(name) if name in BUILT_IN and name not in self.functions else self._function(name)
        for each in step.upstream():
            self.visit(each, (*trail, name))
        self.steps[name] = self._settled(step)

    def _built_in(self, name: str) -> Step:
        roles = {
            "signature": ("request", "features"),
            "split": ("request", "features", "target"),
        }
        if name in roles:
            needs = [Need(role, Origin.STEP, (f := getattr(self.config, role)), f, "eager") for role in roles[name]]
            return Step(name, tuple(needs), Kind.SIDE if name == "split" else Kind.JSON)
        trainer = Need("trainer", Origin.STEP, self.config.trainer, self.config.trainer)
        return Step("evaluate", (trainer, _side("train"), _side("holdout")), Kind.JSON)

    def _function(self, name: str) -> Step:
        info = self.functions[name]
        place = f"{name} ({info.path}:{info.line})"
        self._check_name(name, place)
        options = options_of(info.step, where=f"@step of {place}")
        returns = meaning(info.returns, info.module, self.names)
        needs = tuple(need for each in info.parameters if (need := self._need(each, place)) is not None)
        tree = self.names.function(info.module, name)
        read = reads(tree) if tree is not None and any(need.name == "params" for need in needs) else Reads()
        step = Step(name, needs, Kind.ANY, info.module, info.path, info.line, options, read, returns.form)
        return msgspec.structs.replace(step, kind=_kept(step, returns, info.returns))

    def _check_name(self, name: str, place: str) -> None:
        taken = "a given name" if name in NAMES else "a built-in step" if name in BUILT_IN else ""
        if name in self.datasets:
            taken = "a dataset"
        if taken:
            raise InvalidInput(
                f"The function {place} has the name of {taken}",
                expected="a name that stands for one thing",
                received=repr(name),
                mend="rename the function",
            )

    def _need(self, parameter: Parameter, place: str) -> Need | None:
        name = parameter.name
        if parameter.kind not in ("plain", "keyword"):
            raise InvalidInput(
                f"{place} has a parameter that cannot be filled by its name",
                expected="parameters that name what the function needs",
                received={"args": f"*{name}", "kwargs": f"**{name}"}.get(parameter.kind, f"{name}, /"),
                mend="name each thing that it needs",
            )
        if name in ("train", "holdout"):
            return _side(name)
        if name in NAMES:
            return Need(name, Origin.GIVEN, name)
        if name in self.datasets:
            return Need(name, Origin.DATASET, name, form="lazy")
        if name in self.functions:
            return Need(name, Origin.STEP, name, name)
        if parameter.has_default:
            return None
        known = [*self.functions, *self.datasets, *NAMES]
        raise InvalidInput(
            f"{place} needs {name!r}, which nothing makes",
            expected=f"a function ({', '.join(self.functions)}), a dataset of regrove.toml "
            f"({', '.join(self.datasets) or 'none'}) or a given name ({', '.join(NAMES)})",
            received=repr(name),
            mend=nearest(name, known) or f"declare [datasets.{name}], or write a function {name}",
        )

    def _settled(self, step: Step) -> Step:
        """The step with the form of each frame settled; refuses an annotation that contradicts what fills it."""
        if not step.module:
            return step
        asked = {each.name: each.annotation for each in self.functions[step.name].parameters}
        needs = tuple(self._settled_need(step, need, asked.get(need.parameter, "")) for need in step.needs)
        return msgspec.structs.replace(step, needs=needs)

    def _settled_need(self, step: Step, need: Need, annotation: str) -> Need:
        made = self._made(need)
        if made is None or made is Kind.SIDE:
            return need
        wanted = meaning(annotation, step.module, self.names) if annotation else Meaning(None)
        if wanted.kind is not None and made not in (Kind.ANY, wanted.kind):
            raise InvalidInput(
                f"{step.name} ({step.place}) asks for {need.parameter} as {annotation}, but it is kept as {made}",
                expected=f"an annotation for {made}",
                received=annotation,
                mend="change the annotation of the parameter, or what the function returns",
            )
        if made is not Kind.FRAME:
            return need
        produced = self.steps[need.name].returns if need.origin is Origin.STEP else "lazy"
        return msgspec.structs.replace(need, form=wanted.form if wanted.kind is Kind.FRAME else produced)

    def _made(self, need: Need) -> Kind | None:
        if need.origin is Origin.DATASET:
            return Kind.FRAME
        return self.steps[need.name].kind if need.origin is Origin.STEP and need.name in self.steps else None


def _side(name: str) -> Need:
    return Need(name, Origin.STEP, "split", name)


def _kept(step: Step, returns: Meaning, text: str) -> Kind:
    if returns.kind is not None:
        return returns.kind
    if step.options.trusted:
        return Kind.ANY
    raise InvalidInput(
        f"The value of {step.name} ({step.place}) cannot be kept: {returns.reason}",
        expected="a return annotation of a frame (pl.LazyFrame, pl.DataFrame), np.ndarray, an estimator class, "
        "a msgspec.Struct, dict, list, str, int or float",
        received=text or "no return annotation",
        mend=f"annotate what {step.name} returns, or mark it @step(trusted=True) to keep it as a pickle",
    )

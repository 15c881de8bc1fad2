"""The way back: from a prediction, a model, a run or a dataset to the bytes and the people it came from.

Each room is asked for its own part by ref, as the lineage in the ledger links them; nothing is guessed. Where a part
cannot be found (an erased object, a run of another workspace) the way says so and goes on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final, TypeVar

import msgspec

from regrove import refs
from regrove.clock import iso
from regrove.errors import InvalidInput, NotFound

if TYPE_CHECKING:
    from regrove.registry import Decision, ModelVersion
    from regrove.serving import LabelRecord
    from regrove.workspace.workspace import Workspace

__all__ = ["Trace", "TraceStep", "trace"]


class TraceStep(msgspec.Struct, frozen=True):
    """One station on the way back."""

    what: str
    """Prediction, revision, model version, decision, gate, rollout, loop, alert, run, step, data, code, environment."""
    ref: str
    depth: int
    """How far from the start; 0 is what was asked for."""
    facts: tuple[tuple[str, str], ...]
    """Labels and values that tell what is known of it."""


class Trace(msgspec.Struct, frozen=True):
    """The whole way, in the order in which it is walked."""

    ref: str
    steps: tuple[TraceStep, ...]


def trace(ws: Workspace, ref: str) -> Trace:
    """Walk back from ``ref``: a prediction, a revision of a deployment, a model version, a decision, a gate report, a
    rollout, a loop, an alert, a run, a dataset.

    Raises InvalidInput for a ref of another kind and NotFound when what it names is not there.
    """
    parsed = refs.parse(ref)
    walker = _Walker(ws)
    if parsed.kind not in walker.known:
        raise InvalidInput(
            "There is no way back from this kind of thing",
            expected=f"a ref of kind {', '.join(sorted(walker.known))}",
            received=ref,
        )
    return Trace(ref, tuple(walker.known[parsed.kind](ref, 0)))


_T = TypeVar("_T")
_LOOPS: Final = 1_000
"""So many of the last loops of a model are looked through."""


class _Walker:
    """Knows for each kind of thing which room to ask, and what lies behind it."""

    def __init__(self, ws: Workspace) -> None:
        self._ws = ws
        self.known: Final[dict[str, Callable[[str, int], Iterator[TraceStep]]]] = {
            "prediction": self._prediction,
            "deployment": self._revision,
            "model": self._model,
            "decision": self._decision,
            "gate": self._gate,
            "rollout": self._rollout,
            "loop": self._loop,
            "alert": self._alert,
            "run": self._run,
            "dataset": self._dataset,
            "project": self._project,
        }

    def _prediction(self, ref: str, depth: int) -> Iterator[TraceStep]:
        found = self._ws.deployments.prediction(ref)
        labels = (_label(each) for each in found.labels)
        yield _step(
            "prediction",
            found.ref,
            depth,
            answered=iso(found.at),
            asked=_fields(found.request),
            answer=_fields(found.output),
            key=found.key,
            label=", then ".join(labels),
            stored=found.stored,
        )
        yield from self._revision(found.revision_ref, depth + 1)

    def _revision(self, ref: str, depth: int) -> Iterator[TraceStep]:
        if refs.parse(ref).ordinal is None:
            ref = self._ws.deployments.get(ref).current.ref
        found = self._ws.deployments.revision(ref)
        yield _step(
            "revision",
            found.ref,
            depth,
            published=iso(found.published_at),
            generation=found.number,
            declared_by=found.revision.declared,
            event=found.event_id,
        )
        yield from self._model(found.revision.model, depth + 1, before=found.published_at)

    def _model(self, ref: str, depth: int, *, before: int | None = None) -> Iterator[TraceStep]:
        found = self._ws.models.get(ref)
        manifest = found.manifest
        yield _step(
            "model version",
            found.ref,
            depth,
            digest=found.digest,
            registered=iso(found.registered_at),
            file=f"{manifest.format} {manifest.model}",
            serving_code=manifest.serving.object,
            metrics=_fields(found.metrics),
        )
        for decision in self._deciding(found, before):
            yield from self._decided(decision, depth + 1)
        if found.run:
            yield from self._run(found.run, depth + 1)

    def _deciding(self, version: ModelVersion, before: int | None) -> list[Decision]:
        """The decision by which the version was live at ``before``, or all about it."""
        about = [each for each in self._ws.models.decisions(version.name) if each.target == version.ordinal]
        return about if before is None else [each for each in about if each.decided_at <= before][-1:]

    def _decision(self, ref: str, depth: int) -> Iterator[TraceStep]:
        found = self._ws.models.decision(ref)
        yield from self._decided(found, depth)
        yield from self._model(found.model, depth + 1, before=0)

    def _decided(self, decision: Decision, depth: int) -> Iterator[TraceStep]:
        before = f"{decision.name}@{decision.source}" if decision.source else "nothing"
        yield _step(
            "decision",
            decision.ref,
            depth,
            decided=iso(decision.decided_at),
            by=decision.actor,
            what=f"{decision.alias}: {before} -> {decision.name}@{decision.target}",
            reason=decision.reason,
            evidence=", ".join(decision.evidence),
            declaration=decision.declaration,
        )
        shown = {"gate": self._judged, "rollout": self._rolled}
        for cited in decision.evidence:
            station = shown.get(cited.partition(":")[0])
            if station is not None:
                yield from station(cited, depth + 1)

    def _gate(self, ref: str, depth: int) -> Iterator[TraceStep]:
        yield from self._judged(ref, depth)
        yield from self._model(self._ws.gates.get(ref).model, depth + 1, before=0)

    def _judged(self, ref: str, depth: int) -> Iterator[TraceStep]:
        found = _found(ref, self._ws.gates.get)
        if found is None:
            yield _lost("gate", ref, depth)
            return
        counted = Counter(each.status for each in found.checks)
        yield _step(
            "gate",
            found.ref,
            depth,
            judged=iso(found.judged_at),
            verdict=found.verdict,
            reason=found.reason,
            against=found.champion,
            checks=", ".join(f"{count} {status}" for status, count in counted.items()),
            declaration=found.declaration,
            report=found.object,
        )

    def _rollout(self, ref: str, depth: int) -> Iterator[TraceStep]:
        yield from self._rolled(ref, depth)
        found = self._ws.rollouts.get(ref)
        if found.gate:
            yield from self._judged(found.gate, depth + 1)
        yield from self._caused(found.cause, found.candidate, depth + 1)
        yield from self._model(found.candidate, depth + 1, before=0)

    def _rolled(self, ref: str, depth: int) -> Iterator[TraceStep]:
        found = _found(ref, self._ws.rollouts.get)
        if found is None:
            yield _lost("rollout", ref, depth)
            return
        phases = [f"{each.share / 100:g}% in {each.requests} requests" for each in found.phases if each.began_at]
        yield _step(
            "rollout",
            found.ref,
            depth,
            began=iso(found.started_at),
            by=found.actor,
            of=f"{found.candidate} beside {found.control} in {found.deployment}",
            phases=", ".join(phases),
            state=found.state,
            reason=found.reason,
            let_by=found.gate or found.approved_by,
        )

    def _loop(self, ref: str, depth: int) -> Iterator[TraceStep]:
        found = self._ws.playbooks.loop(ref)
        yield _step(
            "loop",
            found.ref,
            depth,
            began=iso(found.started_at),
            playbook=found.playbook,
            because=found.because,
            declared_by=found.declared,
            outcome=found.outcome,
            reason=found.reason,
        )
        yield from self._told(found.event_id, depth + 1)

    def _alert(self, ref: str, depth: int) -> Iterator[TraceStep]:
        found = self._ws.monitors.alert(ref)
        yield _step(
            "alert",
            found.ref,
            depth,
            fired=iso(found.fired_at) if found.fired_at is not None else "",
            of=f"{found.monitor}: {found.kind} of {found.model}",
            reason=found.reason,
            evidence=found.evidence,
            resolution=found.resolution,
        )

    def _caused(self, cause: str, model: str, depth: int) -> Iterator[TraceStep]:
        """The loop that something was done in, and the alert that began it."""
        loops = self._ws.playbooks.loops(model=refs.parse(model).name, skipped=False, limit=_LOOPS) if cause else []
        found = next((each for each in loops if each.cause == cause), None)
        if found is not None:
            yield from self._loop(found.ref, depth)

    def _told(self, event_id: str, depth: int) -> Iterator[TraceStep]:
        subject = self._ws.ledger.get(event_id).subject if event_id else ""
        if subject.startswith("alert:"):
            yield from self._alert(subject, depth)

    def _run(self, ref: str, depth: int) -> Iterator[TraceStep]:
        details = self._ws.runs.details(ref)
        run = details.run
        yield _step(
            "run",
            run.ref,
            depth,
            started=iso(run.started_at),
            status=run.status,
            by=run.actor,
            because_of=run.cause or run.actor,
            params=_fields(details.params),
        )
        yield from self._caused(run.cause, f"model:{run.name}", depth + 1)
        for step in self._ws.pipelines.steps(run.ref):
            made = ", ".join(f"{each.output} {each.content}" for each in step.outputs)
            yield _step("step", f"step:{step.made_by}/{step.step}", depth + 1, code=step.code_digest, made=made)
        for used in details.inputs:
            if used.ref.startswith("dataset:"):
                yield from self._dataset(used.ref, depth + 1)
        if run.declaration_ref:
            yield from self._project(run.declaration_ref, depth + 1)
        environment = details.environment
        if environment is not None:
            lock = f"{environment.lock_file} {environment.lock_digest}" if environment.lock_file else ""
            patch = f", changed by {environment.git_diff}" if environment.git_diff else ""
            yield _step(
                "environment",
                f"environment:{run.environment_digest}",
                depth + 1,
                python=f"{environment.implementation} {environment.python}",
                platform=f"{environment.system} {environment.machine}",
                packages=len(environment.packages),
                lock=lock,
                git=environment.git_commit + patch if environment.git_commit else "",
            )

    def _dataset(self, ref: str, depth: int) -> Iterator[TraceStep]:
        found = self._ws.datasets.get(ref)
        report = self._ws.datasets.report(found.ref)
        files = ", ".join(f"{each.file} {each.digest[:17]}" for each in report.sources[:3])
        more = f" and {len(report.sources) - 3} more" if len(report.sources) > 3 else ""
        yield _step(
            "data",
            found.ref,
            depth,
            digest=found.digest,
            rows=f"{found.rows:,}",
            registered=iso(found.registered_at),
            files=files + more,
        )

    def _project(self, ref: str, depth: int) -> Iterator[TraceStep]:
        wanted = refs.parse(ref).ordinal
        revisions = self._ws.projects.revisions()
        found = next((each for each in revisions if each.ordinal == wanted), None)
        if found is None:
            raise NotFound("There is no such applied declaration", received=ref, mend="regrove audit log")
        commit = found.git_commit + (" with changes" if found.git_dirty else "")
        yield _step(
            "code",
            found.ref,
            depth,
            applied=iso(found.applied_at),
            declaration=found.declaration_digest,
            source=found.source_digest,
            git=commit if found.git_commit else "",
        )


def _label(label: LabelRecord) -> str:
    """A label with the time by which labels are ordered, when the client said it, and the time of its arrival."""
    known = "" if label.known_at is None else f"known {iso(label.known_at)}, "
    return f"{label.value} ({known}arrived {iso(label.received_at)})"


def _step(what: str, ref: str, depth: int, /, **facts: Any) -> TraceStep:
    shown = ((label.replace("_", " "), str(value)) for label, value in facts.items() if value not in ("", None))
    return TraceStep(what, ref, depth, tuple(shown))


def _found(ref: str, get: Callable[[str], _T]) -> _T | None:
    """What evidence cites; a person may have written any text there."""
    try:
        return get(ref)
    except (NotFound, InvalidInput):
        return None


def _lost(what: str, ref: str, depth: int) -> TraceStep:
    return _step(what, ref, depth, missing="it was cited, and is not in this workspace")


def _fields(values: dict[str, Any]) -> str:
    return ", ".join(f"{key}={f'{value:.6g}' if isinstance(value, float) else value}" for key, value in values.items())

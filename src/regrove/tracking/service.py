"""The one class of this room."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from regrove import refs
from regrove.digest import canonical, of_json
from regrove.errors import Conflict, InvalidInput, NotFound
from regrove.ledger import attribution
from regrove.tracking.contents import Contents
from regrove.tracking.environment import Environment
from regrove.tracking.events import RunEnded, RunResumed, RunStarted
from regrove.tracking.metric import MetricPoint, check_key, to_stored
from regrove.tracking.run import Artifact, Input, Run, RunDetails, Status
from regrove.tracking.store import Store

if TYPE_CHECKING:
    from regrove.clock import Clock
    from regrove.ledger import Ledger
    from regrove.storage import Database, Vault

__all__ = ["Runs"]


class Runs:
    """Records runs and reads them back, in the project of whoever acts.

    Every verb that changes a run is one transaction, or joins the one that is open.
    """

    def __init__(self, database: Database, vault: Vault, ledger: Ledger, clock: Clock) -> None:
        self._database = database
        self._vault = vault
        self._ledger = ledger
        self._clock = clock
        self._store = Store(database)
        self._contents = Contents(database)

    def start(
        self,
        name: str,
        *,
        kind: str = "pipeline",
        params: Mapping[str, Any] | None = None,
        environment: Environment | None = None,
        declaration_ref: str = "",
        declaration_digest: str = "",
    ) -> Run:
        """Begin a run; its actor and cause are those of whoever acts."""
        who = attribution()
        refs.check_name(name, what="run")
        values = {check_key(key): value for key, value in (params or {}).items()}
        run = Run(
            id=refs.new_id(),
            project=who.project,
            name=name,
            kind=kind,
            status="running",
            actor=who.actor,
            cause=who.cause,
            declaration_ref=declaration_ref,
            declaration_digest=declaration_digest,
            environment_digest=self._keep(environment),
            started_at=self._clock.now(),
        )
        used = [declaration_ref] if declaration_ref else []
        if run.environment_digest:
            used.append(f"environment:{run.environment_digest}")
        with self._database.transaction():
            self._store.add(run)
            self._contents.add_params(run, values)
            self._ledger.record(
                RunStarted(
                    name=name,
                    kind=kind,
                    declaration_digest=declaration_digest,
                    environment_digest=run.environment_digest,
                    params_digest=of_json(values),
                ),
                subject=run.ref,
                used=used,
            )
        return run

    def resume(self, ref: str, *, environment: Environment | None = None) -> Run:
        """Continue a run that was interrupted or whose process died; Conflict when it has ended."""
        digest = self._keep(environment)
        with self._database.transaction():
            run = self.get(ref)
            if run.status not in ("running", "interrupted"):
                raise Conflict(f"{run.ref} has ended", expected="running or interrupted", received=run.status)
            run = msgspec.structs.replace(
                run, status="running", ended_at=None, resumed=run.resumed + 1, environment_digest=digest
            )
            self._store.update(run)
            self._ledger.record(
                RunResumed(times=run.resumed, environment_digest=digest),
                subject=run.ref,
                used=[f"environment:{digest}"] if digest else [],
            )
        return run

    def finish(self, ref: str, *, status: Status = "finished", error: str = "") -> Run:
        """End a run as ``finished``, ``failed`` or ``interrupted``; Conflict when it has ended otherwise already.

        The event of it names all points by digest, and everything that the run used and made.
        """
        if status == "running":
            raise InvalidInput("A run does not end as running", expected="finished, failed or interrupted")
        with self._database.transaction():
            run = self.get(ref)
            if run.status == status:
                return run
            if run.status not in ("running", "interrupted"):
                raise Conflict(f"{run.ref} has ended", expected="a run that is running", received=run.status)
            run = msgspec.structs.replace(run, status=status, ended_at=self._clock.now(), error=error)
            self._store.update(run)
            points = self._contents.points(run)
            made = self._contents.artifacts(run)
            self._ledger.record(
                RunEnded(status=status, metrics_digest=_points_digest(points), points=len(points)),
                subject=run.ref,
                used=[each.ref for each in self._contents.inputs(run)],
                generated=list(dict.fromkeys(each.ref or f"object:{each.digest}" for each in made)),
            )
        return run

    def log_params(self, ref: str, values: Mapping[str, Any]) -> None:
        """Note params; one that is there already with another value is a Conflict."""
        with self._database.transaction():
            run = self._open(ref)
            known = self._contents.params(run)
            for key, value in values.items():
                check_key(key)
                if key in known and canonical(known[key]) != canonical(value):
                    raise Conflict(
                        f"The param {key!r} of {run.ref} has another value already",
                        expected=repr(known[key]),
                        received=repr(value),
                        mend="log it under another key, or start another run",
                    )
            self._contents.add_params(run, {key: value for key, value in values.items() if key not in known})

    def log_metrics(self, ref: str, points: Sequence[MetricPoint] | Mapping[str, float]) -> None:
        """Append points: data, in one transaction, without an event. A point without a time is of now."""
        now = self._clock.now()
        given = [MetricPoint(k, v) for k, v in points.items()] if isinstance(points, Mapping) else points
        batch = [MetricPoint(check_key(each.key), float(each.value), each.step, each.at or now) for each in given]
        with self._database.transaction():
            self._contents.add_points(self._open(ref), batch)

    def add_input(self, ref: str, name: str, input_ref: str, digest: str) -> None:
        """Note what the run uses under ``name``; another value under the same name is a Conflict."""
        refs.parse(input_ref)
        self._add(ref, Input(check_key(name), input_ref, digest))

    def add_artifact(self, ref: str, name: str, digest: str, kind: str, *, artifact_ref: str = "") -> None:
        """Note what the run made under ``name``; another value under the same name is a Conflict."""
        if artifact_ref:
            refs.parse(artifact_ref)
        self._add(ref, Artifact(check_key(name), digest, kind, artifact_ref))

    def get(self, ref: str) -> Run:
        """The run of a ref (``run:<id>``, the bare id, or the first digits of it), or the ``last`` one."""
        project = attribution().project
        name = ref.removeprefix("run:")
        if name == "last":
            found: Sequence[Run] = self.list(limit=1)
        elif len(name) == 32:
            run = self._store.get(project, refs.check_id(name, what="run id"))
            found = [run] if run else []
        else:
            found = self._by_prefix(project, name)
        if not found:
            raise NotFound(f"There is no run {ref!r} in project {project!r}", mend="regrove runs list")
        return found[0]

    def list(
        self, *, name: str = "", kind: str = "", status: Sequence[Status] = (), before: str = "", limit: int = 50
    ) -> list[Run]:
        """Runs of the project, the newest first; ``before`` an id or ref gives the page after it."""
        if limit < 1:
            raise InvalidInput("A list needs room", expected="a limit of 1 or more", received=str(limit))
        return self._store.page(
            attribution().project,
            name=name,
            kind=kind,
            status=status,
            before=before.removeprefix("run:"),
            limit=limit,
        )

    def details(self, ref: str) -> RunDetails:
        """A run with params, last metrics, inputs, artifacts and environment."""
        with self._database.read():
            run = self.get(ref)
            digest = run.environment_digest
            return RunDetails(
                run=run,
                params=self._contents.params(run),
                metrics=self._contents.last_values(run),
                inputs=self._contents.inputs(run),
                artifacts=self._contents.artifacts(run),
                environment=self._vault.read_json(digest, Environment) if digest else None,
            )

    def points(self, ref: str, key: str = "") -> Sequence[MetricPoint]:
        """Every point of a run in the order in which they were logged, or those of one metric."""
        return self._contents.points(self.get(ref), key=key)

    def makers(self, artifact_ref: str) -> Sequence[Run]:
        """The runs that made what ``artifact_ref`` names, the oldest first."""
        return self._store.makers(attribution().project, artifact_ref)

    def beside(self, artifact_ref: str, name: str) -> Artifact | None:
        """The artifact ``name`` of a run that made what ``artifact_ref`` names: the oldest such run that has one.

        Several runs may have made one model version, and those that an older Regrove executed may have left less
        beside it. None when no run has it.
        """
        for run in self.makers(artifact_ref):
            found = next((each for each in self._contents.artifacts(run) if each.name == name), None)
            if found is not None:
                return found
        return None

    def live_digests(self) -> set[str]:
        """The objects that runs stand on; collection keeps them."""
        live = self._store.digests()
        patches = (self._vault.read_json(each, Environment).git_diff for each in self._store.environments())
        return live | {patch for patch in patches if patch}

    def _add(self, ref: str, value: Input | Artifact) -> None:
        with self._database.transaction():
            run = self._open(ref)
            known: Sequence[Input] | Sequence[Artifact]
            if isinstance(value, Input):
                added, known = self._contents.add_input(run, value), self._contents.inputs(run)
            else:
                added, known = self._contents.add_artifact(run, value), self._contents.artifacts(run)
            if not added:
                there = next(each for each in known if each.name == value.name)
                if there != value:
                    raise Conflict(
                        f"{run.ref} has another {type(value).__name__.lower()} {value.name!r} already",
                        expected=f"{there.ref} {there.digest}",
                        received=f"{value.ref} {value.digest}",
                    )

    def _open(self, ref: str) -> Run:
        run = self.get(ref)
        if run.status != "running":
            raise Conflict(
                f"{run.ref} is not running, so nothing is added to it",
                expected="running",
                received=run.status,
                mend="start another run",
            )
        return run

    def _by_prefix(self, project: str, prefix: str) -> Sequence[Run]:
        if not prefix or set(prefix) - set("0123456789abcdef"):
            raise InvalidInput(
                "This is not a run", expected="run:<id>, the first digits of an id, or last", received=repr(prefix)
            )
        found = self._store.by_prefix(project, prefix)
        if len(found) > 1:
            raise InvalidInput(
                "Several runs begin so", expected="enough digits for one", received=", ".join(each.id for each in found)
            )
        return found

    def _keep(self, environment: Environment | None) -> str:
        return self._vault.add_json(environment) if environment is not None else ""


def _points_digest(points: Sequence[MetricPoint]) -> str:
    return of_json([[each.key, each.step, each.at, *to_stored(_plain(each.value))] for each in points])


def _plain(value: float) -> float:
    return 0.0 if value == 0 and math.isfinite(value) else value  # -0.0 and 0.0 are one number to a database

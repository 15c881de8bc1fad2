"""The one class of this room."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import msgspec

from regrove.digest import of_json
from regrove.errors import Conflict, LeaseLost, RegroveError
from regrove.ledger import acting, attribution
from regrove.pipelines.engine import Engine
from regrove.pipelines.holding import holding
from regrove.pipelines.kitchen import Kitchen
from regrove.pipelines.outlook import Outlook
from regrove.pipelines.prepare import Prepared, prepare
from regrove.pipelines.product import trained, verdict
from regrove.pipelines.progress import DatasetTaken, Listener, RunBegan, RunDone, unheard
from regrove.pipelines.records import Records
from regrove.pipelines.report import Explanation, PlannedStep, RunReport, StepReport
from regrove.pipelines.review import check_step
from regrove.pipelines.rolling import REFERENCE
from regrove.pipelines.sources import Source, source
from regrove.pipelines.store import Store
from regrove.storage import Lease, Leases
from regrove.tracking import Run, capture

if TYPE_CHECKING:
    from regrove.clock import Clock
    from regrove.datasets import Datasets, DatasetVersion
    from regrove.execution import Executor
    from regrove.ledger import Ledger
    from regrove.pipelines.code import Codebase
    from regrove.pipelines.recipe import Made
    from regrove.pipelines.trained import Declarations, Models
    from regrove.storage import Database, Vault
    from regrove.tracking import Runs

__all__ = ["Pipelines"]

_LEASE_S: Final = 120.0
_KIND: Final = "pipeline"


class Pipelines:
    """Plans, runs and explains the graph of functions of each declared model."""

    def __init__(
        self,
        database: Database,
        vault: Vault,
        ledger: Ledger,
        clock: Clock,
        *,
        runs: Runs,
        datasets: Datasets,
        executor: Executor,
        declarations: Declarations,
        models: Models,
    ) -> None:
        self._database = database
        self._vault = vault
        self._ledger = ledger
        self._clock = clock
        self._runs = runs
        self._datasets = datasets
        self._executor = executor
        self._declarations = declarations
        self._models = models
        self._store = Store(database)
        self._code: Mapping[tuple[Path, str], Codebase] = {}

    def run(
        self,
        name: str,
        *,
        params: Mapping[str, Any] | None = None,
        from_step: str = "",
        only: str = "",
        cause: str | None = None,
        taken: Mapping[str, DatasetVersion] = MappingProxyType({}),
        progress: Listener = unheard,
    ) -> RunReport:
        """Run the pipeline of the model ``name`` on the declaration in force, and register what it made.

        The graph is checked first; datasets are registered next; then each step whose recipe has a kept result is
        verified and reused, and the others run. ``from_step`` runs that step and all after it again; ``only`` stops
        after that step and what it needs, and registers nothing. Of datasets in ``taken``, by name, that version is
        used: the caller has registered it a moment ago. A run of the same request that was interrupted is continued
        under its id.

        Raises InvalidInput or Refused before anything runs, Conflict when another process runs this model now, and
        StepFailed when the project's code raised: what was done until then is kept.
        """
        with acting(cause=cause) if cause is not None else contextlib.nullcontext():
            prepared = self._prepare(name, params=params, also=only)
            for asked in (from_step, only):
                check_step(prepared.graph, asked)
            with self._lease(name) as lease, holding(lease, every_s=_LEASE_S / 6):
                return self._run(prepared, lease, taken, from_step=from_step, only=only, progress=progress)

    def plan(self, name: str, *, params: Mapping[str, Any] | None = None) -> list[PlannedStep]:
        """What the next run of ``name`` would do with each step, as far as it can be known; nothing is changed."""
        return self._outlook(self._prepare(name, params=params)).plan()

    def why(self, name: str, step: str = "") -> list[Explanation]:
        """Why each step (or one) will run or not, and why it ran the last time."""
        prepared = self._prepare(name, also=step)
        check_step(prepared.graph, step)
        return [each for each in self._outlook(prepared).explain() if step in ("", each.step)]

    def steps(self, run_ref: str) -> list[StepReport]:
        """What became of each step of a run (``run:<id>``, or ``last``)."""
        run = self._runs.get(run_ref)
        return self._store.steps(run.project, run.id)

    def live_digests(self) -> set[str]:
        """The objects that kept results stand on; collection keeps them."""
        return self._store.digests()

    def _run(
        self,
        prepared: Prepared,
        lease: Lease,
        taken: Mapping[str, DatasetVersion],
        *,
        from_step: str,
        only: str,
        progress: Listener,
    ) -> RunReport:
        request = of_json([prepared.revision_digest, prepared.config.params, from_step, only])
        wanted = prepared.graph.ancestors(only) if only else tuple(prepared.graph.steps)
        found = self._interrupted(prepared.model, request)
        sources = self._sources(prepared, wanted, found, taken, progress)
        run = self._begin(prepared, request, sources, found, lease)
        progress(RunBegan(run.ref, prepared.model, wanted, resumed=found is not None))
        kitchen = self._kitchen(prepared, sources)
        records = Records(
            run,
            prepared.model,
            database=self._database,
            ledger=self._ledger,
            clock=self._clock,
            runs=self._runs,
            lease=lease,
        )
        forced = prepared.graph.descendants(from_step) if from_step else ()
        try:
            made = self._execute(kitchen, records, prepared, (wanted, forced), progress)
            report = self._finish(prepared, kitchen, records, run, made, lease, only=only, resumed=found is not None)
        except LeaseLost:
            raise  # another process goes on with it
        except RegroveError as error:
            self._end(run, lease, "failed", str(error), progress)
            raise
        except KeyboardInterrupt:
            self._end(run, lease, "interrupted", "", progress)
            raise
        progress(RunDone(run.ref, "finished", report.model_ref))
        return report

    def _prepare(self, name: str, *, params: Mapping[str, Any] | None = None, also: str = "") -> Prepared:
        with self._database.read():  # one snapshot, so that all of it is of one revision
            prepared = prepare(self._declarations, name, params=params, also=also, known=self._code)
        self._code = {(prepared.root, prepared.module): prepared.code}
        return prepared

    def _lease(self, name: str) -> Lease:
        try:
            return Leases(self._database).acquire(f"run:{attribution().project}/{name}", ttl_s=_LEASE_S)
        except Conflict as error:
            going = self._runs.list(name=name, kind=_KIND, status=("running",), limit=1)
            raise Conflict(
                f"A run of {name!r} is going on" + (f": {going[0].ref}" if going else ""),
                expected=error.expected,
                received=error.received,
                mend=error.mend,
            ) from None

    def _interrupted(self, name: str, request: str) -> Run | None:
        """The run to go on with. This process holds the lease, so one that still counts as running has died."""
        for last in self._runs.list(name=name, kind=_KIND, limit=1):
            if last.status in ("running", "interrupted"):
                if self._store.request_digest(last.project, last.id) == request:
                    return last
                if last.status == "running":
                    self._runs.finish(last.ref, status="interrupted")
        return None

    def _sources(
        self,
        prepared: Prepared,
        wanted: tuple[str, ...],
        found: Run | None,
        taken: Mapping[str, DatasetVersion],
        progress: Listener,
    ) -> dict[str, Source]:
        """The dataset versions: those of the interrupted run, or what the declared sources hold now."""
        if found is not None:
            versions = {each.name: self._datasets.get(each.ref) for each in self._runs.details(found.ref).inputs}
        else:
            needs = [need for name in wanted for need in prepared.graph.steps[name].needs]
            names = dict.fromkeys(need.name for need in needs if need.origin == "dataset")
            # All are looked at before the first is recorded.
            kept = {name: taken.get(name) or self._datasets.check(name) for name in names}
            versions = {name: version or self._datasets.register(name) for name, version in kept.items()}
        for name, version in versions.items():
            progress(DatasetTaken(name, version.ref))
        return {name: source(self._datasets, version) for name, version in versions.items()}

    def _begin(
        self, prepared: Prepared, request: str, sources: Mapping[str, Source], found: Run | None, lease: Lease
    ) -> Run:
        environment = capture(self._declarations.root, self._vault)
        with self._database.transaction():
            lease.check()
            if found is not None:
                return self._runs.resume(found.ref, environment=environment)
            run = self._runs.start(
                prepared.model,
                kind=_KIND,
                params=prepared.config.params,
                environment=environment,
                declaration_ref=prepared.revision_ref,
                declaration_digest=prepared.revision_digest,
            )
            self._store.add_plan(run.project, run.id, prepared.model, request)
            for name, each in sources.items():
                self._runs.add_input(run.ref, name, each.ref, each.digest)
        return run

    def _execute(
        self,
        kitchen: Kitchen,
        records: Records,
        prepared: Prepared,
        steps: tuple[tuple[str, ...], tuple[str, ...]],
        progress: Listener,
    ) -> dict[str, dict[str, Made]]:
        wanted, forced = steps
        with tempfile.TemporaryDirectory(prefix="regrove-steps-", ignore_cleanup_errors=True) as scratch:
            engine = Engine(
                kitchen,
                vault=self._vault,
                executor=self._executor,
                records=records,
                root=prepared.root,
                scratch=scratch,
                listener=progress,
                why=self._outlook_of(prepared, kitchen).reasons,
            )
            with engine:
                return engine.run(wanted, forced)

    def _finish(
        self,
        prepared: Prepared,
        kitchen: Kitchen,
        records: Records,
        run: Run,
        made: Mapping[str, Mapping[str, Made]],
        lease: Lease,
        *,
        only: str,
        resumed: bool,
    ) -> RunReport:
        model_ref, product, known, metrics = "", "", "", {}
        if not only:
            metrics = verdict(self._vault, made).values
            model = trained(prepared, kitchen, self._vault, made, run.ref)
            product = of_json(msgspec.structs.replace(model, run_ref=""))
            known = self._store.product(run.project, product)
            # Registering is idempotent by content: killed between here and the commit below, it gives the same ref.
            model_ref = known if known and self._models.is_whole(known) else self._models.register(model)
        with self._database.transaction():
            lease.check()
            if model_ref:
                self._store.add_product(run.project, run.id, product, model_ref)
                estimator = made[prepared.config.trainer][prepared.config.trainer]
                self._runs.log_metrics(run.ref, metrics)
                self._runs.add_artifact(run.ref, "model", estimator.object, "model", artifact_ref=model_ref)
                self._runs.add_artifact(run.ref, "reference", made[REFERENCE][REFERENCE].object, "reference")
            run = self._runs.finish(run.ref)
        order = {name: place for place, name in enumerate(prepared.graph.steps)}
        return RunReport(
            run=run,
            resumed=resumed,
            steps=tuple(sorted(records.steps(), key=lambda each: order.get(each.step, 0))),
            datasets={name: each.ref for name, each in kitchen.sources.items()},
            metrics=metrics,
            model_ref=model_ref,
            model_is_new=bool(model_ref)
            and not known
            and all(each.id == run.id for each in self._runs.makers(model_ref)),
        )

    def _end(self, run: Run, lease: Lease, status: Any, error: str, progress: Listener) -> None:
        with self._database.transaction():
            lease.check()
            self._runs.finish(run.ref, status=status, error=error)
        progress(RunDone(run.ref, status, ""))

    def _outlook(self, prepared: Prepared) -> Outlook:
        known = {each.name: each.latest for each in self._datasets.list()}
        sources = {name: source(self._datasets, known[name]) for name in prepared.graph.datasets if name in known}
        return self._outlook_of(prepared, self._kitchen(prepared, sources))

    def _outlook_of(self, prepared: Prepared, kitchen: Kitchen) -> Outlook:
        return Outlook(attribution().project, prepared.model, kitchen, self._store, self._database)

    def _kitchen(self, prepared: Prepared, sources: Mapping[str, Source]) -> Kitchen:
        return Kitchen(
            prepared.graph,
            prepared.config,
            prepared.code,
            sources,
            chain=prepared.chain,
            time_columns=prepared.time_columns,
        )

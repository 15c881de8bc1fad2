"""Deployments as their users hold them."""

from __future__ import annotations

import builtins
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from regrove.errors import Conflict, InvalidDeclaration, NotFound, nearest
from regrove.ledger import attribution
from regrove.refs import check_name, parse
from regrove.schema import LogicalType, Schema
from regrove.serving.compaction import Compaction, Compactor
from regrove.serving.config import Declarations, DeploymentConfig
from regrove.serving.events import PredictionsDiffered
from regrove.serving.generation import Revision
from regrove.serving.history import History, LabelRecord, PredictionRecord
from regrove.serving.ids import KnownIds
from regrove.serving.publishing import Publisher
from regrove.serving.splits import Splits
from regrove.serving.store import Deployment, Publication, Store
from regrove.storage import Leases

if TYPE_CHECKING:
    import polars as pl

    from regrove.clock import Clock
    from regrove.ledger import Ledger
    from regrove.registry import Models
    from regrove.storage import Database, ObjectStore, Vault

__all__ = ["Deployments"]

_LEASE_S: Final = 600.0


class Deployments:
    """Starts, publishes and stops deployments, and keeps the record of what they answered.

    ``root`` is the log folder, the same that servers write to. Everything happens in the project of the acting one.
    """

    def __init__(
        self,
        database: Database,
        vault: Vault,
        objects: ObjectStore,
        ledger: Ledger,
        clock: Clock,
        models: Models,
        declarations: Declarations,
        root: Path,
    ) -> None:
        self._models = models
        self._declarations = declarations
        self.root = root
        """The log folder."""
        self._ledger = ledger
        self._store = Store(database)
        self._leases = Leases(database)
        self._publisher = Publisher(database, objects, ledger, clock)
        known = KnownIds(vault)
        self._compactor = Compactor(database, vault, ledger, root, known)
        self._history = History(self._store, vault, root, known)
        self.splits = Splits(
            self._publisher, self._history, root, running=self._running, wanted=self._wanted, models=models
        )
        """Several revisions at once: a canary beside its control, and what each of them did."""

    def start(self, name: str) -> Deployment:
        """Let a declared deployment answer: publish what it declares. Nothing happens when it does so already.

        A split stays while its control is what is declared.

        Raises NotFound when it is not declared, or its model has no such version or alias, and InvalidDeclaration when
        it is sticky by a field that a request of that version does not have.
        """
        self._publish_declared(_project(), check_name(name, what="deployment"))
        return self.get(name)

    def publish(self, name: str) -> Publication:
        """Publish what the deployment declares now when that changed: its alias moved, or its configuration.

        A split stays while its control is what is declared; otherwise what is declared answers alone. Raises Conflict
        when the deployment does not run, and what `start` raises.
        """
        return self._publish_declared(_project(), self._running(name).name, start=False)

    def stop(self, name: str) -> Deployment:
        """Let a deployment answer no more; its servers say so, and take labels still. It can be started again."""
        deployment = self.get(name)
        if deployment.state != "stopped":
            self._publisher.publish(deployment.project, name, "stopped", deployment.current.revision)
        return self.get(name)

    def list(self) -> list[Deployment]:
        """The deployments that were ever started, by name."""
        return self._store.deployments(_project())

    def get(self, name: str) -> Deployment:
        """A deployment by its name or ref; NotFound when it was never started."""
        project = _project()
        bare = parse(name, kind="deployment").name
        self._publisher.latest(project, bare)
        found = self._store.deployments(project, bare)
        if not found:
            known = [each.name for each in self.list()]
            declared = bare in self._declarations.deployment_names()
            raise NotFound(
                f"There is no deployment {bare!r}",
                expected=f"one of {', '.join(known)}" if known else "a deployment that was started",
                received=f"{bare!r}, which is declared and was never started" if declared else repr(bare),
                mend=f"regrove deployments start {bare}" if declared else nearest(bare, known),
            )
        return found[0]

    def publications(self, name: str) -> builtins.list[Publication]:
        """Every generation of a deployment, the oldest first."""
        return self._store.publications(_project(), self.get(name).name)

    def revision(self, ref: str) -> Publication:
        """The first publication of a revision, such as ``deployment:late-arrival@2``: what answers under it, and why.

        Raises NotFound when there is no such revision.
        """
        wanted = parse(ref, kind="deployment")
        published = self.publications(wanted.name)
        for each in published:
            for arm in each.arms:
                if arm.number == wanted.ordinal:
                    return msgspec.structs.replace(each, revision=arm)
        raise NotFound(
            f"There is no {wanted}",
            expected=f"a revision from 1 to {max(arm.number for each in published for arm in each.arms)}",
            received=wanted.version or "none",
        )

    def compact(self, name: str) -> Compaction:
        """Turn the closed segments of a deployment's log into Parquet objects.

        Raises Conflict when another process is doing it.
        """
        deployment = self.get(name)
        lease = f"compact:{deployment.project}/{deployment.name}"
        with self._leases.acquire(lease, ttl_s=_LEASE_S) as held:
            return self._compactor.run(deployment.project, deployment.name, held)

    def prediction(self, ref: str) -> PredictionRecord:
        """One prediction, such as ``prediction:<request id>.<row>``; NotFound when no log holds it."""
        return self._history.find(_project(), self._names(), ref)

    def labels(self, ref: str) -> builtins.list[LabelRecord]:
        """Every different label of one prediction, the earliest first; also of one that no log holds yet."""
        return self._history.labels(_project(), self._names(), ref)

    def predictions(
        self, name: str, *, since: int | None = None, until: int | None = None, labels_until: int | None = None
    ) -> pl.LazyFrame:
        """Every prediction of a deployment once, with its last label; local only.

        Columns: ``request_id``, ``row``, ``at``, ``key``, ``generation``, ``revision``, ``model``,
        ``request.<field>``, ``output.<field>``, ``label``, ``label_known_at``, ``label_received_at``. ``since`` and
        ``until`` (microseconds UTC) bound ``at`` from below (inclusive) and above: what lies outside is not read.
        ``labels_until`` leaves out what arrived after that instant: the labels as they stood then.
        """
        project, found = _project(), self.get(name).name
        return self._history.predictions(project, found, since=since, until=until, labels_until=labels_until)

    def parked(self, name: str) -> pl.DataFrame:
        """The labels whose prediction is not in the log (yet); local only."""
        return self._history.parked(_project(), self.get(name).name)

    def differing(self, name: str) -> tuple[int, builtins.list[str]]:
        """How many predictions compactions left out, and of which requests (up to a thousand of each compaction).

        A client had used their id for other rows before; they were answered by a server that could not know that.
        """
        project, deployment = _project(), self.get(name)
        count, requests, after = 0, set[str](), 0
        while page := self._ledger.read(
            after, types=(PredictionsDiffered.TYPE,), subject=deployment.ref, project=project
        ):
            for each in page:
                if isinstance(each.event, PredictionsDiffered):
                    count += each.event.predictions
                    requests.update(each.event.requests)
            after = page[-1].position
        return count, sorted(requests)

    def live_digests(self) -> set[str]:
        """The objects that hold predictions and labels; collection keeps them."""
        return {each.digest for each in self._store.objects(_project())}

    def _names(self) -> builtins.list[str]:
        return [each.name for each in self.list()]

    def _running(self, name: str) -> Deployment:
        deployment = self.get(name)
        if deployment.state != "running":
            raise Conflict(
                f"The deployment {deployment.name!r} does not run",
                expected="a running deployment",
                received=deployment.state,
                mend=f"regrove deployments start {deployment.name}",
            )
        return deployment

    def _publish_declared(self, project: str, name: str, *, start: bool = True) -> Publication:
        """Publish what is declared, decided from the generation that it follows: a split may be opened meanwhile."""
        while True:
            latest = self._publisher.latest(project, name) if start else self._running(name).current
            wanted = self._wanted(name)
            if latest is not None and latest.state == "running" and latest.candidates and latest.revision.same(wanted):
                return latest
            published = self._publisher.follow(project, name, latest, "running", wanted)
            if published is not None:
                return published

    def _wanted(self, name: str, model: str = "") -> Revision:
        """What the deployment declares, resolved to a model version; or that of ``model`` under the same terms."""
        config = self._declarations.deployment(name)
        version = self._models.get(model or str(config.ref))
        _check_sticky(name, config, version.ref, version.manifest.signature.request)
        return Revision(
            number=0,
            model=version.ref,
            model_digest=version.digest,
            config=config.answering,
            declared=self._declarations.revision.ref,
        )


def _check_sticky(name: str, config: DeploymentConfig, model: str, request: Schema) -> None:
    """Refuse a sticky field that no row of a request carries, or whose values are no text: nothing would be logged."""
    sticky = config.sticky
    if sticky is None:
        return
    if sticky not in request:
        raise InvalidDeclaration(
            f"[deployments.{name}] sticky names {sticky!r}, and a request of {model} has no such field",
            expected=f"one of {', '.join(request.names)}",
            received=repr(sticky),
            mend=nearest(sticky, request.names)
            or f"let the features function drop it by name, .drop({sticky!r}), so that a request carries it, and train "
            "again; or leave sticky out and send a key with each request",
        )
    if request[sticky].type is LogicalType.BINARY:
        raise InvalidDeclaration(
            f"[deployments.{name}] sticky names {sticky!r}, whose values cannot be a key",
            expected="a field that can be written as text",
            received=request[sticky].type.value,
            mend="name another field",
        )


def _project() -> str:
    return attribution().project

"""Publishing generations: the object first, the rows and the event after.

Killed between the two, a publisher leaves an object that servers may already answer from. So the next one first
records what it finds published, and only then publishes what is new; a number is given away once, by whoever creates
its object.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from regrove.serving.events import DeploymentPublished, DeploymentStarted, DeploymentStopped
from regrove.serving.generation import Generation, Revision, key, newest, read, write
from regrove.serving.store import Publication, Store

if TYPE_CHECKING:
    from regrove.clock import Clock
    from regrove.ledger import Event, Ledger
    from regrove.storage import Database, ObjectStore

__all__ = ["Publisher"]


class Publisher:
    """Publishes the generations of deployments."""

    def __init__(self, database: Database, objects: ObjectStore, ledger: Ledger, clock: Clock) -> None:
        self._database = database
        self._objects = objects
        self._ledger = ledger
        self._clock = clock
        self._store = Store(database)

    def latest(self, project: str, deployment: str) -> Publication | None:
        """The newest publication, after recording what a killed publisher left; None before the first."""
        recorded = self._store.publications(project, deployment)
        number = recorded[-1].number if recorded else 0
        top = newest(self._objects, project, deployment, after=number)
        for missing in range(number + 1, top + 1):
            self._record(read(self._objects, project, deployment, missing))
        if top > number:
            recorded = self._store.publications(project, deployment)
        return recorded[-1] if recorded else None

    def publish(
        self, project: str, deployment: str, state: Literal["running", "stopped"], wanted: Revision
    ) -> Publication:
        """Bring the deployment to ``state`` and to what ``wanted`` answers; nothing happens when it stands there.

        The number of ``wanted`` does not count: what answers alike keeps its number, what is new gets the next one.
        """
        while True:
            latest = self.latest(project, deployment)
            if latest is not None and latest.state == state and latest.revision.same(wanted):
                return latest
            generation = Generation(
                project=project,
                deployment=deployment,
                number=latest.number + 1 if latest else 1,
                state=state,
                revision=_numbered(wanted, latest),
                published_at=self._clock.now(),
            )
            if write(self._objects, generation):
                self._record(generation)
            # Otherwise another publisher was first: look again at what stands now.

    def _record(self, generation: Generation) -> None:
        """Record a generation whose object is there, once."""
        with self._database.transaction():
            revision = generation.revision
            name, number = generation.deployment, generation.number
            before = self._store.publications(generation.project, name)
            if any(each.number == number for each in before):
                return
            new = revision.number not in {each.revision.number for each in before}
            event_id = self._ledger.record(
                DeploymentPublished(
                    deployment=name,
                    generation=number,
                    object_key=key(generation.project, name, number),
                    state=generation.state,
                    revision=revision.number,
                    model=revision.model,
                    model_digest=revision.model_digest,
                    declared=revision.declared,
                ),
                subject=f"deployment:{name}",
                used=[revision.model, revision.declared],
                generated=[f"deployment:{name}@{revision.number}"] if new else [],
            )
            self._store.add(generation, event_id)
            was = self._store.set_state(generation)
            if was != generation.state:
                change: Event = (
                    DeploymentStarted(deployment=name, generation=number)
                    if generation.state == "running"
                    else DeploymentStopped(deployment=name, generation=number)
                )
                self._ledger.record(change, subject=f"deployment:{name}")


def _numbered(wanted: Revision, latest: Publication | None) -> Revision:
    from msgspec.structs import replace

    if latest is None:
        return replace(wanted, number=1)
    if latest.revision.same(wanted):
        return latest.revision
    return replace(wanted, number=latest.revision.number + 1)

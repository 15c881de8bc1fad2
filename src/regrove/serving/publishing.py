"""Publishing generations: the object first, the rows and the event after.

Killed between the two, a publisher leaves an object that servers may already answer from. So the next one first
records what it finds published, and only then publishes what is new; a number is given away once, by whoever creates
its object.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec
from msgspec.structs import replace

from regrove.serving.edges import GuardEdges
from regrove.serving.events import (
    DeploymentPublished,
    DeploymentSplit,
    DeploymentStarted,
    DeploymentStopped,
    SplitSide,
)
from regrove.serving.generation import Arm, Generation, Revision, key, newest, read, write
from regrove.serving.store import Publication, Store
from regrove.serving.traffic import SHARES

if TYPE_CHECKING:
    from regrove.clock import Clock
    from regrove.ledger import Event, Ledger
    from regrove.storage import Database, ObjectStore

__all__ = ["Publisher", "Split"]


class Split(msgspec.Struct, frozen=True, kw_only=True):
    """A candidate beside the control."""

    candidate: Revision
    share: int
    """In ten-thousandths."""
    salt: str
    edges: GuardEdges | None


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

    def publications(self, project: str, deployment: str) -> list[Publication]:
        """Every generation that is recorded, the oldest first."""
        return self._store.publications(project, deployment)

    def publish(
        self,
        project: str,
        deployment: str,
        state: Literal["running", "stopped"],
        wanted: Revision,
        split: Split | None = None,
    ) -> Publication:
        """Bring the deployment to ``state`` and to what ``wanted`` answers; nothing happens when it stands there.

        The numbers of revisions do not count: what answers alike as one of the present arms keeps its number, what is
        new gets the next one. With ``split`` a candidate answers its share beside ``wanted``.
        """
        while True:
            published = self.follow(project, deployment, self.latest(project, deployment), state, wanted, split)
            if published is not None:
                return published

    def follow(
        self,
        project: str,
        deployment: str,
        latest: Publication | None,
        state: Literal["running", "stopped"],
        wanted: Revision,
        split: Split | None = None,
    ) -> Publication | None:
        """What `publish` does, right after the generation ``latest`` that the caller decided from.

        None when another generation was published since: what was decided may be wrong by now, so decide again.
        """
        if latest is not None and latest.state == state and _stands(latest, wanted, split):
            return latest
        control, candidates = self._numbered(project, deployment, wanted, split)
        generation = Generation(
            project=project,
            deployment=deployment,
            number=latest.number + 1 if latest else 1,
            state=state,
            revision=control,
            published_at=self._clock.now(),
            candidates=candidates,
            salt=split.salt if split else "",
            edges=split.edges if split else None,
        )
        if not write(self._objects, generation):
            return None
        self._record(generation)
        return self.latest(project, deployment)

    def _numbered(
        self, project: str, deployment: str, wanted: Revision, split: Split | None
    ) -> tuple[Revision, tuple[Arm, ...]]:
        """The arms under their numbers: those of the present arms, or the next that were never given."""
        recorded = self._store.publications(project, deployment)
        present = list(recorded[-1].arms) if recorded else []
        highest = max((arm.number for each in recorded for arm in each.arms), default=0)
        numbered: list[Revision] = []
        for each in (wanted, *([split.candidate] if split else [])):
            found = next((arm for arm in (*numbered, *present) if arm.same(each)), None)
            if found is None:
                highest += 1
                found = replace(each, number=highest)
            numbered.append(found)
        candidates = (Arm(revision=numbered[1], share=split.share),) if split else ()
        return numbered[0], candidates

    def _record(self, generation: Generation) -> None:
        """Record a generation whose object is there, once."""
        with self._database.transaction():
            name, number = generation.deployment, generation.number
            before = self._store.publications(generation.project, name)
            if any(each.number == number for each in before):
                return
            known = {arm.number for each in before for arm in each.arms}
            event_id = self._ledger.record(
                _published(generation),
                subject=f"deployment:{name}",
                used=sorted({ref for arm in generation.arms for ref in (arm.model, arm.declared)}),
                generated=[f"deployment:{name}@{arm.number}" for arm in generation.arms if arm.number not in known],
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


def _stands(latest: Publication, wanted: Revision, split: Split | None) -> bool:
    """Whether a publication answers what is wanted already."""
    if not latest.revision.same(wanted) or len(latest.candidates) != (split is not None):
        return False
    if split is None:
        return True
    (arm,) = latest.candidates
    same = arm.revision.same(split.candidate) and arm.share == split.share
    return same and (latest.salt, latest.edges) == (split.salt, split.edges)


def _published(generation: Generation) -> Event:
    """The fact of a generation."""
    name, revision = generation.deployment, generation.revision
    object_key = key(generation.project, name, generation.number)
    if not generation.candidates:
        return DeploymentPublished(
            deployment=name,
            generation=generation.number,
            object_key=object_key,
            state=generation.state,
            revision=revision.number,
            model=revision.model,
            model_digest=revision.model_digest,
            declared=revision.declared,
        )
    return DeploymentSplit(
        deployment=name,
        generation=generation.number,
        object_key=object_key,
        state=generation.state,
        control=_side(revision, SHARES - sum(generation.shares)),
        candidates=[_side(each.revision, each.share) for each in generation.candidates],
        salt=generation.salt,
    )


def _side(revision: Revision, share: int) -> SplitSide:
    return SplitSide(
        revision=revision.number,
        model=revision.model,
        model_digest=revision.model_digest,
        declared=revision.declared,
        share=share,
    )

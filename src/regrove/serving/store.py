"""Deployments, publications and compactions as rows."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
import sqlalchemy as sa

from regrove.serving.config import DeploymentConfig
from regrove.serving.edges import GuardEdges
from regrove.serving.generation import Arm, Generation, Revision
from regrove.serving.tables import deployments, generations, objects, segments, splits
from regrove.storage import Database

__all__ = ["Deployment", "Publication", "Store", "StoredObject"]


class Publication(msgspec.Struct, frozen=True, kw_only=True):
    """One generation as it was recorded, with the event that says who published it and why."""

    project: str
    deployment: str
    number: int
    state: str
    revision: Revision
    published_at: int
    event_id: str
    candidates: tuple[Arm, ...] = ()
    """What answers a share of the callers beside ``revision``."""
    salt: str = ""
    edges: GuardEdges | None = None

    @property
    def arms(self) -> tuple[Revision, ...]:
        """Every revision that answers: the control, then the candidates."""
        return (self.revision, *(each.revision for each in self.candidates))

    @property
    def ref(self) -> str:
        """The revision as a ref, such as ``deployment:late-arrival@2``."""
        return f"deployment:{self.deployment}@{self.revision.number}"


class Deployment(msgspec.Struct, frozen=True, kw_only=True):
    """A deployment as it stands: its state and what it published last."""

    project: str
    name: str
    state: str
    started_at: int
    changed_at: int
    current: Publication

    @property
    def ref(self) -> str:
        """The deployment as a ref, such as ``deployment:late-arrival``."""
        return f"deployment:{self.name}"


class StoredObject(msgspec.Struct, frozen=True, kw_only=True):
    """One Parquet object of the log: predictions of one generation, or labels (generation 0)."""

    project: str
    deployment: str
    compaction: str
    number: int
    kind: str
    digest: str
    generation: int
    revision: int
    target: str
    """The logical type of the labels that judge these predictions; empty for labels."""
    rows: int
    first_id: str
    last_id: str
    first_at: int
    last_at: int


_OF_GENERATION = (
    (splits.c.project == generations.c.project)
    & (splits.c.deployment == generations.c.deployment)
    & (splits.c.number == generations.c.number)
)


class Store:
    """Reads and writes this room's tables."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def deployments(self, project: str, name: str = "") -> list[Deployment]:
        """The started deployments of a project by name, or the one called ``name``."""
        join = deployments.join(
            generations,
            (generations.c.project == deployments.c.project)
            & (generations.c.deployment == deployments.c.name)
            & (generations.c.number == deployments.c.generation),
        )
        query = (
            sa.select(generations, deployments.c.state.label("now"), deployments.c.started_at, deployments.c.changed_at)
            .select_from(join.outerjoin(splits, _OF_GENERATION))
            .add_columns(splits.c.salt, splits.c.edges, splits.c.arms)
            .where(deployments.c.project == project)
            .order_by(deployments.c.name)
        )
        if name:
            query = query.where(deployments.c.name == name)
        with self._database.read() as connection:
            rows = connection.execute(query).mappings().all()
        return [
            Deployment(
                project=row["project"],
                name=row["deployment"],
                state=row["now"],
                started_at=row["started_at"],
                changed_at=row["changed_at"],
                current=_publication(row),
            )
            for row in rows
        ]

    def publications(self, project: str, name: str) -> list[Publication]:
        """Every recorded generation of a deployment, the oldest first."""
        query = (
            sa.select(generations, splits.c.salt, splits.c.edges, splits.c.arms)
            .select_from(generations.outerjoin(splits, _OF_GENERATION))
            .where(generations.c.project == project, generations.c.deployment == name)
            .order_by(generations.c.number)
        )
        with self._database.read() as connection:
            return [_publication(row) for row in connection.execute(query).mappings()]

    def add(self, generation: Generation, event_id: str) -> bool:
        """Record a generation in the open transaction; False when it is recorded already."""
        revision = generation.revision
        row = {
            "project": generation.project,
            "deployment": generation.deployment,
            "number": generation.number,
            "state": generation.state,
            "revision": revision.number,
            "model": revision.model,
            "model_digest": revision.model_digest,
            "config": msgspec.json.encode(revision.config).decode(),
            "declared": revision.declared,
            "published_at": generation.published_at,
            "event_id": event_id,
        }
        transaction = self._database.current()
        if not transaction.insert_new(generations, row):
            return False
        if generation.candidates:
            split = {
                "project": generation.project,
                "deployment": generation.deployment,
                "number": generation.number,
                "salt": generation.salt,
                "edges": msgspec.json.encode(generation.edges).decode(),
                "arms": msgspec.json.encode(generation.candidates).decode(),
            }
            transaction.execute(sa.insert(splits).values(**split))
        return True

    def set_state(self, generation: Generation) -> str:
        """Bring the deployment to a generation, in the open transaction; its state before, empty for a new one."""
        transaction = self._database.current()
        key = (deployments.c.project == generation.project) & (deployments.c.name == generation.deployment)
        before = transaction.execute(sa.select(deployments.c.state).where(key)).scalar()
        change = {
            "state": generation.state,
            "generation": generation.number,
            "changed_at": generation.published_at,
        }
        if before is None:
            names = {"project": generation.project, "name": generation.deployment}
            transaction.execute(sa.insert(deployments).values(**names, **change, started_at=generation.published_at))
            return ""
        transaction.execute(sa.update(deployments).where(key).values(**change))
        return str(before)

    def compacted(self, project: str, deployment: str) -> tuple[set[str], list[StoredObject]]:
        """The segments that were compacted and the objects that hold them, in one snapshot."""
        mine = (segments.c.project == project) & (segments.c.deployment == deployment)
        with self._database.read() as connection:
            done = set(connection.execute(sa.select(segments.c.segment).where(mine)).scalars())
            return done, self.objects(project, deployment)

    def objects(
        self, project: str, deployment: str = "", *, kind: str = "", first_id: str = "", last_id: str = "f" * 32
    ) -> list[StoredObject]:
        """The objects whose ids reach into ``first_id`` to ``last_id``, the oldest first."""
        query = (
            sa.select(objects)
            .where(objects.c.project == project, objects.c.first_id <= last_id, objects.c.last_id >= first_id)
            .order_by(objects.c.deployment, objects.c.compaction, objects.c.number)
        )
        if deployment:
            query = query.where(objects.c.deployment == deployment)
        if kind:
            query = query.where(objects.c.kind == kind)
        with self._database.read() as connection:
            return [StoredObject(**row) for row in connection.execute(query).mappings()]

    def add_compaction(
        self, compaction: str, names: Iterable[str], made: list[StoredObject], key: tuple[str, str]
    ) -> None:
        """Record the segments of a compaction and its objects, in the open transaction."""
        transaction = self._database.current()
        project, deployment = key
        transaction.execute(
            sa.insert(segments),
            [
                {"project": project, "deployment": deployment, "segment": name, "compaction": compaction}
                for name in names
            ],
        )
        if made:
            transaction.execute(sa.insert(objects), [msgspec.structs.asdict(each) for each in made])


def _publication(row: sa.RowMapping) -> Publication:
    revision = Revision(
        number=row["revision"],
        model=row["model"],
        model_digest=row["model_digest"],
        config=msgspec.json.decode(row["config"], type=DeploymentConfig),
        declared=row["declared"],
    )
    return Publication(
        project=row["project"],
        deployment=row["deployment"],
        number=row["number"],
        state=row["state"],
        revision=revision,
        published_at=row["published_at"],
        event_id=row["event_id"],
        candidates=msgspec.json.decode(row["arms"], type=tuple[Arm, ...]) if row["arms"] else (),
        salt=row["salt"] or "",
        edges=msgspec.json.decode(row["edges"], type=GuardEdges | None) if row["edges"] else None,
    )

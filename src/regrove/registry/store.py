"""Models, versions, aliases and decisions as rows."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
import sqlalchemy as sa

from regrove import digest
from regrove.errors import Corrupt
from regrove.registry.decision import AliasMove, Decision
from regrove.registry.manifest import ModelManifest
from regrove.registry.tables import aliases, decisions, models, moves, versions
from regrove.registry.version import Model, ModelVersion
from regrove.storage import Database

__all__ = ["Store"]


class Store:
    """Reads and writes the tables of the registry, for one database. What writes wants an open transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def lock(self, project: str, name: str, now: int) -> int:
        """Hold the model until the commit, making its row when it is new; the highest ordinal so far."""
        transaction = self._database.current()
        row = {"project": project, "name": name, "latest": 0, "registered_at": now}
        transaction.insert_new(models, row)
        query = sa.select(models.c.latest).where(_is(models, project, name)).with_for_update()
        latest: int = transaction.execute(query).scalar_one()
        return latest

    def add(self, version: ModelVersion) -> None:
        """Insert a version and count it; its model is locked."""
        transaction = self._database.current()
        transaction.execute(
            sa.insert(versions).values(
                project=version.project,
                name=version.name,
                ordinal=version.ordinal,
                digest=version.digest,
                manifest=digest.canonical(version.manifest),
                run=version.run,
                metrics=_metrics_text(version.metrics),
                registered_at=version.registered_at,
            )
        )
        where = _is(models, version.project, version.name)
        transaction.execute(sa.update(models).where(where).values(latest=version.ordinal))

    def by_digest(self, project: str, name: str, of: str) -> ModelVersion | None:
        """The version of this content, or None."""
        return next(iter(self._select(_is(versions, project, name), versions.c.digest == of)), None)

    def by_ordinal(self, project: str, name: str, ordinal: int) -> ModelVersion | None:
        """The version of this number, or None."""
        return next(iter(self._select(_is(versions, project, name), versions.c.ordinal == ordinal)), None)

    def versions(self, project: str, name: str) -> list[ModelVersion]:
        """All versions of a model, the oldest first."""
        return list(self._select(_is(versions, project, name)))

    def models(self, project: str) -> list[Model]:
        """All models that have a version, by name."""
        stands = self._stands(aliases.c.project == project)
        query = sa.select(models).where(models.c.project == project, models.c.latest > 0).order_by(models.c.name)
        with self._database.read() as connection:
            rows = connection.execute(query).mappings().all()
        return [Model(**row, aliases=stands[row["name"]]) for row in rows]

    def latest(self, project: str, name: str) -> int:
        """The highest ordinal of a model, 0 when there is none."""
        with self._database.read() as connection:
            return connection.execute(sa.select(models.c.latest).where(_is(models, project, name))).scalar() or 0

    def stands(self, project: str, name: str) -> dict[str, int]:
        """Where each alias of a model stands now."""
        return self._stands(_is(aliases, project, name))[name]

    def decide(self, decision: Decision, object_digest: str) -> AliasMove:
        """Insert a decision and move its alias; the model is locked."""
        transaction = self._database.current()
        key = (
            aliases.c.project == decision.project,
            aliases.c.name == decision.name,
            aliases.c.alias == decision.alias,
        )
        before = transaction.execute(sa.select(aliases.c.moves, aliases.c.moved_at).where(*key)).first()
        number = before.moves + 1 if before else 1
        # A clock that was set back must not put a move before the one it follows.
        moved_at = max(decision.decided_at, before.moved_at) if before else decision.decided_at
        row = {each: getattr(decision, each) for each in decision.__struct_fields__ if each != "recorded"}
        row["evidence"] = msgspec.json.encode(decision.evidence).decode()
        transaction.execute(sa.insert(decisions).values(**row, object=object_digest))
        here = {"project": decision.project, "name": decision.name, "alias": decision.alias}
        stand = {"ordinal": decision.target, "moves": number, "decision": decision.id, "moved_at": moved_at}
        if before:
            transaction.execute(sa.update(aliases).where(*key).values(**stand))
        else:
            transaction.execute(sa.insert(aliases).values(**here, **stand))
        move = AliasMove(
            alias=decision.alias,
            number=number,
            source=decision.source,
            target=decision.target,
            decision=decision.ref,
            moved_at=moved_at,
        )
        row = {**here, "number": number, "source": move.source, "target": move.target, "moved_at": moved_at}
        transaction.execute(sa.insert(moves).values(**row, decision=decision.id))
        return move

    def history(self, project: str, name: str, alias: str) -> list[AliasMove]:
        """All moves of an alias, the oldest first."""
        where = (_is(moves, project, name), moves.c.alias == alias)
        with self._database.read() as connection:
            rows = connection.execute(sa.select(moves).where(*where).order_by(moves.c.number)).mappings().all()
        return [_move(row) for row in rows]

    def standing_at(self, project: str, name: str, alias: str, at: int) -> AliasMove | None:
        """The last move of an alias at or before ``at``, or None."""
        where = (_is(moves, project, name), moves.c.alias == alias, moves.c.moved_at <= at)
        query = sa.select(moves).where(*where).order_by(moves.c.number.desc()).limit(1)
        with self._database.read() as connection:
            row = connection.execute(query).mappings().first()
        return _move(row) if row else None

    def decision(self, identifier: str) -> Decision | None:
        """A decision by its id, or None."""
        return next(iter(self._decisions(decisions.c.id == identifier)), None)

    def decision_in_force(self, project: str, name: str, alias: str) -> Decision | None:
        """The decision that put the alias where it stands, or None."""
        query = sa.select(aliases.c.decision).where(_is(aliases, project, name), aliases.c.alias == alias)
        return next(iter(self._decisions(decisions.c.id.in_(query))), None)

    def decisions(self, project: str, name: str) -> list[Decision]:
        """All decisions about a model, the oldest first."""
        return list(self._decisions(_is(decisions, project, name)))

    def live_digests(self) -> Iterator[str]:
        """The digests of all objects that rows of this database name, of all projects."""
        with self._database.read() as connection:
            manifests = connection.execute(sa.select(versions.c.digest, versions.c.manifest)).all()
            reasons = connection.execute(sa.select(decisions.c.object)).scalars().all()
        for of, data in manifests:
            yield from (of, *_manifest(of, data).objects)
        yield from reasons

    def _select(self, *where: sa.ColumnElement[bool]) -> Iterable[ModelVersion]:
        query = sa.select(versions).where(*where).order_by(versions.c.ordinal)
        with self._database.read() as connection:
            rows = connection.execute(query).mappings().all()
            stands = self._stands(aliases.c.project == rows[0]["project"]) if rows else {}
        return [_version(row, stands[row["name"]]) for row in rows]

    def _stands(self, *where: sa.ColumnElement[bool]) -> defaultdict[str, dict[str, int]]:
        found: defaultdict[str, dict[str, int]] = defaultdict(dict)
        with self._database.read() as connection:
            for row in connection.execute(sa.select(aliases).where(*where).order_by(aliases.c.alias)):
                found[row.name][row.alias] = row.ordinal
        return found

    def _decisions(self, *where: sa.ColumnElement[bool]) -> Iterable[Decision]:
        query = sa.select(decisions).where(*where).order_by(decisions.c.decided_at, decisions.c.id)
        with self._database.read() as connection:
            rows = [dict(row) for row in connection.execute(query).mappings()]
        for row in rows:
            del row["object"]
            row["evidence"] = msgspec.json.decode(row["evidence"], type=tuple[str, ...])
        return [Decision(**row) for row in rows]


def _is(table: sa.Table, project: str, name: str) -> sa.ColumnElement[bool]:
    return sa.and_(table.c.project == project, table.c.name == name)


def _move(row: Any) -> AliasMove:
    kept = {each: row[each] for each in ("alias", "number", "source", "target", "moved_at")}
    return AliasMove(**kept, decision=f"decision:{row['decision']}")


def _version(row: Any, stands: dict[str, int]) -> ModelVersion:
    fields = dict(row)
    fields["manifest"] = _manifest(row["digest"], row["manifest"])
    fields["metrics"] = _metrics(row["metrics"])
    here = tuple(alias for alias, ordinal in stands.items() if ordinal == row["ordinal"])
    return ModelVersion(**fields, aliases=here)


def _manifest(of: str, data: bytes) -> ModelManifest:
    found = digest.of_bytes(data)
    if found != of:
        raise Corrupt(
            "The manifest of a model version has changed in the database",
            expected=of,
            received=found,
            mend="restore the database from a backup; regrove audit verify tells what else is concerned",
        )
    return msgspec.json.decode(data, type=ModelManifest)


def _metrics_text(metrics: dict[str, float]) -> str:
    # JSON has no NaN and no infinity; they are kept as texts.
    plain = {name: value if math.isfinite(value) else str(value) for name, value in metrics.items()}
    return msgspec.json.encode(plain, order="sorted").decode()


def _metrics(text: str) -> dict[str, float]:
    return {name: float(value) for name, value in msgspec.json.decode(text, type=dict[str, float | str]).items()}

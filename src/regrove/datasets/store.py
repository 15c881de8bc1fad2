"""Versions and validations between the database and the nouns of this room."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from sqlalchemy import func, insert, select, update

from regrove.datasets.tables import datasets, sources, validations, versions
from regrove.datasets.version import DatasetSummary, DatasetVersion

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection, Row, Select, Table

    from regrove.storage.transaction import Transaction

__all__ = [
    "StoredValidation",
    "by_digest",
    "by_ordinal",
    "has_validation",
    "known_sources",
    "last_validation",
    "latest",
    "live_digests",
    "lock",
    "pages",
    "remember_sources",
    "replace_objects",
    "summaries",
    "write_validation",
    "write_version",
]


class StoredValidation(NamedTuple):
    """One validation of a version as the database holds it."""

    validation_id: str
    ordinal: int
    declaration_digest: str
    report_digest: str
    refused_digest: str
    refused: int
    event_id: str
    validated_at: int


def lock(transaction: Transaction, project: str, name: str, *, now: int) -> int:
    """Hold the dataset until the transaction ends, making its row at first; returns its newest ordinal, 0 for none."""
    transaction.insert_new(datasets, {"project": project, "name": name, "latest": 0, "created_at": now})
    held = select(datasets.c.latest).where(*_of(datasets, project, name)).with_for_update()
    return int(transaction.execute(held).scalar_one())


def latest(connection: Connection, project: str, name: str) -> DatasetVersion | None:
    """The newest version."""
    newest = select(datasets.c.latest).where(*_of(datasets, project, name)).scalar_subquery()
    return _version(connection, select(versions).where(*_of(versions, project, name), versions.c.ordinal == newest))


def by_ordinal(connection: Connection, project: str, name: str, ordinal: int) -> DatasetVersion | None:
    """The version of this ordinal."""
    return _version(connection, select(versions).where(*_of(versions, project, name), versions.c.ordinal == ordinal))


def by_digest(connection: Connection, project: str, name: str, digest: str) -> DatasetVersion | None:
    """The version with this content."""
    return _version(connection, select(versions).where(*_of(versions, project, name), versions.c.digest == digest))


def pages(connection: Connection, project: str, name: str) -> list[DatasetVersion]:
    """All versions of a dataset, the newest first."""
    query = select(versions).where(*_of(versions, project, name)).order_by(versions.c.ordinal.desc())
    return [_read(row) for row in connection.execute(query)]


def summaries(connection: Connection, project: str) -> list[DatasetSummary]:
    """All datasets that have a version, by name."""
    count = (
        select(versions.c.name, func.count().label("how_many"), func.max(versions.c.ordinal).label("newest"))
        .where(versions.c.project == project)
        .group_by(versions.c.name)
        .subquery()
    )
    query = (
        select(versions, count.c.how_many)
        .join(count, (versions.c.name == count.c.name) & (versions.c.ordinal == count.c.newest))
        .where(versions.c.project == project)
        .order_by(versions.c.name)
    )
    rows = connection.execute(query)
    return [DatasetSummary(name=row.name, versions=row.how_many, latest=_read(row)) for row in rows]


def write_version(transaction: Transaction, project: str, version: DatasetVersion) -> None:
    """Add a version and make it the newest; the dataset must be held."""
    row = msgspec.to_builtins(version) | {
        "project": project,
        "name": version.dataset,
        "key": msgspec.json.encode(version.key).decode(),
    }
    del row["dataset"]
    transaction.execute(insert(versions).values(row))
    newest = update(datasets).where(*_of(datasets, project, version.dataset))
    transaction.execute(newest.values(latest=version.ordinal))


def replace_objects(transaction: Transaction, project: str, version: DatasetVersion) -> None:
    """Give a version the manifest and the profile that ``version`` names; the dataset must be held."""
    row = update(versions).where(*_of(versions, project, version.dataset), versions.c.ordinal == version.ordinal)
    transaction.execute(row.values(manifest_digest=version.manifest_digest, profile_digest=version.profile_digest))


def has_validation(connection: Connection, project: str, name: str, ordinal: int, report_digest: str) -> bool:
    """Whether this outcome is recorded for the version already."""
    same = (validations.c.ordinal == ordinal) & (validations.c.report_digest == report_digest)
    query = select(validations.c.validation_id).where(*_of(validations, project, name), same)
    return connection.execute(query).first() is not None


def write_validation(transaction: Transaction, project: str, name: str, validation: StoredValidation) -> None:
    """Add a validation."""
    transaction.execute(insert(validations).values({"project": project, "name": name, **validation._asdict()}))


def last_validation(connection: Connection, project: str, name: str, ordinal: int) -> StoredValidation | None:
    """The newest validation of a version."""
    columns = [validations.c[field] for field in StoredValidation._fields]
    query = select(*columns).where(*_of(validations, project, name), validations.c.ordinal == ordinal)
    row = connection.execute(query.order_by(validations.c.validation_id.desc()).limit(1)).first()
    return None if row is None else StoredValidation._make(row)


def known_sources(connection: Connection, project: str, name: str, fingerprint: str) -> int | None:
    """The ordinal that sources with this fingerprint gave when they were last read."""
    query = select(sources.c.ordinal).where(*_of(sources, project, name), sources.c.fingerprint == fingerprint)
    return connection.execute(query).scalar_one_or_none()


def remember_sources(
    transaction: Transaction, project: str, name: str, *, fingerprint: str, ordinal: int, now: int
) -> None:
    """Remember what the sources gave; the dataset must be held."""
    row = {"fingerprint": fingerprint, "ordinal": ordinal, "seen_at": now}
    if not transaction.insert_new(sources, {"project": project, "name": name, **row}):
        transaction.execute(update(sources).where(*_of(sources, project, name)).values(row))


def live_digests(connection: Connection) -> Iterator[tuple[str, bool]]:
    """The digest of every object that a version or validation of any project names, and whether it is a manifest."""
    for row in connection.execute(select(versions.c.manifest_digest, versions.c.profile_digest)):
        yield row.manifest_digest, True
        yield row.profile_digest, False
    for row in connection.execute(select(validations.c.report_digest, validations.c.refused_digest)):
        yield row.report_digest, False
        if row.refused_digest:
            yield row.refused_digest, False


def _of(table: Table, project: str, name: str) -> tuple[Any, Any]:
    return table.c.project == project, table.c.name == name


def _version(connection: Connection, query: Select[Any]) -> DatasetVersion | None:
    row = connection.execute(query).one_or_none()
    return None if row is None else _read(row)


def _read(row: Row[Any]) -> DatasetVersion:
    return DatasetVersion(
        dataset=row.name,
        ordinal=row.ordinal,
        digest=row.digest,
        rows=row.rows,
        key=tuple(msgspec.json.decode(row.key, type=list[str])),
        event_time=row.event_time,
        manifest_digest=row.manifest_digest,
        profile_digest=row.profile_digest,
        event_id=row.event_id,
        registered_at=row.registered_at,
    )

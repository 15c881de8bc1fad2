"""From what was taken in to what is recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from regrove import refs
from regrove.datasets import store
from regrove.datasets.events import DatasetRegistered, DatasetRestored, DatasetValidated
from regrove.datasets.manifest import Manifest
from regrove.datasets.version import DatasetVersion
from regrove.ledger import attribution

if TYPE_CHECKING:
    from regrove.datasets.config import DatasetConfig
    from regrove.datasets.intake import Taken
    from regrove.ledger import Ledger
    from regrove.storage.database import Database
    from regrove.storage.transaction import Transaction
    from regrove.storage.vault import Vault

__all__ = ["is_whole", "record"]


def record(
    name: str,
    config: DatasetConfig,
    taken: Taken,
    mark: str,
    *,
    database: Database,
    vault: Vault,
    ledger: Ledger,
    now: int,
) -> DatasetVersion:
    """Objects first; then, in one transaction, what is new: the version, the validation, the mark of the sources.

    Known content gives the version that has it; objects of it that were lost are made again. A ``mark`` (empty: none)
    lets the next call skip reading.
    """
    project = attribution().project
    content = taken.manifest.content_digest()
    with database.read() as connection:
        known = store.by_digest(connection, project, name, content)
    report_digest = vault.add_json(taken.report)
    manifest_digest = vault.add_json(taken.manifest)
    # Sketches draw random numbers: a second profile of known content would be an equal one under another digest, and so
    # may be a manifest whose parts another version of Parquet's writer made. Those of the record stay while they can.
    if known is not None and _has_parts(vault, known.manifest_digest):
        manifest_digest = known.manifest_digest
    if known is not None and vault.has(known.profile_digest):
        profile_digest = known.profile_digest
    else:
        profile_digest = vault.add_json(taken.profile)
    validation = store.StoredValidation(
        validation_id=refs.new_id(),
        ordinal=0,
        declaration_digest=config.digest(),
        report_digest=report_digest,
        refused_digest=taken.report.refused_digest,
        refused=taken.report.refused,
        event_id="",
        validated_at=now,
    )
    with database.transaction() as transaction:
        newest = store.lock(transaction, project, name, now=now)
        version = store.by_digest(transaction.connection, project, name, content)
        if version is None:
            version = DatasetVersion(
                dataset=name,
                ordinal=newest + 1,
                digest=content,
                rows=taken.manifest.rows,
                key=taken.manifest.key,
                event_time=taken.manifest.event_time,
                manifest_digest=manifest_digest,
                profile_digest=profile_digest,
                event_id="",
                registered_at=now,
            )
            version = _register(transaction, ledger, project, version, validation, files=len(taken.report.sources))
        else:
            mended = msgspec.structs.replace(version, manifest_digest=manifest_digest, profile_digest=profile_digest)
            if version == known and mended != version:  # or another process has restored it meanwhile
                version = _restore(transaction, ledger, project, mended, now)
            if not store.has_validation(transaction.connection, project, name, version.ordinal, report_digest):
                _validate(transaction, ledger, project, version, validation, files=len(taken.report.sources))
        if mark:
            store.remember_sources(transaction, project, name, fingerprint=mark, ordinal=version.ordinal, now=now)
    return version


def is_whole(vault: Vault, version: DatasetVersion, validation: store.StoredValidation | None) -> bool:
    """Whether every object that a version consists of is there, those of its newest validation among them."""
    named = [version.profile_digest]
    if validation is not None:
        named += [validation.report_digest, *([validation.refused_digest] if validation.refused_digest else [])]
    return all(vault.has(each) for each in named) and _has_parts(vault, version.manifest_digest)


def _has_parts(vault: Vault, manifest_digest: str) -> bool:
    if not vault.has(manifest_digest):
        return False
    return all(vault.has(part.blob_digest) for part in vault.read_json(manifest_digest, Manifest).parts)


def _restore(
    transaction: Transaction, ledger: Ledger, project: str, version: DatasetVersion, now: int
) -> DatasetVersion:
    event = DatasetRestored(
        name=version.dataset,
        ordinal=version.ordinal,
        digest=version.digest,
        manifest_digest=version.manifest_digest,
        profile_digest=version.profile_digest,
    )
    ledger.record(event, subject=version.ref, occurred_at=now)
    store.replace_objects(transaction, project, version)
    return version


def _register(
    transaction: Transaction,
    ledger: Ledger,
    project: str,
    version: DatasetVersion,
    validation: store.StoredValidation,
    *,
    files: int,
) -> DatasetVersion:
    event = DatasetRegistered(
        name=version.dataset,
        ordinal=version.ordinal,
        digest=version.digest,
        manifest_digest=version.manifest_digest,
        profile_digest=version.profile_digest,
        declaration_digest=validation.declaration_digest,
        report_digest=validation.report_digest,
        refused_digest=validation.refused_digest,
        rows=version.rows,
        refused=validation.refused,
        files=files,
    )
    event_id = ledger.record(event, subject=version.ref, occurred_at=version.registered_at)
    version = msgspec.structs.replace(version, event_id=event_id)
    store.write_version(transaction, project, version)
    told = validation._replace(ordinal=version.ordinal, event_id=event_id)
    store.write_validation(transaction, project, version.dataset, told)
    return version


def _validate(
    transaction: Transaction,
    ledger: Ledger,
    project: str,
    version: DatasetVersion,
    validation: store.StoredValidation,
    *,
    files: int,
) -> None:
    event = DatasetValidated(
        name=version.dataset,
        ordinal=version.ordinal,
        digest=version.digest,
        declaration_digest=validation.declaration_digest,
        report_digest=validation.report_digest,
        refused_digest=validation.refused_digest,
        rows=version.rows,
        refused=validation.refused,
        files=files,
    )
    event_id = ledger.record(event, subject=version.ref, occurred_at=validation.validated_at)
    told = validation._replace(ordinal=version.ordinal, event_id=event_id)
    store.write_validation(transaction, project, version.dataset, told)

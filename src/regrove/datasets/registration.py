"""From what was taken in to what is recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from regrove import refs
from regrove.datasets import store
from regrove.datasets.events import DatasetRegistered, DatasetValidated
from regrove.datasets.version import DatasetVersion
from regrove.ledger import attribution

if TYPE_CHECKING:
    from regrove.datasets.config import DatasetConfig
    from regrove.datasets.intake import Taken
    from regrove.ledger import Ledger
    from regrove.storage.database import Database
    from regrove.storage.transaction import Transaction
    from regrove.storage.vault import Vault

__all__ = ["record"]


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

    Known content gives the version that has it. A ``mark`` (empty: none) lets the next call skip reading.
    """
    project = attribution().project
    content = taken.manifest.content_digest()
    with database.read() as connection:
        known = store.by_digest(connection, project, name, content) is not None
    report_digest = vault.add_json(taken.report)
    manifest_digest = vault.add_json(taken.manifest)
    # Sketches draw random numbers: a second profile of known content would be an equal one under another digest.
    profile_digest = "" if known else vault.add_json(taken.profile)
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
        elif not store.has_validation(transaction.connection, project, name, version.ordinal, report_digest):
            _validate(transaction, ledger, project, version, validation, files=len(taken.report.sources))
        if mark:
            store.remember_sources(transaction, project, name, fingerprint=mark, ordinal=version.ordinal, now=now)
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

"""Datasets as the rooms above hold them."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from regrove import refs
from regrove.datasets import store
from regrove.datasets.manifest import Manifest
from regrove.datasets.report import ValidationReport
from regrove.datasets.version import DatasetSummary, DatasetVersion
from regrove.errors import InvalidInput, NotFound, nearest
from regrove.ledger import attribution

if TYPE_CHECKING:
    from collections.abc import Iterator

    import polars as pl

    from regrove.clock import Clock
    from regrove.datasets.config import DatasetConfig, Declarations
    from regrove.datasets.log import Logs
    from regrove.datasets.profile import Profile
    from regrove.datasets.validation import Progress
    from regrove.datasets.verification import Verification
    from regrove.frames import SourceFile
    from regrove.ledger import Ledger
    from regrove.storage.database import Database
    from regrove.storage.vault import Vault

__all__ = ["Datasets"]

Summaries = list[DatasetSummary]
Versions = list[DatasetVersion]  # named here, because inside the class `list` is the verb

LATEST: Final = "latest"

_SETTLED_NS: Final = 2_000_000_000
"""A file touched less than this long ago may change again without its stamp showing it (coarse file clocks), so that
what it gave is not remembered."""


class Datasets:
    """The datasets of the acting project. Safe to share between threads and processes: all state is stored."""

    def __init__(
        self,
        database: Database,
        vault: Vault,
        ledger: Ledger,
        clock: Clock,
        declarations: Declarations,
        logs: Logs | None = None,
    ) -> None:
        self._database = database
        self._vault = vault
        self._ledger = ledger
        self._clock = clock
        self._declarations = declarations
        self._logs = logs

    def register(self, name: str, *, progress: Progress | None = None) -> DatasetVersion:
        """Read the declared files, check every rule, and keep the rows as a version.

        The same content is the same version, whatever files it came in; unchanged files are not even read again.
        ``progress`` is told how many rows were read (local only). A call that was killed is simply called again.

        Raises NotFound when no file matches, UnreadableFile for one that is empty, damaged or has other columns,
        DatasetRefused (with its report) when rules of severity error are broken, and Conflict when a file is written to
        meanwhile. Nothing is recorded then.
        """
        from regrove.datasets.intake import Intake
        from regrove.datasets.log import log_sources
        from regrove.datasets.registration import record
        from regrove.datasets.sources import open_sources

        config = self._declarations.dataset(refs.check_name(name, what="dataset"))
        now = self._clock.now()
        if config.log:
            with log_sources(config, self._logs, now) as rows:
                taken = Intake(name, config, rows, vault=self._vault, progress=progress).take()
            return record(
                name, config, taken, "", database=self._database, vault=self._vault, ledger=self._ledger, now=now
            )
        files, mark, known = self._declared(name, config)
        if known is not None:
            return known
        settled = _settled(files)
        sources = open_sources(self._declarations.root, config)
        taken = Intake(name, config, sources, vault=self._vault, progress=progress).take()
        remembered = mark if settled and sources.files == files else ""
        return record(
            name, config, taken, remembered, database=self._database, vault=self._vault, ledger=self._ledger, now=now
        )

    def check(self, name: str) -> DatasetVersion | None:
        """Refuse what `register` would refuse before it reads a row: files, columns, rules that do not fit them.

        Gives the version that these very files made, or None when their rows are still to be checked. Nothing is
        recorded.
        """
        from regrove.datasets.sources import check_sources

        config = self._declarations.dataset(refs.check_name(name, what="dataset"))
        if config.log:
            return None  # its columns are declared, and its rows are those of the moment
        _, _, known = self._declared(name, config)
        if known is None:
            check_sources(self._declarations.root, config)
        return known

    def validate(self, name: str, *, progress: Progress | None = None) -> ValidationReport:
        """Read the declared files and check every rule, keeping and recording nothing.

        Broken rules are in the report; errors are raised only for files and declarations that cannot be used.
        """
        from regrove.datasets.intake import Intake
        from regrove.datasets.log import log_sources
        from regrove.datasets.sources import open_sources

        config = self._declarations.dataset(refs.check_name(name, what="dataset"))
        if config.log:
            with log_sources(config, self._logs, self._clock.now()) as rows:
                return Intake(name, config, rows, vault=self._vault, progress=progress).check()
        sources = open_sources(self._declarations.root, config)
        return Intake(name, config, sources, vault=self._vault, progress=progress).check()

    def list(self) -> Summaries:
        """All datasets that have a version, by name."""
        with self._database.read() as connection:
            return store.summaries(connection, attribution().project)

    def versions(self, name: str) -> Versions:
        """All versions of a dataset, the newest first; NotFound when there is none."""
        with self._database.read() as connection:
            found = store.pages(connection, attribution().project, name)
        if not found:
            raise self._missing(name)
        return found

    def get(self, ref: str) -> DatasetVersion:
        """The version of ``dataset:flights@3``, ``flights@latest`` or ``flights``; NotFound when there is none."""
        parsed = refs.parse(ref, kind="dataset")
        if parsed.version not in ("", LATEST) and parsed.ordinal is None:
            raise InvalidInput(
                f"Datasets have no alias {parsed.version!r}", expected="a number or latest", received=ref
            )
        with self._database.read() as connection:
            project = attribution().project
            if parsed.ordinal is None:
                found = store.latest(connection, project, parsed.name)
            else:
                found = store.by_ordinal(connection, project, parsed.name, parsed.ordinal)
        if found is None:
            raise self._missing(parsed.name, ref)
        return found

    def manifest(self, ref: str) -> Manifest:
        """What a version consists of: its columns and its parts."""
        version = self.get(ref)
        with _told(version, "manifest"):
            return self._vault.read_json(version.manifest_digest, Manifest)

    def scan(self, ref: str) -> pl.LazyFrame:
        """The rows of a version in order as a lazy frame (local only); Corrupt when an object is not what it was."""
        from regrove.frames import scan_parquet

        manifest = self.manifest(ref)
        with _told(self.get(ref), "rows"):
            files = [self._vault.fetch(part.blob_digest) for part in manifest.parts]
        return scan_parquet(files, schema=manifest.schema)

    def report(self, ref: str) -> ValidationReport:
        """The report of the newest validation of a version's content."""
        version = self.get(ref)
        with _told(version, "validation report"):
            return self._vault.read_json(self._validation(version).report_digest, ValidationReport)

    def refused(self, ref: str) -> pl.DataFrame:
        """The rows that the newest validation refused, as they stood in their files (local only); empty for none.

        Beside the columns of the files: ``regrove_file``, ``regrove_row`` (from 1) and ``regrove_rules``.
        """
        import polars as pl

        from regrove.frames import decode_parquet

        version = self.get(ref)
        of = self._validation(version).refused_digest
        with _told(version, "refused rows"):
            return decode_parquet(self._vault.read(of)) if of else pl.DataFrame()

    def profile(self, ref: str) -> Profile:
        """The profile of a version: a small summary of each column."""
        from regrove.datasets.profile import Profile

        version = self.get(ref)
        with _told(version, "profile"):
            return self._vault.read_json(version.profile_digest, Profile)

    def verify(self, ref: str) -> Verification:
        """Read every object of a version afresh and check bytes, values and digests; faults are in the result."""
        from regrove.datasets.verification import verify

        version = self.get(ref)
        with self._database.read() as connection:
            validation = store.last_validation(connection, attribution().project, version.dataset, version.ordinal)
        return verify(self._vault, version, validation)

    def live_digests(self) -> set[str]:
        """The objects that versions and validations of all projects need."""
        with self._database.read() as connection:
            named = dict(store.live_digests(connection))
        parts = {
            part.blob_digest
            for digest, is_manifest in named.items()
            if is_manifest
            for part in self._vault.read_json(digest, Manifest).parts
        }
        return parts | set(named)

    def _declared(self, name: str, config: DatasetConfig) -> tuple[tuple[SourceFile, ...], str, DatasetVersion | None]:
        """The declared files as they are now, their mark, and the version that they made if they made one."""
        from regrove.datasets.sources import fingerprint
        from regrove.frames import find_files

        files = find_files(self._declarations.root, config.source)
        mark = fingerprint(config, files)
        return files, mark, self._known(attribution().project, name, mark)

    def _known(self, project: str, name: str, mark: str) -> DatasetVersion | None:
        """The version that these very files gave, if all that it consists of is still there."""
        from regrove.datasets.registration import is_whole

        with self._database.read() as connection:
            ordinal = store.known_sources(connection, project, name, mark)
            version = None if ordinal is None else store.by_ordinal(connection, project, name, ordinal)
            if version is None:
                return None
            validation = store.last_validation(connection, project, name, version.ordinal)
        return version if is_whole(self._vault, version, validation) else None

    def _validation(self, version: DatasetVersion) -> store.StoredValidation:
        with self._database.read() as connection:
            found = store.last_validation(connection, attribution().project, version.dataset, version.ordinal)
        if found is None:
            raise NotFound("The validation of a version is not recorded", received=version.ref)
        return found

    def _missing(self, name: str, ref: str = "") -> NotFound:
        with self._database.read() as connection:
            known = {each.name: each.versions for each in store.summaries(connection, attribution().project)}
        if name in known:
            return NotFound(
                f"Dataset {name!r} has no such version", expected=f"1 to {known[name]}", received=ref or name
            )
        declared = name in self._declarations.dataset_names()
        return NotFound(
            f"Dataset {name!r} has no version yet" if declared else f"There is no dataset {name!r}",
            expected=f"one of {', '.join(known)}" if known else "",
            received=ref or name,
            mend="regrove run registers it" if declared else nearest(name, known),
        )


@contextmanager
def _told(version: DatasetVersion, what: str) -> Iterator[None]:
    """Say what of a version is lost when an object of it is."""
    try:
        yield
    except NotFound as error:
        raise NotFound(
            f"The {what} of {version.ref} cannot be read: an object of it is lost",
            expected=error.expected,
            mend=f"regrove datasets register {version.dataset} makes it again while its files hold the same rows; "
            "otherwise restore the object from a copy",
        ) from None


def _settled(files: tuple[SourceFile, ...]) -> bool:
    return all(time.time_ns() - file.settled_at_ns > _SETTLED_NS for file in files)

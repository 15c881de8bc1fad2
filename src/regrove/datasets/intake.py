"""From opened files to everything that a version consists of: parts and profile in the vault, manifest and report."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from regrove import digest
from regrove.datasets.manifest import Manifest, Part
from regrove.datasets.profile import Profile
from regrove.datasets.profiling import profile_of
from regrove.datasets.quarantine import examples, refused_rows
from regrove.datasets.report import DatasetRefused, RuleResult, SourceRecord, ValidationReport
from regrove.datasets.rules import Rules, compile_rules
from regrove.datasets.validation import Broken, Progress, Validation
from regrove.frames import PART_ROWS, encode_parquet, rechunked

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from regrove.datasets.config import DatasetConfig
    from regrove.datasets.sources import Sources
    from regrove.storage.vault import Vault

__all__ = ["Intake", "Taken"]

_LEFT = "at least one row is left"


@dataclass(frozen=True)
class Taken:
    """What was taken in. The parts and the refused rows are in the vault; manifest, profile and report are not yet."""

    manifest: Manifest
    profile: Profile
    report: ValidationReport


class Intake:
    """Takes the files of one dataset in, in one pass; in two when rows in quarantine repeat each other."""

    def __init__(
        self, name: str, config: DatasetConfig, sources: Sources, *, vault: Vault, progress: Progress | None = None
    ) -> None:
        self._name = name
        self._config = config
        self._sources = sources
        self._vault = vault
        self._progress = progress
        self._rules: Rules = compile_rules(config, sources.schema)

    def check(self) -> ValidationReport:
        """Validate only: nothing is kept, and broken rules are reported, not raised."""
        validation = self._validation()
        for _ in validation.accepted():
            pass  # the rows themselves are not wanted
        return self._report(validation, repeated=validation.settle().size)

    def take(self) -> Taken:
        """Validate and keep. Raises DatasetRefused when a rule of severity error is broken or no row is left.

        Raises Conflict when a file is written to meanwhile.
        """
        validation = self._validation()
        parts, profiles = self._kept(validation)
        repeated = validation.settle()
        if repeated.size and self._quarantined:
            parts, profiles = self._kept(self._validation(excluded=repeated))
        self._sources.check_unchanged()
        report = self._report(validation, repeated=repeated.size)
        if self._must_refuse(report):
            raise DatasetRefused.of(report, quarantine=self._quarantined)
        if report.refused:
            refused = refused_rows(self._sources, validation.broken, validation.rows)
            report = msgspec.structs.replace(report, refused_digest=self._vault.add_bytes(encode_parquet(refused)))
        manifest = Manifest(
            schema=self._sources.schema,
            key=tuple(self._config.key),
            event_time=self._config.event_time or "",
            rows=report.accepted,
            parts=tuple(parts),
        )
        return Taken(manifest, Profile.total(profiles), report)

    @property
    def _quarantined(self) -> bool:
        return self._config.on_failure == "quarantine"

    def _validation(self, excluded: NDArray[np.int64] | None = None) -> Validation:
        return Validation(
            self._sources, self._rules, quarantine=self._quarantined, excluded=excluded, progress=self._progress
        )

    def _kept(self, validation: Validation) -> tuple[list[Part], list[Profile]]:
        """The accepted rows as parts of fixed height in the vault, and the profile of each."""
        parts: list[Part] = []
        profiles: list[Profile] = []
        with ThreadPoolExecutor(2, thread_name_prefix="regrove-intake") as pool:
            for frame in self._frames(validation):
                # Polars, blake3 and NumPy leave the interpreter while they work, so the three overlap.
                table = pool.submit(digest.of_table, frame)
                blob = pool.submit(self._stored, frame)
                profiles.append(profile_of(frame))
                parts.append(Part(rows=frame.height, table_digest=table.result(), blob_digest=blob.result()))
        return parts, profiles

    def _frames(self, validation: Validation) -> Iterator[pl.DataFrame]:
        """The accepted rows in frames of fixed height; one frame of none where a table may be empty and is."""
        from regrove.schema import to_polars

        some = False
        for frame in rechunked(validation.accepted(), PART_ROWS):
            some = True
            yield frame
        if not some and self._sources.may_be_empty:
            import polars as pl

            yield pl.DataFrame(schema={each.name: to_polars(each.type) for each in self._sources.schema})

    def _stored(self, frame: pl.DataFrame) -> str:
        return self._vault.add_bytes(encode_parquet(frame))

    def _must_refuse(self, report: ValidationReport) -> bool:
        """Whether a broken rule refuses the whole dataset: any in ``refuse``, one about the table in ``quarantine``."""
        of_table = {rule.name for rule in self._rules.table} | {_LEFT}
        return any(not self._quarantined or result.rule in of_table for result in report.errors)

    def _report(self, validation: Validation, *, repeated: int) -> ValidationReport:
        accepted = validation.total - validation.refused_rows - repeated
        results = [self._result(each, validation) for each in validation.broken]
        for rule in self._rules.table:
            low, high = rule.row_count or (0, accepted)
            failed = 0 if low <= accepted <= high else max(accepted, 1)
            results.append(RuleResult(rule.name, rule.sentence, rule.severity, rule.columns, failed))
        if not accepted and not self._sources.may_be_empty:
            results.append(RuleResult(_LEFT, _LEFT, "error", (), 1))
        return ValidationReport(
            dataset=self._name,
            declaration_digest=self._config.digest(),
            rows=validation.total,
            accepted=accepted,
            refused=validation.total - accepted,
            sources=tuple(
                SourceRecord(file=file.name, rows=rows, size=file.size, digest=digest.of_file(file.path))
                for file, rows in zip(self._sources.files, validation.rows, strict=True)
            ),
            results=tuple(results),
        )

    def _result(self, broken: Broken, validation: Validation) -> RuleResult:
        shown = examples(self._sources, broken, validation.rows, self._config.key) if broken.failed else ()
        rule = broken.rule
        return RuleResult(rule.name, rule.sentence, rule.severity, rule.columns, broken.failed, shown)

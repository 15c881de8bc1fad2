"""What a validation found."""

from __future__ import annotations

from typing import Any, ClassVar, Final, Literal

import msgspec

from regrove.errors import Refused

__all__ = ["DatasetRefused", "Example", "RuleResult", "SourceRecord", "ValidationReport"]

FORMAT: Final = 1
_SHOWN = 3


class Example(msgspec.Struct, frozen=True):
    """One row that breaks a rule: its file, its row in it (from 1, the header does not count), and the values at fault.

    ``note`` says what the values alone do not show, such as where a duplicate's first row stands.
    """

    file: str
    row: int
    values: dict[str, Any]
    note: str = ""

    def __str__(self) -> str:
        """The example on one line."""
        shown = ", ".join(f"{name}={value!r}" for name, value in self.values.items())
        return f"{self.file} row {self.row}: {shown}{f' ({self.note})' if self.note else ''}"


class RuleResult(msgspec.Struct, frozen=True):
    """One rule and how many rows break it; for a rule on the number of rows, ``failed`` is that number or 0."""

    rule: str
    sentence: str
    severity: Literal["error", "warn"]
    columns: tuple[str, ...]
    failed: int
    examples: tuple[Example, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether nothing breaks it."""
        return not self.failed


class SourceRecord(msgspec.Struct, frozen=True):
    """One file as it was read."""

    file: str
    rows: int
    size: int
    digest: str


class ValidationReport(msgspec.Struct, frozen=True):
    """The outcome of all rules on all rows of all files.

    ``refused`` rows broke a rule of severity error; the ``accepted`` ones make the version, if it is not refused.
    ``refused_digest`` names the object that holds the refused rows of a quarantine (Parquet: file, row, rules, and the
    columns as they stood in the file).
    """

    dataset: str
    declaration_digest: str
    rows: int
    accepted: int
    refused: int
    sources: tuple[SourceRecord, ...]
    results: tuple[RuleResult, ...]
    refused_digest: str = ""
    format: int = FORMAT

    @property
    def errors(self) -> tuple[RuleResult, ...]:
        """The broken rules that refuse."""
        return tuple(result for result in self.results if not result.passed and result.severity == "error")

    @property
    def warnings(self) -> tuple[RuleResult, ...]:
        """The broken rules that only report."""
        return tuple(result for result in self.results if not result.passed and result.severity == "warn")


class DatasetRefused(Refused):
    """The rows break rules of severity error; ``report`` holds all that was found."""

    code: ClassVar[str] = "dataset-refused"
    report: ValidationReport

    @classmethod
    def of(cls, report: ValidationReport, *, quarantine: bool) -> DatasetRefused:
        """The error that tells what ``report`` found, file and rows first."""
        broken = report.errors
        files = list(dict.fromkeys(example.file for result in broken for example in result.examples))
        where = files[0] if len(files) == 1 else f"{len(files)} files" if files else "the table"
        rules = f"{len(broken)} rules" if len(broken) > 1 else "a rule"
        error = cls(
            f"Dataset {report.dataset!r} is refused: {where} {'break' if len(files) > 1 else 'breaks'} {rules}",
            expected="; ".join(result.sentence for result in broken),
            received=_INDENT.join(_line(result) for result in broken),
            mend="mend the rows" + ("" if quarantine else ', or set on_failure = "quarantine" to keep the others'),
        )
        error.report = report
        return error


_INDENT = "\n" + " " * 12


def _line(result: RuleResult) -> str:
    rows = f"{result.failed:,} row{'s' if result.failed != 1 else ''}"
    examples = "".join(f"{_INDENT}  {example}" for example in result.examples[:_SHOWN])
    return f"{rows} against '{result.rule}'{examples}"

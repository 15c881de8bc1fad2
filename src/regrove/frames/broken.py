"""Files that cannot be read as the table they claim to be."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, ClassVar

from regrove.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["UnreadableFile", "naming"]


class UnreadableFile(InvalidInput):
    """A source file is empty, damaged, or not the table that its name says; the message names the file."""

    code: ClassVar[str] = "unreadable-file"


@contextmanager
def naming(file: str) -> Iterator[None]:
    """Turn what Polars or the system says about a file into an UnreadableFile that names it."""
    import polars as pl

    try:
        yield
    except InvalidInput as error:
        if isinstance(error, UnreadableFile):
            raise
        raise UnreadableFile(
            f"{file}: {error.happened}", expected=error.expected, received=error.received, mend=error.mend
        ) from None
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        first = str(error).strip().partition("\n")[0]
        raise UnreadableFile(
            f"{file} cannot be read",
            expected="a whole Parquet or CSV file",
            received=first[:300],
            mend="write the file again, or take it out of the source",
        ) from error

"""What a database says when it cannot, in the words of this house."""

from __future__ import annotations

from contextlib import contextmanager
from shlex import quote
from typing import TYPE_CHECKING

from sqlalchemy import exc

from regrove.errors import Corrupt, RegroveError, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

__all__ = ["explained"]

_AGAIN = "nothing of this change was kept; mend the cause and run the same command again"


@contextmanager
def explained(
    where: str, *, restoring: Callable[[], str], file: Path | None = None, reading: bool = False
) -> Iterator[None]:
    """Turn the failures of the database at ``where`` (no password in it) into Unavailable or Corrupt.

    ``file`` is that of SQLite, and ``restoring`` says how a damaged one comes back. Violations of a constraint pass
    unchanged: whoever wrote the statement knows what they mean.
    """
    try:
        yield
    except (exc.IntegrityError, exc.ProgrammingError):
        raise
    except (exc.DBAPIError, exc.TimeoutError) as error:
        raise _translated(error, where, restoring, file, reading=reading) from error
    except OSError as error:
        if error.filename is None or not str(error.filename).endswith(("-turn", "-queue")):
            raise  # not about the database's own files, so someone else's to explain
        raise Unavailable(
            "The database cannot be written", received=f"{error.strerror}: {error.filename}", mend=_AGAIN
        ) from error


def _translated(
    error: exc.DBAPIError | exc.TimeoutError,
    where: str,
    restoring: Callable[[], str],
    file: Path | None,
    *,
    reading: bool,
) -> RegroveError:
    said = str(error.orig) if isinstance(error, exc.DBAPIError) else str(error)
    received = f"{said.strip()} ({where})"
    lower = said.lower()
    if "malformed" in lower or "not a database" in lower:
        return Corrupt("The database file is damaged", received=received, mend=restoring())
    if "is full" in lower or "disk i/o error" in lower or "no space left" in lower:
        return Unavailable(
            "The database could not be written", expected="room on the disk", received=received, mend=_AGAIN
        )
    if "readonly" in lower or "read-only" in lower:
        if reading:
            return RegroveError("A read was asked to write", expected="database.transaction()", received=received)
        return Unavailable(
            "The database cannot be written", expected="permission to write", received=received, mend=_AGAIN
        )
    if "unable to open" in lower or "connection" in lower:
        return Unavailable("The database cannot be reached", received=received, mend=_reaching(file))
    if "locked" in lower or "lock timeout" in lower:
        return Unavailable("The database is busy", received=received, mend=_AGAIN)
    return Unavailable("The database refused", received=received, mend=_AGAIN)


def _reaching(file: Path | None) -> str:
    if file is None:
        return "see that the server is up and that its address and the rights there are as the settings say"
    return f"ls -ld {quote(str(file.parent))} {quote(str(file))} shows whether both are there, and who may use them"

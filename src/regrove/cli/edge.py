"""The edge of the process: errors become messages and exit codes here, and only here."""

from __future__ import annotations

import os
import sys
from typing import Any, Final

import typer

from regrove import errors

__all__ = ["EXIT_CODES", "exit_code", "run"]

# Typer carries a Click of its own, or stands on the installed one, depending on its version; this finds the right one.
_UsageError: Final[Any] = next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException")

EXIT_CODES: Final[tuple[tuple[type[BaseException], int, str], ...]] = (
    (errors.InvalidInput, 2, "what was given cannot be used"),
    (errors.NotFound, 3, "a ref, a file or an object is not there"),
    (errors.Refused, 4, "a rule says no: an expectation, an untrusted type, a policy"),
    (errors.Conflict, 5, "someone else holds it, or it exists with other content"),
    (errors.Corrupt, 6, "bytes are not what their digest or chain says"),
    (errors.Unavailable, 7, "a part that is needed is missing or does not answer"),
    (errors.StepFailed, 8, "a function of the project raised or returned what it must not"),
    (errors.RegroveError, 1, "any other error"),
)
"""Exit codes with the errors that they stand for; 0 is success, 130 an interruption by hand."""


def exit_code(error: BaseException) -> int:
    """The exit code of an error: that of the first kind in `EXIT_CODES` that it is of.

    >>> exit_code(errors.LeaseLost("gone"))
    5
    """
    return next((code for kind, code, _ in EXIT_CODES if isinstance(error, kind)), 1)


def run() -> None:
    """Run the command line with ``sys.argv`` and exit."""
    from regrove.cli.app import app

    try:
        app(standalone_mode=False)
        code = 0
    except typer.Exit as stop:
        code = stop.exit_code
    except _UsageError as error:
        error.show()
        code = 2
    except (typer.Abort, KeyboardInterrupt):
        print("Interrupted. What was recorded stays; the same command continues.", file=sys.stderr)
        code = 130
    except BrokenPipeError:
        # The reader of our output has gone, as `head` does; the interpreter must not complain about it again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    except errors.RegroveError as error:
        _show(error)
        code = exit_code(error)
    sys.exit(code)


def _show(error: errors.RegroveError) -> None:
    if "--json" in sys.argv:
        from regrove.digest import canonical

        fields = ("happened", "expected", "received", "mend")
        body = {"code": error.code} | {name: getattr(error, name) for name in fields}
        print(canonical({"error": body}).decode(), file=sys.stderr)
        return
    from rich.console import Console
    from rich.text import Text

    console = Console(stderr=True, highlight=False)
    first, *rest = str(error).splitlines()
    console.print(Text.assemble(("error ", "bold red"), first), soft_wrap=True)
    for line in rest:
        console.print(Text(line, style="bold" if line.startswith("  mend:") else ""), soft_wrap=True)

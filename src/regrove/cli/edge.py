"""The edge of the process: errors become messages and exit codes here, and only here."""

from __future__ import annotations

import contextlib
import os
import shlex
import sys
import traceback
from typing import Any, Final

import typer

from regrove import errors
from regrove.cli.output import outlive_readers

__all__ = ["DEBUG", "EXIT_CODES", "exit_code", "run"]

# Typer carries a Click of its own, or stands on the installed one, depending on its version; this finds the right one.
_UsageError: Final[Any] = next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException")

DEBUG: Final = "REGROVE_DEBUG"
"""The environment variable that, set to 1, shows where in the code an error came from."""

EXIT_CODES: Final[tuple[tuple[type[BaseException], int, str], ...]] = (
    (errors.InvalidInput, 2, "what was given cannot be used"),
    (errors.NotFound, 3, "a ref, a file or an object is not there"),
    (errors.Refused, 4, "a rule says no: an expectation, an untrusted type, a policy"),
    (errors.Conflict, 5, "someone else holds it, or it exists with other content"),
    (errors.Corrupt, 6, "bytes are not what their digest or chain says"),
    (errors.Unavailable, 7, "a part that is needed is missing or does not answer"),
    (errors.StepFailed, 8, "a function of the project raised or returned what it must not"),
    (errors.RegroveError, 1, "any other error, a mistake of Regrove's own among them"),
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
    outlive_readers()
    sys.exit(_outcome())


def _outcome() -> int:
    """What the process ends with, once everything is said."""
    try:
        from regrove.cli.app import app

        code = app(prog_name="regrove", standalone_mode=False)
        sys.stdout.flush()  # a full disk is told here, and not by the interpreter on its way out
    except typer.Exit as stop:
        return stop.exit_code
    except _UsageError as error:
        if _wants_json():
            return _end(_usage(error))
        error.show()
        return 2
    except (typer.Abort, KeyboardInterrupt):
        print("Interrupted. What was recorded stays; the same command continues.", file=sys.stderr)
        return 130
    except SystemExit as stop:
        if not isinstance(stop.__context__, BrokenPipeError):
            raise
        return _end(stop.__context__)  # Typer takes any broken pipe for that of our output, which outlives its reader
    except Exception as error:  # noqa: BLE001  # edge: what nobody expected is told, too
        return _end(error)
    return code if isinstance(code, int) else 0


def _end(error: Exception) -> int:
    """Tell the error; its exit code."""
    known = error if isinstance(error, errors.RegroveError) else _explained(error)
    with contextlib.suppress(OSError):  # where it cannot be told, the code still is
        if os.environ.get(DEBUG) == "1":
            traceback.print_exception(error)
        _show(known)
        sys.stderr.flush()
    return exit_code(known)


def _explained(error: Exception) -> errors.RegroveError:
    """An error that no room foresaw, in the words of this house."""
    if isinstance(error, OSError) and error.errno is not None:
        return errors.of_system(error)
    if isinstance(error, MemoryError):
        return errors.Unavailable("There is not enough memory", mend="give the process more, or fewer rows to hold")
    *_, last = traceback.extract_tb(error.__traceback__)
    return errors.RegroveError(
        "Regrove made a mistake: this error should have been foreseen",
        received=f"{type(error).__name__}: {error} (in {last.name}, line {last.lineno} of {last.filename})",
        mend=f"please report what this shows: {DEBUG}=1 {_command_line()}",
    )


def _usage(error: Any) -> errors.InvalidInput:
    """A command line that cannot be read, for programs."""
    context = error.ctx
    command = context.command_path if context is not None else "regrove"
    usage = " ".join(context.get_usage().split()) if context is not None else ""
    close = getattr(error, "possibilities", None)
    return errors.InvalidInput(
        error.format_message(),
        expected=usage.removeprefix("Usage: "),
        received=_command_line(),
        mend=f"did you mean {min(close)!r}?" if close else f"{command} --help",
    )


def _command_line() -> str:
    return shlex.join(["regrove", *sys.argv[1:]])


def _wants_json() -> bool:
    return "--json" in sys.argv[1:]


def _show(error: errors.RegroveError) -> None:
    if _wants_json():
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

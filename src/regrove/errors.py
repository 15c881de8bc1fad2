"""The errors of Regrove: what happened, what was expected, what was received, and what mends it.

The tree (stage errors stand beside what raises them and inherit from one of these)::

    RegroveError
    ├── InvalidInput      what was given cannot be used: a wrong key, type, name, file, request
    │   └── InvalidDeclaration   a key or value of regrove.toml, with the line where it stands
    ├── NotFound          a ref, a file, an object that is not there
    ├── Refused           a rule says no: an expectation, an untrusted type, a policy
    ├── Conflict          someone else holds it, or it exists with other content
    │   └── LeaseLost     this process no longer holds what it was working on
    ├── Corrupt           bytes are not what their digest or chain says
    ├── Unavailable       a part that is needed is missing or does not answer
    │   └── MissingExtra  an optional dependency is not installed
    └── StepFailed        the user's code raised, or returned what it must not

``code`` is stable and meant for programs; the faces map it to exit codes and HTTP statuses.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable
from shlex import quote
from typing import ClassVar, Final

__all__ = [
    "Conflict",
    "Corrupt",
    "InvalidDeclaration",
    "InvalidInput",
    "LeaseLost",
    "MissingExtra",
    "NotFound",
    "Refused",
    "RegroveError",
    "StepFailed",
    "Unavailable",
    "nearest",
    "of_system",
]


class RegroveError(Exception):
    """Base of every error that Regrove raises on purpose.

    ``happened`` is one sentence without a full stop at its end being required; ``expected`` and
    ``received`` state both sides of the mismatch; ``mend`` is the command or edit that helps.

    >>> print(InvalidInput("The window is empty", expected="at least 1 row", received="0 rows",
    ...                    mend="choose an earlier start"))
    The window is empty.
      expected: at least 1 row
      received: 0 rows
      mend:     choose an earlier start
    """

    code: ClassVar[str] = "error"

    def __init__(self, happened: str, *, expected: str = "", received: str = "", mend: str = "") -> None:
        super().__init__(happened)
        self.happened = happened.rstrip()
        self.expected = expected
        self.received = received
        self.mend = mend

    def __str__(self) -> str:
        """The whole error as lines of text, the mend last."""
        end = "" if self.happened.endswith((".", "!", "?", ":")) else "."
        lines = [self.happened + end]
        lines += [
            f"  {label:<9} {value}"
            for label, value in (
                ("expected:", self.expected),
                ("received:", self.received),
                ("mend:", self.mend),
            )
            if value
        ]
        return "\n".join(lines)

    def __reduce__(self) -> tuple[object, ...]:
        """Survive the way back from a worker process with every field intact."""
        return (_rebuild, (type(self), self.happened, self.expected, self.received, self.mend), self.__dict__)


def _rebuild(kind: type[RegroveError], happened: str, expected: str, received: str, mend: str) -> RegroveError:
    error = kind.__new__(kind)
    RegroveError.__init__(error, happened, expected=expected, received=received, mend=mend)
    return error


class InvalidInput(RegroveError):
    """What was given cannot be used."""

    code: ClassVar[str] = "invalid-input"


class InvalidDeclaration(InvalidInput):
    """A key or value of ``regrove.toml`` cannot be used."""

    code: ClassVar[str] = "invalid-declaration"


class NotFound(RegroveError):
    """A ref, a file or an object is not there."""

    code: ClassVar[str] = "not-found"


class Refused(RegroveError):
    """A rule says no."""

    code: ClassVar[str] = "refused"


class Conflict(RegroveError):
    """Someone else holds it, or it exists already with other content."""

    code: ClassVar[str] = "conflict"


class LeaseLost(Conflict):
    """This process no longer holds the lease of what it was working on."""

    code: ClassVar[str] = "lease-lost"


class Corrupt(RegroveError):
    """Bytes are not what their digest or their chain says."""

    code: ClassVar[str] = "corrupt"


class Unavailable(RegroveError):
    """A part that is needed is missing or does not answer."""

    code: ClassVar[str] = "unavailable"


class MissingExtra(Unavailable):
    """An optional dependency is not installed.

    >>> print(MissingExtra("scikit-learn", extra="train", need="fit a classifier"))
    scikit-learn is needed to fit a classifier and is not installed.
      mend:     pip install 'regrove[train]'
    """

    code: ClassVar[str] = "missing-extra"

    def __init__(self, package: str, *, extra: str, need: str) -> None:
        super().__init__(f"{package} is needed to {need} and is not installed", mend=f"pip install 'regrove[{extra}]'")


class StepFailed(RegroveError):
    """The user's code raised, or returned what it must not."""

    code: ClassVar[str] = "step-failed"


def nearest(name: str, names: Iterable[str]) -> str:
    """The closest of ``names`` to ``name`` as a hint, or an empty string when none is close.

    >>> nearest("flihgts", ["flights", "weather"])
    "did you mean 'flights'?"
    >>> nearest("x", ["flights"])
    ''
    """
    from difflib import get_close_matches

    known = list(names)
    close = get_close_matches(name, known, n=1, cutoff=0.6)
    return f"did you mean {close[0]!r}?" if close else ""


_ABSENT: Final = frozenset({errno.ENOENT, errno.ESTALE})
_MISFIT: Final = frozenset({errno.EEXIST, errno.EISDIR, errno.ELOOP, errno.ENAMETOOLONG, errno.ENOTDIR})
_FORBIDDEN: Final = frozenset({errno.EACCES, errno.EPERM})
_NO_ROOM: Final = frozenset({errno.EDQUOT, errno.EFBIG, errno.ENOSPC})
_TOO_MANY: Final = frozenset({errno.EMFILE, errno.ENFILE})


def of_system(error: OSError, happened: str = "The system refused what the command needs") -> RegroveError:
    """What the operating system said about a file, with the path and what mends it.

    NotFound for what is not there, InvalidInput for a file where a folder is needed and the like, Unavailable for a
    right, room or anything else that is missing.

    >>> print(of_system(PermissionError(13, "Permission denied", "/new-shop"), "The project cannot be written"))
    The project cannot be written.
      received: Permission denied: /new-shop
      mend:     ls -ld / shows whose it is; chmod u+rwX / if it is yours, or work on a copy elsewhere
    """
    path = os.fsdecode(error.filename) if isinstance(error.filename, str | bytes | os.PathLike) else ""
    received = f"{error.strerror or type(error).__name__}{path and ': ' + path}"
    kind = NotFound if error.errno in _ABSENT else InvalidInput if error.errno in _MISFIT else Unavailable
    if kind is NotFound and not os.path.isabs(path) and _is_adrift():
        return NotFound(
            "The current folder is not there any more",
            expected="a folder that is there",
            mend="cd into another folder, or back into this one if it was made again",
        )
    return kind(happened, received=received, mend=_mend(error.errno, quote(_seen(path)) if path else "the file"))


def _seen(path: str) -> str:
    """The path, or the nearest folder above it that is there to be looked at: what was to be made fails for it."""
    while not os.path.lexists(path) and path:
        path = os.path.dirname(path)
    return path or "."


def _is_adrift() -> bool:
    """Whether the folder that this process works in was removed."""
    try:
        os.getcwd()
    except FileNotFoundError:
        return True
    return False


def _mend(number: int | None, path: str) -> str:
    if number in _FORBIDDEN:
        return f"ls -ld {path} shows whose it is; chmod u+rwX {path} if it is yours, or work on a copy elsewhere"
    if number == errno.EROFS:
        return "its file system is mounted for reading only: work on a copy elsewhere"
    if number in _NO_ROOM:
        return "free some space and run the same command again"
    if number in _TOO_MANY:
        return "ulimit -n 4096, then run the same command again"
    if number in _ABSENT:
        return f"ls {path} shows what is there; write the path as it is, or make it"
    if number in _MISFIT:
        return f"ls -ld {path} shows what stands there; move it away, or choose another path"
    return f"see that {path} can be reached, then run the same command again"

"""The two headers that a request may carry beside its body.

``x-regrove-at`` is the domain time of a request to a server of a replayed workspace, where nobody else knows what time
it is; a server that lives in the present refuses it. ``x-regrove-revision`` asks for one of the revisions that answer
now, whatever share of the traffic it gets: for whoever tests a canary by hand. Such requests are logged as such and do
not count when the canary is judged.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from regrove.clock import parse
from regrove.errors import InvalidInput

__all__ = ["AT", "REVISION", "Told", "told"]

AT: Final = "x-regrove-at"
REVISION: Final = "x-regrove-revision"

_PREFIX: Final = b"x-regrove-"
_NAMES: Final = (AT.encode(), REVISION.encode())


class Told(NamedTuple):
    """What the headers of one request say."""

    at: int | None = None
    """Domain time in microseconds."""
    revision: int | None = None


_NOTHING: Final = Told()


def told(headers: Iterable[tuple[bytes, bytes]]) -> Told:
    """What a request's headers (lower-case names) say; InvalidInput for a value that cannot be used.

    >>> told([(b"host", b"here"), (b"x-regrove-revision", b"3")]).revision
    3
    """
    found = _NOTHING
    for name, value in headers:
        if not name.startswith(_PREFIX):
            continue
        text = value.decode("latin-1").strip()
        if name == _NAMES[0]:
            found = found._replace(at=_at(text))
        elif name == _NAMES[1]:
            found = found._replace(revision=_revision(text))
    return found


def _at(text: str) -> int:
    try:
        return parse(text)
    except InvalidInput as error:
        raise InvalidInput(
            f"The header {AT} cannot be used: {error.happened}", expected=error.expected, received=text[:80]
        ) from None


def _revision(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise InvalidInput(
            f"The header {REVISION} cannot be used", expected="the number of a revision", received=text[:80]
        )
    return int(text)

"""Who acts, in which project, and because of what.

A face (the command line, the server, the worker) sets it once; everything below records it. Nothing is recorded
without it. It lives in a context variable: a new thread starts without one, so hand it over with
``contextvars.copy_context``.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Final

import msgspec

from regrove.errors import InvalidInput, RegroveError
from regrove.refs import check_name

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["ACTOR_KINDS", "Attribution", "acting", "attribution"]

ACTOR_KINDS: Final = ("person", "service", "playbook")
"""What can act."""


class Attribution(msgspec.Struct, frozen=True):
    """Who acts (``person:ann``), in which project, and the event or actor that caused it (empty: the actor itself)."""

    actor: str = ""
    project: str = ""
    cause: str = ""


_current: ContextVar[Attribution | None] = ContextVar("regrove_attribution", default=None)


@contextmanager
def acting(*, actor: str | None = None, project: str | None = None, cause: str | None = None) -> Iterator[Attribution]:
    """Act as ``actor`` in ``project`` because of ``cause`` until the block ends; what is not given is inherited.

    ``cause`` is the id of an event, or an actor; an empty text takes an inherited cause away.

    >>> with acting(actor="person:ann", project="flights"), acting(cause="person:bob"):
    ...     attribution()
    Attribution(actor='person:ann', project='flights', cause='person:bob')
    """
    outer = _current.get() or Attribution()
    inner = Attribution(
        actor=outer.actor if actor is None else _check_actor(actor, "actor"),
        project=outer.project if project is None else check_name(project, what="project"),
        cause=outer.cause if cause is None else _check_cause(cause),
    )
    token = _current.set(inner)
    try:
        yield inner
    finally:
        _current.reset(token)


def attribution() -> Attribution:
    """Who acts now. Raises RegroveError when the actor or the project was not set."""
    now = _current.get()
    if now is None or not now.actor or not now.project:
        raise RegroveError(
            "Nobody is acting, so nothing can be recorded",
            expected="an actor and a project",
            received=f"actor {now.actor!r}, project {now.project!r}" if now else "neither",
            mend='with acting(actor="person:NAME", project="PROJECT"): ...',
        )
    return now


def _check_actor(text: str, what: str) -> str:
    kind, _, name = text.partition(":")
    if kind not in ACTOR_KINDS or not name or name != name.strip() or not name.isprintable() or len(text) > 256:
        raise InvalidInput(
            f"This cannot be an {what}",
            expected=f"one of {', '.join(ACTOR_KINDS)}, a colon, and a name of printable characters",
            received=repr(text),
            mend="person:NAME",
        )
    return text


def _check_cause(text: str) -> str:
    identifier = text.removeprefix("event:")
    if not text or (len(identifier) == 32 and set(identifier) <= set("0123456789abcdef")):
        return identifier
    return _check_actor(text, "event id or actor")

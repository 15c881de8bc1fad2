"""The closure of a function: everything in the project's source that can change what it returns."""

from __future__ import annotations

import msgspec

__all__ = ["Closure", "Part", "Widening"]


class Part(msgspec.Struct, frozen=True, order=True):
    """One thing that a function reaches. A digest names its meaning: comments, docstrings and layout do not count."""

    module: str
    """The module it stands in, as it is imported."""
    name: str
    """The name it defines or changes; for an import, the name it is known by in that module."""
    kind: str
    """``function``, ``class``, ``value``, ``import``, ``statement`` (changes what another defined), ``annotations``
    (of the function itself: they choose how values are kept), ``order`` (in which statements that touch one name
    run), ``file`` (reached as a whole and not to be parsed)."""
    digest: str


class Widening(msgspec.Struct, frozen=True, order=True):
    """A place where the source does not say what is reached, so that more was counted than may be needed."""

    where: str
    """File and line, ``steps/clean.py:12``."""
    reason: str
    to: str
    """What was counted whole: a module's name, or ``project``."""


class Closure(msgspec.Struct, frozen=True):
    """What one function reaches."""

    function: str
    digest: str
    """Of the function's name and the parts. Versions of distributions are not in it; a cache key adds them."""
    parts: tuple[Part, ...]
    distributions: tuple[tuple[str, str], ...] = ()
    """Name and version of each distribution reached, sorted. A package that is imported and not installed has the
    version ``not installed``. The standard library is left out: the version of Python stands for it."""
    widened: tuple[Widening, ...] = ()

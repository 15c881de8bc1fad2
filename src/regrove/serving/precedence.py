"""Requests go first: a thread that does long work beside them is held up while one is answered.

The interpreter is shared. A thread that loads a model takes it as often as the one that answers, and an operating
system that is short of cores suspends it with the interpreter in its hands. What it runs is code of many libraries, so
it is held up where Python lets anybody look in: at its calls (``sys.setprofile``, which holds for one thread).
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, Self

if TYPE_CHECKING:
    from types import FrameType

__all__ = ["Precedence"]

_NAP_S: Final = 0.0005
_PATIENCE_S: Final = 5.0
_ONE_REQUEST_S: Final = 0.1


class Precedence:
    """Entered for each request by the one thread that answers; `behind` is for the work that is held up meanwhile.

    >>> first = Precedence()
    >>> with first:
    ...     first.answering
    True
    >>> with first.behind():
    ...     first.answering
    False
    """

    def __init__(self, nap: Callable[[float], None] = time.sleep) -> None:
        self._nap = nap
        self._requests = 0
        self._begun = 0

    @property
    def answering(self) -> bool:
        """Whether a request is being answered."""
        return self._requests > 0

    def __enter__(self) -> Self:
        """A request begins to be answered."""
        self._requests += 1
        self._begun += 1
        return self

    def __exit__(self, *_: object) -> None:
        """It was answered, or failed."""
        self._requests -= 1

    @contextmanager
    def behind(self, patience_s: float = _PATIENCE_S) -> Iterator[None]:
        """The work of this thread that requests go before; held up for ``patience_s`` seconds in all, then no more.

        One request holds it up for a tenth of a second, no longer: it may be waiting for a lock that this thread has.
        The work takes about twice its time even when nothing is asked. Where somebody profiles the thread it is not
        held up.
        """
        if sys.getprofile() is not None:
            yield
            return
        naps, request, of_request = round(patience_s / _NAP_S), self._begun, round(_ONE_REQUEST_S / _NAP_S)

        def hold_up(_frame: FrameType, _event: str, _argument: Any) -> None:
            nonlocal naps, request, of_request
            if not self._requests:
                return
            if request != self._begun:
                request, of_request = self._begun, round(_ONE_REQUEST_S / _NAP_S)
            if naps > 0 and of_request > 0:
                naps, of_request = naps - 1, of_request - 1
                self._nap(_NAP_S)

        sys.setprofile(hold_up)
        try:
            yield
        finally:
            sys.setprofile(None)

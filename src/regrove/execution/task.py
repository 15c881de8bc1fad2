"""A task: a function by its name, and what it is called with."""

from __future__ import annotations

import re
from importlib import import_module
from typing import TYPE_CHECKING, Final

import msgspec

from regrove.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Task", "function_of"]

_FUNCTION: Final = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*\Z")


class Task(msgspec.Struct, frozen=True):
    """One piece of work.

    ``function`` is ``package.module:function``, which takes the payload and returns bytes; ``id`` is the caller's name
    for the work, used in messages.
    """

    id: str
    function: str
    payload: bytes = b""

    def __post_init__(self) -> None:
        if not _FUNCTION.match(self.function):
            raise InvalidInput(
                "This is not the name of a function", expected="package.module:function", received=repr(self.function)
            )


def function_of(name: str) -> Callable[[bytes], bytes]:
    """The function that ``package.module:function`` names; InvalidInput when it is not there."""
    module, _, attribute = name.partition(":")
    try:
        function = getattr(import_module(module), attribute)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module}.".startswith(f"{error.name}."):
            raise  # the module is there, and something that it imports is not
        raise InvalidInput("The module of a task is not there", received=name) from None
    except AttributeError:
        raise InvalidInput("The function of a task is not there", received=name) from None
    return function  # type: ignore[no-any-return]  # what it returns is checked after the call

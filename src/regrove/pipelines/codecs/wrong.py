"""A value that is not what the annotation says."""

from __future__ import annotations

from typing import Any, ClassVar

from regrove.errors import StepFailed

__all__ = ["WrongKind", "type_name"]


class WrongKind(StepFailed):
    """A step returned another kind of value than its annotation says."""

    code: ClassVar[str] = "wrong-kind"


def type_name(value: Any) -> str:
    """The type of a value as people write it.

    >>> type_name(1), type_name(WrongKind)
    ('int', 'type')
    """
    kind = type(value)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"

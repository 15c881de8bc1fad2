"""The ``@step`` decorator: options of a step that its name and parameters cannot say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

import msgspec

from regrove.errors import InvalidInput, nearest

__all__ = ["StepOptions", "options_of", "step"]

F = TypeVar("F", bound=Callable[..., Any])

_MARK: Final = "__regrove_step__"


class StepOptions(msgspec.Struct, frozen=True):
    """How a step is run. Every option is read before the project's code is imported, so each must be a literal."""

    retries: int = 0
    """How often a step that raised is tried again."""
    backoff_s: float = 1.0
    """Seconds before the first retry; doubled for each further one, at most 60."""
    trusted: bool = False
    """Let the step return any object, kept as a pickle that only steps of this project read."""
    variables: tuple[str, ...] = ()
    """Environment variables that the step reads: a change of one runs it again."""


def step(
    *, retries: int = 0, backoff_s: float = 1.0, trusted: bool = False, variables: tuple[str, ...] = ()
) -> Callable[[F], F]:
    """Give a function of the pipeline options; the function itself stays an ordinary function.

    >>> @step(retries=2)
    ... def cleaned(flights): return flights
    >>> cleaned(3)
    3
    """
    options = options_of(
        {"retries": retries, "backoff_s": backoff_s, "trusted": trusted, "variables": tuple(variables)}, where="@step"
    )

    def mark(function: F) -> F:
        setattr(function, _MARK, options)
        return function

    return mark


def options_of(literal: dict[str, Any] | None, *, where: str) -> StepOptions:
    """The options that a decorator's literal arguments give; InvalidInput for one that cannot be used."""
    known = [field.name for field in msgspec.structs.fields(StepOptions)]
    for key in literal or {}:
        if key not in known:
            raise InvalidInput(
                f"{where} has no option {key!r}",
                expected=f"one of {', '.join(known)}",
                received=repr(key),
                mend=nearest(key, known) or f"leave {key} out",
            )
    try:
        options = msgspec.convert(literal or {}, StepOptions)
    except msgspec.ValidationError as error:
        raise InvalidInput(
            f"{where} has an option that cannot be used",
            expected="retries and backoff_s as numbers, trusted as True or False, variables as a tuple of names",
            received=str(error),
            mend="correct the option",
        ) from None
    if options.retries < 0 or options.backoff_s < 0:
        raise InvalidInput(
            f"{where} has a negative option", expected="0 or more", received=str(options), mend="correct the option"
        )
    return options

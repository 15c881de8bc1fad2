"""What a statement mentions: names that it reads or may change, and places that do not say what they reach."""

from __future__ import annotations

from dataclasses import dataclass, field

from regrove.pipelines.code.imports import Target

__all__ = ["Dynamic", "Use", "Uses"]


@dataclass(frozen=True, slots=True)
class Use:
    """One mention of a module-level name, or of what an import inside a function brings (``origin``)."""

    name: str
    path: tuple[str, ...]
    """The attributes that follow: ``("sub", "f")`` in ``name.sub.f``."""
    line: int
    mode: str = "read"
    """``read``; ``import`` (the statement itself); ``base`` of a class; and what may change the object:
    ``store`` (to it or an attribute or item), ``receiver`` of a method, ``argument`` of a call, ``decorator``,
    ``result`` (what calling it returns changes); and what changes it if the ``callee`` is of a kind:
    ``passed`` (an argument, if the callee changes its parameters), ``given`` (an argument of a call whose result
    changes, if the callee returns or keeps it), ``method`` (a receiver, if such a method changes its object)."""
    origin: Target | None = None
    deferred: bool = False
    called: bool = False
    """It is called, or passed to a call: what its body does may happen here."""
    callee: Use | None = None


@dataclass(frozen=True, slots=True)
class Dynamic:
    """A place that reaches what the source does not name."""

    reason: str
    line: int
    to: str
    """``module``, ``project``, or ``object``: whatever ``use`` is, and the module when nobody can tell."""
    use: Use | None = None
    deferred: bool = False


@dataclass(slots=True)
class Uses:
    """All that a statement uses."""

    uses: list[Use] = field(default_factory=list)
    dynamics: list[Dynamic] = field(default_factory=list)
    changes_parameters: bool = False
    returns_parameters: bool = False
    changing_methods: set[str] = field(default_factory=set)
    """Methods defined in the statement that change their object."""

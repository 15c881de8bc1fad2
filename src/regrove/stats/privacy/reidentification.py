"""Rows that stand alone: k-anonymity and l-diversity over declared quasi-identifiers."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import numpy as np
import numpy.typing as npt

from regrove.stats.arrays import Codes, codes, same_rows
from regrove.stats.gate import Gate
from regrove.stats.verdict import InvalidStatistic

__all__ = ["Anonymity", "anonymity"]


class Anonymity(msgspec.Struct, frozen=True, kw_only=True):
    """How well rows hide among rows with the same quasi-identifiers. Counted, not estimated: there is no interval."""

    gate: Gate
    """FAIL when a class is smaller than the limit or less diverse; INCONCLUSIVE without rows."""
    reason: str
    k: int
    """Rows of the smallest class; 0 without rows."""
    limit_k: int
    diversity: int | None
    """Distinct sensitive values of the least diverse class (l); None where no sensitive column was given."""
    limit_l: int
    classes: int
    rows: int
    unique: int
    """Rows that are alone in their class."""
    below: int
    """Rows in classes smaller than the limit: those to generalise or to leave out."""
    smallest: tuple[tuple[str, str], ...]
    """Column and value of one of the smallest classes."""


def anonymity(
    quasi: Mapping[str, npt.ArrayLike], sensitive: npt.ArrayLike | None = None, *, k: int = 5, diversity: int = 2
) -> Anonymity:
    """Count the rows of each class, and the distinct sensitive values in it.

    Sources: Sweeney (2002), IJUFKS 10:557, for k; Machanavajjhala et al. (2007), ACM TKDD 1:3, for (distinct) l. An
    absent value is a value of its own. Only what is declared is counted: a column that is left out can still tell.

    Args:
        quasi: values by column of what an outsider may know: age, postcode, sex.
        sensitive: what must not be learnt of a row.
        k: rows that a class must have.
        diversity: distinct sensitive values that a class must have.

    >>> found = anonymity({"age": [30, 30, 40], "sex": ["f", "f", "m"]}, k=2)
    >>> found.gate.value, found.k, found.unique, found.smallest
    ('fail', 1, 1, (('age', '40'), ('sex', 'm')))
    """
    if not quasi or k < 1 or diversity < 1:
        raise InvalidStatistic(
            "The question is not well put",
            expected="at least 1 quasi-identifier, k and l of at least 1",
            received=f"{len(quasi)} columns, k {k}, l {diversity}",
        )
    coded = {name: codes(values) for name, values in quasi.items()}
    rows = same_rows(**{f"column {name}": places for name, (_, places) in coded.items()})
    place = np.zeros(rows, dtype=np.int64)
    for names, places in coded.values():
        place = np.unique(place * len(names) + places, return_inverse=True)[1].astype(np.int64)
    hidden = None if sensitive is None else codes(sensitive)[1]
    if hidden is not None:
        same_rows(quasi=place, sensitive=hidden)
    if not rows:
        return _record(
            Gate.INCONCLUSIVE, "there are no rows", np.zeros(0, dtype=np.int64), place, None, (), k, diversity
        )
    sizes = np.bincount(place)
    least = None if hidden is None else int(_distinct(place, hidden).min())
    first = int(np.flatnonzero(place == int(sizes.argmin()))[0])
    smallest = tuple((name, names[places[first]]) for name, (names, places) in coded.items())
    small, plain = int(sizes.min()) < k, least is not None and least < diversity
    words = [f"{int(sizes[sizes < k].sum()):,} of {rows:,} rows are in classes of fewer than {k}"] if small else []
    words += [f"a class has {least} sensitive values, fewer than {diversity}"] if plain else []
    reason = "; ".join(words) or f"every class has at least {int(sizes.min()):,} rows"
    gate = Gate.FAIL if small or plain else Gate.PASS
    return _record(gate, reason, sizes.astype(np.int64), place, least, smallest, k, diversity)


def _distinct(place: Codes, hidden: Codes) -> Codes:
    """Distinct sensitive values of each class."""
    pairs = np.unique(place * (int(hidden.max()) + 1) + hidden)
    return np.bincount(pairs // (int(hidden.max()) + 1)).astype(np.int64)


def _record(
    gate: Gate,
    reason: str,
    sizes: Codes,
    place: Codes,
    least: int | None,
    smallest: tuple[tuple[str, str], ...],
    k: int,
    diversity: int,
) -> Anonymity:
    return Anonymity(
        gate=gate,
        reason=reason,
        k=int(sizes.min(initial=len(place))),
        limit_k=k,
        diversity=least,
        limit_l=diversity,
        classes=len(sizes),
        rows=len(place),
        unique=int((sizes == 1).sum()),
        below=int(sizes[sizes < k].sum()),
        smallest=smallest,
    )

"""Which perturbations a gate makes, and one of them made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec
import numpy as np
import numpy.typing as npt

from regrove.stats.robustness.operators import noisy, slipped, with_missing, with_new
from regrove.stats.verdict import InvalidStatistic

__all__ = ["Perturbation", "perturbed", "usual_plan"]


class Perturbation(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that goes wrong."""

    kind: Literal["noise", "slip", "missing", "new"]
    columns: tuple[str, ...]
    """Columns that it happens to, all at once."""
    amount: float
    """Robust standard deviations of noise, factor of a slip, share of rows that are missing or new."""
    limit: float | None
    """Flips that are allowed; None where the flip rate is reported and decides nothing."""
    seed: int = 0

    def __str__(self) -> str:
        """The perturbation for a person."""
        names = ", ".join(self.columns)
        return {
            "noise": f"noise of {self.amount:g} sd in {names}",
            "slip": f"{names} times {self.amount:g}",
            "missing": f"{100 * self.amount:g}% of {names} missing",
            "new": f"{100 * self.amount:g}% of {names} a new category",
        }[self.kind]


def perturbed(
    columns: Mapping[str, npt.ArrayLike],
    perturbation: Perturbation,
    *,
    spreads: Mapping[str, float] | None = None,
) -> dict[str, npt.NDArray[np.generic]]:
    """A copy of the table in which one thing went wrong; other columns are the arrays that were given.

    Args:
        columns: values by column.
        perturbation: what goes wrong.
        spreads: robust standard deviations of the training data by column, for noise; else those of the values.

    >>> table = {"age": np.array([30.0, 40.0]), "shop": np.array(["a", "b"])}
    >>> change = Perturbation(kind="slip", columns=("age",), amount=10.0, limit=None)
    >>> perturbed(table, change)["age"].tolist()
    [300.0, 400.0]
    """
    unknown = [name for name in perturbation.columns if name not in columns]
    if unknown or not perturbation.columns:
        raise InvalidStatistic(
            "There is no such column to perturb",
            expected=", ".join(columns) or "at least 1 column",
            received=", ".join(unknown) or "none",
        )
    rng = np.random.default_rng(perturbation.seed)
    changed = {name: np.asarray(values) for name, values in columns.items()}
    for name in perturbation.columns:
        values, amount = changed[name], perturbation.amount
        if perturbation.kind == "noise":
            changed[name] = noisy(values, rng, share=amount, sd=None if spreads is None else spreads[name])
        elif perturbation.kind == "slip":
            changed[name] = slipped(values, amount)
        elif perturbation.kind == "missing":
            changed[name] = with_missing(values, rng, share=amount)
        else:
            changed[name] = with_new(values, rng, share=amount)
    return changed


def usual_plan(columns: Mapping[str, npt.ArrayLike], *, seed: int = 0) -> tuple[Perturbation, ...]:
    """The usual perturbations of a table.

    Noise of .1 robust standard deviations in all numbers at once, gated at 2% of flips; for each column, reported:
    unit slips of 10 and 1,000 in a number, 10% and 30% missing, and a new category in place of each text.

    >>> [str(each) for each in usual_plan({"shop": ["a", "b"]})][-1]
    '100% of shop a new category'
    """
    numbers = tuple(name for name, values in columns.items() if np.asarray(values).dtype.kind in "fiu")
    plan = []
    if numbers:
        plan.append(Perturbation(kind="noise", columns=numbers, amount=0.1, limit=0.02, seed=seed))
    for name in columns:
        one = (name,)
        if name in numbers:
            plan += [Perturbation(kind="slip", columns=one, amount=f, limit=None, seed=seed) for f in (10.0, 1000.0)]
        plan += [Perturbation(kind="missing", columns=one, amount=s, limit=None, seed=seed) for s in (0.1, 0.3)]
        if name not in numbers:
            plan.append(Perturbation(kind="new", columns=one, amount=1.0, limit=None, seed=seed))
    return tuple(plan)

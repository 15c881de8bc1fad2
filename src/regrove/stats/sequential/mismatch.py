"""Do units arrive in the share that was asked for? If not, no comparison of the arms means anything."""

from __future__ import annotations

import math

import msgspec
from scipy import special

from regrove.stats.sequential.beta import beta_binomial
from regrove.stats.verdict import InvalidStatistic

__all__ = ["SampleRatio", "sample_ratio"]


class SampleRatio(msgspec.Struct, frozen=True, kw_only=True):
    """The verdict on the split."""

    broken: bool
    """True: nothing that was compared between the arms may promote; find the cause first."""
    e: float
    """Valid at any time."""
    p: float
    """Exact binomial, both tails doubled; valid for one look only."""
    threshold: float
    """For the e-value."""
    share: float
    """That was asked for."""
    seen: float | None
    canary: int
    control: int
    reason: str


def sample_ratio(canary: int, control: int, share: float, *, alpha: float = 0.001, final: bool = False) -> SampleRatio:
    """Compare the units in both arms with the share that was asked for.

    While the test runs only the e-value decides (reached 1 / alpha); with ``final``, once at its end, also an exact
    p-value at or below alpha / 2. Where the share changes, feed all units into a two-sided grid with
    ``RATIO_MISMATCH``.

    Stated level: a right split is called broken in at most alpha of all tests that look after every unit, and in at
    most 1.5 alpha when the final look is used too.

    >>> sample_ratio(5000, 5050, 0.5).broken, sample_ratio(5000, 6000, 0.5).broken
    (False, True)
    """
    if not (0.0 < share < 1.0 and 0.0 < alpha < 1.0 and canary >= 0 and control >= 0):
        raise InvalidStatistic(
            "A split cannot be tested",
            expected="counts from 0 up, a share and an alpha between 0 and 1",
            received=f"{canary} and {control} units, share {share}, alpha {alpha}",
        )
    total = canary + control
    log_e = float(beta_binomial(canary, control, share))
    # P(X <= s) and P(X >= s) as incomplete betas, which keep their precision in the far tail
    below = float(special.betainc(control, canary + 1, 1.0 - share)) if control else 1.0
    above = float(special.betainc(canary, control + 1, share)) if canary else 1.0
    p = min(1.0, 2.0 * min(below, above))
    broken = log_e >= -math.log(alpha) or (final and p <= alpha / 2.0)
    seen = canary / total if total else None
    return SampleRatio(
        broken=broken,
        e=math.exp(min(log_e, 709.0)),
        p=p,
        threshold=1.0 / alpha,
        share=share,
        seen=seen,
        canary=canary,
        control=control,
        reason="there are no units yet"
        if seen is None
        else f"{100 * seen:.4g}% of {total:,} units came to the canary where {100 * share:.4g}% were asked for"
        + ("; find the cause, no comparison counts" if broken else ""),
    )

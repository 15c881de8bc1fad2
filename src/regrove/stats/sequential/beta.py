"""The e-process of a canary with a constant share: a beta prior in place of the grid."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import special

from regrove.stats.arrays import Floats
from regrove.stats.verdict import InvalidStatistic

__all__ = ["beta_binomial"]


def beta_binomial(
    canary: npt.ArrayLike, control: npt.ArrayLike, share: float, *, concentration: float = 10.0
) -> Floats:
    """Logarithm of the e-value that the canary's events are not ``share`` of all; two-sided, share constant.

    ``B(a + S, b + F) / B(a, b) / (pi^S (1 - pi)^F)`` with a = c pi, b = c (1 - pi) (Lindon and Malek, 2022, NeurIPS).

    Args:
        canary: events S of the canary so far, any shape.
        control: events F of the control so far, same shape.
        share: pi, between 0 and 1.
        concentration: c; larger looks closer to ``share``.

    Returns:
        Logarithms, in the shape of the counts. Reaches log(1 / alpha) ever with probability at most alpha under the
        null, looked at after every event.

    >>> abs(float(beta_binomial(1, 0, 0.5))) < 1e-12, bool(beta_binomial(80, 20, 0.5) > np.log(1000))
    (True, True)
    """
    s, f = np.asarray(canary, dtype=np.float64), np.asarray(control, dtype=np.float64)
    fine = np.isfinite(s).all() and np.isfinite(f).all() and s.shape == f.shape
    if not (fine and (s >= 0).all() and (f >= 0).all() and 0.0 < share < 1.0 and 0.0 < concentration < np.inf):
        raise InvalidStatistic(
            "These are no counts of two arms",
            expected="counts from 0 up of one shape, a share between 0 and 1, a concentration above 0",
            received=f"shapes {s.shape} and {f.shape}, share {share}, concentration {concentration}",
        )
    a, b = concentration * share, concentration * (1.0 - share)
    log_e: Floats = special.betaln(a + s, b + f) - special.betaln(a, b) - s * np.log(share) - f * np.log1p(-share)
    return log_e

"""How long labels take: the law of the delay from rows whose labels came and rows that still wait."""

from __future__ import annotations

import math

import msgspec
import numpy as np
import numpy.typing as npt
from scipy import special

from regrove.stats.arrays import Floats, binary, finite, same_rows
from regrove.stats.verdict import Interval, InvalidStatistic

__all__ = ["DelayLaw", "delay_law"]


class DelayLaw(msgspec.Struct, frozen=True, kw_only=True):
    """The share of labels that have arrived by each age of a row (Kaplan and Meier's curve, upside down)."""

    ages: Floats
    """Ages at which labels arrived, rising; in the unit that was given."""
    shares: Floats
    """Share of labels that have arrived by that age, that age included."""
    errors: Floats
    """Greenwood's standard error of the share."""
    rows: int
    labelled: int
    """Rows whose label has come; the others wait."""
    longest: float
    """The greatest age that was seen. What happens later is unknown, and the share is not raised beyond it."""
    seen: Floats
    """The ages of all rows, rising: how many were still looked at by an age."""
    products: Floats
    """First and second moment, shape (2, ages), of the product of betas that bounds the share waiting."""

    def share(self, age: float) -> float:
        """The share of labels that have arrived at this age.

        >>> delay_law([1, 2, 3, 4], [1, 1, 0, 0]).share(2.5)
        0.5
        """
        place = self._place(age)
        return 0.0 if place < 0 else float(self.shares[place])

    def shares_at(self, ages: npt.ArrayLike) -> Floats:
        """The share for each of many ages."""
        wanted = finite("ages", ages)
        found: Floats = np.concatenate([[0.0], self.shares])[self.ages.searchsorted(wanted, "right")]
        return found

    def interval(self, age: float, level: float = 0.95) -> Interval:
        """The interval of the share at this age, from products of betas.

        Without waiting rows it is Clopper and Pearson's. Where few rows were looked at for so long it is wide, and
        beyond the oldest row it is open above: nothing is known of later labels. Source: Fay, Brittain and Proschan
        (2013), Biostatistics 14:723 (by the moments of the product). Stated coverage: at least 94% for a level of 95%,
        at any age, from 30 rows on (``python -m soak labels``). Rows are taken as independent.

        >>> str(delay_law(range(1, 101), [1] * 100).interval(95))
        '0.8872 to 0.9836 (95%)'
        >>> str(delay_law([1, 1, 3, 3], [1, 1, 0, 0]).interval(4))
        '0.06759 to 1 (95%)'
        """
        place = self._place(age)
        if not 0.0 < level < 1.0:
            raise InvalidStatistic("This is no level", expected="a number between 0 and 1", received=str(level))
        first, second = (1.0, 1.0) if place < 0 else (float(each) for each in self.products[:, place])
        watched = self.rows - int(self.seen.searchsorted(age, "right"))
        most = _beta_quantile(first, second, 0.5 + level / 2.0)
        least = 0.0
        if watched:
            factor = watched / (watched + 1.0), watched / (watched + 2.0)
            least = _beta_quantile(first * factor[0], second * factor[1], 0.5 - level / 2.0)
        share = self.share(age)
        return Interval(min(1.0 - most, share), max(1.0 - least, share), level)

    def age_for(self, share: float) -> float:
        """The age at which this share has arrived; infinite when it was never seen to.

        >>> delay_law([1, 2, 3, 4], [1, 1, 0, 0]).age_for(0.5), delay_law([1, 2], [1, 0]).age_for(0.9)
        (2.0, inf)
        """
        if not 0.0 < share <= 1.0:
            raise InvalidStatistic("This is no share", expected="above 0, at most 1", received=str(share))
        place = int(np.searchsorted(self.shares, share - 1e-12))
        return float(self.ages[place]) if place < len(self.ages) else math.inf

    def _place(self, age: float) -> int:
        if math.isnan(age):
            raise InvalidStatistic("An age is not a number", expected="a number", received="nan")
        return int(self.ages.searchsorted(age, "right")) - 1


def delay_law(ages: npt.ArrayLike, arrived: npt.ArrayLike) -> DelayLaw:
    """Estimate the law of the delay (Kaplan and Meier, 1958, JASA 53:457).

    Labels that came are not typical: fast ones are seen first. A row that still waits says that its delay is longer
    than its age, and the estimate uses just that. It assumes that the age at which a row was last looked at says
    nothing about its delay.

    Args:
        ages: per row the delay (label time minus prediction time) where the label came, else the age so far; 0 or more.
        arrived: 1 where the label came, 0 where the row still waits.

    >>> law = delay_law([1, 2, 2, 5, 9], [1, 1, 0, 1, 0])
    >>> [round(float(each), 3) for each in law.shares]
    [0.2, 0.4, 0.7]
    """
    age, came = finite("ages", ages), binary("arrived", arrived)
    rows = same_rows(ages=age, arrived=came)
    if rows == 0 or age.min() < 0.0:
        raise InvalidStatistic(
            "The delay law needs rows with an age of 0 or more",
            expected="at least 1 row, ages from 0",
            received=f"{rows} rows" if rows == 0 else f"an age of {age.min():.6g}",
            mend="labels that are older than their prediction were joined to the wrong row",
        )
    times, events = np.unique(age[came], return_counts=True)
    at_risk = rows - np.sort(age).searchsorted(times, "left")
    waiting: Floats = np.cumprod((at_risk - events) / at_risk, dtype=np.float64)
    kept, both = at_risk - events + 1.0, at_risk + 1.0  # a factor Beta(kept, events) an age
    products = np.cumprod([kept / both, kept * (kept + 1.0) / (both * (both + 1.0))], axis=1)
    greenwood = np.cumsum(np.where(events < at_risk, events / (at_risk * np.maximum(at_risk - events, 1)), 0.0))
    return DelayLaw(
        ages=times,
        shares=1.0 - waiting,
        errors=waiting * np.sqrt(greenwood),
        rows=rows,
        labelled=int(came.sum()),
        longest=float(age.max()),
        seen=np.sort(age),
        products=products,
    )


def _beta_quantile(first: float, second: float, chance: float) -> float:
    """The quantile of the beta with these moments about 0; 1 where it has shrunk to a point there."""
    variance = second - first * first
    if first >= 1.0 or variance <= 0.0:
        return first
    total = first * (1.0 - first) / variance - 1.0
    return float(special.betaincinv(first * total, (1.0 - first) * total, chance))

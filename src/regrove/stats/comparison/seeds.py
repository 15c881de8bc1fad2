"""Is it the recipe or the luck of one training seed?"""

from __future__ import annotations

import math

import msgspec
from scipy import special

from regrove.stats.comparison.paired import Paired
from regrove.stats.verdict import Decision, InvalidStatistic, needs

__all__ = ["SeedSpread", "seed_spread"]


class SeedSpread(msgspec.Struct, frozen=True, kw_only=True):
    """The gain of a recipe trained with several seeds."""

    decision: Decision
    reason: str
    value: float
    """Mean gain of the seeds."""
    seeds: int
    wins: int
    """Seeds with a gain above 0 on this holdout."""
    seed_deviation: float
    """Standard deviation of the gain from seed to seed; 0 for one seed, where it is unknown."""
    block_deviation: float
    """Standard error of the mean gain from the choice of blocks."""
    deviation: float
    """Of the gain of one more seed on another such holdout: both together."""
    probability: float
    """Chance that one more seed beats the champion on another such holdout."""
    threshold: float


def seed_spread(paired: Paired, *, threshold: float = 0.75, least: int = 3) -> SeedSpread:
    """Whether a challenger recipe beats the champion whatever its seed; the challengers of ``paired`` are its seeds.

    PROMOTE when P(challenger seed > champion) is at least ``threshold``, REJECT when P(champion > challenger seed) is,
    HOLD between them or with fewer than ``least`` seeds. The probability is normal with both variances, that of blocks
    and that of seeds. Source: Bouthillier et al. (2021), MLSys 3:747, who recommend .75.

    >>> import numpy as np
    >>> from regrove.stats.comparison import paired_losses
    >>> rng = np.random.default_rng(0); champion = rng.normal(2, 1, 900)
    >>> found = seed_spread(paired_losses(champion, {str(s): champion - 0.3 + rng.normal(0, 1, 900) for s in range(3)}))
    >>> found.decision.value, found.wins
    ('promote', 3)
    """
    if not 0.5 <= threshold < 1.0 or least < 2:
        raise InvalidStatistic(
            "These are no limits for seeds",
            expected="a threshold of .5 to 1 and at least 2 seeds",
            received=f"{threshold}, {least} seeds",
        )
    seeds, value = len(paired.gains), float(paired.gains.mean())
    between = float(paired.gains.std(ddof=1)) if seeds > 1 else 0.0
    within = float(paired.drawn.mean(axis=1).std(ddof=1)) * math.sqrt(paired.blocks / (paired.blocks - 1.0))
    both = math.hypot(between, within)
    chance = float(special.ndtr(value / both)) if both > 0.0 else (0.5 if value == 0.0 else float(value > 0.0))
    shown = f"a new seed beats the champion with probability {chance:.2f} ({seeds} seeds)"
    if seeds < least:
        decision, reason = Decision.HOLD, f"{seeds} seeds do not show their spread: {needs(least - seeds, 'seeds')}"
    elif chance >= threshold:
        decision, reason = Decision.PROMOTE, f"{shown}, at least {threshold:.2f}"
    elif chance <= 1.0 - threshold:
        decision, reason = Decision.REJECT, f"{shown}, so the champion wins with at least {threshold:.2f}"
    else:
        cause = "seeds differ" if between > within else "blocks differ"
        decision, reason = (
            Decision.HOLD,
            f"{shown}, below {threshold:.2f}; {cause} more than the gain, add more of them",
        )
    return SeedSpread(
        decision=decision,
        reason=reason,
        value=value,
        seeds=seeds,
        wins=int((paired.gains > 0.0).sum()),
        seed_deviation=between,
        block_deviation=within,
        deviation=both,
        probability=chance,
        threshold=threshold,
    )

"""When the labels of a block are all that will come: after a declared delay, or by the law of the delays so far.

A block is judged once, when at least 95% of the labels that will ever come should have come; labels that are known
earlier are not typical. Without a declared delay the law is Kaplan and Meier's (`regrove.stats.labels.delay_law`), from
the rows of the last weeks. Where not every row ever gets a label, the curve ends below 1; its end counts as all, once
the oldest rows are twice as old as what it takes to come near it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from regrove.clock import duration

if TYPE_CHECKING:
    import polars as pl

    from regrove.monitoring.block import Block
    from regrove.monitoring.config import MonitorConfig
    from regrove.monitoring.log import Log
    from regrove.stats.labels import DelayLaw

__all__ = ["MATURE_AT", "Maturity"]

MATURE_AT: Final = 0.95
_DAY: Final = 86_400_000_000
_SPAN: Final = 60 * _DAY
"""How far back rows are looked at for the law."""
_MOST_ROWS: Final = 20_000
"""Of these so many, spread evenly."""
_SEEN: Final = 2.0
"""How much older the oldest row must be than the age at which the curve is nearly at its end."""


class Maturity:
    """Which blocks are mature at one instant, by what was known then."""

    def __init__(self, config: MonitorConfig, log: Log, *, at: int) -> None:
        assert config.performance is not None
        delay = config.performance.label_delay
        self._delay = None if delay is None else duration(delay)
        self._log = log
        self._at = at
        self._law: DelayLaw | None = None
        self._read = False

    def due(self, block: Block) -> float:
        """The share of the block's labels that should have come, of those that ever will; 0 when nobody can say yet.

        >>> from regrove.monitoring.block import block_at
        >>> from regrove.monitoring.config import MonitorConfig, PerformanceConfig
        >>> config = MonitorConfig("late", performance=PerformanceConfig("log_loss", label_delay="5d"))
        >>> day = block_at(0, "1d", "UTC")
        >>> Maturity(config, None, at=5 * 86_400_000_000).due(day), Maturity(config, None, at=day.end_at * 6).due(day)
        (0.0, 1.0)
        """
        if self._delay is not None:
            return 1.0 if self._at >= block.end_at + self._delay else 0.0
        law = self._known()
        if law is None:
            return 0.0
        # of the youngest row, so that no row of the block is younger than what is said of it
        return min(1.0, law.share(float(self._at - block.end_at)) / law.share(law.longest))

    def _known(self) -> DelayLaw | None:
        """The law of the delays as it was known then; None where its end was not in sight."""
        if not self._read:
            rows = self._log.rows(self._at - _SPAN, self._at, (), labels_until=self._at)
            self._law, self._read = _learnt(rows, self._at), True
        return self._law


def _learnt(rows: pl.DataFrame, at: int) -> DelayLaw | None:
    import numpy as np

    from regrove.stats.labels import delay_law

    asked = rows.filter("is_control").gather_every(max(1, -(-rows.height // _MOST_ROWS)))
    if not asked.height:
        return None
    asked_at = asked["at"].to_physical().to_numpy()
    received = asked["label_received_at"].to_physical().fill_null(at).to_numpy()
    came = asked["label"].is_not_null().to_numpy()
    if not came.any():
        return None
    # a label that was there before its prediction came at once
    ages = np.maximum(0, np.where(came, received, at) - asked_at).astype(np.float64)
    law = delay_law(ages, came)
    nearly = law.age_for(MATURE_AT * law.share(law.longest))
    return law if at - int(asked_at.min()) >= _SEEN * nearly else None

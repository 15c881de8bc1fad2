"""SUSPECT and CONFIRMED, by mature blocks only."""

from __future__ import annotations

import numpy as np
import pytest

from regrove.stats.labels import BlockLoss, Standing, block_loss, loss_standing
from regrove.stats.verdict import InvalidStatistic

REFERENCE = np.random.default_rng(0).normal(0.2, 0.02, 60)


def blocks(losses: list[float], share: float = 1.0) -> list[BlockLoss]:
    """Blocks of 200 rows with these mean losses, to a half percent."""
    found = []
    for loss in losses:
        rows = (np.arange(200) < round(200 * loss)).astype(float)
        found.append(block_loss(rows, np.ones(200), np.full(200, share)))
    return found


class TestLossStanding:
    """Two detectors, two meanings."""

    def test_no_growth_is_sound(self) -> None:
        """As is less loss than before."""
        for loss in (0.2, 0.05):
            found = loss_standing(REFERENCE, blocks([loss] * 60))
            assert (found.standing, found.suspect_at, found.confirmed_at) == (Standing.SOUND, None, None)

    def test_growth_is_suspect_first_and_confirmed_later(self) -> None:
        """The places are those of the blocks that were given."""
        stream = blocks([0.2] * 10 + [0.3] * 90)
        found = loss_standing(REFERENCE, stream)
        assert found.standing is Standing.CONFIRMED
        assert 10 <= found.suspect_at < found.confirmed_at < 100
        early = loss_standing(REFERENCE, stream[: found.suspect_at + 1])
        assert (early.standing, early.suspect_at) == (Standing.SUSPECT, found.suspect_at)

    def test_blocks_that_are_not_mature_are_left_out(self) -> None:
        """However bad they look; and places count them."""
        bad = blocks([0.9] * 50, share=0.5)
        found = loss_standing(REFERENCE, bad)
        assert (found.standing, found.mature, found.immature) == (Standing.OPEN, 0, 50)
        mixed = loss_standing(REFERENCE, [*bad, *blocks([0.5] * 60)])
        assert mixed.standing is Standing.CONFIRMED
        assert mixed.suspect_at >= 50
        assert "50 blocks are not mature" in mixed.reason

    def test_a_short_reference_is_refused(self) -> None:
        """Nothing can be calibrated on it."""
        with pytest.raises(InvalidStatistic):
            loss_standing([0.2] * 5, blocks([0.2]))

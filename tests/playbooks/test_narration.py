"""The story of a loop reads from the alert to the outcome."""

from __future__ import annotations

import re
from typing import Any

from regrove.playbooks import headline, story
from tests.playbooks.facts import fire

DAY = 86_400_000_000


class TestStory:
    """Sentences in the order in which things happened."""

    def test_from_the_alert_to_the_promotion(
        self, playbooks: Any, settle: Any, rooms: Any, ledger: Any, database: Any, clock: Any
    ) -> None:
        """Each with what was made; domain time where it took any."""
        fire(ledger, database)
        (loop,) = settle()
        assert story(loop)[-1] == f"It waits for {loop.present.ref('rollout')} to end: Phase 1 of 2 at 5%."
        clock.advance(3 * DAY)
        rooms.end_rollouts()
        (loop,) = settle()
        told = [re.sub(r" in \d+\.\d s", " in 0.0 s", each) for each in story(loop)]
        alert = "alert:0190a1b2c3d4e5f60718293a4b5c6d7e"
        assert told == [
            (
                f"It was begun at 2013-03-01T00:00:00Z because of alert.fired of {alert} at 2013-03-01T00:00:00Z: "
                "The log loss of 2013-03-01 to 2013-03-07 is 0.041 above what was expected (0.020 to 0.062)."
            ),
            (
                f"It retrained at 2013-03-01T00:00:00Z in 0.0 s (run:{2:032x}, model:late@2): trained. "
                "It learned from dataset:trips@2."
            ),
            f"The gate judged at 2013-03-01T00:00:00Z in 0.0 s (gate:{2:032x}): PROMOTE. model:late@2 said PROMOTE.",
            (
                "It rolled out at 2013-03-01T00:00:00Z until 2013-03-04T00:00:00Z, 3.0 days, in 0.0 s "
                f"(rollout:{2:032x}): completed. The rollout completed."
            ),
            "It ended at 2013-03-04T00:00:00Z. The new version was promoted.",
        ]
        assert headline(loop) == f"{loop.ref} of playbook retrain for late is finished: promoted."

    def test_of_one_that_did_not_begin(self, playbooks: Any, settle: Any, ledger: Any, database: Any) -> None:
        """Why not, in one sentence more."""
        fire(ledger, database)
        settle()
        fire(ledger, database)
        (loop,) = settle()
        assert story(loop)[-1] == f"Nothing was done: {loop.reason}"
        assert headline(loop).endswith(f"was not begun: {loop.reason}")

    def test_of_one_by_hand(self, playbooks: Any, settle: Any) -> None:
        """The person's own words."""
        loop = playbooks.run("retrain", "the data were mended")
        assert story(loop)[0] == "At 2013-03-01T00:00:00Z somebody began it by hand: the data were mended."
        assert story(loop)[1] == "Next it will retrain late."
        settle()
        stopped = playbooks.stop("last", "enough")
        assert story(stopped)[-2:] == (
            "rollout was under way when it was stopped.",
            "Somebody stopped it at 2013-03-01T00:00:00Z: enough",
        )

"""Limits: cooldown, budget, one at a time, breaker."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from regrove.playbooks.config import PlaybookConfig
from regrove.playbooks.limits import left, refusal
from regrove.playbooks.record import LoopRecord, Standing

DAY = 86_400_000_000


def playbook(**changes: Any) -> PlaybookConfig:
    return msgspec.convert({"on": "alert.fired", "do": ["retrain"], **changes}, PlaybookConfig)


def loop(name: str, *, state: str = "running", ended_at: int | None = None, **changes: Any) -> LoopRecord:
    values = {
        "id": "0190a1b2c3d4e5f60718293a4b5c6d7e",
        "project": "test",
        "playbook": name,
        "trigger": "alert.fired",
        "event_id": "",
        "cause": "",
        "because": "",
        "config": playbook(),
        "declared": "",
        "model": "late",
        "deployment": "",
        "state": state,
        "started_at": 0,
        "started_wall_at": 0,
        "ended_at": ended_at,
    } | changes
    return LoopRecord(**values)


def refused(config: PlaybookConfig, now: int, **changes: Any) -> Any:
    standing = Standing(name="mine", declared=True, since=0, enrolled_at=0)
    given = {"model": "late", "own": [], "running": [], "starts": []} | changes
    return refusal(config, given.pop("standing", standing), now=now, **given)


class TestBudget:
    """A bucket of tokens that fills up again."""

    @given(
        st.integers(1, 5),
        st.integers(1, 40),
        st.lists(st.integers(0, 20), min_size=1, max_size=40),
    )
    def test_it_is_a_bucket_of_tokens(self, count: int, days: int, pauses: list[int]) -> None:
        """Against a bucket of fractions that is filled drop by drop."""
        config = playbook(limits={"budget": f"{count} per {days}d"})
        step = days * DAY // count
        tokens, at, starts = Fraction(count), 0, []
        for pause in pauses:
            tokens = min(Fraction(count), tokens + Fraction(pause * DAY, step))
            at += pause * DAY
            allowed = refused(config, at, starts=starts) is None
            assert allowed == (tokens >= 1)
            assert left(config, starts, at) == int(tokens)
            if allowed:
                tokens -= 1
                starts.append(at)

    def test_the_reason_says_when_the_next_one_may_begin(self) -> None:
        """And from then on it may."""
        config = playbook(limits={"budget": "2 per 10d"})
        no = refused(config, DAY, starts=[0, 0])
        assert (no.limit, no.until) == ("budget", 5 * DAY)
        assert "1970-01-06" in no.reason
        assert refused(config, no.until - 1, starts=[0, 0]) is not None
        assert refused(config, no.until, starts=[0, 0]) is None

    def test_a_playbook_that_retrains_has_one_without_saying(self) -> None:
        """Four in thirty days; one that only tells has none."""
        assert refused(playbook(), 0, starts=[0] * 4).limit == "budget"
        assert refused(playbook(do=["notify"]), 0, starts=[0] * 400) is None
        assert left(playbook(do=["notify"]), [0] * 400, 0) is None


class TestCooldown:
    """After the end of a loop it rests."""

    def test_it_counts_from_the_end(self) -> None:
        """To the microsecond."""
        config = playbook(limits={"cooldown": "7d"})
        own = [loop("mine", state="finished", ended_at=3 * DAY)]
        no = refused(config, 9 * DAY, own=own)
        assert (no.limit, no.until) == ("cooldown", 10 * DAY)
        assert refused(config, 10 * DAY - 1, own=own) is not None
        assert refused(config, 10 * DAY, own=own) is None

    def test_a_person_is_not_held_back(self) -> None:
        """By neither cooldown nor budget."""
        config = playbook(limits={"cooldown": "7d", "budget": "1 per 9d"})
        own = [loop("mine", state="finished", ended_at=0)]
        assert refused(config, 1, own=own, starts=[0]) is not None
        assert refused(config, 1, own=own, starts=[0], by_hand=True) is None


class TestConcurrent:
    """One at a time."""

    def test_another_loop_of_it_goes_on(self) -> None:
        """As many as are declared may."""
        assert refused(playbook(), 0, running=[loop("mine")]).limit == "concurrent"
        two = playbook(limits={"concurrent": 2})
        assert refused(two, 0, running=[loop("mine", model="early")]) is None
        assert refused(two, 0, running=[loop("mine", model="early")] * 2).limit == "concurrent"

    def test_a_model_is_changed_by_one_loop_at_a_time(self) -> None:
        """Whatever playbook it is of; the reason names both."""
        no = refused(playbook(), 0, running=[loop("other")])
        assert no.limit == "concurrent"
        assert "of playbook other" in no.reason
        assert refused(playbook(), 0, running=[loop("other")], by_hand=True).limit == "concurrent"
        assert refused(playbook(), 0, running=[loop("other", model="early")]) is None

    def test_telling_and_rolling_back_wait_for_nobody(self) -> None:
        """A rollback is what ends the other's rollout."""
        assert refused(playbook(do=["notify"]), 0, running=[loop("other")]) is None
        assert refused(playbook(do=["rollback"]), 0, running=[loop("other")]) is None
        telling = loop("other", config=playbook(do=["notify"]))
        assert refused(playbook(), 0, running=[telling]) is None


class TestBreaker:
    """Broken until it is reset."""

    def test_nothing_begins(self) -> None:
        """Not even by hand; the reason says what mends it."""
        standing = Standing(
            name="mine", declared=True, since=0, enrolled_at=0, broken_at=5, broken_reason="retrain failed 3 times."
        )
        no = refused(playbook(), 0, standing=standing, by_hand=True)
        assert no.limit == "breaker"
        assert "retrain failed 3 times. It begins nothing until: regrove playbooks reset mine" in no.reason

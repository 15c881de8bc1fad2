"""Whether a playbook may begin a loop now, and the sentence that says why not. All of it counts in domain time.

The budget ``4 per 30d`` is a bucket of four tokens, full at first: each loop takes one, and one comes back every 7.5
days until it is full. It is worked out from when loops began (the generic cell rate algorithm, ITU-T I.371), so there
is no count beside them that could be wrong.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from regrove.clock import duration, iso
from regrove.playbooks.config import PlaybookConfig
from regrove.playbooks.record import LoopRecord, Standing

__all__ = ["Refusal", "left", "refusal"]


class Refusal(msgspec.Struct, frozen=True):
    """A limit that says no."""

    limit: str
    reason: str
    """A sentence."""
    until: int = 0
    """The domain time from which on this limit says yes; 0 when that is not a matter of time."""


def refusal(
    config: PlaybookConfig,
    standing: Standing,
    *,
    model: str,
    own: Sequence[LoopRecord],
    running: Sequence[LoopRecord],
    starts: Iterable[int],
    now: int,
    by_hand: bool = False,
) -> Refusal | None:
    """The first limit that keeps the playbook from beginning a loop for ``model`` at ``now``.

    Args:
        config: the playbook.
        standing: whether it is broken.
        model: what the loop would change; empty for none.
        own: its last loops that were not skipped, the newest first; one is enough.
        running: every loop of the project that goes on.
        starts: when each of its loops began, in order.
        now: domain time.
        by_hand: a person starts it and gives a reason, which stands above cooldown and budget.
    """
    if standing.broken_at is not None:
        return Refusal(
            "breaker",
            f"The playbook is broken since {iso(standing.broken_at)}: {standing.broken_reason} "
            f'It begins nothing until: regrove playbooks reset {standing.name} --reason "..."',
        )
    going = [each for each in running if each.playbook == standing.name]
    if len(going) >= config.limits.concurrent:
        return Refusal("concurrent", f"The one before, {going[0].ref}, still goes on.")
    others = [each for each in running if config.changes_model and model and each.model == model]
    others = [each for each in others if each.config.changes_model]
    if others:
        who = f"{others[0].ref} of playbook {others[0].playbook}"
        return Refusal("concurrent", f"The model {model} is being changed by {who}, and by one at a time.")
    if by_hand:
        return None
    return _cooldown(config, own, now) or _budget(config, starts, now)


def left(config: PlaybookConfig, starts: Iterable[int], now: int) -> int | None:
    """How many loops the budget would let begin at ``now``, one right after the other; None without a budget.

    >>> from regrove.playbooks.config import PlaybookLimits
    >>> told = PlaybookConfig(on="manual", do=["notify"], limits=PlaybookLimits(budget="3 per 3d"))
    >>> day = duration("1d")
    >>> left(told, [], 0), left(told, [0, 0], 0), left(told, [0, 0], day), left(told, [0, 0, 0], day // 2)
    (3, 1, 2, 0)
    """
    if not config.limit.budget:
        return None
    count, period = config.limit.bucket
    step = period // count
    return max(0, min(count, (now + count * step - max(_owed(starts, step), now)) // step))


def _owed(starts: Iterable[int], step: int) -> int:
    """The instant at which the bucket would be full again."""
    full = 0
    for start in starts:
        full = max(full, start) + step
    return full


def _cooldown(config: PlaybookConfig, own: Sequence[LoopRecord], now: int) -> Refusal | None:
    pause = duration(config.limits.cooldown)
    ended = max((each.ended_at or each.started_at for each in own), default=None)
    if not pause or ended is None or now >= ended + pause:
        return None
    return Refusal(
        "cooldown",
        f"Its last loop ended at {iso(ended)}, and for {config.limits.cooldown} after that it begins no other: "
        f"until {iso(ended + pause)}.",
        ended + pause,
    )


def _budget(config: PlaybookConfig, starts: Iterable[int], now: int) -> Refusal | None:
    if not config.limit.budget:
        return None
    count, period = config.limit.bucket
    step = period // count
    next_ = max(_owed(starts, step), now) - (count - 1) * step
    if next_ <= now:
        return None
    return Refusal(
        "budget",
        f"Its budget of {config.limit.budget} is used up; the next loop may begin at {iso(next_)}.",
        next_,
    )

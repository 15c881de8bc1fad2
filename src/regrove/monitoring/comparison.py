"""The drift verdicts that are due with the end of a block: each window that ends with it against each reference."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

import msgspec

from regrove import digest
from regrove.monitoring.block import opens_window
from regrove.monitoring.count import Counted, history
from regrove.monitoring.drift import Judgement, judge, level_of
from regrove.monitoring.evidence import DriftEvidence
from regrove.monitoring.picture import of_window, worst
from regrove.monitoring.verdict import Verdict

if TYPE_CHECKING:
    from regrove.monitoring.block import Block
    from regrove.monitoring.config import ReferenceName
    from regrove.monitoring.rooms import Rooms, Subject
    from regrove.render import Picture

__all__ = ["compared"]

_RECENT: Final = 40
"""Verdicts among which those of the last two windows are."""
_SLACK: Final = 3_600_000_000
"""Days differ by an hour where clocks are changed."""

Draw = Callable[[], "Picture"]
"""Draws the picture of a verdict, when an alert needs it."""


def compared(
    rooms: Rooms, subject: Subject, counted: Counted, block: Block, *, began_at: int, at: int
) -> Iterator[tuple[Verdict, Draw]]:
    """The verdicts of a block's end, each with its evidence kept, and what draws it.

    A window that began before the monitor did is not judged.
    """
    config = subject.config
    if config.drift is None:
        return
    for window in config.windows:
        opens = opens_window(block, window, config.zone)
        if opens is None or opens < began_at:
            continue
        for against in config.drift.references:
            yield _judged(rooms, subject, counted, block, window, opens, against, at=at)


def _judged(
    rooms: Rooms,
    subject: Subject,
    counted: Counted,
    block: Block,
    window: str,
    opens: int,
    against: ReferenceName,
    *,
    at: int,
) -> tuple[Verdict, Draw]:
    config, frozen = subject.config, counted.frozen
    assert config.drift is not None
    single = window == config.block
    level = level_of(config.drift.pages_per_quarter, config.families, config.in_a_quarter(window), single=single)
    inside = history(rooms, counted, since=opens, until=block.end_at)
    before = history(rooms, counted, since=opens - config.reach, until=opens) if against == "previous" else []
    seed = _seed(subject.name, counted.reference.number, against, window, block.end_at)
    right = [each[:2] for each in inside]
    left = frozen.train if against == "train" else [each[:2] for each in before]
    odd_before = _odd_before(rooms, counted, against, window, opens) if single else []
    found = judge(
        right,
        left,
        frozen.columns,
        level=level,
        seed=seed,
        odd_before=odd_before if single else None,
        hourly=config.block == "1h",
    )
    found = _explained(found, subject, counted, against, window, single=single)
    evidence = DriftEvidence(
        monitor=subject.name,
        model=frozen.model,
        declared=subject.declared,
        frozen=counted.reference.object,
        reference=against,
        window=window,
        window_blocks=tuple(each[2] for each in inside),
        reference_blocks=tuple(each[2] for each in before),
        seed=seed,
        odd_before=tuple(odd_before),
        level=level,
        budget=_budget(subject, window, level, single=single),
        verdict=found.verdict,
        reason=found.reason,
        tier=found.tier,
        note=found.note,
        strata=found.strata,
        draws=found.draws,
        p=found.p,
        columns=found.findings,
    )
    verdict = Verdict(
        project=subject.project,
        monitor=subject.name,
        kind="drift",
        reference=against,
        frozen=counted.reference.number,
        model=frozen.model,
        window=window,
        from_at=opens,
        to_at=block.end_at,
        verdict=found.verdict,
        reason=found.reason,
        tier=found.tier,
        p=found.p,
        level=level,
        effects=found.findings,
        alive=found.alive,
        evidence=rooms.vault.add_json(evidence),
        judged_at=at,
    )

    def draw() -> Picture:
        shown = worst(found.findings)
        assert shown is not None  # only DRIFT is drawn
        return of_window(verdict, shown.column, frozen.cells[shown.column], left, right)

    return verdict, draw


def _explained(
    found: Judgement, subject: Subject, counted: Counted, against: ReferenceName, window: str, *, single: bool
) -> Judgement:
    """The judgement with what a reader must know beside it: a reference that is not there, columns that went away, the
    calibration and the budget.
    """
    reason = found.reason
    frozen = counted.frozen
    if against == "train" and not frozen.blocks:
        reason = f"there is nothing to compare with: {frozen.artifact.why}"
    verdict = found.verdict
    if frozen.missing:
        reason += f"; a request of {frozen.model} no longer carries {', '.join(frozen.missing)}, which is declared"
        verdict = "INCONCLUSIVE" if verdict == "STABLE" else verdict
    if found.tier:
        reason += f" ({found.tier} calibration; {_budget(subject, window, found.level, single=single)})"
    return msgspec.structs.replace(found, reason=reason, verdict=verdict)


def _odd_before(rooms: Rooms, counted: Counted, against: str, window: str, opens: int) -> list[bool]:
    """Whether each of the two windows before was odd, as far as they were judged by this reference."""
    if counted.is_new:
        return []
    reference = counted.reference
    length = 2 * (counted.block.end_at - counted.block.start_at)
    before = rooms.store.verdicts(
        reference.project, reference.monitor, kind="drift", frozen=reference.number, limit=_RECENT, before=None
    )
    return [
        any(finding.verdict == "DRIFT" for finding in each.effects)
        for each in before
        if (each.reference, each.window) == (against, window) and opens - length - _SLACK <= each.from_at < opens
    ]


def _budget(subject: Subject, window: str, level: float, *, single: bool) -> str:
    assert subject.config.drift is not None
    pages = subject.config.drift.pages_per_quarter
    how = f"two of three {window} windows at {level:.2g} each" if single else f"{level:.2g} for each {window} window"
    return f"expected false pages a quarter: {pages:g}, shared by {subject.config.families} comparisons, {how}"


def _seed(*parts: object) -> int:
    """The seed of a verdict's draws: the same whenever it is computed."""
    return int(digest.of_json([str(each) for each in parts]).removeprefix(digest.PREFIX)[:8], 16)

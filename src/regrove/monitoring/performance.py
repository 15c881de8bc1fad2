"""Following the loss of the living model, a mature block at a time.

Two detectors read the mean losses (`regrove.stats.sequential`): a CUSUM whose threshold was simulated from the losses
of the reference, quick and approximate (SUSPECT), and a Shiryaev-Roberts e-detector that needs no assumption on how
losses are distributed (CONFIRMED). Rows of the control alone are read, and of the model that was judged on the
reference; what a canary or a tester was answered says nothing about it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from regrove.monitoring.block import Block, block_at
from regrove.monitoring.detector import LossState, answered, fed
from regrove.monitoring.evidence import LossEvidence
from regrove.monitoring.loss import MatureLoss, judged
from regrove.monitoring.maturity import MATURE_AT, Maturity
from regrove.monitoring.picture import of_losses
from regrove.monitoring.verdict import Answer, Finding, Verdict

if TYPE_CHECKING:
    from regrove.monitoring.comparison import Draw
    from regrove.monitoring.log import Log
    from regrove.monitoring.reference import Frozen, LossReference, Reference
    from regrove.monitoring.rooms import Rooms, Subject
    from regrove.stats.labels import BlockLoss

__all__ = ["followed", "unfinished"]


def unfinished(rooms: Rooms, subject: Subject, known: list[Reference]) -> list[tuple[Reference, int, int]]:
    """The references with blocks whose losses are still to come: each with the start of the next one, and the instant
    from which another model was in control (far in the future for the last).
    """
    last = rooms.store.last_losses(subject.project, subject.name)
    found = []
    for place, each in enumerate(known):
        after = known[place + 1] if place + 1 < len(known) else None
        until = 2**62 if after is None else (after.since_at if after.publication > each.publication else after.first_at)
        start = last.get(each.number, each.first_at)
        if start < until:
            found.append((each, start, until))
    return found


def followed(
    rooms: Rooms, subject: Subject, log: Log, known: list[Reference], *, closed_until: int, restart: bool, at: int
) -> Iterator[tuple[MatureLoss, Verdict | None, Draw | None]]:
    """The losses of blocks that have become mature, oldest first; those of the last reference with a verdict and what
    draws it.

    Args:
        rooms: the rooms below.
        subject: the monitor.
        log: of its deployment.
        known: the references, the oldest first.
        closed_until: the end of the last block that is over.
        restart: whether the detectors begin anew.
        at: when the step was due; what came later is not looked at.
    """
    if subject.config.performance is None:
        return
    maturity = Maturity(subject.config, log, at=at)
    for reference, start, until in unfinished(rooms, subject, known):
        frozen = rooms.store.frozen(reference.object)
        if frozen.loss is None:
            continue
        living = reference is known[-1]
        earlier = rooms.store.losses(subject.project, subject.name, reference=reference.number) if living else []
        state = _state(earlier) if not restart else None
        block = block_at(start, frozen.block, frozen.zone)
        while block.start_at < until and block.end_at <= closed_until:
            share = maturity.due(block)
            if share < MATURE_AT:
                break
            found, loss = _loss(subject, log, reference, frozen, block, share, at=at)
            verdict, draw = None, None
            if living and found is not None:
                state, loss, verdict = _verdict(rooms, subject, reference, frozen, state, found, [*earlier, loss])
                draw = partial(of_losses, frozen.loss, [*earlier, loss])
            earlier.append(loss)
            yield loss, verdict, draw
            block = block_at(block.end_at, frozen.block, frozen.zone)


def _state(earlier: Sequence[MatureLoss]) -> LossState | None:
    """The detectors after the last block that they have seen."""
    last = next((each.state for each in reversed(earlier) if each.state), "")
    return msgspec.json.decode(last, type=LossState) if last else None


def _loss(
    subject: Subject, log: Log, reference: Reference, frozen: Frozen, block: Block, share: float, *, at: int
) -> tuple[BlockLoss | None, MatureLoss]:
    """The loss of a block by the labels that had come by then; None for a block without rows."""
    import numpy as np

    from regrove.stats.labels import block_loss

    assert frozen.loss is not None
    answers = [f"output.{name}" for name in frozen.signature.output.schema.names]
    rows = log.rows(block.start_at, block.end_at, answers, labels_until=at).filter("is_control")
    rows = rows.filter(rows["model"] == reference.model)
    known = rows["label"].is_not_null()
    labelled = rows.filter(known)
    record = MatureLoss(
        project=subject.project,
        monitor=subject.name,
        reference=reference.number,
        model=reference.model,
        start_at=block.start_at,
        end_at=block.end_at,
        local=block.local,
        rows=rows.height,
        labelled=labelled.height,
        loss=None,
        mean=None,
        share=share,
        judged_at=at,
    )
    if not rows.height:
        return None, record
    losses = np.full(rows.height, np.nan)
    if labelled.height:
        what = judged(frozen.loss.metric, frozen.signature, labelled)
        record = msgspec.structs.replace(record, mean=float(what.raw().mean()))
        if frozen.loss.scale is not None:
            losses[known.to_numpy()] = what.scaled(frozen.loss.scale)
    arrived = ~np.isnan(losses)
    found = block_loss(losses, arrived, np.full(rows.height, share), mature_at=MATURE_AT)
    return found, msgspec.structs.replace(record, loss=found.value)


def _verdict(
    rooms: Rooms,
    subject: Subject,
    reference: Reference,
    frozen: Frozen,
    before: LossState | None,
    found: BlockLoss,
    losses: Sequence[MatureLoss],
) -> tuple[LossState | None, MatureLoss, Verdict]:
    """The verdict on the last block of ``losses``, and the detectors after it."""
    usual, loss = frozen.loss, losses[-1]
    assert usual is not None
    state, alive = before, False
    answer: Answer = "INCONCLUSIVE"
    if usual.plan is not None and usual.ceiling is not None and loss.loss is not None:
        state = fed(usual, before, loss.loss, start_at=loss.start_at)
        answer, alive = answered(usual, state, loss.loss)
        loss = msgspec.structs.replace(loss, state=msgspec.json.encode(state).decode())
    reason = _reason(usual, state if loss.state else None, found, loss)
    evidence = LossEvidence(
        monitor=subject.name,
        model=reference.model,
        declared=subject.declared,
        frozen=reference.object,
        metric=usual.metric,
        losses=_seen(state, losses) if loss.state else (),
        state=msgspec.to_builtins(state) if loss.state else {},
        verdict=answer,
        reason=reason,
    )
    effect = Finding(
        column="loss",
        verdict=answer,
        effect="mean",
        value=loss.loss,
        low=found.interval.low if loss.loss is not None else None,
        high=found.interval.high if loss.loss is not None else None,
        floor=usual.ceiling,
        p=None,
    )
    verdict = Verdict(
        project=subject.project,
        monitor=subject.name,
        kind="performance",
        reference="out-of-sample",
        frozen=reference.number,
        model=reference.model,
        window=subject.config.block,
        from_at=loss.start_at,
        to_at=loss.end_at,
        verdict=answer,
        reason=reason,
        tier="sequential" if loss.state else "",
        p=None,
        level=usual.plan.rate if usual.plan is not None else 0.0,
        effects=(effect,),
        alive=alive,
        evidence=rooms.vault.add_json(evidence),
        judged_at=loss.judged_at,
    )
    return state, loss, verdict


def _seen(state: LossState | None, losses: Sequence[MatureLoss]) -> tuple[tuple[int, float], ...]:
    """What the detectors have seen since they began, the last block at the end."""
    assert state is not None
    *earlier, last = losses
    went = [each for each in earlier if each.state and each.start_at >= state.began_at]
    return tuple((each.start_at, each.loss) for each in (*went, last) if each.loss is not None)


def _reason(usual: LossReference, state: LossState | None, found: BlockLoss, loss: MatureLoss) -> str:
    day = loss.local[:10] if "T00:00" in loss.local else loss.local[:13]
    labels = f"{loss.labelled:,} of {loss.rows:,} labels"
    if loss.mean is None:
        return f"{day}: {labels} came, so there is no loss to judge by"
    start = f"{usual.metric} {loss.mean:.3g} on {day} ({labels})"
    if state is None:
        return f"{start}; {usual.why or found.reason}"
    assert usual.plan is not None
    before = sum(rows * mean for _, rows, _, mean in usual.losses) / sum(rows for _, rows, _, _ in usual.losses)
    return (
        f"{start}, {before:.3g} out of sample before; growth stands at {state.cusum.sum:.1f} of "
        f"{usual.plan.threshold:.1f} for SUSPECT and at {state.detector.value:.3g} of {state.detector.arl:,.0f} for "
        f"CONFIRMED (without a change {100 * usual.plan.rate:g}% of years see the first, "
        f"{100 * usual.plan.year / state.detector.arl:.2g}% the second)"
    )

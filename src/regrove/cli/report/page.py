"""The page of a report."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime
from zoneinfo import ZoneInfo

from regrove.cli.report.chronicle import Chronicle, Seen
from regrove.cli.report.months import Month
from regrove.clock import from_micros
from regrove.render import (
    Bars,
    Column,
    Dot,
    Fold,
    Line,
    Note,
    Part,
    Prose,
    Section,
    Table,
    Tile,
    Tiles,
    bars,
    lines,
    page,
    timeline,
)

__all__ = ["month_table", "written"]


def written(told: Chronicle) -> str:
    """The whole page; the same chronicle gives the same bytes."""
    life = told.life
    sections = [
        Section(title="In short", parts=_short(told)),
        Section(
            title="Month by month",
            parts=[month_table(told), _loss_bars(told), _loss_days(told)],
            lead=f"The loss is the mean {life.metric} of what was answered. Never retrained is {life.first} on the "
            "same rows. The interval is for the difference, at 95%, with whole days resampled; above 0 the living "
            "model is better.",
        ),
        Section(title="What the monitors saw", parts=_seen(told)),
        Section(title="What happened because", parts=_loops(told)),
        Section(title="What answers, and who decided it", parts=[_decisions(told), _rollouts(told)]),
    ]
    first, last = life.months[0].month, life.months[-1].month
    return page(
        f"{life.deployment}: the life of a model",
        sections,
        lead=f"{first} to {last}, in {life.zone}.",
        facts=[("project", told.project), ("deployment", life.deployment), ("ledger", told.ledger)],
    )


def month_table(told: Chronicle) -> Table:
    """A row a month: how much was asked, what it was worth, what was seen and decided."""
    columns = (
        Column("month"),
        Column("predictions", "count"),
        Column("base rate", "number", 3),
        Column("loss", "number", 4),
        Column("never retrained", "number", 4),
        Column("gain, 95%", align="right"),
        Column("drift"),
        Column("alerts"),
        Column("answered by"),
        Column("decided"),
    )
    rows = [_row(told, each) for each in (*told.life.months, told.life.total)]
    return Table(columns=columns, rows=rows, caption="")


def _row(told: Chronicle, month: Month) -> tuple[object, ...]:
    whole = month.month == told.life.total.month
    verdicts, alerts, decisions, loops = (
        (told.verdicts, told.alerts, told.decisions, told.loops) if whole else told.in_month(month.month)
    )
    drift = Counter(each.verdict for each in verdicts if each.lane.startswith("drift"))
    ended = Counter(each.outcome for each in loops)
    decided = [f"{each.model.partition(':')[2]} ({each.by})" for each in decisions]
    decided += [f"{count} x {name}" for name, count in ended.items()]
    return (
        "whole life" if whole else month.month,
        month.predictions,
        month.base_rate,
        month.loss,
        month.never,
        _interval(month),
        ", ".join(f"{count} {name}" for name, count in sorted(drift.items())),
        ", ".join(f"{count} {name}" for name, count in sorted(Counter(each.lane for each in alerts).items())),
        ", ".join(each.partition("@")[2] for each in month.versions),
        "; ".join(decided) if not whole else f"{len(decisions)} moves of the champion",
    )


def _interval(month: Month) -> str:
    if month.gain is None:
        return ""
    if month.low is None or month.high is None:
        return f"{month.gain:+.4f}"
    return f"{month.gain:+.4f} [{month.low:+.4f}, {month.high:+.4f}]"


def _short(told: Chronicle) -> list[Part]:
    total = told.life.total
    moves = len(told.decisions)
    tiles = [
        Tile("predictions", f"{total.predictions:,}", f"{total.labelled:,} with a label"),
        Tile(f"mean {told.life.metric}", _number(total.loss), f"never retrained: {_number(total.never)}"),
        Tile("alerts", f"{len(told.alerts)}", f"of {len(told.verdicts):,} verdicts"),
        Tile("loops", f"{len(told.loops)}", f"{moves} moves of the champion"),
        Tile("ledger", "holds" if told.sound else "BROKEN", told.ledger, "good" if told.sound else "bad"),
    ]
    return [Tiles(tiles), Prose(_sentence(total))]


def _sentence(total: Month) -> str:
    if total.gain is None or total.low is None or total.high is None:
        return "Too few labels have come to say whether living was worth it."
    low, high = total.low, total.high
    if low > 0:
        return f"Living was worth it: the loss is lower by {total.gain:.4f}, between {low:.4f} and {high:.4f}."
    if high < 0:
        return f"Living did harm: the loss is higher by {-total.gain:.4f}, between {-high:.4f} and {-low:.4f}."
    return (
        f"Whether living was worth it is open: the loss differs by {total.gain:+.4f}, "
        f"between {low:+.4f} and {high:+.4f}, where above 0 is better."
    )


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"


def _loss_bars(told: Chronicle) -> Part:
    months = [each for each in told.life.months if each.loss is not None]
    return bars(
        "Loss by month",
        [each.month for each in months],
        [
            Bars(name="living model", values=[each.loss for each in months]),
            Bars(name=f"never retrained ({told.life.first})", values=[each.never for each in months], muted=True),
        ],
        y=told.life.metric,
    )


def _loss_days(told: Chronicle) -> Part:
    days = [date.fromisoformat(day) for day, _, _ in told.life.days]
    return lines(
        "Loss by day",
        [
            Line(name="living model", days=days, values=[loss for _, loss, _ in told.life.days]),
            Line(name="never retrained", days=days, values=[never for _, _, never in told.life.days], muted=True),
        ],
        y=told.life.metric,
    )


def _seen(told: Chronicle) -> list[Part]:
    zone = told.life.zone
    dots = [Dot(at=_day(each, zone), lane=each.lane, word=each.verdict, reason=each.reason) for each in told.verdicts]
    alerts = Table(
        columns=(Column("when", "day"), Column("kind"), Column("severity", "verdict"), Column("reason")),
        rows=[(_day(each, zone), each.lane, each.verdict, each.reason) for each in told.alerts],
        caption="Alerts",
        empty="No alert fired.",
    )
    return [timeline("Verdicts", dots), alerts] if dots else [alerts]


def _loops(told: Chronicle) -> list[Part]:
    if not told.loops:
        return [Prose("No playbook has begun a loop.")]
    zone = told.life.zone
    parts: list[Part] = []
    for each in told.loops:
        steps: list[Part] = [Prose(step) for step in each.steps]
        head = f"{_at(each.at, zone):%Y-%m-%d}  {each.playbook}: {each.outcome}"
        parts.append(Fold(head, [Note(word=each.outcome, reason=each.reason), Prose(each.because), *steps]))
    return parts


def _decisions(told: Chronicle) -> Part:
    zone = told.life.zone
    return Table(
        columns=(Column("when", "day"), Column("champion"), Column("before"), Column("by"), Column("reason")),
        rows=[(_at(each.at, zone).date(), each.model, each.before, each.by, each.reason) for each in told.decisions],
        caption="Moves of the champion",
    )


def _rollouts(told: Chronicle) -> Part:
    zone = told.life.zone
    return Table(
        columns=(Column("when", "day"), Column("candidate"), Column("ended", "verdict"), Column("reason")),
        rows=[(_day(each, zone), each.lane, each.verdict, each.reason) for each in told.rollouts],
        caption="Rollouts",
        empty="No rollout was begun.",
    )


def _at(micros: int, zone: str) -> datetime:
    return from_micros(micros).astimezone(ZoneInfo(zone))


def _day(each: Seen, zone: str) -> date:
    return _at(each.at - 1, zone).date()

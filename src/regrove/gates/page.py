"""A report as one page that opens without a server."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from regrove.clock import iso
from regrove.render import Chart, Column, Facts, Line, Note, Part, Prose, Section, Table, Tile, Tiles, lines, tone_of
from regrove.render import page as written

if TYPE_CHECKING:
    from collections.abc import Sequence

    from regrove.gates.check import CheckResult
    from regrove.gates.report import GateReport

__all__ = ["page"]


def page(report: GateReport) -> str:
    """The page: the verdict, every check with its number and interval, and the days behind the comparison.

    Raises MissingExtra when there is a comparison to draw and Plotly is not installed.
    """
    sections = [Section(title="Verdict", parts=_verdict(report)), Section(title="Checks", parts=[_checks(report)])]
    champion = report.check("champion")
    if champion is not None and "daily" in champion.detail:
        sections.append(Section(title="Champion and candidate by day", parts=_days(report, champion)))
    if slices := _slices(report):
        sections.append(Section(title="Slices", parts=[slices]))
    latency = report.check("latency")
    if latency is not None and latency.detail:
        sections.append(Section(title="Latency", parts=[_latency(latency)]))
    sections.append(Section(title="What it rests on", parts=[_basis(report)]))
    return written(f"Gate: {report.model}", sections, lead=report.reason, facts=[("judged", iso(report.judged_at))])


def _verdict(report: GateReport) -> list[Part]:
    tiles = []
    for status in ("pass", "fail", "inconclusive", "skipped"):
        count = sum(each.status == status for each in report.checks)
        if count:
            tiles.append(Tile(status, str(count), tone=tone_of(status)))
    return [Note(word=report.verdict, reason=report.reason), Tiles(tiles)]


def _checks(report: GateReport) -> Part:
    columns = (
        Column("check"),
        Column("status", "verdict"),
        Column("decides"),
        Column("value", "number"),
        Column("interval", "interval"),
        Column("limit", "number"),
        Column("rows", "count"),
        Column("days", "count"),
        Column("reason"),
    )
    rows = [
        (
            each.name,
            each.status,
            "yes" if each.severity == "block" else "no, it warns",
            each.value,
            _pair(each.interval),
            each.threshold,
            each.rows or None,
            each.blocks or None,
            each.reason,
        )
        for each in report.checks
    ]
    return Table(columns=columns, rows=rows)


def _pair(interval: Sequence[float | None] | None) -> tuple[float, float] | None:
    if interval is None:
        return None
    low, high = interval
    return (float("-inf") if low is None else low, float("inf") if high is None else high)


def _days(report: GateReport, champion: CheckResult) -> list[Part]:
    detail = champion.detail
    days = [date.fromisoformat(each) for each in detail["days"]]
    drawn: Chart = lines(
        "Mean loss of each held-out day",
        [
            Line(name=f"champion {report.champion}", days=days, values=detail["daily"]["champion"], muted=True),
            Line(name=f"candidate {report.model}", days=days, values=detail["daily"]["candidate"]),
        ],
        y="log_loss" if detail["metric"] == "roc_auc" else _loss_name(detail["metric"]),
    )
    said = f"The interval of the gain is drawn from whole days, {detail['draws']:,} times. {champion.reason}"
    return [Prose(said), drawn]


def _loss_name(metric: str) -> str:
    return {"accuracy": "share of misses", "r2": "squared error over variance", "rmse": "squared error"}.get(
        metric, metric
    )


def _slices(report: GateReport) -> Part | None:
    found: list[dict[str, Any]] = []
    for name in ("slices", "slices.small"):
        check = report.check(name)
        found += check.detail.get("slices", []) if check is not None else []
    if not found:
        return None
    columns = (
        Column("slice"),
        Column("status", "verdict"),
        Column("champion", "number"),
        Column("candidate", "number"),
        Column("gain", "signed"),
        Column("interval", "interval"),
        Column("p", "number"),
        Column("rows", "count"),
        Column("days", "count"),
        Column("why"),
    )
    first, last = ("slice", "status", "champion", "candidate", "gain"), ("p", "rows", "days", "why")
    rows = [
        (*(each.get(key) for key in first), _pair(each.get("interval")), *(each.get(key) for key in last))
        for each in found
    ]
    return Table(columns=columns, rows=rows)


def _latency(check: CheckResult) -> Part:
    detail = check.detail
    load = detail["load_before"]
    return Facts(
        [
            ("requests", f"{detail['requests']:,} at {detail['rate']:g} a second (kept: {detail['rate_kept']:.1f})"),
            ("not answered", f"{detail['failed']:,}"),
            ("half within", f"{1e3 * detail['p50_s']:.3g} ms"),
            ("95 of 100 within", f"{1e3 * detail['p95_s']:.3g} ms"),
            ("99 of 100 within", f"{1e3 * check.value:.3g} ms" if check.value is not None else ""),
            ("slowest", f"{1e3 * detail['slowest_s']:.3g} ms"),
            ("machine", detail["machine"]),
            ("load before", "" if load is None else f"{load:.2f}"),
        ]
    )


def _basis(report: GateReport) -> Part:
    return Facts(
        [
            ("report", report.ref),
            ("candidate", f"{report.model}, {report.model_digest}"),
            ("champion", f"{report.champion}, {report.champion_digest}" if report.champion else "none"),
            ("run", report.run),
            ("declaration", report.declaration),
            ("held-out rows", report.holdout),
            ("basis", report.basis),
            ("object", report.object),
        ]
    )

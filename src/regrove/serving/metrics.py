"""What /metrics shows: the counters of all processes of a server, in the text format of Prometheus 0.0.4.

Counters and the histogram are added up over the processes; gauges stand one line a process, since "which generation"
has no sum. Units are base units: seconds, bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from regrove.serving.counters import BUCKETS_S, ROUTES, SIDES, STATUSES, Values

__all__ = ["CONTENT_TYPE", "render"]

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
"""The content type of the text."""

_TOTALS = {
    "predictions": ("regrove_predictions_total", "Rows that were predicted, logged and answered."),
    "labels": ("regrove_labels_total", "Labels that were accepted."),
    "log_bytes": ("regrove_log_bytes_total", "Bytes appended to the prediction log."),
    "log_failures": ("regrove_log_failures_total", "Requests refused because the prediction log could not be written."),
    "load_failures": ("regrove_generation_load_failures_total", "Generations that could not be loaded or warmed."),
    "swaps": ("regrove_generation_swaps_total", "Generations that went live."),
    "polls": ("regrove_generation_polls_total", "Looks for a newer generation."),
}
_SIDES = {
    "requests": ("regrove_side_requests_total", "Prediction requests that each side of a split was asked."),
    "failures": ("regrove_side_failures_total", "Prediction requests that a side failed by a fault of its own."),
    "seconds": ("regrove_side_seconds_total", "Time that each side spent in prediction requests."),
}
_GAUGES = {
    "generation": ("regrove_generation", "The generation that a process answers from, 0 when none is loaded."),
    "revision": ("regrove_revision", "The revision that a process answers from, 0 when none is loaded."),
    "candidate": ("regrove_candidate_revision", "The revision that answers a share of the callers, 0 for none."),
    "refused": ("regrove_refused_generation", "The newest generation when it could not be loaded, else 0."),
    "ready": ("regrove_ready", "Whether a process answers predictions."),
    "poll_failing": ("regrove_generation_poll_failing", "Whether the last look for a newer generation failed."),
}


def render(deployment: str, workers: Mapping[str, Values]) -> str:
    """The text for one deployment; ``workers`` holds the counters of each process by its name."""
    lines: list[str] = []
    label = f'deployment="{deployment}"'
    total = Values.total(list(workers.values()))
    _family(
        lines,
        "regrove_http_requests_total",
        "counter",
        "Answers, by route and status.",
        (
            (f'{{{label},route="{route}",status="{status}"}}', total.requests(route, status))
            for route in ROUTES
            for status in STATUSES
            if total.requests(route, status)
        ),
    )
    _histogram(lines, label, total)
    for what, (name, text) in _SIDES.items():
        samples = [(f'{{{label},side="{side}"}}', total.named(f"{side}_{what}")) for side in SIDES]
        _family(lines, name, "counter", text, samples)
    for slot, (name, text) in _TOTALS.items():
        _family(lines, name, "counter", text, [(f"{{{label}}}", total.named(slot))])
    for slot, (name, text) in _GAUGES.items():
        each = [(f'{{{label},worker="{worker}"}}', values.named(slot)) for worker, values in sorted(workers.items())]
        _family(lines, name, "gauge", text, each)
    return "\n".join(lines) + "\n"


def _family(lines: list[str], name: str, kind: str, text: str, samples: Iterable[tuple[str, float]]) -> None:
    lines += (f"# HELP {name} {text}", f"# TYPE {name} {kind}")
    lines += (f"{name}{labels} {_number(value)}" for labels, value in samples)


def _histogram(lines: list[str], label: str, total: Values) -> None:
    name = "regrove_predict_duration_seconds"
    buckets = total.buckets()
    running = 0.0
    samples = []
    for edge, count in zip((*map(repr, BUCKETS_S), "+Inf"), buckets, strict=True):
        running += count
        samples.append((f'_bucket{{{label},le="{edge}"}}', running))
    samples += [(f"_sum{{{label}}}", total.seconds()), (f"_count{{{label}}}", running)]
    _family(lines, name, "histogram", "Time from a read prediction request to its answer.", samples)


def _number(value: float) -> str:
    return str(int(value)) if value.is_integer() else repr(value)

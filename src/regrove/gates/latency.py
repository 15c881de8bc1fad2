"""How fast does it answer? A server process with the candidate, asked at the declared rate on this machine."""

from __future__ import annotations

import base64
import contextlib
import os
import platform
import tempfile
from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from regrove.gates.check import CheckResult, Status, ends
from regrove.gates.load import Taken, paced
from regrove.gates.process import check_parts, serving
from regrove.gates.quantile import quantile
from regrove.render.number import written

if TYPE_CHECKING:
    import polars as pl

    from regrove.gates.case import Case
    from regrove.gates.config import LatencyConfig
    from regrove.storage import Vault

__all__ = ["Latency"]

_LEVEL: Final = 0.9
_WARM: Final = 100
_WARM_RATE: Final = 1_000.0
"""As fast as it answers: nothing of this is measured."""
_SECONDS: Final = 4.0
_LEAST: Final = 400
"""Fewer than 299 requests give their 99th percentile no upper end at 95%."""
_MOST: Final = 4_000
_BODIES: Final = 500


class Latency:
    """The 99th percentile of single rows at a steady rate, with an interval by ranks.

    A time that is too long rejects only where nothing else wanted the cores: what a busy machine shows is open.
    """

    kind = "latency"

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def wanted(self, case: Case, /) -> bool:
        """When the gate declares it."""
        return case.gate.latency is not None

    def ready(self, _: Case, /) -> None:
        """Raise MissingExtra when no server can be started here."""
        check_parts()

    @contextlib.contextmanager
    def begun(self, case: Case, /) -> Iterator[Callable[[], tuple[CheckResult, ...]]]:
        """The server comes up meanwhile; what is measured then is of this machine at that time."""
        asked = case.gate.latency
        assert asked is not None
        if case.candidate.rows is None or not case.candidate.rows.frame.height:
            reason = "There is no row to ask for, so nothing can be measured."
            yield lambda: (_result(asked, "inconclusive", reason),)
            return
        bodies = _bodies(case.candidate.rows.requests(_some(case)))
        with (
            tempfile.TemporaryDirectory(prefix="regrove-gate-", ignore_cleanup_errors=True) as folder,
            serving(case.candidate.version, self._vault, Path(folder)) as address,
        ):
            yield lambda: (_measured(asked, bodies, address),)

    def run(self, case: Case, /) -> tuple[CheckResult, ...]:
        """One result."""
        with self.begun(case) as measure:
            return measure()


def _measured(asked: LatencyConfig, bodies: list[bytes], address: Callable[[], str]) -> CheckResult:
    url, before = address(), _load()
    paced(url, bodies, rate=_WARM_RATE, count=_WARM)
    return _judged(asked, paced(url, bodies, rate=asked.rate, count=_count(asked.rate)), before)


def _count(rate: float) -> int:
    return min(_MOST, max(_LEAST, round(rate * _SECONDS)))


def _some(case: Case) -> pl.DataFrame:
    assert case.candidate.rows is not None
    rows = case.holdout if case.holdout.height else case.candidate.rows.frame
    return rows.gather_every(max(1, rows.height // _BODIES)).head(_BODIES)


def _judged(asked: LatencyConfig, taken: Taken, load_before: float | None) -> CheckResult:
    value, interval = quantile(taken.seconds, 0.99, _LEVEL)
    limit = asked.limit_s
    detail = {
        "rate": asked.rate,
        "rate_kept": taken.rate,
        "requests": len(taken.seconds),
        "failed": taken.failed,
        "p50_s": quantile(taken.seconds, 0.5)[0],
        "p95_s": quantile(taken.seconds, 0.95)[0],
        "slowest_s": max(taken.seconds),
        "machine": _machine(),
        "load_before": load_before,
    }
    found = {
        "value": value,
        "interval": ends(interval),
        "level": _LEVEL,
        "threshold": limit,
        "rows": len(taken.seconds),
        "detail": detail,
    }
    if taken.failed:
        reason = f"{taken.failed:,} of {len(taken.seconds):,} requests were not answered: {taken.first_failure}."
        return _result(asked, "fail", reason, **found)
    status: Status = "pass" if interval.high <= limit else "fail" if interval.low > limit else "inconclusive"
    busy = load_before is not None and load_before > (os.cpu_count() or 1)
    if status == "fail" and busy:
        status = "inconclusive"
    high = written(interval.high, "seconds") if interval.high < float("inf") else "more"
    shown = (
        f"99 of 100 requests were answered within {written(value, 'seconds')} "
        f"({written(interval.low, 'seconds')} to {high}) at {asked.rate:g} a second on this machine"
    )
    end = {
        "pass": f"and {asked.p99} are allowed.",
        "fail": f"more than the {asked.p99} that are allowed.",
        "inconclusive": f"so it is open whether it keeps the {asked.p99} that are allowed: "
        + (f"others wanted its cores (load {load_before:.1f})." if busy else "measure again where it is quieter."),
    }[status]
    return _result(asked, status, f"{shown}, {end}", **found)


def _bodies(requests: pl.DataFrame) -> list[bytes]:
    encode = msgspec.json.Encoder(enc_hook=_plain).encode
    return [encode({"rows": [{name: _value(each) for name, each in row.items()}]}) for row in requests.to_dicts()]


def _value(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value


def _plain(value: Any) -> Any:
    return str(value)


def _machine() -> str:
    """The machine in words, as it is comparable to itself alone."""
    name = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        name = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), name)
    except OSError:
        pass
    return f"{name}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"


def _load() -> float | None:
    """How many processes wanted a core just before, on average over a minute."""
    try:
        return os.getloadavg()[0]
    except OSError:
        return None


def _result(asked: LatencyConfig, status: Status, reason: str, **found: Any) -> CheckResult:
    return CheckResult(name="latency", kind="latency", severity=asked.severity, status=status, reason=reason, **found)

"""What a worker would do next, and why: a sentence each, in the order in which it would; nothing is changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from regrove.clock import block_end, iso, wall
from regrove.storage import Leases, StoredClock, WorkerTicks

if TYPE_CHECKING:
    from regrove.monitoring import Monitor
    from regrove.worker.tick import Trouble
    from regrove.workspace import Workspace

__all__ = ["outlook"]


def outlook(ws: Workspace, troubles: Mapping[str, Trouble]) -> list[str]:
    """The sentences of ``regrove worker plan``."""
    sentences = [_leader(ws), *_clock(ws)]
    sentences += [_trouble(each) for each in troubles.values()]
    sentences += [f"log of {each.name}: what its servers have closed is compacted." for each in ws.deployments.list()]
    sentences += [f"monitor {each.name} {_monitor(each, ws.clock.now())}" for each in _monitors(ws)]
    sentences += ws.playbooks.plan()
    sentences += ws.rollouts.plan()
    return sentences


def _leader(ws: Workspace) -> str:
    holder = Leases(ws.database).holder(f"worker:{ws.project}")
    if holder is None:
        return "No worker leads this workspace, so nothing of this happens before: regrove worker"
    return f"The worker that leads this workspace is process {holder.pid} on {holder.host}."


def _clock(ws: Workspace) -> Iterator[str]:
    """Where a replay stands."""
    if isinstance(ws.clock, StoredClock):
        now, reached = ws.clock.now(), WorkerTicks(ws.database, ws.project).reached()
        done = "and everything up to there is done" if reached >= now else f"and what is done reaches to {iso(reached)}"
        yield f"The clock of the replay stands at {iso(now)}, {done if reached else 'and nothing is done yet'}."


def _trouble(trouble: Trouble) -> str:
    when = "with the next tick" if trouble.again_at <= wall() else f"at {iso(trouble.again_at)} by the machine's clock"
    times = "once" if trouble.failures == 1 else f"{trouble.failures} times in a row"
    error = trouble.error.splitlines()[0]
    return f"{trouble.part} is tried again {when}: it has failed {times} since {iso(trouble.since_at)}: {error}"


def _monitors(ws: Workspace) -> Iterator[Monitor]:
    for name in ws.projects.applied.monitor_names():
        yield ws.monitors.get(name)


def _monitor(monitor: Monitor, now: int) -> str:
    alerts = ", ".join(f"{each.kind} ({each.state})" for each in monitor.alerts)
    rest = f" Open alerts: {alerts}." if alerts else ""
    config, progress = monitor.config, monitor.progress
    if config is None or progress is None:
        return f"begins with the first tick after its deployment answers.{rest}"
    end = block_end(progress.closed_until, config.block, config.zone)
    due = end + config.lateness_micros
    why = "" if config.lateness_micros == 0 else f", {config.lateness} after its end"
    if due <= now:
        return f"judges the block that ended at {iso(end)}: it is due since {iso(due)}.{rest}"
    return f"judges its next block at {iso(due)}{why}.{rest}"

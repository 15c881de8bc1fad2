"""Alerts, and the rule by which they come and go: pending, firing, resolved.

The rule is a function of what it remembers and of what a block's end has shown, so that it can be run again from the
record. For each kind at most one alert is open.

- A signal must be seen at `NEEDED` judged blocks in a row before an alert fires; until then it is pending.
- An alert is over when it has not been kept alive for `CALM` judged blocks in a row. What keeps it alive is weaker than
  what fires it, so that it does not flutter.
- A graver signal ends the alert and fires a new one.
- One that still fires after ``repeat`` is told again, at a block that kept it alive.
- One that was resolved by hand does not fire again while what it was about goes on, unless it lasts for another
  ``repeat``.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from regrove import digest

__all__ = [
    "BY_RULE",
    "CALM",
    "NEEDED",
    "Alert",
    "AlertKind",
    "Change",
    "Memory",
    "Severity",
    "Signal",
    "advance",
    "alert_id",
    "resolved",
    "told_again",
]

AlertKind = Literal["drift", "performance", "schedule"]
Severity = Literal["due", "suspect", "confirmed", "page"]
"""due: the model is as old as was agreed. suspect: look into it. confirmed: the loss has grown. page: wake somebody."""
State = Literal["pending", "firing", "resolved"]

CALM: Final = 5
"""Judged blocks in a row after which an alert that nothing keeps alive is over."""
NEEDED: Final[dict[tuple[AlertKind, Severity], int]] = {
    ("drift", "page"): 1,  # the level of DRIFT is its budget already, and a day has been odd twice
    ("drift", "suspect"): 1,
    ("performance", "suspect"): 2,
    ("performance", "confirmed"): 2,
    ("schedule", "due"): 1,
}
"""Judged blocks in a row that must show a signal before an alert fires."""
_RANK: Final[dict[Severity, int]] = {"due": 0, "suspect": 1, "confirmed": 2, "page": 3}


BY_RULE: Final = ("rule", "model", "declaration")
"""Who ends an alert when nobody does it by hand."""


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """One alert, from the first sign to its end."""

    id: str
    project: str
    monitor: str
    kind: AlertKind
    deployment: str
    model: str
    """The model version that it is about."""
    severity: Severity
    state: State
    reason: str
    evidence: str
    """Digest of the evidence of the verdict that fired it; empty for a schedule."""
    picture: str
    """Digest of an SVG picture of it; empty where there is nothing to draw."""
    pending_at: int
    fired_at: int | None = None
    told_at: int | None = None
    """When it was last told of."""
    repeats: int = 0
    resolved_at: int | None = None
    resolution: str = ""
    resolved_by: str = ""
    """``rule``, ``model``, ``declaration``, or who did it by hand."""

    @property
    def ref(self) -> str:
        """Such as ``alert:<id>``."""
        return f"alert:{self.id}"

    @property
    def is_open(self) -> bool:
        """Whether it is pending or firing."""
        return self.state != "resolved"


class Signal(msgspec.Struct, frozen=True, kw_only=True):
    """What the end of a block has shown about one kind of alert."""

    kind: AlertKind
    severity: Severity | None
    """None when nothing would fire."""
    alive: tuple[Severity, ...] = ()
    """The severities that what was seen keeps alive, the signal's own among them."""
    reason: str = ""
    evidence: str = ""
    picture: str = ""


class Memory(msgspec.Struct, frozen=True, kw_only=True):
    """What the rule of one kind remembers from block to block."""

    hits: int = 0
    """Judged blocks in a row with a signal that the open alert is not grave enough for."""
    calm: int = 0
    """Judged blocks in a row that did not keep the open alert alive."""
    muted_at: int | None = None
    """When somebody resolved the last one by hand, while what it was about may still go on."""


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One step of an alert: ``pending``, ``fired``, ``repeated`` or ``resolved``."""

    verb: Literal["pending", "fired", "repeated", "resolved"]
    alert: Alert


def alert_id(project: str, monitor: str, kind: str, severity: str, at: int) -> str:
    """The id of the alert that began at an instant: the same whoever computes it, and in the form of a UUIDv7.

    >>> alert_id("flights", "late", "drift", "page", 0) == alert_id("flights", "late", "drift", "page", 0)
    True
    """
    drawn = int(digest.of_json([project, monitor, kind, severity, at]).removeprefix(digest.PREFIX)[:20], 16)
    high, low = (drawn >> 62) & 0xFFF, (0b10 << 62) | (drawn & ((1 << 62) - 1))
    return f"{(max(0, at // 1_000) << 80) | (7 << 76) | (high << 64) | low:032x}"


def advance(
    memory: Memory, open_: Alert | None, signal: Signal, new: Alert, *, at: int, repeat: int
) -> tuple[Memory, list[Change]]:
    """What a judged block's end changes.

    Args:
        memory: what the rule of this kind remembers.
        open_: the open alert of this kind.
        signal: what was seen.
        new: the alert that would begin now, pending, with the signal's severity and reason.
        at: when the block's end was due.
        repeat: after how long a firing alert is told again.
    """
    if open_ is None:
        return _begin(memory, signal, new, at=at, repeat=repeat)
    if open_.state == "pending":
        return _confirm(memory, open_, signal, new, at)
    graver = signal.severity is not None and _RANK[signal.severity] > _RANK[open_.severity]
    hits = memory.hits + 1 if graver else 0
    if graver and signal.severity and hits >= NEEDED[signal.kind, signal.severity]:
        over = resolved(open_, at, f"it became {signal.severity}", "rule")
        return Memory(), [Change(verb="resolved", alert=over), _fired(new, at)]
    calm = 0 if open_.severity in signal.alive else memory.calm + 1
    if calm >= CALM:
        over = resolved(open_, at, f"nothing of it was seen at {CALM} blocks in a row", "rule")
        return Memory(), [Change(verb="resolved", alert=over)]
    return Memory(hits=hits, calm=calm), [] if calm else told_again(open_, at, repeat)


def told_again(alert: Alert, at: int, repeat: int) -> list[Change]:
    """The repetition that is due for a firing alert, if any."""
    if alert.state != "firing" or alert.told_at is None or at < alert.told_at + repeat:
        return []
    again = msgspec.structs.replace(alert, told_at=at, repeats=alert.repeats + 1)
    return [Change(verb="repeated", alert=again)]


def resolved(alert: Alert, at: int, why: str, by: str) -> Alert:
    """The alert, over."""
    return msgspec.structs.replace(alert, state="resolved", resolved_at=at, resolution=why, resolved_by=by)


def _begin(memory: Memory, signal: Signal, new: Alert, *, at: int, repeat: int) -> tuple[Memory, list[Change]]:
    muted = memory.muted_at
    if muted is not None and (at >= muted + repeat or not (signal.severity or signal.alive)):
        muted = None
    if signal.severity is None or muted is not None:
        return Memory(muted_at=muted), []
    if NEEDED[signal.kind, signal.severity] <= 1:
        return Memory(), [_fired(new, at)]
    return Memory(hits=1), [Change(verb="pending", alert=new)]


def _confirm(memory: Memory, open_: Alert, signal: Signal, new: Alert, at: int) -> tuple[Memory, list[Change]]:
    if signal.severity is None:
        over = resolved(open_, at, "it was not seen again at the next block", "rule")
        return Memory(), [Change(verb="resolved", alert=over)]
    hits = memory.hits + 1
    kept = msgspec.structs.replace(new, id=open_.id, pending_at=open_.pending_at)
    if hits >= NEEDED[signal.kind, signal.severity]:
        return Memory(), [_fired(kept, at)]
    return Memory(hits=hits), []


def _fired(new: Alert, at: int) -> Change:
    return Change(verb="fired", alert=msgspec.structs.replace(new, state="firing", fired_at=at, told_at=at))

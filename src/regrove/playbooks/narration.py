"""The story of a loop, from what had happened to what came of it: a sentence for each thing that was done."""

from __future__ import annotations

from regrove.clock import iso
from regrove.playbooks.record import ActionRecord, LoopRecord, Notice

__all__ = ["headline", "next_step", "sentence", "story"]

_DONE = {
    "retrain": "It retrained",
    "gate": "The gate judged",
    "rollout": "It rolled out",
    "rollback": "It rolled back",
    "notify": "It tells",
}
_OUTCOMES = {
    "promoted": "The new version was promoted.",
    "rejected": "The champion stays: the gate rejected the challenger.",
    "held": "The champion stays: there was not enough to decide on.",
    "aborted": "The champion stays: the rollout was aborted.",
    "nothing new": "Nothing was trained: there was nothing new to learn from.",
    "passed": "The gate passed the challenger; the playbook ends there.",
    "trained": "A version was trained; the playbook ends there.",
    "rolled back": "What answered before answers again.",
    "notified": "There was nothing to do but to tell.",
}


def headline(loop: LoopRecord) -> str:
    """What the loop is and where it stands, in a sentence."""
    about = f" for {loop.model or loop.deployment}" if loop.model or loop.deployment else ""
    if loop.state == "running":
        return f"{loop.ref} of playbook {loop.playbook}{about} goes on."
    if loop.state == "skipped":
        return f"{loop.ref} of playbook {loop.playbook}{about} was not begun: {loop.reason}"
    return f"{loop.ref} of playbook {loop.playbook}{about} is {loop.state}: {loop.outcome}."


def story(loop: LoopRecord) -> tuple[str, ...]:
    """Everything that is known of a loop in the order in which it happened, a sentence each."""
    began = {
        "manual": f"At {iso(loop.started_at)} somebody began it by hand: {loop.because}",
        "schedule": f"At {iso(loop.started_at)} it began by its schedule. {loop.because}",
    }.get(loop.trigger, f"It was begun at {iso(loop.started_at)} because of {loop.because}")
    told = [sentence(began)]
    if loop.state == "skipped":
        return (*told, f"Nothing was done: {loop.reason}")
    notices = {each.number: each for each in loop.notices}
    told += [_action(each, notices.get(each.number)) for each in loop.actions if each.state != "pending"]
    if loop.state == "running":
        return (*told, next_step(loop))
    if loop.state == "failed":
        return (*told, f"It failed at {iso(loop.ended_at or 0)}: {loop.reason}")
    if loop.state == "stopped":
        return (*told, f"Somebody stopped it at {iso(loop.ended_at or 0)}: {loop.reason}")
    return (*told, f"It ended at {iso(loop.ended_at or 0)}. {_OUTCOMES.get(loop.outcome, loop.outcome)}")


def sentence(text: str) -> str:
    """The text with a full stop, unless it ends already.

    >>> sentence("It is worse"), sentence("Why?")
    ('It is worse.', 'Why?')
    """
    text = text.strip()
    return text if text.endswith((".", "!", "?")) else f"{text}."


def next_step(loop: LoopRecord) -> str:
    """What comes next in a loop that goes on, and why not now when it waits."""
    action = loop.present
    if action is None:
        return "Everything is done; the next tick ends it."
    words = {
        "retrain": f"retrain {loop.model}",
        "gate": f"let the gate judge {loop.candidate}",
        "rollout": f"roll out {loop.candidate} in {loop.deployment}",
        "rollback": f"roll {loop.deployment} back",
        "notify": "tell of it",
    }[action.action]
    if action.state == "running":
        return f"It was begun to {words} (attempt {action.attempts}); the next tick goes on with that."
    if action.state == "waiting" and action.retry_at:
        again = f"It will {words} again at {iso(action.retry_at)} by the machine's clock"
        after = f"after {action.failures} failures" if action.failures else "since somebody holds what it needs"
        return f"{again}, {after}: {action.reason}"
    if action.state == "waiting":
        return f"It waits for {action.ref('rollout')} to end: {action.reason}"
    return f"Next it will {words}."


def _action(action: ActionRecord, notice: Notice | None) -> str:
    if action.state == "not reached":
        return f"It did not come to {action.action}."
    if action.state == "stopped":
        return f"{action.action} was under way when it was stopped."
    if action.state == "failed":
        return f"{action.action} failed for good: {action.reason}"
    if action.state != "done":
        return f"{_DONE[action.action]} since {iso(action.started_at or 0)}, {_tries(action)}, and is not done."
    if action.action == "notify":
        return action.reason + _heard(notice)
    made = f" ({', '.join(action.refs)})" if action.refs else ""
    at = f"at {iso(action.started_at or 0)}{_lasted(action)}"
    did = "It looked for something to learn from" if action.verdict == "nothing new" else _DONE[action.action]
    text = f"{did} {at}{made}: {action.verdict}. {action.reason}"
    if action.attempts > 1:
        text += f" It took {_tries(action)}."
    return text + _heard(notice)


def _tries(action: ActionRecord) -> str:
    parts = [f"{action.attempts} attempt{'s' if action.attempts != 1 else ''}"]
    parts += [f"{action.failures} failed"] if action.failures else []
    parts += [f"{action.cut_off} cut off when the process ended"] if action.cut_off else []
    return ", ".join(parts)


def _lasted(action: ActionRecord) -> str:
    parts = []
    if action.started_at is not None and action.ended_at is not None and action.ended_at > action.started_at:
        hours = (action.ended_at - action.started_at) / 3_600_000_000
        parts.append(f"until {iso(action.ended_at)}" + (f", {hours / 24:.1f} days" if hours >= 24 else ""))
    if action.started_wall_at is not None and action.ended_wall_at is not None:
        parts.append(f"in {(action.ended_wall_at - action.started_wall_at) / 1e6:.1f} s")
    return f" {', '.join(parts)}" if parts else ""


def _heard(notice: Notice | None) -> str:
    if notice is None:
        return ""
    if notice.state == "delivered":
        return f" The webhook was told, at attempt {notice.attempts}."
    tried = f" after {notice.attempts} attempts: {notice.reason}" if notice.attempts else "."
    return (" The webhook is still to be told" if notice.state == "waiting" else " The webhook was not told") + tried

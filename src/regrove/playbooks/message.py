"""What a notice says: the loop as it stands, for people in ``text`` and for programs beside it."""

from __future__ import annotations

from typing import Any

from regrove.clock import iso
from regrove.playbooks.narration import sentence
from regrove.playbooks.record import LoopRecord

__all__ = ["message"]


def message(loop: LoopRecord) -> dict[str, Any]:
    """The JSON body of a notice about ``loop``.

    ``text`` is what chat services show. Of actions it names what came of them; it holds no rows and no values of data.
    """
    return {
        "text": _text(loop),
        "loop": loop.ref,
        "project": loop.project,
        "playbook": loop.playbook,
        "model": loop.model,
        "deployment": loop.deployment,
        "state": loop.state,
        "outcome": loop.outcome,
        "because": loop.because,
        "started_at": iso(loop.started_at),
        "actions": [
            {"action": each.action, "state": each.state, "verdict": each.verdict, "refs": list(each.refs)}
            for each in loop.actions
            if each.action != "notify"
        ],
    }


def _text(loop: LoopRecord) -> str:
    about = loop.model or loop.deployment or loop.project
    said = f"{loop.playbook} ({about}): {sentence(loop.because)}"
    done = [
        f"{each.action}: {each.reason}" for each in loop.actions if each.state == "done" and each.action != "notify"
    ]
    if loop.outcome:
        return " ".join([said, *done, f"Outcome: {loop.outcome}."])
    return " ".join([said, *done])

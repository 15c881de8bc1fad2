"""What playbooks do, done by the rooms below: training, judging, rolling out and back, telling.

The rooms do not know playbooks, and playbooks load no project: here the words of one become calls of the others. Every
call may be made again with the same arguments after a crash; each room returns what it did the first time.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

from regrove.errors import Refused, Unavailable
from regrove.playbooks.action import Judged, Retrained, Returned, Rolled
from regrove.workspace.retraining import Retraining
from regrove.workspace.rollback import Rollback

if TYPE_CHECKING:
    from regrove.datasets import Datasets
    from regrove.gates import Gates
    from regrove.ledger import Ledger
    from regrove.pipelines import Pipelines
    from regrove.project import Projects
    from regrove.registry import Models
    from regrove.rollouts import Rollout, Rollouts
    from regrove.serving import Deployments
    from regrove.settings import Settings
    from regrove.tracking import Runs

__all__ = ["Launch", "Rooms"]


class Rooms(Protocol):
    """The rooms that actions are done by: a workspace, which makes each when it is first asked for."""

    root: Path
    settings: Settings
    ledger: Ledger

    @property
    def datasets(self) -> Datasets:
        """Dataset versions."""
        ...

    @property
    def runs(self) -> Runs:
        """Runs."""
        ...

    @property
    def pipelines(self) -> Pipelines:
        """Training."""
        ...

    @property
    def models(self) -> Models:
        """Model versions and aliases."""
        ...

    @property
    def deployments(self) -> Deployments:
        """What is served."""
        ...

    @property
    def gates(self) -> Gates:
        """What judges candidates."""
        ...

    @property
    def rollouts(self) -> Rollouts:
        """How new versions come to answer."""
        ...

    @property
    def projects(self) -> Projects:
        """What is declared."""
        ...


class Launch:
    """The actions of playbooks over the rooms of one workspace; a room is made when it is first needed."""

    def __init__(self, workspace: Rooms) -> None:
        self._ws = workspace

    def retrain(self, model: str, *, cause: str) -> Retrained:
        """Train ``model`` on what is known now, at most once for each cause."""
        ws = self._ws
        return Retraining(ws.pipelines, ws.runs, ws.datasets, ws.ledger).retrain(model, cause=cause)

    def gate(self, candidate: str, *, cause: str) -> Judged:
        """Judge a version against the champion; the same versions and rows give the same report."""
        report = self._ws.gates.run(candidate, cause=cause)
        return Judged(ref=report.ref, verdict=report.verdict, reason=report.reason)

    def rollout(self, deployment: str, *, candidate: str, gate: str, cause: str) -> Rolled:
        """Begin the rollout of a version that the gate has passed."""
        return _told(self._ws.rollouts.start(deployment, candidate=candidate, gate=gate, cause=cause))

    def rollout_state(self, ref: str) -> Rolled:
        """Where a rollout stands now."""
        return _told(self._ws.rollouts.get(ref))

    def rollback(self, deployment: str, *, reason: str, cause: str) -> Returned:
        """End the rollout that goes on, or bring back the champion before the present one."""
        ws = self._ws
        back = Rollback(ws.rollouts, ws.models, ws.deployments, ws.projects.applied, ws.ledger)
        return back.roll_back(deployment, reason=reason, cause=cause)

    def notify(self, webhook: str, body: dict[str, Any], *, key: str) -> None:
        """Post ``body``, through the one way out, to a host that the settings allow."""
        from regrove.egress import Egress
        from regrove.settings import Secret

        secret = webhook.startswith(("env:", "file:"))
        target = Secret(webhook, folder=self._ws.root) if secret else webhook
        answer = Egress(self._ws.settings.egress).post_json(target, body, key=key)
        if not answer.ok:
            raise (Unavailable if answer.later else Refused)(
                "The webhook did not take the message", expected="a status from 200 to 299", received=str(answer.status)
            )


def _told(rollout: Rollout) -> Rolled:
    state = rollout.state if rollout.state in ("completed", "aborted", "held") else "going"
    return Rolled(ref=rollout.ref, state=cast("Any", state), reason=rollout.reason)

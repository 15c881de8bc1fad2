"""Letting what answered before answer again, because of an event: once for each cause, however often it is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from regrove.errors import InvalidInput, NotFound
from regrove.ledger import attribution
from regrove.playbooks.action import Returned

if TYPE_CHECKING:
    from regrove.ledger import Ledger
    from regrove.project.applied import Applied
    from regrove.registry import Decision, Models
    from regrove.rollouts import Rollouts
    from regrove.serving import Deployments

__all__ = ["Rollback"]


class Rollback:
    """Rolls deployments back, as `regrove.playbooks` asks for it.

    While a rollout goes on, that is what is ended: the control answers everybody again. Otherwise the alias that the
    deployment follows moves to where it stood before the version that it stands at now came to be it.
    """

    def __init__(
        self, rollouts: Rollouts, models: Models, deployments: Deployments, declarations: Applied, ledger: Ledger
    ) -> None:
        self._rollouts = rollouts
        self._models = models
        self._deployments = deployments
        self._declarations = declarations
        self._ledger = ledger

    def roll_back(self, deployment: str, *, reason: str, cause: str) -> Returned:
        """Roll ``deployment`` back; what an earlier call with this cause did is returned.

        Raises NotFound when there is nothing to go back to, and InvalidInput when the deployment serves one version
        for good.
        """
        config = self._declarations.deployment(deployment)
        if config.ref.ordinal is not None:
            raise InvalidInput(
                f"The deployment {deployment!r} serves one version for good, so there is nothing to go back to",
                expected=f'model = "{config.ref.name}@champion", an alias that may move',
                received=f'model = "{config.model}"',
                mend=f"edit [deployments.{deployment}] in regrove.toml, then: regrove apply",
            )
        last = next(iter(self._rollouts.list(deployment)), None)
        if last is not None and (last.going or self._was_aborted(last.ref, cause)):
            ended = self._rollouts.abort(last.ref, last.reason if not last.going else reason)
            return Returned(ref=ended.control, reason=f"{ended.ref} was aborted, and {ended.control} answers again.")
        return self._move_back(deployment, config.ref.name, config.ref.version, reason, cause)

    def _was_aborted(self, rollout: str, cause: str) -> bool:
        """Whether an earlier call ended this rollout, before it could say so."""
        entries = self._ledger.read(types=("rollout.aborted",), subject=rollout)
        return any(each.cause == cause and each.actor == attribution().actor for each in entries)

    def _move_back(self, deployment: str, name: str, alias: str, reason: str, cause: str) -> Returned:
        """Move the alias, unless an earlier call did, and publish, which does nothing when that was done."""
        said = f"Rolled back because of event:{cause}. {reason}"
        decisions = [each for each in self._models.decisions(name) if each.alias == alias]
        made = next((each for each in decisions if each.reason == said), None)
        if made is None:
            before = f"model:{name}@{self._before(name, alias, decisions)}"
            made = self._models.promote(before, alias=alias, reason=said, declaration=self._declarations.revision.ref)
        self._deployments.publish(deployment)
        return Returned(ref=made.model, reason=f"{made.model} is {alias} again and answers.")

    def _before(self, name: str, alias: str, decisions: list[Decision]) -> int:
        """Where the alias stood before the version that it stands at now first came to be it.

        Not where it stood last: after a rollback that would be the version that was rolled back.
        """
        first = next((each for each in decisions if each.target == decisions[-1].target), None)
        if first is None or first.source is None:
            raise NotFound(
                f"No version was {alias} of {name!r} before the present one",
                expected="a version to go back to",
                mend=f"regrove models show {name}",
            )
        return first.source

"""Which model and which deployment a loop is about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from regrove.errors import InvalidInput

if TYPE_CHECKING:
    from regrove.playbooks.config import Declarations, PlaybookConfig

__all__ = ["Target", "target"]


class Target(NamedTuple):
    """A model's name and a deployment's; empty when the playbook needs none."""

    model: str
    deployment: str


def target(config: PlaybookConfig, fields: Mapping[str, Any], declarations: Declarations) -> Target:
    """What the playbook says; what it leaves out the event says, or it follows from what is declared.

    Raises InvalidInput when the playbook needs a model or a deployment and neither tells.
    """
    served = {name: declarations.deployment(name).ref.name for name in declarations.deployment_names()}
    deployment = config.deployment or _named(fields, "deployment")
    model = config.model or served.get(deployment, "") or _named(fields, "model")
    if not deployment:
        serving = [name for name, of in served.items() if not model or of == model]
        deployment = serving[0] if len(serving) == 1 else ""
        model = model or served.get(deployment, "")
    if config.changes_model and not model:
        raise InvalidInput("What happened says no model, and the playbook neither", mend='add model = "NAME"')
    if {"rollout", "rollback"} & set(config.do) and deployment not in served:
        raise InvalidInput(
            "What happened says no deployment that is declared, and the playbook neither",
            expected=f"one of {', '.join(served)}" if served else "a [deployments.NAME] table",
            received=repr(deployment),
            mend='add deployment = "NAME"',
        )
    return Target(model, deployment)


def _named(fields: Mapping[str, Any], what: str) -> str:
    """The bare name in a field that holds a name or a ref such as ``model:late-arrival@3``."""
    value = fields.get(what)
    return value.removeprefix(f"{what}:").partition("@")[0] if isinstance(value, str) else ""

"""Generations: what a server of a deployment acts on, published as objects.

``deployments/<project>/<deployment>/<number>`` holds one immutable generation as canonical JSON; numbers are gapless
from 1, and a key is written once. A server finds a newer one by asking for the next number, so it needs no database
and no list of all that ever were.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

import msgspec

from regrove.digest import canonical
from regrove.errors import Corrupt
from regrove.refs import check_name
from regrove.serving.config import DeploymentConfig
from regrove.serving.edges import GuardEdges
from regrove.serving.traffic import SHARES

if TYPE_CHECKING:
    from regrove.storage import ObjectStore

__all__ = ["FORMAT", "Arm", "Generation", "Revision", "key", "newest", "read", "write"]

FORMAT: Final = 2
"""The newest format that this version writes, for a split; a generation of one revision is of format 1 still, so that
servers of an older version read it. A generation of a newer format is refused by a server."""


class Revision(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What answers: a model version under a configuration. Immutable; a change of either is the next number."""

    number: int
    model: str
    """The model version, such as ``model:late-arrival@1``."""
    model_digest: str
    """The digest of its manifest, by which a server finds everything else."""
    config: DeploymentConfig
    declared: str
    """The applied declaration that asked for it, such as ``project:flights@3``."""

    def same(self, other: Revision) -> bool:
        """Whether both answer alike: the same model bytes under the same configuration."""
        return (self.model_digest, self.config.answering) == (other.model_digest, other.config.answering)


class Arm(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A revision that answers a share of the callers beside the control."""

    revision: Revision
    share: int
    """In ten-thousandths."""

    @property
    def portion(self) -> float:
        """The share between 0 and 1."""
        return self.share / SHARES


class Generation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One published state of a deployment: the control, and the candidates that answer a share of the callers."""

    format: int = msgspec.field(default=0)
    project: str
    deployment: str
    number: int
    state: Literal["running", "stopped"]
    revision: Revision
    """The control: it answers whoever no candidate answers."""
    published_at: int
    candidates: tuple[Arm, ...] = ()
    salt: str = ""
    """Of the split: the same salt sends a caller to the same side from share to share."""
    edges: GuardEdges | None = None
    """What the sides are compared by, frozen when the split began."""

    def __post_init__(self) -> None:
        """Set the lowest format that says all of it."""
        if self.format < (least := 2 if self.candidates else 1):
            msgspec.structs.force_setattr(self, "format", least)

    @property
    def shares(self) -> tuple[int, ...]:
        """The candidates' shares, in ten-thousandths."""
        return tuple(each.share for each in self.candidates)

    @property
    def arms(self) -> tuple[Revision, ...]:
        """Every revision that answers: the control, then the candidates."""
        return (self.revision, *(each.revision for each in self.candidates))


def key(project: str, deployment: str, number: int) -> str:
    """The key of a generation; names are checked.

    >>> key("flights", "late-arrival", 7)
    'deployments/flights/late-arrival/00000007'
    """
    return f"{_prefix(project, deployment)}{number:08d}"


def _prefix(project: str, deployment: str) -> str:
    return f"deployments/{check_name(project, what='project')}/{check_name(deployment, what='deployment')}/"


def newest(objects: ObjectStore, project: str, deployment: str, *, after: int = 0) -> int:
    """The number of the newest generation, or ``after`` when there is none beyond it.

    With ``after`` above 0, a generation that is known to exist, only the numbers that follow are asked for.
    """
    if after == 0:
        for info in objects.list(_prefix(project, deployment)):
            after = max(after, int(info.key.rpartition("/")[2]))
        return after
    while objects.info(key(project, deployment, after + 1)) is not None:
        after += 1
    return after


def read(objects: ObjectStore, project: str, deployment: str, number: int) -> Generation:
    """The generation ``number``; NotFound when it is not published, Corrupt when it is none that can be acted on."""
    name = key(project, deployment, number)
    data = objects.get(name)
    try:
        generation = msgspec.json.decode(data, type=Generation)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise _unusable(name, f"a generation of format 1 to {FORMAT}", str(error)) from error
    if not 1 <= generation.format <= FORMAT:
        raise _unusable(name, f"format 1 to {FORMAT}", f"format {generation.format}")
    if any(share < 0 for share in generation.shares) or sum(generation.shares) > SHARES:
        raise _unusable(name, f"shares of at most {SHARES} together", ", ".join(map(str, generation.shares)))
    if (generation.project, generation.deployment, generation.number) != (project, deployment, number):
        raise _unusable(name, f"{project}/{deployment} {number}", f"{generation.deployment} {generation.number}")
    return generation


def write(objects: ObjectStore, generation: Generation) -> bool:
    """Publish a generation; False when its number is taken already."""
    return objects.put_bytes(key(generation.project, generation.deployment, generation.number), canonical(generation))


def _unusable(name: str, expected: str, received: str) -> Corrupt:
    return Corrupt(
        f"The object {name} is not a generation that this version can act on",
        expected=expected,
        received=received,
        mend="regrove deployments show says what was published; publish again, or update regrove",
    )

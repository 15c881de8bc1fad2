"""A frozen reference: the cells of every column, what the model's own data looked like on them, and its usual loss.

It is made when a model becomes the control, from the rows that its run left behind, and never changes. Where the run
left none, cells come from the first rows that are asked, and only the blocks before a window are there to compare with.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Final

import msgspec

from regrove.errors import Corrupt
from regrove.monitoring.artifact import Artifact
from regrove.monitoring.block import Block
from regrove.monitoring.column import AnyLayout, Watched
from regrove.monitoring.config import Loss
from regrove.monitoring.summary import Summaries, unpack
from regrove.registry.signature import Signature
from regrove.stats.sequential.suspicion import CusumPlan

if TYPE_CHECKING:
    from regrove.storage import Vault

__all__ = ["Frozen", "FrozenBlock", "LossReference", "Reference", "load", "store"]

_FORMAT: Final = 1


class FrozenBlock(msgspec.Struct, frozen=True, kw_only=True):
    """A day or hour of the reference."""

    block: Block
    rows: int
    summaries: bytes
    """As `regrove.monitoring.summary.pack` writes them."""


class LossReference(msgspec.Struct, frozen=True, kw_only=True):
    """The loss of the model on rows that it had not learnt from, a value a block; and what follows from it."""

    metric: Loss
    scale: float | None
    """The loss in units of the metric that counts as 1; None when no row of the reference has a loss."""
    losses: tuple[tuple[int, int, float, float], ...] = ()
    """Start, rows, mean from 0 to 1, and mean in units of the metric, of each block in order of time."""
    run: int = 1
    """Neighbouring blocks that were drawn together, because their losses are alike."""
    plan: CusumPlan | None = None
    """Of the quick detector; None when there are too few blocks to learn from."""
    ceiling: float | None = None
    """The largest mean loss that counts as unchanged, for the sure detector."""
    why: str = ""
    """Why there is no plan."""


class Frozen(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """The object of a reference."""

    format: int = _FORMAT
    model: str
    signature: Signature
    artifact: Artifact
    block: str
    zone: str
    columns: tuple[Watched, ...]
    layouts: dict[str, bytes]
    missing: tuple[str, ...] = ()
    """Declared columns that a request of this model does not carry."""
    blocks: tuple[FrozenBlock, ...] = ()
    loss: LossReference | None = None

    @cached_property
    def cells(self) -> dict[str, AnyLayout]:
        """The layout of each column."""
        from regrove.stats.summaries import layout_from_bytes

        return {name: layout_from_bytes(data) for name, data in self.layouts.items()}

    @cached_property
    def train(self) -> list[tuple[Block, Summaries]]:
        """The blocks of the model's own data, in order of time."""
        return [(each.block, unpack(each.summaries, self.cells)) for each in self.blocks]


class Reference(msgspec.Struct, frozen=True, kw_only=True):
    """A reference as it is recorded."""

    project: str
    monitor: str
    number: int
    deployment: str
    model: str
    model_digest: str
    run: str
    """The run that the model is of; empty when it was registered without one."""
    publication: int
    """The generation of the deployment with which the model became the control."""
    since_at: int
    """When that was."""
    first_at: int
    """The start of the first block that is judged by it."""
    fingerprint: str
    """Digest of the part of the declaration that it was frozen under."""
    object: str
    frozen_at: int


def store(vault: Vault, frozen: Frozen) -> str:
    """Keep the object of a reference and return its digest."""
    return vault.add_bytes(msgspec.msgpack.encode(frozen))


def load(vault: Vault, digest: str) -> Frozen:
    """The object of a reference; Corrupt when it is none that this version reads."""
    try:
        frozen = msgspec.msgpack.decode(vault.read(digest), type=Frozen)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Corrupt("The object is no reference of a monitor", received=f"{digest}: {error}") from error
    if frozen.format != _FORMAT:
        raise Corrupt("The reference is of another format", expected=str(_FORMAT), received=str(frozen.format))
    return frozen

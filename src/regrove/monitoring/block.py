"""Blocks and windows: which stretches of local time there are, and which are over."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec

from regrove.clock import block_end, block_start, from_micros, zone_of

if TYPE_CHECKING:
    from regrove.monitoring.config import MonitorConfig

__all__ = ["Block", "block_at", "blocks_from", "closing_at", "opens_window"]


class Block(msgspec.Struct, frozen=True):
    """A local day or hour: its first instant, the first one after it, and its name in the zone."""

    start_at: int
    end_at: int
    local: str
    """Local start with its offset from UTC and the zone: ``2013-03-10T00:00:00-05:00[America/New_York]``."""

    @property
    def weekday(self) -> int:
        """0 for a Monday."""
        return from_micros(self.start_at).astimezone(zone_of(self.zone)).weekday()

    @property
    def hour(self) -> int:
        """The local hour in which it begins."""
        return int(self.local[11:13])

    @property
    def zone(self) -> str:
        """The zone whose day it is."""
        return self.local.partition("[")[2].rstrip("]")


@lru_cache(maxsize=4096)
def block_at(micros: int, every: str, zone: str) -> Block:
    """The block that holds an instant.

    >>> block_at(1_362_934_800_000_000, "1d", "America/New_York").local
    '2013-03-10T00:00:00-05:00[America/New_York]'
    """
    start = block_start(micros, every, zone)
    local = from_micros(start).astimezone(zone_of(zone)).isoformat()
    return Block(start, block_end(start, every, zone), f"{local}[{zone}]")


def blocks_from(micros: int, config: MonitorConfig) -> Iterator[Block]:
    """The block that holds an instant and all that follow, without an end."""
    while True:
        block = block_at(micros, config.block, config.zone)
        yield block
        micros = block.end_at


def closing_at(block: Block, lateness: int) -> int:
    """The instant from which no more rows are waited for."""
    return block.end_at + lateness


def opens_window(block: Block, window: str, zone: str) -> int | None:
    """The first instant of the window of this length that ends with the block; None when none does.

    Windows lie end to end: a week is judged when its Sunday is over, a day every day. So no row is judged twice in
    windows of one length, and a budget of false pages is not spent on windows that overlap.
    """
    start = block_start(block.start_at, window, zone)
    return start if block_end(start, window, zone) == block.end_at else None

"""What a run says while it goes on: plain records, which a face draws as it likes."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

__all__ = [
    "DatasetTaken",
    "Listener",
    "Noticed",
    "Printed",
    "Progress",
    "RunBegan",
    "RunDone",
    "StepDone",
    "StepKept",
    "StepRetried",
    "StepStarted",
    "unheard",
]


class DatasetTaken(msgspec.Struct, frozen=True):
    """The version of a dataset that the run stands on."""

    name: str
    ref: str


class RunBegan(msgspec.Struct, frozen=True):
    """A run began, or goes on after an interruption; ``steps`` are all it will come to, in order."""

    run_ref: str
    model: str
    steps: tuple[str, ...]
    resumed: bool


class StepStarted(msgspec.Struct, frozen=True):
    """A step is being executed, and why (the reasons are sentences)."""

    step: str
    attempt: int
    reasons: tuple[str, ...]


class StepKept(msgspec.Struct, frozen=True):
    """A step need not run: its kept result was verified."""

    step: str
    run_ref: str
    """The run that made it."""


class StepDone(msgspec.Struct, frozen=True):
    """A step was executed and its results are recorded."""

    step: str
    took_us: int
    rows: int | None
    """Rows of the frame it made, if it made one."""


class StepRetried(msgspec.Struct, frozen=True):
    """A step raised and is tried again after ``wait_s`` seconds."""

    step: str
    attempt: int
    wait_s: float
    error: str


class Printed(msgspec.Struct, frozen=True):
    """What a step wrote to its output."""

    step: str
    text: str


class Noticed(msgspec.Struct, frozen=True):
    """Something that a reader should know and that stops nothing."""

    step: str
    text: str


class RunDone(msgspec.Struct, frozen=True):
    """The run ended."""

    run_ref: str
    status: str
    model_ref: str


Progress = DatasetTaken | RunBegan | StepStarted | StepKept | StepDone | StepRetried | Printed | Noticed | RunDone
"""Any of them."""

Listener = Callable[[Progress], None]
"""What is told; it is called in the thread of the run and must be quick."""


def unheard(event: Progress) -> None:
    """The listener that nobody gave."""

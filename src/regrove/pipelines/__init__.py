"""Pipelines: plain functions, their graph, and results that are kept by what made them.

A function's name is the name of what it returns, and its parameters name what it needs. `Pipelines` checks the graph
before anything runs, executes steps in worker processes, keeps each result under the digest of everything it depends
on, and hands the finished model to the registry. `step`, `Train`, `Holdout` and `Params` are what a project imports.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from regrove.pipelines.config import ModelConfig, SplitConfig
    from regrove.pipelines.given import Holdout, Params, StepRun, Train
    from regrove.pipelines.options import step
    from regrove.pipelines.progress import (
        DatasetTaken,
        Noticed,
        Printed,
        Progress,
        RunBegan,
        RunDone,
        StepDone,
        StepKept,
        StepRetried,
        StepStarted,
    )
    from regrove.pipelines.report import Explanation, PlannedStep, RunReport, StepReport
    from regrove.pipelines.request import RunRequest
    from regrove.pipelines.service import Pipelines
    from regrove.pipelines.trained import ServingCode, ServingFunction, TrainedModel

__all__ = [
    "DatasetTaken",
    "Explanation",
    "Holdout",
    "ModelConfig",
    "Noticed",
    "Params",
    "Pipelines",
    "PlannedStep",
    "Printed",
    "Progress",
    "RunBegan",
    "RunDone",
    "RunReport",
    "RunRequest",
    "ServingCode",
    "ServingFunction",
    "SplitConfig",
    "StepDone",
    "StepKept",
    "StepReport",
    "StepRetried",
    "StepRun",
    "StepStarted",
    "Train",
    "TrainedModel",
    "step",
]

_HOMES = {
    "Explanation": "report",
    "Holdout": "given",
    "ModelConfig": "config",
    "Params": "given",
    "Pipelines": "service",
    "PlannedStep": "report",
    "RunReport": "report",
    "RunRequest": "request",
    "ServingCode": "trained",
    "ServingFunction": "trained",
    "SplitConfig": "config",
    "StepReport": "report",
    "StepRun": "given",
    "Train": "given",
    "TrainedModel": "trained",
    "step": "options",
}


def __getattr__(name: str) -> object:
    """Load a public name from its module on first use, so that the door itself stays light."""
    from importlib import import_module

    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES.get(name, 'progress')}"), name)

"""The code that travels: the modules of a project again, with nothing in them but what some functions reach."""

from __future__ import annotations

from regrove.pipelines.code.project import Project
from regrove.pipelines.code.reach import Reach


def package(project: Project, reach: Reach) -> dict[str, str]:
    """Not yet."""
    raise NotImplementedError

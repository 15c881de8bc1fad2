"""The user's declarations: read from ``regrove.toml``, compared, applied, and then acted on.

A file can change while a worker runs. So a declaration is *applied*: recorded with the source it names, immutable, by
digest, in the ledger. Every room acts on the record, never on the file, and every decision can cite its digest.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from regrove.project.applied import Applied
    from regrove.project.declaration import Declaration, ProjectConfig
    from regrove.project.plan import Change, Plan
    from regrove.project.read import FILE, read_project, read_text
    from regrove.project.service import Projects
    from regrove.project.store import Revision
    from regrove.project.template import TEMPLATES, create

__all__ = [
    "FILE",
    "TEMPLATES",
    "Applied",
    "Change",
    "Declaration",
    "Plan",
    "ProjectConfig",
    "Projects",
    "Revision",
    "create",
    "read_project",
    "read_text",
]

_HOMES = {
    "Applied": "applied",
    "Change": "plan",
    "Declaration": "declaration",
    "FILE": "read",
    "Plan": "plan",
    "ProjectConfig": "declaration",
    "Projects": "service",
    "Revision": "store",
    "TEMPLATES": "template",
    "create": "template",
    "read_project": "read",
    "read_text": "read",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"regrove.project.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

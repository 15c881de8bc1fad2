"""What every command is given: where the project is, and who acts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from regrove.workspace import Workspace

__all__ = ["AsJson", "Session"]

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
"""The option that every list has."""


class Session:
    """The options that stand before the command."""

    def __init__(self, folder: Path, actor: str) -> None:
        self.folder = folder
        self.actor = actor

    def open(self) -> Workspace:
        """The workspace of the project; use it as a context manager."""
        from regrove.workspace import open as open_workspace

        return open_workspace(self.folder, actor=self.actor)

"""What every command is given: where the project is, and who acts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
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
        """The workspace of the project, for reading; use it as a context manager."""
        from regrove.workspace import open as open_workspace

        return open_workspace(self.folder, actor=self.actor)

    @contextmanager
    def change(self) -> Iterator[Workspace]:
        """The workspace, for a command that changes something: what it records is anchored at the end.

        An anchor is a copy of the ledger's head in the object store, outside the database: from then on nobody can
        write the chain anew without being found. A command that fails half-way anchors what it has recorded, too.

        Raises, before anything is changed, Unavailable when this process may not write, and Corrupt when the database
        is not the one that was anchored last.
        """
        with self.open() as ws:
            if ws.database.read_only:
                raise ws.database.unwritable("permission to write")
            ws.ledger.confirm()
            before = ws.ledger.head().position
            try:
                yield ws
            finally:
                if ws.ledger.head().position > before:
                    ws.ledger.anchor()

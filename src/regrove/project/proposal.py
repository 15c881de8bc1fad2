"""What the files of a project say now, and whether it can be recorded: everything that is refused before it is."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from regrove.datasets.sources import check_sources
from regrove.digest import of_bytes, of_json
from regrove.errors import RegroveError
from regrove.pipelines.code import Codebase
from regrove.pipelines.importing import check_import
from regrove.pipelines.review import review
from regrove.project.declaration import Declaration
from regrove.project.locate import line_of
from regrove.project.read import FILE, read
from regrove.project.snapshot import Snapshot, write

if TYPE_CHECKING:
    from regrove.execution import Executor
    from regrove.pipelines import RunRequest

__all__ = ["Proposal"]


@dataclass(frozen=True)
class Proposal:
    """The declaration and the source of the project folder ``root``, read once."""

    root: Path
    declaration: Declaration
    text: str
    """Of ``regrove.toml``."""
    code: Codebase
    snapshot: Snapshot

    @classmethod
    def read(cls, root: Path) -> Proposal:
        """Read the files; InvalidDeclaration, InvalidInput or NotFound when they cannot be read as what they are."""
        declaration, text = read(root)
        code = Codebase.load(root, declaration.project.module)
        return cls(root, declaration, text, code, Snapshot(code.sources))

    @property
    def digest(self) -> str:
        """The digest of the revision that it would be."""
        return of_json({"declaration": of_bytes(self.text.encode()), "source": self.snapshot.digest})

    def check(self, request: RunRequest | None = None) -> None:
        """Judge each model's graph, the run that is asked for, and the columns of each dataset's files.

        Raises InvalidInput, NotFound or Refused for the first thing that would stop a run. Nothing is run, and no row
        is read but the first ones of a CSV file, which decide types that are not declared.
        """
        declaration = self.declaration
        review(declaration.models, declaration.datasets, self.code, self.root, request)
        for name, dataset in declaration.datasets.items():
            if not dataset.source:  # it has no files
                continue
            try:
                check_sources(self.root, dataset)
            except RegroveError as error:
                place = f"{FILE}, line {line_of(self.text, ('datasets', name))}: [datasets.{name}]"
                error.happened = f"{place}: {error.happened}"
                raise

    def check_import(self, executor: Executor) -> None:
        """Raise InvalidInput when a worker cannot import the module from a copy of the snapshot."""
        with tempfile.TemporaryDirectory(prefix="regrove-code-", ignore_cleanup_errors=True) as folder:
            write(self.snapshot.files, Path(folder))
            check_import(executor, Path(folder), self.declaration.project.module)

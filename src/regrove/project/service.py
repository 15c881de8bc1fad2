"""Comparing and applying declarations."""

from __future__ import annotations

import subprocess
from pathlib import Path

from regrove.clock import Clock
from regrove.digest import canonical, of_bytes, of_json
from regrove.errors import Conflict
from regrove.ledger import Ledger
from regrove.pipelines.code import Codebase
from regrove.project.applied import Applied
from regrove.project.declaration import Declaration
from regrove.project.events import ProjectApplied
from regrove.project.plan import Plan, compare
from regrove.project.read import read
from regrove.project.snapshot import Snapshot, take
from regrove.project.store import Revision, Store
from regrove.storage import Database, Vault

__all__ = ["Projects"]


class Projects:
    """What the project's file says, and what of it is in force."""

    def __init__(
        self, database: Database, vault: Vault, ledger: Ledger, clock: Clock, root: Path, name: str, cache: Path
    ) -> None:
        self._database = database
        self._vault = vault
        self._ledger = ledger
        self._clock = clock
        self._root = root
        self._store = Store(database)
        self.name = name
        self.applied = Applied(self._store, vault, name, root, cache)
        """The declaration in force, as the other rooms read it."""

    def plan(self) -> Plan:
        """Compare the file with the record; nothing is changed."""
        declaration, text = read(self._root)
        snapshot = take(self._root, declaration.project.module)
        return self._plan(declaration, text, snapshot)

    def apply(self) -> Revision:
        """Record the file and the source it names; the revision in force when nothing changed.

        Raises InvalidDeclaration or InvalidInput, before anything is recorded, for a file or source that cannot be
        used, and Conflict when the file names another project than the workspace was opened with.
        """
        declaration, text = read(self._root)
        if declaration.project.name != self.name:
            raise Conflict(
                "The file names another project than this workspace was opened with",
                expected=self.name,
                received=declaration.project.name,
                mend="open the workspace again",
            )
        snapshot = take(self._root, declaration.project.module)
        self._check_functions(declaration)
        digest = _digest(text, snapshot)
        commit, dirty = _git(self._root)
        # Objects first, row after: an object without a row is collected; a row without its object is a loss.
        declaration_digest = self._vault.add_bytes(text.encode())
        source_digest = self._vault.add_bytes(canonical(snapshot.files))
        with self._database.transaction():
            latest = self._store.latest(self.name)
            if latest is not None and latest.digest == digest:
                return latest
            revision = Revision(
                project=self.name,
                ordinal=latest.ordinal + 1 if latest else 1,
                digest=digest,
                declaration_digest=declaration_digest,
                source_digest=source_digest,
                git_commit=commit,
                git_dirty=dirty,
                applied_at=self._clock.now(),
            )
            self._store.add(revision)
            self._ledger.record(
                ProjectApplied(
                    ordinal=revision.ordinal,
                    digest=digest,
                    declaration_digest=declaration_digest,
                    source_digest=source_digest,
                    git_commit=commit,
                    git_dirty=dirty,
                ),
                subject=revision.ref,
                generated=[f"code:{source_digest}"],
            )
        return revision

    def revisions(self) -> list[Revision]:
        """Every applied revision, the oldest first."""
        return self._store.all(self.name)

    def live_digests(self) -> set[str]:
        """The objects that revisions stand on; collection keeps them."""
        return {digest for each in self.revisions() for digest in (each.declaration_digest, each.source_digest)}

    def _plan(self, declaration: Declaration, text: str, snapshot: Snapshot) -> Plan:
        latest = self._store.latest(self.name)
        before = self.applied.declaration if latest else None
        old_files = self._vault.read_json(latest.source_digest, dict[str, str]) if latest else {}
        digest = _digest(text, snapshot)
        changes = compare(before, declaration, old_files, snapshot.files)
        return Plan(digest=digest, in_force=latest.ref if latest else "", changes=changes)

    def _check_functions(self, declaration: Declaration) -> None:
        """Parse the source, so that a syntax error is refused now and not when a run starts."""
        Codebase.load(self._root, declaration.project.module).functions()


def _digest(text: str, snapshot: Snapshot) -> str:
    return of_json({"declaration": of_bytes(text.encode()), "source": snapshot.digest})


def _git(root: Path) -> tuple[str, bool]:
    """The commit of the work tree and whether it differs from it; empty outside git or without git."""

    def ask(*words: str) -> str | None:
        try:
            answer = subprocess.run(
                ["git", "-C", str(root), *words], capture_output=True, text=True, timeout=20, check=False
            )
        except (OSError, subprocess.TimeoutExpired):
            return None
        return answer.stdout.strip() if answer.returncode == 0 else None

    commit = ask("rev-parse", "HEAD")
    return (commit, bool(ask("status", "--porcelain", "--", "."))) if commit else ("", False)

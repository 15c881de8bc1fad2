"""Comparing and applying declarations."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from regrove.clock import Clock
from regrove.digest import canonical
from regrove.errors import Conflict, RegroveError, nearest
from regrove.ledger import Ledger
from regrove.project.applied import Applied
from regrove.project.declaration import Declaration
from regrove.project.events import ProjectApplied
from regrove.project.plan import Plan, compare
from regrove.project.proposal import Proposal
from regrove.project.read import read
from regrove.project.store import Revision, Store
from regrove.storage import Database, Vault

if TYPE_CHECKING:
    from regrove.execution import Executor
    from regrove.pipelines import RunRequest

__all__ = ["Projects"]


class Projects:
    """What the project's file says, and what of it is in force."""

    def __init__(
        self,
        database: Database,
        vault: Vault,
        ledger: Ledger,
        clock: Clock,
        *,
        root: Path,
        name: str,
        cache: Path,
        executor: Callable[[], Executor],
    ) -> None:
        self._database = database
        self._vault = vault
        self._ledger = ledger
        self._clock = clock
        self._root = root
        self._executor = executor
        self._store = Store(database)
        self.name = name
        self.applied = Applied(self._store, vault, name, root, cache)
        """The declaration in force, as the other rooms read it."""

    def declared(self) -> Declaration:
        """What the file says now, checked in itself alone; nothing acts on it before it is applied."""
        return read(self._root)[0]

    def plan(self, *, new_project: bool = False) -> Plan:
        """Compare the file and the source with the record; nothing is changed.

        Raises what `apply` raises, so that what is shown can be recorded.
        """
        proposal, latest = Proposal.read(self._root), self._store.latest(self.name)
        beside = self._check(proposal, latest, None, new_project=new_project)
        before = self.applied.declaration if latest else None
        old_files = self._vault.read_json(latest.source_digest, dict[str, str]) if latest else {}
        changes = compare(before, proposal.declaration, old_files, proposal.snapshot.files)
        return Plan(proposal.digest, latest.ref if latest else "", changes, beside)

    def apply(self, request: RunRequest | None = None, *, new_project: bool = False) -> Revision:
        """Record the file and the source it names; the revision in force when nothing changed.

        ``request`` is the run that is to follow: one that the declaration cannot serve is refused before that is
        recorded. ``new_project`` is for a project beside others that this workspace holds already.

        Raises, before anything is recorded, InvalidDeclaration, InvalidInput, NotFound or Refused for files that
        would stop a run (a graph that breaks a rule, a module that cannot be imported, a dataset whose files are
        missing or lack a column), and Conflict when the file names another project than the workspace holds.
        """
        proposal, latest = Proposal.read(self._root), self._store.latest(self.name)
        if latest is not None and latest.digest == proposal.digest and self._is_whole(latest):
            self._check_name(proposal, latest, new_project=new_project)
            return latest
        self._check(proposal, latest, request, new_project=new_project)
        digest, text, snapshot = proposal.digest, proposal.text, proposal.snapshot
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

    def _is_whole(self, revision: Revision) -> bool:
        return self._vault.has(revision.declaration_digest) and self._vault.has(revision.source_digest)

    def _check(
        self, proposal: Proposal, latest: Revision | None, request: RunRequest | None, *, new_project: bool
    ) -> tuple[str, ...]:
        """Refuse what cannot be recorded, the cheapest check first; the other projects when this one is new."""
        beside = self._check_name(proposal, latest, new_project=new_project)
        proposal.check(request)
        if latest is None or not self._is_imported(proposal, latest):
            proposal.check_import(self._executor())
        return beside

    def _is_imported(self, proposal: Proposal, latest: Revision) -> bool:
        """Whether this very module was imported when ``latest`` was applied."""
        if latest.source_digest != proposal.snapshot.digest:
            return False
        try:
            return latest.digest == proposal.digest or self.applied.module == proposal.declaration.project.module
        except RegroveError:  # its declaration is lost or damaged: what is applied next takes its place
            return False

    def _check_name(self, proposal: Proposal, latest: Revision | None, *, new_project: bool) -> tuple[str, ...]:
        name = proposal.declaration.project.name
        if name != self.name:
            raise Conflict(
                "The file names another project than this workspace was opened with",
                expected=self.name,
                received=name,
                mend="open the workspace again",
            )
        others = tuple(self._store.projects()) if latest is None else ()
        if others and not new_project:
            raise Conflict(
                f"This workspace has no project {name!r}; what it holds belongs to {', '.join(others)}",
                expected=f"name = {' or '.join(map(repr, others))} under [project]",
                received=repr(name),
                mend=f"{nearest(name, others) or 'write the name back'}; "
                "or, to begin a new project in this workspace: regrove apply --new-project",
            )
        return others


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

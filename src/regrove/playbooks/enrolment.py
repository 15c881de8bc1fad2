"""Which playbooks are in force, and from which event on each of them listens.

A playbook listens from the declaration on that brought it: what happened before it was declared does not begin
anything. One that is taken out of the declaration and put back listens anew from there, and is not broken any more.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from regrove.playbooks.config import PlaybookConfig
from regrove.playbooks.record import Standing

if TYPE_CHECKING:
    from regrove.clock import Clock
    from regrove.ledger import Ledger
    from regrove.playbooks.config import Declarations
    from regrove.playbooks.store import Store
    from regrove.storage import Database

__all__ = ["Enrolment"]

_APPLIED: Final = "project.applied"


class Enrolment:
    """Reads the declaration in force, once for each revision, and keeps beside it where every playbook stands."""

    def __init__(
        self, database: Database, ledger: Ledger, clock: Clock, store: Store, declarations: Declarations
    ) -> None:
        self._database = database
        self._ledger = ledger
        self._clock = clock
        self._store = store
        self._declarations = declarations
        self._read: tuple[str, dict[str, PlaybookConfig]] = ("", {})

    def declared(self) -> Mapping[str, PlaybookConfig]:
        """The playbooks of the declaration in force."""
        ref = self._declarations.revision.ref
        if self._read[0] != ref:
            names = self._declarations.playbook_names()
            self._read = (ref, {name: self._declarations.playbook(name) for name in names})
        return self._read[1]

    def standings(self, project: str) -> Mapping[str, Standing]:
        """Where every playbook stands, after noting those that came and went; nothing is written when none did."""
        declared = self.declared()
        known = self._store.standings(project)
        new = [name for name in declared if name not in known or not known[name].declared]
        gone = [each for name, each in known.items() if each.declared and name not in declared]
        if not new and not gone:
            return known
        with self._database.transaction():
            for each in gone:
                self._store.stand(project, replace(each, declared=False))
            since = self._applied(project) if new else 0
            for name in new:
                resets = known[name].resets + 1 if name in known else 0
                self._store.stand(
                    project,
                    Standing(name=name, declared=True, since=since, enrolled_at=self._clock.now(), resets=resets),
                )
            return self._store.standings(project)

    def _applied(self, project: str) -> int:
        """The position of the event by which the declaration in force was applied; the head when there is none."""
        ref = self._declarations.revision.ref
        found = self._ledger.read(types=(_APPLIED,), subject=ref, project=project)
        return found[-1].position if found else self._ledger.head().position

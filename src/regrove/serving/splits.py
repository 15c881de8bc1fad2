"""Several revisions at once: a candidate answers a share of the callers, and what both sides did is counted.

Here is the mechanism alone: who decides that a share grows, or that the candidate goes, reads the counts and calls
`Splits.open` and `Splits.settle`. Both may be called again after a crash; what stands already is not published twice.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from regrove.errors import Conflict, InvalidInput, Refused
from regrove.refs import parse
from regrove.serving.edges import GuardEdges, edges_of
from regrove.serving.generation import Revision
from regrove.serving.publishing import Publisher, Split
from regrove.serving.replica import Replica, replicas
from regrove.serving.segment import folder_of
from regrove.serving.tally import Tally, tally
from regrove.serving.traffic import SHARES

if TYPE_CHECKING:
    from regrove.registry import Models
    from regrove.schema import Schema
    from regrove.serving.history import History
    from regrove.serving.store import Deployment, Publication

__all__ = ["Splits"]


class _Wanted(Protocol):
    """The revision that a deployment declares, or one of another model version under the same terms."""

    def __call__(self, name: str, model: str = "") -> Revision: ...


class Splits:
    """Opens, widens and settles the splits of the acting project's deployments; made by `Deployments`."""

    def __init__(
        self,
        publisher: Publisher,
        history: History,
        root: Path,
        *,
        running: Callable[[str], Deployment],
        wanted: _Wanted,
        models: Models,
    ) -> None:
        self._publisher = publisher
        self._history = history
        self._root = root
        self._running = running
        self._wanted = wanted
        self._models = models

    def open(
        self, name: str, *, candidate: str, share: float, salt: str, edges: GuardEdges | None = None
    ) -> Publication:
        """Let the model version ``candidate`` answer a ``share`` of the callers, between 0 and 1, beside the control.

        ``salt`` names the split: with the same one and another share the split is widened or narrowed, and who is in
        it stays in it while it grows. ``edges`` are what both sides will be compared by.

        Raises Conflict when the deployment does not run or another split is open, Refused when the candidate is the
        control or asks for fields that the control does not, so that callers would be refused by chance.
        """
        tenthousandths = round(share * SHARES)
        if not 0 < tenthousandths < SHARES:
            raise InvalidInput(
                "This is no share of the traffic", expected="more than 0 and less than 1", received=str(share)
            )
        while True:
            deployment = self._running(name)
            current = deployment.current
            if current.candidates and current.salt != salt:
                raise Conflict(
                    f"The deployment {name!r} is split already",
                    expected=f"the split {current.salt}",
                    received=salt,
                    mend="settle that one first",
                )
            wanted = self._beside(name, current.revision, candidate)
            split = Split(candidate=wanted, share=tenthousandths, salt=salt, edges=edges)
            opened = self._publisher.follow(
                deployment.project, deployment.name, current, "running", current.revision, split
            )
            if opened is not None:
                return opened
            # Somebody published meanwhile: the control may be another one by now.

    def check(self, name: str, *, candidate: str) -> None:
        """Raise what `open` would of the version ``candidate`` beside what answers now; nothing is published."""
        self._beside(name, self._running(name).current.revision, candidate)

    def settle(self, name: str, *, model: str) -> Publication:
        """Let the model version ``model`` answer everybody: the end of a split, to either side."""
        deployment = self._running(name)
        wanted = self._wanted(name, _numbered(model))
        return self._publisher.publish(deployment.project, deployment.name, "running", wanted)

    def replicas(self, name: str) -> list[Replica]:
        """What each process of each living server on this machine answers from; empty when none runs."""
        deployment = self._running(name)
        return replicas(folder_of(self._root, deployment.project, deployment.name))

    def tallies(self, name: str, *, salt: str) -> list[Tally]:
        """What each revision did in each generation of the split ``salt``, one unit a request.

        Requests that asked for a revision by name are left out.
        """
        deployment = self._running(name)
        project = deployment.project
        published = [each for each in self._publisher.publications(project, deployment.name) if each.salt == salt]
        numbers = {each.number for each in published if each.candidates}
        if not numbers:
            return []
        requests = self._history.requests(project, deployment.name, numbers)
        failures = self._history.failures(project, deployment.name, numbers)
        return tally(published, requests, failures)

    def edges(self, name: str, *, since: int | None = None) -> GuardEdges | None:
        """What is slow and how scores lie, of the control's requests since an instant; None for fewer than 200."""
        import polars as pl

        deployment = self._running(name)
        published = self._publisher.publications(deployment.project, deployment.name)
        control = deployment.current.revision.number
        numbers = {each.number for each in published if each.revision.number == control}
        requests = self._history.requests(deployment.project, deployment.name, numbers)
        mine = requests.filter(
            (pl.col("revision") == control) & ~pl.col("overridden") & pl.col("seconds").is_not_null()
        )
        if since is not None:
            mine = mine.filter(pl.col("at").to_physical() >= since)
        return edges_of(mine["seconds"].to_numpy(), mine["score"].to_list())

    def _beside(self, name: str, control: Revision, candidate: str) -> Revision:
        """The candidate as a revision; Refused when it is the control or cannot answer what the control can."""
        wanted = self._wanted(name, _numbered(candidate))
        if wanted.model_digest == control.model_digest:
            raise Refused(
                f"{wanted.model} answers everybody already", expected="another version", received=wanted.model
            )
        self._check_fits(control, wanted)
        return wanted

    def _check_fits(self, control: Revision, candidate: Revision) -> None:
        """Refuse a candidate that cannot answer what the control can."""
        asked = {column.name: column for column in self._request(control.model)}
        for column in self._request(candidate.model):
            known = asked.get(column.name)
            if known is None or known.type is not column.type or (known.nullable and not column.nullable):
                raise Refused(
                    f"{candidate.model} asks for {column.name!r} otherwise than {control.model}, which answers now",
                    expected=f"{known.type}{', may be null' if known.nullable else ''}" if known else "no such field",
                    received=f"{column.type}{', may be null' if column.nullable else ''}",
                    mend="let callers send the field first, or move the alias by hand: regrove models promote",
                )

    def _request(self, model: str) -> Schema:
        return self._models.get(model).manifest.signature.request


def _numbered(model: str) -> str:
    """The ref of a model version; an alias moves, so that a decision cannot be about it."""
    if parse(model, kind="model").ordinal is None:
        raise InvalidInput(
            "A split is about a version, not about an alias", expected="such as model:late-arrival@7", received=model
        )
    return str(parse(model, kind="model"))

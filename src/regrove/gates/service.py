"""The one class of this room."""

from __future__ import annotations

import builtins
import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

import msgspec

from regrove.digest import of_json
from regrove.errors import Corrupt, InvalidInput, NotFound
from regrove.gates.case import Case, Contender
from regrove.gates.check import CheckResult, Costly
from regrove.gates.checks import checks_of
from regrove.gates.config import GateConfig
from regrove.gates.events import GateJudged
from regrove.gates.report import FORMAT, GateReport
from regrove.gates.rows import ARTIFACT
from regrove.gates.store import Line, Store
from regrove.gates.verdict import decided
from regrove.ledger import acting, attribution
from regrove.pipelines.holding import holding
from regrove.refs import check_id, new_id, parse
from regrove.storage import Lease, Leases

if TYPE_CHECKING:
    from regrove.clock import Clock
    from regrove.gates.check import Check
    from regrove.gates.config import Declarations
    from regrove.ledger import Ledger
    from regrove.registry import Models, ModelVersion
    from regrove.storage import Database, Vault
    from regrove.tracking import Runs

__all__ = ["Gates"]

_LEASE_S: Final = 120.0
_RULES: Final = 2
"""Of the checks: a change of what they compute is another number, so that reports of before are not taken for new."""


def _unheard(_: str) -> None:
    """Nobody listens."""


class Gates:
    """Judges candidates by the checks that are declared, and keeps what was said as evidence bound to their digests."""

    def __init__(
        self,
        database: Database,
        vault: Vault,
        ledger: Ledger,
        clock: Clock,
        *,
        models: Models,
        runs: Runs,
        declarations: Declarations,
    ) -> None:
        self._database = database
        self._vault = vault
        self._ledger = ledger
        self._clock = clock
        self._models = models
        self._runs = runs
        self._declarations = declarations
        self._store = Store(database)
        self._checks = checks_of(vault)

    def run(
        self,
        candidate: str,
        *,
        champion: str = "",
        cause: str | None = None,
        again: bool = False,
        progress: Callable[[str], None] = _unheard,
    ) -> GateReport:
        """Judge a version (``late-arrival@4``) by the gate of its model, against ``champion`` (default: that alias).

        The same version, champion, gate and rows give the same report, however often and by whomever it is asked for:
        nothing is computed or recorded again, but with ``again``: then it is judged once more, as after a latency that
        was measured on a busy machine, and the newest report counts. ``progress`` is told the kind of each check that
        begins.

        Raises NotFound when there is no such version or gate, InvalidInput for a declared field that no request of it
        carries, MissingExtra for a check that nothing here can make, and Conflict while another process judges a
        version of this model.
        """
        with acting(cause=cause) if cause is not None else contextlib.nullcontext():
            version = self._models.get(candidate)
            gate = self._declarations.gate(version.name)
            case, root = self._case(version, gate, self._champion(version, champion))
            known, basis = self._newest(root)
            if known is not None and not again:
                return known
            for check in self._checks:
                if check.wanted(case):
                    check.ready(case)
            with self._lease(version.name) as lease, holding(lease, every_s=_LEASE_S / 6):
                return self._known(basis) or self._judge(case, basis, lease, progress)  # another was quicker

    def get(self, ref: str) -> GateReport:
        """A report by its ref (``gate:<id>``) or id; NotFound when there is none."""
        found = self._store.get(attribution().project, check_id(ref.removeprefix("gate:"), what="gate report"))
        if found is None:
            raise NotFound("There is no such gate report", received=ref, mend="regrove gate list")
        return self._read(found)

    def list(self, model: str = "", *, limit: int = 50) -> builtins.list[Line]:
        """Reports of the project, the newest first; those of one model when it is named."""
        name = parse(model, kind="model").name if model else ""
        if limit < 1:
            raise InvalidInput("A list needs room", expected="a limit of 1 or more", received=str(limit))
        return self._store.list(attribution().project, name, limit)

    def live_digests(self) -> set[str]:
        """The objects of all reports; collection keeps them."""
        return self._store.digests()

    def _champion(self, version: ModelVersion, stated: str) -> ModelVersion | None:
        if not stated:
            try:
                return self._models.get(f"model:{version.name}@champion")
            except NotFound:
                return None
        found = self._models.get(stated)
        if found.name != version.name:
            raise InvalidInput(
                "A candidate is compared with a version of its own model",
                expected=f"a version of {version.name}",
                received=found.ref,
                mend=f"regrove models list {version.name}",
            )
        return found

    def _case(self, version: ModelVersion, gate: GateConfig, champion: ModelVersion | None) -> tuple[Case, str]:
        """What the checks are given, and the digest of all that they rest on."""
        contenders = [self._contender(each, gate.zone) for each in (version, champion) if each is not None]
        rival = contenders[1] if len(contenders) > 1 else None

        def uses(holdout: str) -> int:
            return self._store.uses(version.project, version.name, holdout)

        root = of_json(
            {
                "rules": _RULES,
                "gate": msgspec.to_builtins(gate),
                "metric": version.manifest.training.metric,
                "versions": [each.version.digest for each in contenders],
                "rows": [each.artifact for each in contenders],
            }
        )
        return Case(gate, contenders[0], rival, uses=uses), root

    def _contender(self, version: ModelVersion, zone: str) -> Contender:
        artifact = self._runs.beside(version.ref, ARTIFACT)
        return Contender(
            version, artifact.digest if artifact else "", lambda: self._models.load(version.ref), self._vault, zone
        )

    def _judge(self, case: Case, basis: str, lease: Lease, progress: Callable[[str], None]) -> GateReport:
        checks = _made([each for each in self._checks if each.wanted(case)], case, progress)
        version = case.candidate.version
        champion = case.champion.version if case.champion else None
        verdict, reason = decided(version.ref, champion.ref if champion else "", checks)
        report = GateReport(
            id=new_id(),
            project=version.project,
            model=version.ref,
            model_digest=version.digest,
            champion=champion.ref if champion else "",
            champion_digest=champion.digest if champion else "",
            verdict=verdict,
            reason=reason,
            checks=tuple(checks),
            declaration=self._declarations.revision.ref,
            run=version.run,
            holdout=case.identity,
            basis=basis,
            judged_at=self._clock.now(),
        )
        return self._record(report, lease)

    def _record(self, report: GateReport, lease: Lease) -> GateReport:
        """Keep the object, then the row and the event in one transaction."""
        report = msgspec.structs.replace(report, object=self._vault.add_json(report))
        with self._database.transaction():
            lease.check()
            known = self._known(report.basis)
            if known is not None:
                return known
            self._store.add(report)
            event = GateJudged(
                gate=report.id,
                model=report.model,
                model_digest=report.model_digest,
                champion=report.champion,
                verdict=report.verdict,
                reason=report.reason,
                object=report.object,
            )
            used = [each for each in (report.model, report.champion, report.run, report.declaration) if each]
            self._ledger.record(
                event, subject=report.ref, used=list(dict.fromkeys(used)), generated=[f"object:{report.object}"]
            )
        return report

    def _newest(self, root: str) -> tuple[GateReport | None, str]:
        """The last report that rests on this, and the basis that one more would have."""
        found, turn = None, 0
        while (known := self._store.of_basis(attribution().project, basis := _basis(root, turn))) is not None:
            found, turn = known, turn + 1
        return (self._read(found) if found is not None else None), basis

    def _known(self, basis: str) -> GateReport | None:
        found = self._store.of_basis(attribution().project, basis)
        return self._read(found) if found is not None else None

    def _read(self, line: Line) -> GateReport:
        report = self._vault.read_json(line.object, GateReport)
        if report.format != FORMAT:
            raise Corrupt("The gate report is of another format", expected=str(FORMAT), received=str(report.format))
        return msgspec.structs.replace(report, object=line.object)

    @contextlib.contextmanager
    def _lease(self, name: str) -> Iterator[Lease]:
        with Leases(self._database).acquire(f"gate:{attribution().project}/{name}", ttl_s=_LEASE_S) as lease:
            yield lease


def _made(wanted: Sequence[Check], case: Case, progress: Callable[[str], None]) -> list[CheckResult]:
    """What each check finds, in their order. What takes long is begun first, and finished only if it matters."""
    found: list[CheckResult] = []
    with contextlib.ExitStack() as stack:
        begun = {each.kind: stack.enter_context(each.begun(case)) for each in wanted if isinstance(each, Costly)}
        for check in wanted:
            progress(check.kind)
            finish = begun.get(check.kind)
            blocking = next((each.name for each in found if each.blocks_promotion), "")
            if finish is None:
                found += check.run(case)
            else:
                found += (_spared(check.kind, blocking),) if blocking else finish()
    return found


def _spared(kind: str, blocking: str) -> CheckResult:
    """The result of a costly check that would change nothing."""
    reason = f"It was not measured: {blocking} keeps the candidate from going live already."
    return CheckResult(name=kind, kind=kind, status="skipped", reason=reason)


def _basis(root: str, turn: int) -> str:
    """The basis of the report number ``turn`` on the same version, champion, gate and rows."""
    return of_json({"root": root, "turn": turn})

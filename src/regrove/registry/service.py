"""What users hold of this room."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import msgspec

from regrove import digest, plugins, refs
from regrove.clock import Clock
from regrove.errors import InvalidInput, NotFound, nearest
from regrove.ledger import Ledger, attribution
from regrove.registry.decision import AliasMove, Decision
from regrove.registry.events import AliasMoved, DecisionRecorded, ModelRegistered
from regrove.registry.manifest import ModelManifest, Training
from regrove.registry.store import Store
from regrove.registry.version import Model, ModelSpec, ModelVersion, Verified
from regrove.storage import Database, Vault

if TYPE_CHECKING:
    from regrove.registry.predictor import Predictor

__all__ = ["Models"]

_RESERVED = "latest"


class Models:
    """Model versions of the acting project: registered once by content, live by decision.

    A version is immutable and named by the digest of its manifest. An alias (``champion``, ``challenger``) moves only
    together with a recorded decision. Refs are such as ``model:late-arrival@1``, ``late-arrival@champion``, or
    ``late-arrival`` for the latest version.
    """

    def __init__(self, database: Database, vault: Vault, ledger: Ledger, clock: Clock) -> None:
        self._database = database
        self._vault = vault
        self._ledger = ledger
        self._clock = clock
        self._store = Store(database)

    def register(self, spec: ModelSpec, *, check: Callable[[ModelManifest], object] | None = None) -> ModelVersion:
        """Make the version that ``spec`` describes, or return the one with the same content.

        The model file and the serving code must be in the vault; both are read, audited and fitted to the signature
        before anything is recorded: here, or by whom ``check`` asks (see `regrove.registry.check`). Raises
        UntrustedTypes, BrokenModelFile, WrongSignature, BrokenServingCode, or InvalidInput for a spec that does not
        hold together.
        """
        manifest = _manifest(spec)
        (check or self._predictor)(manifest)  # refuses what could never be served
        of = self._vault.add_json(manifest)
        project, now = attribution().project, self._clock.now()
        with self._database.transaction():
            latest = self._store.lock(project, spec.name, now)
            known = self._store.by_digest(project, spec.name, of)
            if known is not None:
                return known
            version = ModelVersion(
                project=project,
                name=spec.name,
                ordinal=latest + 1,
                digest=of,
                manifest=manifest,
                run=spec.run,
                metrics=spec.metrics,
                registered_at=now,
                aliases=(),
            )
            self._store.add(version)
            self._record_registered(version)
        return version

    def get(self, ref: str) -> ModelVersion:
        """The version that ``ref`` names: a number, an alias, or nothing for the latest.

        Raises NotFound with what there is.
        """
        parsed = refs.parse(ref, kind="model")
        project = attribution().project
        ordinal = parsed.ordinal
        if ordinal is None:
            stands = self._store.stands(project, parsed.name)
            if parsed.version in ("", _RESERVED):
                ordinal = self._store.latest(project, parsed.name)
            else:
                ordinal = stands.get(parsed.version, 0)
        found = self._store.by_ordinal(project, parsed.name, ordinal) if ordinal else None
        if found is None:
            raise self._absent(parsed)
        return found

    def list(self) -> builtins.list[Model]:
        """All models of the project, by name."""
        return self._store.models(attribution().project)

    def versions(self, name: str) -> builtins.list[ModelVersion]:
        """All versions of a model, the oldest first; NotFound when it has none."""
        found = self._store.versions(attribution().project, name)
        if not found:
            raise self._absent(refs.parse(name, kind="model"))
        return found

    def promote(
        self, ref: str, *, alias: str = "champion", reason: str, evidence: Sequence[str] = (), declaration: str = ""
    ) -> Decision:
        """Decide that ``alias`` shall stand at ``ref``: the decision and the move are recorded together.

        ``reason`` is a sentence for whoever asks years later; ``evidence`` holds digests and refs that it rests on;
        ``declaration`` is the applied declaration in force. When the alias stands there already nothing is recorded
        and the decision in force is returned with ``recorded=False``. Raises InvalidInput for a bare model name or an
        empty reason, NotFound when the version or one of its objects is not there.
        """
        parsed = refs.parse(ref, kind="model")
        if not parsed.version:
            raise InvalidInput(
                "A decision must say which version it is for",
                expected=f"{parsed.name}@NUMBER or {parsed.name}@ALIAS",
                received=repr(ref),
                mend=f"regrove models list; regrove models promote {parsed.name}@1",
            )
        _check_alias(alias)
        cited = _check_cited(reason, evidence, declaration)
        project, actor = attribution().project, attribution().actor
        with self._database.transaction():
            self._store.lock(project, parsed.name, self._clock.now())
            version = self.get(ref)
            source = self._store.stands(project, parsed.name).get(alias)
            standing = self._store.decision_in_force(project, parsed.name, alias)
            if source == version.ordinal and standing is not None:
                return msgspec.structs.replace(standing, recorded=False)
            self._check_present(version)
            decision = Decision(
                id=refs.new_id(),
                project=project,
                name=version.name,
                alias=alias,
                source=source,
                target=version.ordinal,
                digest=version.digest,
                reason=reason.strip(),
                evidence=cited,
                declaration=declaration,
                actor=actor,
                decided_at=self._clock.now(),
            )
            self._record_decision(decision)
        return decision

    def live(self, name: str, alias: str = "champion", at: int | None = None) -> ModelVersion:
        """The version that ``alias`` stood at at the instant ``at`` (microseconds UTC), or stands at now.

        Raises NotFound when the alias stood nowhere then.
        """
        if at is None:
            return self.get(f"model:{name}@{alias}")
        project = attribution().project
        move = self._store.standing_at(project, name, alias, at)
        found = self._store.by_ordinal(project, name, move.target) if move else None
        if found is None:
            raise NotFound(
                f"The alias {alias!r} of {name} stood at no version then",
                expected="a time at or after its first move",
                mend=f"regrove models show {name} lists the moves",
            )
        return found

    def history(self, name: str, alias: str = "champion") -> builtins.list[AliasMove]:
        """Where an alias has stood, the oldest move first; empty when it never did."""
        return self._store.history(attribution().project, name, alias)

    def decision(self, ref: str) -> Decision:
        """A decision by its ref or id; NotFound when there is none."""
        found = self._store.decision(refs.check_id(ref.removeprefix("decision:"), what="decision"))
        if found is None or found.project != attribution().project:
            raise NotFound("There is no such decision", received=ref, mend="regrove models show NAME lists them")
        return found

    def decisions(self, name: str) -> builtins.list[Decision]:
        """All decisions about a model, the oldest first."""
        return self._store.decisions(attribution().project, name)

    def verify(self, ref: str) -> Verified:
        """Recompute every digest of a version, audit its model file and read its serving code.

        Raises Corrupt or NotFound that names the object, or Refused for a model file that would not be loaded.
        """
        version = self.get(ref)
        manifest = version.manifest
        objects = (version.digest, *manifest.objects)
        for of in objects:
            self._vault.read(of)  # whole, whatever was verified before
        self._predictor(manifest)
        form = plugins.load("model_formats", manifest.format)
        audit = form.audit(self._vault.fetch(manifest.model))
        return Verified(ref=version.ref, digest=version.digest, objects=objects, types=audit.types)

    def is_whole(self, ref: str) -> bool:
        """Whether every object of a version is there; what is in them only `verify` looks at."""
        version = self.get(ref)
        return all(self._vault.has(of) for of in (version.digest, *version.manifest.objects))

    def load(self, ref: str) -> Predictor:
        """The version, ready to predict; local only."""
        return self._predictor(self.get(ref).manifest)

    def live_digests(self) -> Iterator[str]:
        """The digests of all objects that a version or decision of any project needs; collection spares them."""
        return self._store.live_digests()

    def _predictor(self, manifest: ModelManifest) -> Predictor:
        from regrove.registry.predictor import Predictor

        return Predictor.of(manifest, self._vault)

    def _check_present(self, version: ModelVersion) -> None:
        for of in (version.digest, *version.manifest.objects):
            if not self._vault.has(of):
                raise NotFound(
                    f"{version.ref} lacks an object, so it could not be served",
                    expected=of,
                    mend=f"restore the object from a copy, or run {version.run or 'its run'} again",
                )

    def _record_registered(self, version: ModelVersion) -> None:
        manifest = version.manifest
        event = ModelRegistered(
            model=version.name,
            ordinal=version.ordinal,
            digest=version.digest,
            format=manifest.format,
            model_digest=manifest.model,
            code_digest=manifest.serving.code,
        )
        used = [version.run] if version.run else []
        self._ledger.record(event, subject=version.ref, used=used, generated=[f"object:{version.digest}"])

    def _record_decision(self, decision: Decision) -> None:
        kept = self._vault.add_json(decision)
        move = self._store.decide(decision, kept)
        recorded = DecisionRecorded(
            decision=decision.id,
            verdict="promote",
            model=decision.model,
            alias=decision.alias,
            digest=kept,
            model_digest=decision.digest,
            declaration=decision.declaration,
        )
        cited = [each for each in (decision.declaration, *decision.evidence) if each]
        used = [decision.model, *(f"object:{each}" if each.startswith(digest.PREFIX) else each for each in cited)]
        self._ledger.record(recorded, subject=decision.ref, used=used)
        moved = AliasMoved(
            model=decision.name,
            alias=decision.alias,
            number=move.number,
            source=decision.source,
            target=decision.target,
            decision=decision.ref,
        )
        subject = f"model:{decision.name}@{decision.alias}"
        self._ledger.record(moved, subject=subject, used=[decision.model, decision.ref])

    def _absent(self, ref: refs.Ref) -> NotFound:
        project = attribution().project
        known = [model.name for model in self._store.models(project)]
        if ref.name not in known:
            return NotFound(
                f"There is no model {ref.name!r}",
                expected=f"one of {', '.join(known)}" if known else "a model; none is registered",
                received=str(ref),
                mend=nearest(ref.name, known) or "regrove run trains and registers one",
            )
        stands = self._store.stands(project, ref.name)
        latest = self._store.latest(project, ref.name)
        return NotFound(
            f"The model {ref.name!r} has no version {ref.version!r}",
            expected=f"1 to {latest}" + (f", or one of {', '.join(stands)}" if stands else ""),
            received=str(ref),
            mend=nearest(ref.version, stands) or f"regrove models promote {ref.name}@{latest}",
        )


def _manifest(spec: ModelSpec) -> ModelManifest:
    training = Training(
        target=spec.target,
        seed=spec.seed,
        params=spec.params,
        inputs=spec.inputs,
        steps=spec.steps,
        metric=spec.metric,
    )
    return ModelManifest(
        name=refs.check_name(spec.name, what="model"),
        format=spec.format,
        model=spec.model,
        signature=spec.signature(),
        serving=spec.serving,
        training=training,
        trusted_types=tuple(sorted(set(spec.trusted_types))),
    )


def _check_alias(alias: str) -> None:
    if refs.parse(f"model:any@{alias}").ordinal is not None or alias == _RESERVED:
        raise InvalidInput(
            "This cannot be an alias", expected="a word such as champion; latest moves by itself", received=repr(alias)
        )


def _check_cited(reason: str, evidence: Sequence[str], declaration: str) -> tuple[str, ...]:
    if not reason.strip():
        raise InvalidInput(
            "A decision needs a reason", expected="a sentence", received="nothing", mend='--reason "better log loss"'
        )
    for each in (*evidence, *([declaration] if declaration else [])):
        if each.startswith(digest.PREFIX):
            digest.check(each)
        elif (ref := refs.parse(each)).version and ref.ordinal is None:
            raise InvalidInput(
                "An alias cannot be cited: it moves", expected="a ref with a number, or a digest", received=each
            )
    return tuple(dict.fromkeys(evidence))

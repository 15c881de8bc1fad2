"""Versions are named by content, aliases move by decision, and the past can be asked."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from regrove import digest
from regrove.errors import Corrupt, InvalidInput, NotFound
from regrove.ledger import Ledger, acting
from regrove.registry import Models, UntrustedTypes, WrongSignature
from tests.registry import samples

HOUR = 3_600_000_000


@pytest.fixture
def one(models: Any, vault: Any, written: Any) -> Any:
    """The first version."""
    return models.register(samples.spec(vault, written))


@pytest.fixture
def two(models: Any, vault: Any, written: Any, one: Any) -> Any:
    """The second version."""
    return models.register(samples.spec(vault, written, seed=4))


class TestRegister:
    def test_a_version_is_named_by_what_is_in_it(self, models: Any, vault: Any, written: Any, one: Any) -> None:
        """The same content is the same version, whatever run made it; the digest is that of the stored manifest."""
        again = models.register(samples.spec(vault, written, run="run:0190a1b2c3d4e5f60718293a4b5c6d7f", metrics={}))
        assert (again.ref, again.digest, again.run) == ("model:late-arrival@1", one.digest, one.run)
        assert digest.of_bytes(vault.read(one.digest)) == one.digest == one.manifest.digest

    def test_other_content_is_the_next_version(self, models: Any, one: Any, two: Any) -> None:
        """Ordinals are gapless from 1."""
        assert [version.ordinal for version in models.versions("late-arrival")] == [1, 2]
        assert one.digest != two.digest
        assert models.list()[0].latest == 2

    def test_it_is_recorded_once(self, ledger: Any, models: Any, vault: Any, written: Any, one: Any) -> None:
        """One event for the version, none for registering it again; lineage leads to the run."""
        models.register(samples.spec(vault, written))
        (entry,) = ledger.read(types=["model.registered"])
        assert (entry.subject, entry.used) == (one.ref, (one.run,))
        assert entry.event.digest == one.digest

    def test_metrics_come_back_even_when_they_are_no_numbers(self, models: Any, one: Any) -> None:
        """NaN has no JSON form and is kept all the same."""
        metrics = models.get(one.ref).metrics
        assert metrics["log_loss"] == 0.5 and metrics["nothing"] != metrics["nothing"]

    @pytest.mark.parametrize(
        ("changes", "reason"),
        [
            ({"features": samples.FEATURES.select(["hour", "origin", "carrier", "distance"])}, "names of its features"),
            ({"features": samples.FEATURES.select(["origin", "carrier", "hour"])}, "features"),
            ({"classes": ("no", "yes")}, "classes"),
        ],
    )
    def test_a_signature_that_is_not_the_models_is_refused(
        self, models: Any, vault: Any, written: Any, changes: Any, reason: str
    ) -> None:
        """Before anything is recorded."""
        with pytest.raises(WrongSignature, match=reason):
            models.register(samples.spec(vault, written, **changes))
        assert models.list() == []

    def test_forbidden_types_are_refused(self, models: Any, vault: Any, tmp_path: Any, written: Any) -> None:
        """And named, with the line that mends it."""
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import FunctionTransformer

        from regrove.registry.formats.skops import FORMAT

        model = make_pipeline(FunctionTransformer(samples.training_rows), samples.fitted())
        FORMAT.dump(model, tmp_path / "m.skops")
        with pytest.raises(UntrustedTypes, match=r"samples\.training_rows[\s\S]*trusted_types"):
            models.register(samples.spec(vault, written, model=vault.add_file(tmp_path / "m.skops")))
        assert models.list() == []

    def test_a_model_file_that_is_not_there_is_not_found(self, models: Any, vault: Any, written: Any) -> None:
        """Objects come first, the row after."""
        with pytest.raises(NotFound):
            models.register(samples.spec(vault, written, model=digest.of_bytes(b"nothing")))

    def test_threads_that_register_the_same_make_one_version(
        self, any_database: Any, vault: Any, objects: Any, clock: Any, written: Any
    ) -> None:
        """The digest is the identity on both databases."""
        models = Models(any_database, vault, Ledger(any_database, objects, clock), clock)
        specs = [samples.spec(vault, written, seed=seed) for seed in (3, 4, 3, 4)]
        found: list[Any] = []

        def register(spec: Any) -> None:
            with acting(actor="person:test", project="test"):
                found.append(models.register(spec))

        run_together([lambda spec=spec: register(spec) for spec in specs])
        assert len({version.digest for version in found}) == len({version.ordinal for version in found}) == 2
        assert sorted({version.ordinal for version in found}) == [1, 2]

    def test_projects_do_not_see_each_other(self, models: Any, one: Any) -> None:
        """A model belongs to the acting project."""
        with acting(project="other"):
            assert models.list() == []
            with pytest.raises(NotFound, match="no model 'late-arrival'"):
                models.get(one.ref)


class TestGet:
    def test_numbers_aliases_and_the_latest(self, models: Any, one: Any, two: Any) -> None:
        """A ref may be short; the kind may be left out."""
        models.promote("late-arrival@1", reason="first")
        assert models.get("late-arrival@champion").ref == models.get("model:late-arrival@1").ref == one.ref
        assert models.get("late-arrival").ref == models.get("late-arrival@latest").ref == two.ref
        assert models.get("late-arrival@champion").aliases == ("champion",)
        assert models.get("late-arrival@champion").signature.output.task == "binary"

    @pytest.mark.parametrize(
        ("ref", "says"),
        [
            ("late-arival@1", "did you mean 'late-arrival'"),
            ("late-arrival@7", "1 to 2"),
            ("late-arrival@champoin", "did you mean 'champion'"),
        ],
    )
    def test_what_is_not_there_is_answered_with_what_is(
        self, models: Any, one: Any, two: Any, ref: str, says: str
    ) -> None:
        """The nearest name, or the range."""
        models.promote("late-arrival@1", reason="first")
        with pytest.raises(NotFound, match=says):
            models.get(ref)

    def test_a_changed_manifest_is_noticed(self, models: Any, database: Any, one: Any) -> None:
        """The row must be what its digest says."""
        import sqlalchemy as sa

        from regrove.registry.tables import versions

        with database.transaction() as transaction:
            transaction.execute(sa.update(versions).values(manifest=b"{}"))
        with pytest.raises(Corrupt, match="manifest"):
            models.get(one.ref)


class TestPromote:
    def test_a_decision_and_the_move_are_one_fact(self, models: Any, ledger: Any, one: Any) -> None:
        """Both events, in order, with reason, actor, evidence and the declaration in force."""
        evidence = [digest.of_bytes(b"report"), one.run]
        decision = models.promote(
            one.ref, reason=" It is the first. ", evidence=evidence, declaration="project:flights@3"
        )
        assert (decision.target, decision.source, decision.reason) == (1, None, "It is the first.")
        assert (decision.actor, decision.recorded) == ("person:test", True)
        assert models.decision(decision.ref) == decision
        assert models.decisions("late-arrival") == [decision]
        recorded, moved = ledger.read(types=["decision.recorded", "alias.moved"])
        assert recorded.subject == decision.ref
        assert recorded.used == (one.ref, "project:flights@3", f"object:{evidence[0]}", one.run)
        assert (moved.subject, moved.used) == ("model:late-arrival@champion", (one.ref, decision.ref))
        assert b"first" not in recorded.payload  # free text stands in an object that can be erased

    def test_to_the_same_version_records_nothing(self, models: Any, ledger: Any, one: Any) -> None:
        """It says so instead."""
        first = models.promote(one.ref, reason="first")
        head = ledger.head()
        again = models.promote("late-arrival@champion", reason="again")
        assert (again.id, again.recorded) == (first.id, False)
        assert ledger.head() == head and len(models.history("late-arrival")) == 1

    @pytest.mark.parametrize(
        ("ref", "given", "says"),
        [
            ("late-arrival", {"reason": "x"}, "which version"),
            ("late-arrival@1", {"reason": "  "}, "needs a reason"),
            ("late-arrival@1", {"reason": "x", "alias": "7"}, "alias"),
            ("late-arrival@1", {"reason": "x", "alias": "latest"}, "alias"),
            ("late-arrival@1", {"reason": "x", "alias": "No!"}, "alias|ref"),
            ("late-arrival@1", {"reason": "x", "evidence": ["model:late-arrival@champion"]}, "it moves"),
            ("late-arrival@1", {"reason": "x", "evidence": ["b3-1:short"]}, "digest"),
            ("late-arrival@1", {"reason": "x", "declaration": "what"}, "ref"),
        ],
    )
    def test_what_is_no_decision_is_refused(self, models: Any, one: Any, ref: str, given: Any, says: str) -> None:
        """And nothing is recorded."""
        with pytest.raises(InvalidInput, match=says):
            models.promote(ref, **given)
        assert models.decisions("late-arrival") == []

    def test_a_version_that_lost_an_object_is_not_promoted(self, models: Any, vault: Any, one: Any) -> None:
        """What cannot be served does not go live."""
        vault.delete(one.manifest.model)
        with pytest.raises(NotFound, match="lacks an object"):
            models.promote(one.ref, reason="x")
        assert models.history("late-arrival") == []

    def test_decisions_at_the_same_time_follow_each_other(
        self, any_database: Any, vault: Any, objects: Any, clock: Any, written: Any, acting: None
    ) -> None:
        """Every move begins where the one before it ended, on both databases."""
        from regrove.ledger import acting as act

        models = Models(any_database, vault, Ledger(any_database, objects, clock), clock)
        for seed in (3, 4):
            models.register(samples.spec(vault, written, seed=seed))

        def decide(ordinal: int) -> None:
            with act(actor="person:test", project="test"):
                models.promote(f"late-arrival@{ordinal}", reason="mine")

        run_together([lambda ordinal=each: decide(ordinal) for each in (1, 2, 1, 2, 1, 2)])
        history = models.history("late-arrival")
        assert [move.number for move in history] == list(range(1, len(history) + 1))
        assert [move.source for move in history] == [None, *(move.target for move in history[:-1])]
        assert all(move.source != move.target for move in history)
        assert models.live("late-arrival").ordinal == history[-1].target

    def test_what_failed_inside_a_larger_unit_leaves_nothing(self, models: Any, database: Any, one: Any) -> None:
        """The move belongs to the transaction that it was made in."""
        with pytest.raises(RuntimeError), database.transaction():
            models.promote(one.ref, reason="x")
            raise RuntimeError
        assert models.decisions("late-arrival") == [] and models.get(one.ref).aliases == ()


class TestLive:
    def test_the_past_can_be_asked(self, models: Any, clock: Any, one: Any, two: Any) -> None:
        """What stood behind the alias at a time."""
        start = clock.now()
        models.promote(one.ref, reason="first")
        clock.advance(HOUR)
        models.promote(two.ref, reason="better")
        clock.advance(HOUR)
        models.promote(one.ref, reason="back")
        assert [models.live("late-arrival", at=start + n).ordinal for n in (0, HOUR - 1, HOUR, 2 * HOUR)] == [
            1,
            1,
            2,
            1,
        ]
        assert models.live("late-arrival").ordinal == 1
        with pytest.raises(NotFound, match="stood at no version"):
            models.live("late-arrival", at=start - 1)
        with pytest.raises(NotFound):
            models.live("late-arrival", alias="challenger")

    def test_a_clock_that_is_set_back_puts_no_move_before_another(
        self, models: Any, clock: Any, one: Any, two: Any
    ) -> None:
        """History stays in the order in which it happened."""
        models.promote(one.ref, reason="first")
        clock._now -= HOUR
        models.promote(two.ref, reason="second")
        times = [move.moved_at for move in models.history("late-arrival")]
        assert times == sorted(times) and models.live("late-arrival", at=times[-1]).ordinal == 2


class TestVerify:
    def test_a_whole_version_says_what_was_looked_at(self, models: Any, one: Any) -> None:
        """Manifest, model file, code; and every type in the file."""
        verified = models.verify("late-arrival@1")
        assert verified.objects == (one.digest, one.manifest.model, one.manifest.serving.object)
        assert "sklearn.pipeline.Pipeline" in verified.types

    @pytest.mark.parametrize("which", [0, 1, 2])
    def test_a_flipped_byte_in_any_object_is_found(
        self, models: Any, vault: Any, objects: Any, one: Any, which: int
    ) -> None:
        """Whichever object it is in."""
        of = models.verify(one.ref).objects[which]
        path = objects.local(vault.key(of))
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.chmod(0o644)
        path.write_bytes(data)
        with pytest.raises(Corrupt, match=of):
            models.verify(one.ref)

    def test_what_collection_spares(self, models: Any, one: Any, two: Any) -> None:
        """Every object of every version and decision of every project."""
        decision = models.promote(one.ref, reason="x")
        live = set(models.live_digests())
        assert {one.digest, two.digest, *one.manifest.objects, *two.manifest.objects} < live
        assert digest.of_bytes(digest.canonical(decision)) in live


def run_together(acts: list[Any]) -> None:
    """Run all acts in threads that begin together; the first error is raised."""
    barrier, errors = threading.Barrier(len(acts)), []

    def run(act: Any) -> None:
        barrier.wait()
        try:
            act()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]

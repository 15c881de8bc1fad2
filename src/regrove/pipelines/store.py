"""Steps as rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import sqlalchemy as sa

from regrove.pipelines.code import Closure
from regrove.pipelines.given import Point
from regrove.pipelines.recipe import Made, Recipe
from regrove.pipelines.report import StepReport
from regrove.pipelines.tables import closures, executions, kept, plans

if TYPE_CHECKING:
    from regrove.storage import Database

__all__ = ["Kept", "Store"]

_encode = msgspec.json.Encoder().encode
_outputs = msgspec.json.Decoder(tuple[Made, ...]).decode
_points = msgspec.json.Decoder(tuple[Point, ...]).decode
_reasons = msgspec.json.Decoder(tuple[str, ...]).decode
_recipe = msgspec.json.Decoder(Recipe).decode
_closure = msgspec.json.Decoder(Closure).decode

_FIND = sa.select(kept.c.outputs, kept.c.points, kept.c.run_id).where(
    kept.c.project == sa.bindparam("p"), kept.c.key == sa.bindparam("k")
)


class Kept(msgspec.Struct, frozen=True):
    """A kept result: what a step made, what it logged meanwhile, and the run it did so in."""

    outputs: tuple[Made, ...]
    points: tuple[Point, ...]
    run_id: str


class Store:
    """Reads and writes the tables of steps; what writes needs an open transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, project: str, key: str) -> Kept | None:
        """What is kept under a key."""
        with self._database.read() as connection:
            row = connection.execute(_FIND, {"p": project, "k": key}).first()
        return Kept(_outputs(row.outputs), _points(row.points), row.run_id) if row is not None else None

    def keep(self, project: str, rows: list[tuple[StepReport, Kept]], *, at: int) -> None:
        """Keep results under their keys; one that was there (its object was lost or damaged) is replaced."""
        transaction = self._database.current()
        keys = [report.key for report, _ in rows]
        transaction.execute(sa.delete(kept).where(kept.c.project == project, kept.c.key.in_(keys)))
        values = {
            report.key: {
                "project": project,
                "key": report.key,
                "step": report.step,
                "outputs": _encode(value.outputs),
                "points": _encode(value.points),
                "run_id": value.run_id,
                "made_at": at,
            }
            for report, value in rows
        }
        transaction.execute(sa.insert(kept), list(values.values()))

    def keep_closures(self, project: str, found: list[Closure]) -> None:
        """Keep the closures that are not there."""
        transaction = self._database.current()
        by_digest = {each.digest: each for each in found}
        query = sa.select(closures.c.digest).where(closures.c.project == project, closures.c.digest.in_(by_digest))
        there = set(transaction.execute(query).scalars())
        for digest in sorted(by_digest.keys() - there):
            row = {"project": project, "digest": digest, "body": _encode(by_digest[digest])}
            transaction.insert_new(closures, row)  # another run of the project may keep it at this moment

    def closure(self, project: str, digest: str) -> Closure | None:
        """The closure of this digest."""
        query = sa.select(closures.c.body).where(closures.c.project == project, closures.c.digest == digest)
        with self._database.read() as connection:
            body = connection.execute(query).scalar_one_or_none()
        return _closure(body) if body is not None else None

    def add_plan(self, project: str, run_id: str, model: str, request_digest: str) -> None:
        """Note what a run was asked to do."""
        self._database.current().execute(
            sa.insert(plans).values(
                project=project,
                run_id=run_id,
                model=model,
                request_digest=request_digest,
                product_digest="",
                model_ref="",
            )
        )

    def add_product(self, project: str, run_id: str, digest: str, model_ref: str) -> None:
        """Note what a run came to."""
        self._database.current().execute(
            sa.update(plans)
            .where(plans.c.project == project, plans.c.run_id == run_id)
            .values(product_digest=digest, model_ref=model_ref)
        )

    def product(self, project: str, digest: str) -> str:
        """The model version that an earlier run made of exactly this, or an empty text."""
        query = (
            sa.select(plans.c.model_ref)
            .where(plans.c.project == project, plans.c.product_digest == digest)
            .order_by(plans.c.run_id)
            .limit(1)
        )
        with self._database.read() as connection:
            return connection.execute(query).scalar_one_or_none() or ""

    def request_digest(self, project: str, run_id: str) -> str:
        """What a run was asked to do, or an empty text."""
        query = sa.select(plans.c.request_digest).where(plans.c.project == project, plans.c.run_id == run_id)
        with self._database.read() as connection:
            return connection.execute(query).scalar_one_or_none() or ""

    def record(self, project: str, run_id: str, model: str, rows: list[tuple[StepReport, Recipe]]) -> None:
        """Note what became of steps; a step that failed before in this run is replaced."""
        if not rows:
            return
        transaction = self._database.current()
        names = [report.step for report, _ in rows]
        transaction.execute(
            sa.delete(executions).where(
                executions.c.project == project, executions.c.run_id == run_id, executions.c.step.in_(names)
            )
        )
        transaction.execute(
            sa.insert(executions), [_row(project, run_id, model, report, recipe) for report, recipe in rows]
        )

    def steps(self, project: str, run_id: str) -> list[StepReport]:
        """What became of the steps of a run, in the order in which they were recorded."""
        query = (
            sa.select(executions)
            .where(executions.c.project == project, executions.c.run_id == run_id)
            .order_by(executions.c.recorded_at, executions.c.step)
        )
        with self._database.read() as connection:
            return [_report(row) for row in connection.execute(query).mappings()]

    def last_executed(self, project: str, model: str, step: str) -> tuple[StepReport, Recipe] | None:
        """The last execution of a step for a model, and its recipe."""
        query = (
            sa.select(executions)
            .where(
                executions.c.project == project,
                executions.c.model == model,
                executions.c.step == step,
                executions.c.status == "executed",
            )
            .order_by(executions.c.run_id.desc())
            .limit(1)
        )
        with self._database.read() as connection:
            row = connection.execute(query).mappings().first()
        return (_report(row), _recipe(row["recipe"])) if row is not None else None

    def digests(self) -> set[str]:
        """The objects that kept results of any project stand on."""
        with self._database.read() as connection:
            bodies = connection.execute(sa.select(kept.c.outputs)).scalars()
            return {made.object for body in bodies for made in _outputs(body)}


def _row(project: str, run_id: str, model: str, report: StepReport, recipe: Recipe) -> dict[str, Any]:
    return {
        "project": project,
        "run_id": run_id,
        "step": report.step,
        "model": model,
        "status": report.status,
        "key": report.key,
        "closure_digest": report.code_digest,
        "recipe": _encode(recipe),
        "outputs": _encode(report.outputs),
        "reasons": _encode(report.reasons),
        "made_by": report.made_by,
        "attempts": report.attempts,
        "seed": report.seed,
        "recorded_at": report.recorded_at,
        "took_us": report.took_us,
        "printed": report.printed.replace("\0", "\ufffd"),  # PostgreSQL's text holds no zero character
        "error": report.error.replace("\0", "\ufffd"),
    }


def _report(row: Any) -> StepReport:
    return StepReport(
        step=row["step"],
        status=row["status"],
        key=row["key"],
        code_digest=row["closure_digest"],
        made_by=row["made_by"],
        outputs=_outputs(row["outputs"]),
        reasons=_reasons(row["reasons"]),
        attempts=row["attempts"],
        seed=row["seed"],
        recorded_at=row["recorded_at"],
        took_us=row["took_us"],
        printed=row["printed"],
        error=row["error"],
    )

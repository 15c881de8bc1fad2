"""Playbooks, loops, actions and notices as rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from regrove.playbooks.config import PlaybookConfig
from regrove.playbooks.record import ActionRecord, LoopRecord, Notice, Standing
from regrove.playbooks.tables import actions, loops, notices, playbooks
from regrove.storage import Database

__all__ = ["Store"]

_Row = sa.RowMapping


class Store:
    """Reads and writes this room's tables."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def standings(self, project: str) -> dict[str, Standing]:
        """What is kept of every playbook that was ever declared."""
        query = sa.select(playbooks).where(playbooks.c.project == project)
        with self._database.read() as connection:
            rows = connection.execute(query).mappings().all()
        return {row["name"]: Standing(**{key: value for key, value in row.items() if key != "project"}) for row in rows}

    def stand(self, project: str, standing: Standing) -> None:
        """Write what is kept of a playbook, in the open transaction."""
        transaction = self._database.current()
        row = {"project": project, **msgspec.structs.asdict(standing)}
        if not transaction.insert_new(playbooks, row):
            transaction.execute(
                sa.update(playbooks)
                .where(playbooks.c.project == project, playbooks.c.name == standing.name)
                .values(**row)
            )

    def add(self, loop: LoopRecord) -> bool:
        """Insert a loop with its actions, in the open transaction; False when it is there already."""
        transaction = self._database.current()
        if not transaction.insert_new(loops, _loop_row(loop)):
            return False
        if loop.actions:
            transaction.execute(sa.insert(actions), [_action_row(loop, each) for each in loop.actions])
        return True

    def close(self, loop: LoopRecord) -> bool:
        """End a running loop as ``loop`` says, in the open transaction; False when it had ended already."""
        done = self._database.current().execute(
            sa.update(loops)
            .where(loops.c.project == loop.project, loops.c.id == loop.id, loops.c.state == "running")
            .values(
                state=loop.state,
                outcome=loop.outcome,
                reason=loop.reason,
                ended_at=loop.ended_at,
                ended_wall_at=loop.ended_wall_at,
            )
        )
        return done.rowcount == 1

    def set_action(self, loop: LoopRecord, action: ActionRecord) -> bool:
        """Write an action of a running loop, in the open transaction; False when the loop has ended."""
        transaction = self._database.current()
        running = sa.select(loops.c.state).where(loops.c.project == loop.project, loops.c.id == loop.id)
        if transaction.execute(running.with_for_update()).scalar() != "running":
            return False
        key = {"project": loop.project, "loop": loop.id, "number": action.number}
        transaction.execute(
            sa.update(actions)
            .where(*(actions.c[name] == value for name, value in key.items()))
            .values(**{name: value for name, value in _action_row(loop, action).items() if name not in key})
        )
        return True

    def loop(self, project: str, id_: str) -> LoopRecord | None:
        """One loop, or None."""
        return next(iter(self._loops(loops.c.project == project, loops.c.id == id_)), None)

    def by_prefix(self, project: str, prefix: str) -> list[LoopRecord]:
        """The loops whose id begins so, at most two."""
        return self._loops(loops.c.project == project, loops.c.id.startswith(prefix, autoescape=True), limit=2)

    def running(self, project: str) -> list[LoopRecord]:
        """The loops that go on, the oldest first."""
        return self._loops(loops.c.project == project, loops.c.state == "running", newest=False)

    def page(
        self, project: str, *, playbook: str = "", model: str = "", skipped: bool = True, limit: int = 50
    ) -> list[LoopRecord]:
        """Loops, the newest first."""
        where = [loops.c.project == project]
        where += [loops.c.playbook == playbook] if playbook else []
        where += [loops.c.model == model] if model else []
        where += [] if skipped else [loops.c.state != "skipped"]
        return self._loops(*where, limit=limit)

    def starts(self, project: str, playbook: str) -> list[int]:
        """When each loop of a playbook began (domain time), in order."""
        query = (
            sa.select(loops.c.started_at)
            .where(loops.c.project == project, loops.c.playbook == playbook, loops.c.state != "skipped")
            .order_by(loops.c.started_at)
        )
        with self._database.read() as connection:
            return list(connection.execute(query).scalars())

    def last_starts(self, project: str) -> dict[str, int]:
        """When the last loop of each playbook began (domain time)."""
        query = (
            sa.select(loops.c.playbook, sa.func.max(loops.c.started_at))
            .where(loops.c.project == project, loops.c.state != "skipped")
            .group_by(loops.c.playbook)
        )
        with self._database.read() as connection:
            return {name: int(at) for name, at in connection.execute(query)}

    def counts(self, project: str) -> dict[str, tuple[int, int]]:
        """Of each playbook how many loops began and how many were skipped."""
        skipped = sa.func.sum(sa.case((loops.c.state == "skipped", 1), else_=0))
        query = (
            sa.select(loops.c.playbook, sa.func.count(), skipped)
            .where(loops.c.project == project)
            .group_by(loops.c.playbook)
        )
        with self._database.read() as connection:
            return {name: (int(all_ - less), int(less)) for name, all_, less in connection.execute(query)}

    def add_notice(self, project: str, notice: Notice) -> None:
        """Let a webhook be told, in the open transaction."""
        self._database.current().insert_new(notices, _notice_row(project, notice))

    def set_notice(self, project: str, notice: Notice) -> None:
        """Write what became of a notice, in the open transaction."""
        self._database.current().execute(
            sa.update(notices)
            .where(notices.c.project == project, notices.c.loop == notice.loop, notices.c.number == notice.number)
            .values(state=notice.state, attempts=notice.attempts, retry_at=notice.retry_at, reason=notice.reason)
        )

    def waiting_notices(self, project: str) -> list[Notice]:
        """What webhooks are still to be told, the oldest loop first."""
        query = (
            sa.select(notices)
            .where(notices.c.project == project, notices.c.state == "waiting")
            .order_by(notices.c.loop, notices.c.number)
        )
        with self._database.read() as connection:
            return [_notice(row) for row in connection.execute(query).mappings()]

    def _loops(self, *where: sa.ColumnElement[bool], newest: bool = True, limit: int = 0) -> list[LoopRecord]:
        order = (loops.c.started_wall_at, loops.c.id)
        query = sa.select(loops).where(*where).order_by(*(each.desc() if newest else each.asc() for each in order))
        with self._database.read() as connection:
            rows = connection.execute(query.limit(limit) if limit else query).mappings().all()
            if not rows:
                return []
            mine = [row["id"] for row in rows]
            project = rows[0]["project"]
            did = connection.execute(
                sa.select(actions)
                .where(actions.c.project == project, actions.c.loop.in_(mine))
                .order_by(actions.c.number)
            ).mappings().all()  # fmt: skip
            told = connection.execute(
                sa.select(notices)
                .where(notices.c.project == project, notices.c.loop.in_(mine))
                .order_by(notices.c.number)
            ).mappings().all()  # fmt: skip
        return [_loop(row, did, told) for row in rows]


def _loop(row: _Row, did: Sequence[_Row], told: Sequence[_Row]) -> LoopRecord:
    values: dict[str, Any] = {name: row[name] for name in LoopRecord.__struct_fields__ if name in row}
    values["config"] = msgspec.json.decode(row["config"], type=PlaybookConfig)
    values["actions"] = tuple(_action(each) for each in did if each["loop"] == row["id"])
    values["notices"] = tuple(_notice(each) for each in told if each["loop"] == row["id"])
    return LoopRecord(**values)


def _loop_row(loop: LoopRecord) -> dict[str, Any]:
    row = {name: getattr(loop, name) for name in loop.__struct_fields__ if name not in ("actions", "notices")}
    return row | {"config": msgspec.json.encode(loop.config).decode()}


def _action(row: _Row) -> ActionRecord:
    values = {name: row[name] for name in ActionRecord.__struct_fields__}
    return ActionRecord(**{**values, "refs": tuple(msgspec.json.decode(row["refs"], type=list[str]))})


def _action_row(loop: LoopRecord, action: ActionRecord) -> dict[str, Any]:
    row = {name: getattr(action, name) for name in action.__struct_fields__}
    return row | {"project": loop.project, "loop": loop.id, "refs": msgspec.json.encode(action.refs).decode()}


def _notice(row: _Row) -> Notice:
    values = {name: row[name] for name in Notice.__struct_fields__}
    return Notice(**{**values, "body": msgspec.json.decode(row["body"])})


def _notice_row(project: str, notice: Notice) -> dict[str, Any]:
    row = {name: getattr(notice, name) for name in notice.__struct_fields__}
    return row | {"project": project, "body": msgspec.json.encode(notice.body).decode()}

"""PostgreSQL: one pool of connections a process."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, Any

from sqlalchemy import URL, create_engine, event

from regrove.errors import MissingExtra

if TYPE_CHECKING:
    from sqlalchemy import Engine

__all__ = ["open_postgresql"]


def open_postgresql(url: URL, busy_timeout: float) -> Engine:
    """The engine of the database that ``url`` names; raises MissingExtra without psycopg.

    Nothing is connected yet. A connection that died while it lay in the pool is replaced unseen. A statement that waits
    for another's lock gives up after ``busy_timeout`` seconds.
    """
    if importlib.util.find_spec("psycopg") is None:
        raise MissingExtra("psycopg", extra="postgres", need="keep the records in PostgreSQL")
    url = url.set(drivername="postgresql+psycopg").update_query_dict({"application_name": "regrove"}, append=False)
    engine = create_engine(url, pool_size=5, max_overflow=10, pool_pre_ping=True, connect_args={"connect_timeout": 10})

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        connection.execute(f"SET lock_timeout = {round(busy_timeout * 1000)}")
        connection.commit()

    return engine

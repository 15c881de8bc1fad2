"""Opening the workspace of a project."""

from __future__ import annotations

import getpass
import os
from pathlib import Path

from regrove.clock import SystemClock
from regrove.errors import NotFound
from regrove.project import FILE, read_project
from regrove.settings import Settings
from regrove.storage import Database, StoredClock, migrate, open_objects
from regrove.workspace.workspace import Workspace

__all__ = ["find_root", "open"]


def open(  # noqa: A001  # regrove.open("."), as for a file
    path: str | os.PathLike[str] = ".", *, actor: str = ""
) -> Workspace:
    """Open the workspace of the project in ``path`` or in the nearest folder above it.

    The first opening makes ``.regrove/`` beside ``regrove.toml``; a later one brings an older database to the schema
    of this version, after a backup. Domain time is the machine's, or in a workspace whose settings say ``clock =
    "replay"`` a `regrove.storage.StoredClock`. What is done through the workspace is recorded as done by ``actor``
    (``person:NAME``; default: the login name, or REGROVE_ACTOR).

    Raises NotFound outside a project, InvalidDeclaration for a ``regrove.toml`` that cannot be used, and Conflict for
    a database that a newer version wrote.
    """
    root = find_root(Path(path))
    name = read_project(root).name
    settings = Settings.read(root)
    folder = settings.folder
    folder.mkdir(exist_ok=True)
    ignore = folder / ".gitignore"
    if not ignore.exists():
        ignore.write_text("*\n")
    database = Database.open(settings.database.reveal())
    try:
        migrate(database, backups=folder / "backups")
        options = {key: secret.reveal() for key, secret in settings.object_options.items()}
        objects = open_objects(settings.objects, cache=folder / "cache" / "objects", options=options)
    except BaseException:
        database.close()
        raise
    return Workspace(
        root=root,
        project=name,
        settings=settings,
        database=database,
        objects=objects,
        actor=actor or default_actor(),
        clock=StoredClock(database, name) if settings.clock == "replay" else SystemClock(),
    )


def default_actor() -> str:
    """Who acts when nobody says so: REGROVE_ACTOR, or the login name."""
    if stated := os.environ.get("REGROVE_ACTOR", ""):
        return stated
    try:
        return f"person:{getpass.getuser()}"
    except (KeyError, OSError):  # a container's user id without a name
        return f"person:{os.getuid()}"


def find_root(path: Path) -> Path:
    """The folder with ``regrove.toml``: ``path`` or the nearest above it."""
    start = path.resolve()
    for folder in (start, *start.parents):
        if (folder / FILE).is_file():
            return folder
    raise NotFound(
        f"There is no {FILE} here or above",
        expected="a project folder",
        received=str(start),
        mend="regrove init NAME makes a project; or change to its folder",
    )

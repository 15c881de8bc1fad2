"""Opening the workspace of a project."""

from __future__ import annotations

import getpass
import os
from pathlib import Path
from shlex import quote

from regrove.clock import SystemClock
from regrove.errors import Conflict, NotFound, of_system
from regrove.ledger import Ledger
from regrove.project import FILE, read_project
from regrove.settings import FOLDER, Settings
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
    (``person:NAME``; default: the login name, or REGROVE_ACTOR). A workspace that this process may not write to can be
    read.

    Raises NotFound outside a project, InvalidDeclaration for a ``regrove.toml`` that cannot be used, Refused for a
    database that a newer version wrote, Corrupt for an empty one beside the anchors of another, Unavailable when
    ``.regrove/`` cannot be made, and Conflict when something else stands in its place.
    """
    root = find_root(Path(path))
    name = read_project(root).name
    folder = _prepare(root / FOLDER)
    settings = Settings.read(root)
    database = Database.open(settings.database.reveal(), backups=folder / "backups")
    clock = StoredClock(database, name) if settings.clock == "replay" else SystemClock()
    try:
        options = {key: secret.reveal() for key, secret in settings.object_options.items()}
        objects = open_objects(settings.objects, cache=folder / "cache" / "objects", options=options)
        # Anchors beside an empty database are those of one that is lost: it must not be begun anew without a word.
        anchored = Ledger(database, objects, clock)
        migrate(database, backups=folder / "backups", before_first=lambda: anchored.confirm(empty=True))
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
        clock=clock,
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
    try:
        start = path.resolve()
        for folder in (start, *start.parents):
            if (folder / FILE).is_file():
                return folder
    except OSError as error:
        raise of_system(error, "The project's folder cannot be read") from error
    raise NotFound(
        f"There is no {FILE} here or above",
        expected="a project folder",
        received=str(start),
        mend="regrove init NAME makes a project; or change to its folder",
    )


def _prepare(folder: Path) -> Path:
    """Make the workspace's own folder, which git ignores; one that can only be read stays as it is."""
    ignore = folder / ".gitignore"
    try:
        folder.mkdir(exist_ok=True)
        if not ignore.exists() and os.access(folder, os.W_OK):
            ignore.write_text("*\n")
    except FileExistsError:
        raise Conflict(
            "Something else stands where the workspace has its folder",
            expected=f"a folder at {folder}, or nothing",
            received="a file" if folder.is_file() else "neither a file nor a folder",
            mend=f"mv {quote(str(folder))} {quote(str(folder) + '.aside')}",
        ) from None
    except OSError as error:
        raise of_system(error, f"The workspace's folder {folder} cannot be made ready") from error
    return folder

"""What a run stands on beside data and code: git, lock file, Python, platform, installed distributions."""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from regrove.digest import of_file

if TYPE_CHECKING:
    from regrove.storage import Vault

__all__ = ["Environment", "capture"]

_LOCKS: Final = ("uv.lock", "pylock.toml", "requirements.lock", "poetry.lock", "pdm.lock", "requirements.txt")
_INFO = re.compile(r"(?P<name>.+?)-(?P<version>[^-]+)\.(dist|egg)-info\Z")
_TIMEOUT_S: Final = 20


class Environment(msgspec.Struct, frozen=True):
    """Where a run ran. Nothing in it names a person or a machine."""

    python: str
    implementation: str
    system: str
    machine: str
    cpus: int
    packages: dict[str, str]
    """Name and version of each installed distribution."""
    git_commit: str = ""
    """Empty outside git."""
    git_branch: str = ""
    git_diff: str = ""
    """The digest of the patch between the commit and the work tree, an object; empty when there is no difference."""
    git_untracked: tuple[str, ...] = ()
    """Files that git does not know and does not ignore."""
    lock_file: str = ""
    lock_digest: str = ""


def capture(root: Path, vault: Vault) -> Environment:
    """The environment of this process and of the work tree at ``root``; the patch of a dirty one goes to ``vault``.

    Without git, or outside a repository, the git fields are empty; a git that does not answer is the same.
    """
    commit, branch, patch, untracked = _git(root)
    lock = next((root / name for name in _LOCKS if (root / name).is_file()), None)
    return Environment(
        python=platform.python_version(),
        implementation=platform.python_implementation(),
        system=f"{platform.system()} {platform.release()}",
        machine=platform.machine(),
        cpus=os.cpu_count() or 0,
        packages=packages(),
        git_commit=commit,
        git_branch=branch,
        git_diff=vault.add_bytes(patch) if patch else "",
        git_untracked=untracked,
        lock_file=lock.name if lock else "",
        lock_digest=of_file(lock) if lock else "",
    )


def packages() -> dict[str, str]:
    """Name and version of each distribution on the import path, sorted; the first of a name counts, as in importing."""
    return dict(_packages(tuple(sys.path)))


@lru_cache(maxsize=4)
def _packages(places: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    # Folder names say all that is needed; reading the metadata of each takes a hundred times longer.
    found: dict[str, str] = {}
    for place in places:
        try:
            names = os.listdir(place or ".")
        except OSError:
            continue
        for each in names:
            match = _INFO.match(each)
            if match:
                name = re.sub(r"[-_.]+", "-", match.group("name")).lower()
                found.setdefault(name, match.group("version"))
    return tuple(sorted(found.items()))


def _git(root: Path) -> tuple[str, str, bytes, tuple[str, ...]]:
    if not any((folder / ".git").exists() for folder in (root, *root.parents)):
        return "", "", b"", ()
    asked = [
        ("rev-parse", "HEAD"),
        ("rev-parse", "--abbrev-ref", "HEAD"),
        ("diff", "HEAD", "--binary", "--no-ext-diff", "--no-color", "--relative"),
        ("ls-files", "--others", "--exclude-standard", "-z"),
    ]
    started: list[subprocess.Popen[bytes]] = []
    try:
        for words in asked:  # all at once: each is a process of its own
            command = ["git", "--no-optional-locks", "-C", str(root), *words]
            started.append(
                subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
            )
        answers = [process.communicate(timeout=_TIMEOUT_S)[0] for process in started]
    except (OSError, subprocess.TimeoutExpired):
        for process in started:
            process.kill()
            process.communicate()
        return "", "", b"", ()
    if started[0].returncode != 0:
        return "", "", b"", ()
    names = tuple(sorted(os.fsdecode(name) for name in answers[3].split(b"\0") if name))
    return answers[0].decode().strip(), answers[1].decode().strip(), answers[2], names

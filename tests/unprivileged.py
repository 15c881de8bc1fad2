"""Running a command as somebody whom the modes of files hold, which they do not hold root to."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import tempfile

from tests.conftest import missing_part

__all__ = ["unprivileged"]

_SETPRIV = ["setpriv", "--bounding-set=-dac_override,-dac_read_search,-fowner", "--inh-caps=-all"]


def unprivileged(command: list[str]) -> list[str]:
    """``command`` so that a folder without the right to write is one: as it is, or without root's capabilities."""
    if os.geteuid() == 0 and not _setpriv_works():
        missing_part("setpriv cannot take root's capabilities away here, so no folder is read-only")
    return [*_SETPRIV, *command] if os.geteuid() == 0 else command


@functools.cache
def _setpriv_works() -> bool:
    if shutil.which("setpriv") is None:
        return False
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o555)
        made = subprocess.run([*_SETPRIV, "mkdir", f"{folder}/made"], capture_output=True, check=False)
        return made.returncode == 1 and not os.listdir(folder)

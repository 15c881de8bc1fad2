"""Environments of other tools, made when a benchmark compares with them: ``bench/.venvs/NAME``.

They stay out of Regrove's own environment, because their pins exclude each other. Nothing is installed by an import;
a benchmark asks for a peer, and pip fetches it from the index that the machine is set up for.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

VENVS = Path(__file__).parent / ".venvs"
PEERS = {
    "evidently": ["evidently==0.7.23", "pandas<3", "pyarrow"],
    "nannyml": ["nannyml==0.13.1", "pandas<3", "statsmodels", "pyarrow"],
}


def python(name: str) -> Path | None:
    """The interpreter of a peer's environment, made if it is not there; None when it cannot be made."""
    home = VENVS / name
    interpreter, ready = home / "bin" / "python", home / ".ready"
    wanted = "\n".join(PEERS[name])
    if ready.exists() and ready.read_text() == wanted:
        return interpreter
    print(f"making an environment for {name} (a few minutes, once) ...", flush=True)
    subprocess.run([sys.executable, "-m", "venv", "--clear", home], check=True)
    pip = [interpreter, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    done = subprocess.run([*pip, *PEERS[name]], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        print(f"{name} cannot be installed here: {done.stderr.strip().splitlines()[-1:]}")
        return None
    ready.write_text(wanted)
    return interpreter


if __name__ == "__main__":
    for peer in PEERS:
        print(peer, python(peer))

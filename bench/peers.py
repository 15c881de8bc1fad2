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


class PeerMissing(Exception):
    """A peer cannot be measured here; the text says why."""


def python(name: str) -> Path:
    """The interpreter of a peer's environment, made if it is not there; PeerMissing when it cannot be made."""
    home = VENVS / name
    interpreter, ready = home / "bin" / "python", home / ".ready"
    wanted = "\n".join(PEERS[name])
    if ready.exists() and ready.read_text() == wanted:
        return interpreter
    print(f"making an environment for {name} (a few minutes, once) ...", flush=True)
    _run([sys.executable, "-m", "venv", "--clear", home], "its environment cannot be made")
    pip = [interpreter, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    _run([*pip, *PEERS[name]], f"pip cannot install {' '.join(PEERS[name])}")
    ready.write_text(wanted)
    return interpreter


def _run(command: list[str | Path], failure: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        said = [line for line in (done.stderr + done.stdout).splitlines() if line.strip()]
        raise PeerMissing(f"{failure}: {said[-1].strip() if said else f'exit code {done.returncode}'}")


if __name__ == "__main__":
    for peer in PEERS:
        try:
            print(peer, python(peer))
        except PeerMissing as missing:
            print(f"{peer} is missing: {missing}")

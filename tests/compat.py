"""``make compat``: the tests against the lowest versions that pyproject.toml allows.

Makes an environment of its own, installs the direct dependencies at their lower bounds, and runs the tests that do not
need other services. The highest versions are what the lock holds and ``make test`` runs.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
VENV = ROOT / ".venv-lowest"
UV = Path(sys.executable).with_name("uv")
TESTS = [
    "datasets",
    "frames",
    "digest",
    "schema",
    "ledger",
    "project",
    "registry",
    "tracking",
    "pipelines",
    "workspace",
    "egress",
    "render",
    "gates",
    "monitoring",
    "playbooks",
    "rollouts",
]
NEEDED = ["pytest", "pytest-timeout", "hypothesis", "hatchling", "editables", "cryptography"]


def main() -> int:
    """Install, say what was installed, run; the exit code of the tests."""
    run(UV, "venv", "--quiet", "--clear", "--python", sys.executable, VENV)
    install = (UV, "pip", "install", "--quiet", "--python", VENV / "bin" / "python")
    run(*install, "--resolution", "lowest-direct", f"{ROOT}[local]")
    run(*install, *NEEDED)
    listed = run(UV, "pip", "freeze", "--python", VENV / "bin" / "python", quiet=True)
    print("Tested against:", ", ".join(line for line in listed.split() if "==" in line))
    tests = [ROOT / "tests" / name for name in TESTS]
    command = [VENV / "bin" / "python", "-m", "pytest", "-q", "-W", "default", "-k", "not postgresql", *tests]
    return subprocess.run([str(each) for each in command], cwd=ROOT, check=False).returncode


def run(*command: object, quiet: bool = False) -> str:
    """Run a command and return what it printed; stop when it fails."""
    words = [str(each) for each in command]
    done = subprocess.run(words, cwd=ROOT, check=False, text=True, stdout=subprocess.PIPE if quiet else None)
    if done.returncode:
        raise SystemExit(f"{' '.join(words)} ended with {done.returncode}")
    return done.stdout or ""


if __name__ == "__main__":
    sys.exit(main())

"""A stranger's tour: the built wheel in an empty folder, and every command that is printed as the next one."""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from tests.journeys.shell import Shell, next_commands

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scripts of an environment into which the built wheel was installed; what it needs comes from this one."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    shutil.copytree(ROOT / "src", source / "src", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel"], cwd=source, check=True)
    (wheel,) = (source / "dist").glob("*.whl")
    venv.create(folder / "venv", with_pip=True)
    python = folder / "venv" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", wheel], check=True)
    purelib = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    # The wheel's own regrove comes first; everything else is found where the tests run.
    (Path(purelib) / "needs.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder / "venv" / "bin"


def _digest(shell: Shell) -> str:
    shown = shell.run("regrove models show returns@1")
    return next(line for line in shown.splitlines() if "digest" in line)


class TestTour:
    """``regrove init demo && cd demo && regrove run && regrove serve``, and what each of them says comes next."""

    def test_each_printed_next_command_works_when_pasted(self, installed: Path, tmp_path: Path) -> None:
        """From nothing to a traced prediction and a verified ledger by pasting alone; elsewhere it is the same model.

        The digest is made from content: neither folder nor process nor time is in it.
        """
        with Shell(tmp_path, bin_folder=installed) as shell:
            assert "regrove 0" in shell.run("regrove --version")
            said = shell.run("regrove init demo")
            seen: list[str] = []
            while todo := [each for each in next_commands(said) if each not in seen]:
                command = todo[0]
                seen.append(command)
                if command.startswith("cd "):
                    shell.folder = tmp_path / "demo"
                    command = command.partition("&& ")[2]
                if command.startswith("regrove serve"):
                    _, said = shell.start(f"{command} --port 0", until="^next")
                else:
                    said = shell.run(command)
            verbs = [" ".join(each.split()[:3]) for each in seen]
            for verb in (
                "regrove models promote",
                "regrove serve",
                "regrove predict",
                "regrove trace",
                "regrove audit",
            ):
                assert any(each.startswith(verb) for each in verbs), seen
            digests = [_digest(shell)]
        (tmp_path / "there").mkdir()
        with Shell(tmp_path / "there", bin_folder=installed) as shell:
            shell.run("regrove init demo")
            shell.folder = tmp_path / "there" / "demo"
            shell.run("regrove run")
            assert [_digest(shell)] == digests

    def test_a_server_without_a_champion_waits_and_goes_live_by_itself(self, installed: Path, tmp_path: Path) -> None:
        """``regrove run && regrove serve`` needs no third command first; it says what it waits for."""
        with Shell(tmp_path, bin_folder=installed) as shell:
            shell.run("regrove init demo")
            shell.folder = tmp_path / "demo"
            shell.run("regrove run")
            server, said = shell.start("regrove serve --port 0", until="^next")
            assert "no version of returns is champion yet" in said
            answer = shell.run("regrove predict --from sample.json", expect=7)
            assert "mend" in answer
            (promote,) = next_commands(said)
            shell.run(promote)
            assert server.stdout is not None
            assert next(line for line in server.stdout if "It is ready" in line)
            assert "model:returns@1 answered" in shell.run("regrove predict --from sample.json")

"""Every command of the README runs as it stands, and the demo tells what the README says."""

from __future__ import annotations

import re
import shutil
import socket
import sys
from pathlib import Path

import pytest

from tests.journeys.shell import Shell

ROOT = Path(__file__).parents[2]
BLOCKS = re.findall(r"^```sh\n(.*?)^```", (ROOT / "README.md").read_text(), re.M | re.S)
BY_HAND = next(block for block in BLOCKS if "examples/flights" in block)
STRANGER = next(block for block in BLOCKS if "regrove init" in block)


SHOWN = re.search(r"<!-- demo:begin -->.*?```text\n(.*?)```", (ROOT / "README.md").read_text(), re.S)[1]


def _shapes(text: str) -> set[str]:
    """The lines, with a # for every number, id, digest and name of a person."""
    text = re.sub(r"b3-1:[0-9a-f]+|\b[0-9a-f]{32}\b|\b[0-9][0-9,]*|person:\S+", "#", text)
    return {line.rstrip() for line in text.splitlines()}


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def _script(block: str) -> str:
    """The block as a script that stops at the first failure and ends the servers that it started."""
    lines = [line for line in block.splitlines() if not line.startswith("pip install")]
    text = re.sub(r"--port \d+", f"--port {_free_port()}", "\n".join(lines))
    return f"set -e\ntrap 'kill $(jobs -p) 2>/dev/null || true; wait' EXIT\n{text}"


def _flights(folder: Path) -> Path:
    """A copy of the repository's example, as a clone has it."""
    example = folder / "examples" / "flights"
    shutil.copytree(
        ROOT / "examples" / "flights", example, ignore=shutil.ignore_patterns("data", ".regrove", "__pycache__")
    )
    return example


def _digest(shell: Shell) -> str:
    shown = shell.run("cd examples/flights && regrove models show late-arrival@1")
    return next(line.split()[-1] for line in shown.splitlines() if line.strip().startswith("digest"))


class TestReadme:
    """A reader pastes; it works."""

    def test_the_readme_has_no_other_commands(self) -> None:
        """What stands in a block is run here, or is ``make``, which is run below and by whoever runs this."""
        others = [block for block in BLOCKS if block not in (BY_HAND, STRANGER)]
        assert all(re.fullmatch(r"make (demo|test)\b.*", line) for block in others for line in block.splitlines())

    def test_the_commands_from_nothing_work(self, tmp_path: Path) -> None:
        """An empty folder, a new project, a served prediction."""
        with Shell(tmp_path) as shell:
            assert "model:returns@1 answered" in shell.run(_script(STRANGER))

    @pytest.mark.timeout(900)
    def test_by_hand_and_by_demo_and_anywhere_it_is_the_same_model(self, tmp_path: Path) -> None:
        """The content digest of ``late-arrival@1`` is that of the demo, in two folders and processes."""
        digests = []
        up_to_the_model = BY_HAND[: BY_HAND.index("regrove datasets list")]
        for place, block in (("one", BY_HAND), ("two", up_to_the_model)):
            (tmp_path / place).mkdir()
            _flights(tmp_path / place)
            with Shell(tmp_path / place) as shell:
                said = shell.run(_script(block))
                if block is BY_HAND:
                    assert "model:late-arrival@1 answered" in said
                    assert "one unbroken chain" in said
                digests.append(_digest(shell))
        with Shell(tmp_path, HOME=str(tmp_path)) as shell:
            venv = Path(sys.prefix)
            (venv / ".ready").touch()
            folders = f"DEMO_FOLDER={tmp_path / 'demo'} DEMO_YEAR={tmp_path / 'year'}"
            story = shell.run(f"make -C {ROOT} demo QUICK=1 DEMO_VENV={venv} {folders}")
        assert "Nothing acknowledged is missing" in story
        assert "that is the place it names" in story
        assert "  aborted  " in story  # the sabotaged revision, by itself
        assert (tmp_path / "year" / "report.html").stat().st_size > 1_000_000
        assert _shapes(SHOWN) <= _shapes(story)
        found = re.search(r"^  digest +(b3-1:[0-9a-f]{64})$", story, re.M)
        assert found
        assert digests == [found[1]] * 2


@pytest.mark.parametrize("target", ["demo", "test", "lint", "bench", "soak", "docs", "compat", "help"])
def test_make_names_each_target_with_a_sentence(target: str, tmp_path: Path) -> None:
    """``make help`` lists what there is."""
    with Shell(tmp_path) as shell:
        assert re.search(rf"^  make {target} +[a-z].{{15,}}$", shell.run(f"make -s -C {ROOT} help"), re.M)

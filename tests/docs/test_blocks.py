"""Every Python block of the README and of docs/ runs as it stands."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^```python(?P<note>[^\n]*)\n(?P<code>.*?)^```", re.M | re.S)


def _name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("page", [page for page in PAGES if BLOCK.search(page.read_text())], ids=_name)
class TestBlocks:
    """Blocks of one page run one after the other, in one process and one empty folder; a block marked
    ``python no-run`` shows a shape and is only compiled."""

    def test_the_python_blocks_of_a_page_run(self, page: Path, tmp_path: Path) -> None:
        """What a reader pastes works."""
        code = []
        for block in BLOCK.finditer(page.read_text()):
            compile(block["code"], _name(page), "exec")
            if "no-run" not in block["note"]:
                code.append(block["code"])
        if not code:
            return
        ended = subprocess.run(
            [sys.executable, "-W", "error", "-c", "\n".join(code)],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=200,
        )
        assert ended.returncode == 0, ended.stderr


class TestLinks:
    """What a page points to is there."""

    @pytest.mark.parametrize("page", PAGES, ids=_name)
    def test_relative_links_lead_somewhere(self, page: Path) -> None:
        """No link into nothing."""
        text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.M | re.S)
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text):
            if "://" not in target:
                assert (page.parent / target).exists(), f"{_name(page)} points to {target}"

    def test_every_built_room_has_a_page(self) -> None:
        """A newcomer finds each room's page by its name."""
        rooms = {
            path.name
            for path in (ROOT / "src" / "regrove").iterdir()
            if path.is_dir() and (path / "service.py").exists()
        }
        pages = {path.stem for path in (ROOT / "docs").glob("*.md")}
        assert rooms <= pages


class TestCommands:
    """The command line as the documentation tells it."""

    def test_every_command_is_documented(self) -> None:
        """docs/cli.md names each command with its purpose."""
        import typer.main

        from regrove.cli.app import app

        text = (ROOT / "docs" / "cli.md").read_text()
        group = typer.main.get_command(app)
        missing = []
        for name, command in group.commands.items():
            inner = getattr(command, "commands", {})
            missing += [f"regrove {name} {each}" for each in inner if f"`regrove {name} {each}" not in text]
            if not inner and f"`regrove {name}" not in text:
                missing.append(f"regrove {name}")
        assert not missing

    def test_every_exit_code_is_documented(self) -> None:
        """A script can rely on them."""
        from regrove.cli.edge import EXIT_CODES

        text = (ROOT / "docs" / "cli.md").read_text()
        for _, code, meaning in EXIT_CODES:
            assert f"| {code} | {meaning} |" in text

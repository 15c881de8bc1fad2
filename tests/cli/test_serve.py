"""``serve`` says what it serves."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.journeys.shell import Shell


@pytest.fixture
def shop(champion_shop: Path, tmp_path: Path) -> Path:
    """A new project with a champion."""
    return shutil.copytree(champion_shop, tmp_path / "shop")


def test_a_file_that_is_not_applied_is_named(shop: Path) -> None:
    """The applied revision is served, and one line says how the file comes into force."""
    with Shell(shop) as shell:
        _, said = shell.start("regrove serve --port 0", until="listens on")
        assert "regrove.toml" not in said
    file = shop / "regrove.toml"
    file.write_text(file.read_text() + "limits = { rows = 1 }\n")
    with Shell(shop) as shell:
        server, said = shell.start("regrove serve --port 0", until="^It is ready")
        (line,) = [each for each in said.splitlines() if "regrove.toml" in each]
        assert "project:shop@1 is served" in line and "regrove apply" in line
        assert server.poll() is None
        assert "model:returns@1 answered" in shell.run("regrove predict --from sample.json")


def test_a_sticky_field_that_no_request_has_is_refused(shop: Path) -> None:
    """Before anything is published, with the nearest name."""
    file = shop / "regrove.toml"
    file.write_text(file.read_text().replace('sticky = "order_id"', 'sticky = "order_ids"'))
    with Shell(shop) as shell:
        shell.run("regrove apply")
        for command in ("deployments start returns", "serve --port 0"):
            said = shell.run(f"regrove {command}", expect=2)
            assert "sticky names 'order_ids'" in said and "did you mean 'order_id'?" in said
        assert "No deployment was started" in shell.run("regrove deployments list")


def test_a_server_says_what_keeps_it_from_publishing(shop: Path) -> None:
    """What was published goes on answering."""
    file = shop / "regrove.toml"
    with Shell(shop) as shell:
        server, _ = shell.start("regrove serve --port 0", until="^It is ready")
        file.write_text(file.read_text().replace('sticky = "order_id"', 'sticky = "nothing"'))
        shell.run("regrove apply")
        assert server.stdout is not None
        told = next(line for line in server.stdout if "cannot be published" in line)
        assert "sticky names 'nothing'" in told
        assert "model:returns@1 answered" in shell.run("regrove predict --from sample.json")

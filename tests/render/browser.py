"""A real browser without a window: what a page becomes when it is opened."""

from __future__ import annotations

import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

from tests.conftest import missing_part

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")


class Opened(HTMLParser):
    """The page after its scripts ran: elements, words by the class that holds them, and what the console said."""

    def __init__(self, dom: str, console: list[str]) -> None:
        super().__init__(convert_charrefs=True)
        self.console = console
        self.classes: list[str] = []
        self.words = ""
        self._skip = 0
        self.feed(dom)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.classes += (dict(attrs).get("class") or "").split()
        self._skip += tag in {"script", "style"}

    def handle_endtag(self, tag: str) -> None:
        self._skip -= tag in {"script", "style"}

    def handle_data(self, data: str) -> None:
        if not self._skip:
            self.words += data


def opened(page: Path, *, dark: bool = False) -> Opened:
    """Open the page; without a browser it skips, or fails under CI."""
    browser = next((found for name in NAMES if (found := shutil.which(name))), None)
    if browser is None:
        missing_part("no Chromium is installed")
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=5000", "--enable-logging=stderr"]
    profile = page.parent / "profile"
    ended = subprocess.run(
        [
            browser,
            *options,
            *(["--force-dark-mode"] if dark else []),
            f"--user-data-dir={profile}",
            "--dump-dom",
            page.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return Opened(ended.stdout, [line for line in ended.stderr.splitlines() if "CONSOLE" in line])

"""There is one way out: whoever else touches the network stands here, with what for."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "regrove"
NETWORK = (
    *("socket", "ssl", "http.client", "http.server", "urllib.request", "asyncio", "socketserver", "selectors"),
    *("smtplib", "ftplib", "poplib", "imaplib", "nntplib", "telnetlib", "xmlrpc", "webbrowser"),
    *(
        "requests",
        "httpx",
        "aiohttp",
        "urllib3",
        "websockets",
        "grpc",
        "boto3",
        "fsspec",
        "obstore",
        "psycopg",
        "uvicorn",
    ),
)
OUT = {
    "egress/connection.py": "the way out: a connection to a checked address",
    "egress/post.py": "the way out: whom to trust",
    "egress/resolve.py": "the way out: from a name to addresses",
    "storage/objects/remote.py": "the object store that the settings name, by its own client",
    "cli/predict.py": "asks the server that the person at the keyboard names, by default the one on this machine",
    "cli/serve.py": "asks the server that it has started whether it is ready",
    "gates/load.py": "asks the server that it has started, on this machine, at a steady rate",
    "gates/process.py": "asks that server whether it is ready",
    "serving/replay/player.py": "replays a dataset to the server that the person at the keyboard names",
}
IN = {
    "execution/frame.py": "frames on a pair of sockets between a process and its child",
    "execution/process.py": "makes that pair",
    "execution/worker.py": "holds the child's end",
    "serving/app.py": "the event loop of a server's answers",
    "serving/process.py": "listens",
    "serving/segment.py": "the machine's name in the head of a segment",
    "serving/worker.py": "listens, by uvicorn",
    "storage/process.py": "the machine's name, to tell whether a process lives",
}
DIALS = {"connect", "connect_ex", "create_connection", "open_connection", "urlopen", "HTTPConnection", "sendto"}


def _name(path: Path) -> str:
    return path.relative_to(SOURCE).as_posix()


def _imported(tree: ast.AST) -> set[str]:
    """The modules of the network that are imported, wherever in a module that stands."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {each.name for each in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{each.name}" for each in node.names)}
    return {each for each in found for known in NETWORK if each == known or each.startswith(f"{known}.")}


TREES = {_name(path): ast.parse(path.read_text(encoding="utf-8")) for path in sorted(SOURCE.rglob("*.py"))}


class TestOneWayOut:
    def test_whoever_imports_the_network_is_listed_and_nobody_else_is(self) -> None:
        """A new one goes through `regrove.egress`, or is added here with its reason."""
        assert {name for name, tree in TREES.items() if _imported(tree)} == {*OUT, *IN}

    @pytest.mark.parametrize("name", IN)
    def test_who_is_listed_as_going_nowhere_opens_no_connection(self, name: str) -> None:
        """By the names of the calls that do."""
        calls = {node.attr for node in ast.walk(TREES[name]) if isinstance(node, ast.Attribute)}
        calls |= {node.id for node in ast.walk(TREES[name]) if isinstance(node, ast.Name)}
        assert not calls & DIALS

    def test_no_page_is_opened_and_no_program_fetches(self) -> None:
        """Neither a browser nor curl does what may not be done here."""
        words = {"curl", "wget", "xdg-open"}
        found = [
            name
            for name, tree in TREES.items()
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.split(" ")[0] in words
        ]
        assert not found

"""Small projects as dicts of path and text, and what is asked of them in the tests."""

import textwrap
from pathlib import Path
from tempfile import TemporaryDirectory

from regrove.pipelines.code import Closure, Codebase

Files = dict[str, str]


def write(root: Path, files: Files) -> Path:
    """Lay a project out below ``root``."""
    for path, text in files.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(textwrap.dedent(text))
    return root


def load(root: Path, files: Files, module: str = "pipeline") -> Codebase:
    """The code of a project laid out below ``root``."""
    return Codebase.load(write(root, files), module)


def closures(files: Files, module: str = "pipeline") -> dict[str, Closure]:
    """The closure of each public function."""
    with TemporaryDirectory() as folder:
        code = load(Path(folder), files, module)
        return {name: code.closure(name) for name in code.functions()}


def edited(files: Files, path: str, old: str, new: str) -> Files:
    """The project with one edit; the old text must stand there exactly once."""
    text = textwrap.dedent(files[path])
    assert text.count(old) == 1, (old, text.count(old))
    return {**files, path: text.replace(old, new)}


def changed(before: Files, after: Files) -> set[str]:
    """The functions in both whose closure differs."""
    old, new = closures(before), closures(after)
    return {name for name in old if name in new and old[name].digest != new[name].digest}

"""What an annotation stands for, read from the source: nothing is imported to learn it.

A step's return annotation chooses how its result is kept:

=========  ==============================================================  =======================
kind       annotation                                                      kept as
=========  ==============================================================  =======================
FRAME      ``pl.LazyFrame``, ``pl.DataFrame``                              Parquet
ARRAY      ``np.ndarray``, ``NDArray[...]``                                NumPy's own file
JSON       ``str int float bool dict list tuple``, a ``msgspec.Struct``    JSON
ESTIMATOR  a class of a library, or one that inherits from a library's     a model format
ANY        anything, of a step marked ``@step(trusted=True)``              pickle
=========  ==============================================================  =======================
"""

from __future__ import annotations

import ast
import sys
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Final

import msgspec

__all__ = ["Kind", "Meaning", "Names", "meaning"]


class Kind(StrEnum):
    """How a value is kept between steps."""

    FRAME = "frame"
    ARRAY = "array"
    JSON = "json"
    ESTIMATOR = "estimator"
    ANY = "any"
    SIDE = "side"
    """One side of the split, made by Regrove itself."""


class Meaning(msgspec.Struct, frozen=True):
    """What an annotation stands for; ``kind`` None when it cannot be kept, with the reason."""

    kind: Kind | None
    form: str = ""
    """For a frame whether it is wanted ``lazy`` or ``eager``; otherwise the dotted name."""
    reason: str = ""


_FRAMES: Final = {"polars.LazyFrame": "lazy", "polars.DataFrame": "eager"}
_ARRAYS: Final = ("numpy.ndarray", "numpy.typing.NDArray")
_PLAIN: Final = ("str", "int", "float", "bool", "dict", "list", "tuple")
_UNKEPT: Final = {
    "object": "it says nothing about the value",
    "typing.Any": "it says nothing about the value",
    "None": "a step must return something",
    "bytes": "bytes without a format",
    "set": "its order is not fixed",
    "frozenset": "its order is not fixed",
    "polars.Series": "return a frame with one column instead",
    "polars.Expr": "return the frame that the expression makes",
}
_NO_ESTIMATORS: Final = {"polars", "numpy", "pandas", "pyarrow", "regrove", "msgspec"}
"""Libraries whose classes are no estimators."""


class Names:
    """The names that modules of the code folder ``root`` give to things, as dotted origins."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.tree = cache(self._tree)
        self._table = cache(self._names_of)

    def origin(self, module: str, dotted: str) -> str:
        """The full dotted name behind ``dotted`` as it stands in ``module``: ``pl.LazyFrame`` is polars.LazyFrame."""
        head, dot, rest = dotted.partition(".")
        found = self._table(module).get(head)
        return f"{found}{dot}{rest}" if found else dotted

    def class_bases(self, dotted: str) -> list[str] | None:
        """The origins of the bases of a class of the project, or None when ``dotted`` is no such class."""
        module, _, name = dotted.rpartition(".")
        tree = self.tree(module) if module else None
        for node in tree.body if tree else ():
            if isinstance(node, ast.ClassDef) and node.name == name:
                return [self.origin(module, ast.unparse(base)) for base in node.bases]
        return None

    def known(self, module: str) -> set[str]:
        """The names that ``module`` imports or defines at its top."""
        return set(self._table(module))

    def function(self, module: str, name: str) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
        """The function as it stands at the top of ``module``; the last one when it stands there twice."""
        tree = self.tree(module)
        for node in reversed(tree.body if tree else []):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == name:
                return node
        return None

    def _tree(self, module: str) -> ast.Module | None:
        place = self.root.joinpath(*module.split("."))
        for path in (place.with_suffix(".py"), place / "__init__.py"):
            if path.is_file():
                return ast.parse(path.read_bytes(), filename=str(path))
        return None

    def _names_of(self, module: str) -> dict[str, str]:
        found: dict[str, str] = {}
        tree = self.tree(module)
        package = self.root.joinpath(*module.split("."), "__init__.py").is_file()
        for node in ast.walk(tree) if tree else ():
            if isinstance(node, ast.Import):
                for alias in node.names:
                    name = alias.asname or alias.name.partition(".")[0]
                    found[name] = alias.name if alias.asname else name
            elif isinstance(node, ast.ImportFrom):
                base = _absolute(module, node, package=package)
                found.update({alias.asname or alias.name: f"{base}.{alias.name}" for alias in node.names})
        for node in tree.body if tree else ():
            if isinstance(node, ast.ClassDef):
                found[node.name] = f"{module}.{node.name}"
        return found


def _absolute(module: str, node: ast.ImportFrom, *, package: bool) -> str:
    if not node.level:
        return node.module or ""
    parts = module.split(".")
    kept = parts[: len(parts) - node.level + (1 if package else 0)]
    return ".".join([*kept, *([node.module] if node.module else [])])


def meaning(text: str, module: str, names: Names) -> Meaning:
    """What the annotation ``text`` of ``module`` stands for."""
    if not text:
        return Meaning(None, reason="it is missing")
    try:
        tree = ast.parse(text, mode="eval").body
    except SyntaxError:
        return Meaning(None, reason="it is not a type")
    return _meaning(tree, module, names)


def _meaning(tree: ast.expr, module: str, names: Names) -> Meaning:
    if isinstance(tree, ast.Constant):
        return meaning(tree.value, module, names) if isinstance(tree.value, str) else _of("None", names)
    if isinstance(tree, ast.Subscript):
        outer = _meaning(tree.value, module, names)
        if outer.form == "typing.Annotated" and isinstance(tree.slice, ast.Tuple):
            return _meaning(tree.slice.elts[0], module, names)
        return outer
    if isinstance(tree, ast.BinOp) and isinstance(tree.op, ast.BitOr):
        return _union(_meaning(tree.left, module, names), _meaning(tree.right, module, names))
    if isinstance(tree, ast.Name | ast.Attribute):
        dotted = ast.unparse(tree)
        if "." not in dotted and dotted not in _PLAIN + tuple(_UNKEPT) and dotted not in names.known(module):
            return Meaning(None, dotted, f"{dotted} is neither imported nor defined in {module}")
        return _of(names.origin(module, dotted), names)
    return Meaning(None, reason="it is not a type")


def _union(left: Meaning, right: Meaning) -> Meaning:
    if left.kind is None or left.kind is right.kind is Kind.ESTIMATOR:
        return left
    return Meaning(None, reason="it allows more than one type")


def _of(dotted: str, names: Names) -> Meaning:
    if dotted in _FRAMES:
        return Meaning(Kind.FRAME, _FRAMES[dotted])
    if dotted in _ARRAYS:
        return Meaning(Kind.ARRAY, dotted)
    if dotted in _PLAIN:
        return Meaning(Kind.JSON, dotted)
    if dotted in _UNKEPT:
        return Meaning(None, dotted, _UNKEPT[dotted])
    bases = names.class_bases(dotted)
    if bases is not None:
        return _project_class(dotted, bases, names)
    library = dotted.partition(".")[0]
    if library in sys.stdlib_module_names or library in _NO_ESTIMATORS or "." not in dotted:
        return Meaning(None, dotted, f"there is no way to keep {dotted} without running code when it is read")
    return Meaning(Kind.ESTIMATOR, dotted)


def _project_class(dotted: str, bases: list[str], names: Names) -> Meaning:
    """A class of the project is a Struct or an estimator by what it inherits from."""
    for base in bases:
        if base == "msgspec.Struct":
            return Meaning(Kind.JSON, dotted)
        inherited = _of(base, names)
        if inherited.kind in (Kind.ESTIMATOR, Kind.JSON) and base not in _PLAIN:
            return Meaning(inherited.kind, dotted)
    return Meaning(None, dotted, f"{dotted} is neither a msgspec.Struct nor inherits from a library's estimator")

"""The project's own code of a model version, imported as a private package.

The package comes out of the vault as canonical JSON ``{path: source}`` and is imported from exactly the bytes whose
digest was checked: it never touches the disk, leaves no byte-code behind, and is called ``_regrove_code_<digest>``, so
any number of versions live in one process. Tracebacks show the source lines all the same.
"""

from __future__ import annotations

import re
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from importlib.abc import MetaPathFinder, SourceLoader
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final, Protocol

import msgspec

from regrove.errors import Corrupt

if TYPE_CHECKING:
    from pathlib import Path

    from regrove.registry.manifest import Link, ServingCode

__all__ = ["BrokenServingCode", "Objects", "serving_functions"]

_PREFIX: Final = "_regrove_code_"
_PATH = re.compile(r"(?:[A-Za-z_][A-Za-z0-9_]*/)*[A-Za-z_][A-Za-z0-9_]*\.py\Z")
_ENDING: Final = re.compile(r"(/__init__)?\.py\Z")

_lock = threading.Lock()


class Objects(Protocol):
    """Bytes by their digest, checked as they come out; a `Vault` is that."""

    def fetch(self, of: str, /) -> Path:
        """A file that holds them."""
        ...

    def read(self, of: str, /) -> bytes:
        """The bytes."""
        ...


class BrokenServingCode(Corrupt):
    """The code that is packaged with a model version cannot be imported, or lacks what the manifest names."""

    code = "broken-serving-code"


def serving_functions(serving: ServingCode, vault: Objects) -> list[Callable[..., Any]]:
    """The functions of the chain, in order; [] for a model whose features are the request itself.

    Raises Corrupt for code whose bytes changed, BrokenServingCode for a package that cannot be imported.
    """
    if not serving.chain:
        return []
    package = _installed(serving.object, vault)
    return [_function(package, link, serving.object) for link in serving.chain]


def _function(package: str, link: Link, of: str) -> Callable[..., Any]:
    try:
        module = import_module(f"{package}.{link.module}" if link.module else package)
    except Exception as error:  # the project's own module runs here and may raise anything
        raise BrokenServingCode(
            f"The code that is packaged with the model cannot be imported: {type(error).__name__}: {error}",
            expected=f"the module {link.module} of {of}",
            mend="install the packages that the project imports, in the versions that the model was trained with",
        ) from error
    found = getattr(module, link.function, None)
    if not callable(found):
        raise BrokenServingCode(
            f"The code that is packaged with the model has no function {link.function!r}",
            expected=f"{link.module}.{link.function}",
            received=f"the module {link.module} of {of}",
        )
    return found  # type: ignore[no-any-return]  # callable was checked; what it returns is checked when it is called


def _installed(of: str, vault: Objects) -> str:
    """The name of the private package with the content ``of``, made known to Python's import."""
    name = _PREFIX + of.rpartition(":")[2]
    with _lock:
        if name not in _FINDER.packages:
            _FINDER.packages[name] = _sources(name, of, vault)
        if _FINDER not in sys.meta_path:
            sys.meta_path.append(_FINDER)
    return name


def _sources(package: str, of: str, vault: Objects) -> dict[str, tuple[str, str]]:
    """Source and path of each module of the package by its full name; a package without a file is empty."""
    try:
        files = msgspec.json.decode(vault.read(of), type=dict[str, str])
    except msgspec.MsgspecError as error:
        raise BrokenServingCode(f"The code object {of} is not JSON of paths and sources: {error}") from error
    modules: dict[str, tuple[str, str]] = {package: ("", "__init__.py")}
    for path, source in sorted(files.items()):
        if not _PATH.match(path):
            raise BrokenServingCode(
                f"The code object {of} holds a path that leads elsewhere or is no module",
                expected="such as pipeline.py or parts/clean.py",
                received=repr(path[:80]),
            )
        inner = _ENDING.sub("", "/" + path).replace("/", ".").rstrip(".")
        modules[package + inner] = (source, path)
    for name in list(modules):
        parent = name.rpartition(".")[0]
        while parent and parent not in modules:
            modules[parent] = ("", parent.removeprefix(package + ".").replace(".", "/") + "/__init__.py")
            parent = parent.rpartition(".")[0]
    return modules


class _Loader(SourceLoader):
    """Loads modules of one private package from memory."""

    def __init__(self, modules: Mapping[str, tuple[str, str]]) -> None:
        self._modules = modules

    def get_filename(self, fullname: str) -> str:
        package = fullname.partition(".")[0]
        return f"{package}/{self._modules[fullname][1]}"  # a name for tracebacks; there is no such file

    def get_data(self, path: str | bytes) -> bytes:
        raise OSError(f"{path!r}: packaged code has no files")  # so import keeps no byte-code of it

    def get_source(self, fullname: str) -> str:
        return self._modules[fullname][0]

    def get_code(self, fullname: str) -> Any:
        return self.source_to_code(self.get_source(fullname).encode(), self.get_filename(fullname))


class _Finder(MetaPathFinder):
    """Finds modules of private packages, and only these."""

    def __init__(self) -> None:
        self.packages: dict[str, dict[str, tuple[str, str]]] = {}

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,  # noqa: ARG002  # a name says it all: these modules are in no folder
        target: ModuleType | None = None,  # noqa: ARG002  # only reloading hands one over
    ) -> ModuleSpec | None:
        modules = self.packages.get(fullname.partition(".")[0])
        if modules is None or fullname not in modules:
            return None
        loader = _Loader(modules)
        is_package = modules[fullname][1].endswith("__init__.py")
        return ModuleSpec(fullname, loader, origin=loader.get_filename(fullname), is_package=is_package)


_FINDER: Final = _Finder()

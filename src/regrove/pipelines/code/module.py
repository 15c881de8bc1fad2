"""One module of the project as a list of statements, each with what it binds and what it uses."""

from __future__ import annotations

import ast
import sys
import warnings
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, partial

from regrove.errors import InvalidInput
from regrove.pipelines.code.imports import Imported, Target, imported
from regrove.pipelines.code.names import Names
from regrove.pipelines.code.normal import digest_of, flattened, normal
from regrove.pipelines.code.reader import Reader
from regrove.pipelines.code.scope import dotted
from regrove.pipelines.code.use import Use, Uses

__all__ = ["Definition", "Module", "Statement", "parsed"]

Definition = ast.FunctionDef | ast.AsyncFunctionDef
"""A function as it is written."""

_SOURCE = frozenset(
    {"__annotations__", "__doc__", "get_annotations", "get_type_hints", "getdoc", "getfullargspec"}
    | {"getsource", "getsourcelines", "signature", "validate_call"}
)
"""Names of what reads docstrings, annotations or source text at run time."""


@dataclass(eq=False, slots=True)
class Statement:
    """One top-level statement in normal form."""

    module: str
    index: int
    node: ast.stmt
    raw: ast.stmt
    binds: tuple[str, ...]
    imports: dict[str, list[Target]]
    aliases: dict[str, list[Use]]
    """For each name bound: what else changes when its object changes."""
    uses: Uses
    single: Imported | None = None
    """Set when the statement is an import."""
    form: Callable[..., ast.stmt | None] = field(default=normal)
    reads_source: bool = False
    """It mentions docstrings, annotations or source text, so that these count."""

    def written(self, *, verbatim: bool) -> ast.stmt:
        """The normal form, or with ``verbatim`` the one that keeps docstrings and annotations."""
        return (self.form(self.raw, verbatim=True) or self.node) if verbatim else self.node

    def digest(self, *, verbatim: bool) -> str:
        """The digest of the statement as it is `written`."""
        if self.single is None:
            return digest_of(self.written(verbatim=verbatim))
        # The same module named absolutely or by dots is the same import.
        loaded = ast.Import([ast.alias(self.single.loaded, self.single.target.name or None)])
        return digest_of(loaded, ast.Constant(self.single.bound))

    @property
    def line(self) -> int:
        """Where it begins in its file."""
        return self.node.lineno

    @property
    def is_definition(self) -> bool:
        """Whether it is a function or a class."""
        return isinstance(self.node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))

    @property
    def kind(self) -> str:
        """The kind of part it makes."""
        if self.single is not None:
            return "import"
        if isinstance(self.node, ast.ClassDef):
            return "class"
        if self.is_definition:
            return "function"
        return "value" if self.binds else "statement"


@dataclass(eq=False)
class Module:
    """One file of the project, or a folder that Python takes for a package (no file, no statements)."""

    name: str
    path: str
    package: str
    """The package that relative imports start from."""
    text: str = ""
    statements: list[Statement] = field(default_factory=list)
    definitions: dict[str, Definition] = field(default_factory=dict)
    """The functions as they stand in the source, also those under a condition; the last of a name counts."""
    lazy_annotations: bool = False
    is_step: Callable[[ast.expr], bool] = field(default=lambda _: False)
    """Recognises the decorator `regrove.step` under the names this module gives it."""
    opaque: bool = False
    """The file could not be parsed; it counts as a whole."""

    @cached_property
    def binders(self) -> dict[str, list[Statement]]:
        """For each name: the statements that bind it, in order."""
        found: dict[str, list[Statement]] = defaultdict(list)
        for statement in self.statements:
            for name in statement.binds:
                found[name].append(statement)
            for use in statement.uses.uses:
                # ``global X`` in a function binds X when it is called.
                if use.mode == "store" and use.deferred and use.name and not use.path:
                    found.setdefault(use.name, [])
        return dict(found)

    @cached_property
    def stars(self) -> list[Statement]:
        """The star imports, also those inside a conditional."""
        return [each for each in self.statements if "*" in each.imports]

    @cached_property
    def exports(self) -> frozenset[str] | None:
        """The literal ``__all__``, or None when there is none."""
        for statement in self.binders.get("__all__", ()):
            if isinstance(statement.node, ast.Assign):
                try:
                    return frozenset(map(str, ast.literal_eval(statement.node.value)))
                except (ValueError, TypeError):
                    return None
        return None


def parsed(name: str, path: str, text: str, *, is_package: bool) -> Module:
    """The module ``name`` from its text; InvalidInput names file and line when it is no Python."""
    package = name if is_package else name.rpartition(".")[0]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an invalid escape is the project's matter, not an error of reading it
            tree = ast.parse(text, path)
    except SyntaxError as error:
        raise InvalidInput(
            f"{path}:{error.lineno or 1} is not Python: {error.msg}",
            expected=f"what Python {sys.version_info.major}.{sys.version_info.minor} can read",
            received=(error.text or "").strip()[:200] or "the end of the file",
            mend=f"correct line {error.lineno or 1} of {path}",
        ) from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise InvalidInput(
            f"{path} cannot be parsed",
            expected="Python source",
            received=str(error) or type(error).__name__,
            mend=f"write {path} again",
        ) from None
    lazy = any(
        isinstance(each, ast.ImportFrom)
        and each.module == "__future__"
        and any(alias.name == "annotations" for alias in each.names)
        for each in tree.body
    )
    module = Module(name, path, package, text, lazy_annotations=lazy)
    body = [each for each in flattened(tree.body) if not _is_future(each)]
    known = frozenset(Names(body, package=package, where=path).bound)
    module.is_step = _recogniser(tree)
    module.definitions = _definitions(body)
    for statement in body:
        made = _statement(module, statement, known)
        if made is not None:
            module.statements.append(made)
    return module


def _definitions(body: list[ast.stmt]) -> dict[str, Definition]:
    found: dict[str, Definition] = {}
    pending: list[ast.AST] = list(reversed(body))
    while pending:
        node = pending.pop()
        if isinstance(node, Definition):
            found[node.name] = node
        elif not isinstance(node, (ast.ClassDef, ast.expr)):
            pending += reversed(list(ast.iter_child_nodes(node)))
    return found


def _is_future(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.ImportFrom) and statement.module == "__future__"


def _statement(module: Module, raw: ast.stmt, known: frozenset[str]) -> Statement | None:
    form = partial(normal, lazy_annotations=module.lazy_annotations, is_step=module.is_step)
    node = form(raw)
    if node is None or isinstance(node, ast.Pass):
        return None
    names = Names([node], package=module.package, where=module.path)
    reader = Reader(package=module.package, where=module.path, known=known)
    reader.visit(node)
    imports = dict(names.imports)
    if names.stars:
        imports["*"] = [Target(each.loaded) for each in names.stars]
    single = None
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        single = imported(node, package=module.package, where=module.path)[0]
    return Statement(
        module=module.name,
        index=len(module.statements),
        node=node,
        raw=raw,
        binds=tuple(names.bound),
        imports=imports,
        aliases={name: [use for each in same for use in reader.changed(each)] for name, same in names.aliases.items()},
        uses=reader.found,
        single=single,
        form=form,
        reads_source=any(_mentions_source(each) for each in ast.walk(node)),
    )


def _mentions_source(node: ast.AST) -> bool:
    match node:
        case ast.Attribute(attr=name) | ast.Name(id=name) | ast.alias(name=name):
            return name in _SOURCE
    return False


def _recogniser(tree: ast.Module) -> Callable[[ast.expr], bool]:
    """Recognises the decorator `regrove.step` under the names this module gives it."""
    modules: set[str] = set()
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules.update(alias.asname or alias.name for alias in node.names if alias.name == "regrove")
        elif isinstance(node, ast.ImportFrom) and node.module == "regrove" and not node.level:
            names.update(alias.asname or alias.name for alias in node.names if alias.name == "step")

    def is_step(node: ast.expr) -> bool:
        root, path = dotted(node.func if isinstance(node, ast.Call) else node)
        if not isinstance(root, ast.Name):
            return False
        return (root.id in modules and path == ("step",)) or (root.id in names and not path)

    return is_step

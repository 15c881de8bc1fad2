"""A walk over a syntax tree with a method for each kind of node that matters."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any, ClassVar

__all__ = ["Walker"]


class Walker:
    """Visits nodes in the order of the source; ``HANDLERS`` names the method for a kind of node, others are entered."""

    HANDLERS: ClassVar[Mapping[type[ast.AST], str]] = {}

    def visit(self, node: ast.AST) -> None:
        """Hand ``node`` to its method, or visit its children."""
        name = self.HANDLERS.get(type(node))
        if name is None:
            self.enter(node)
        else:
            handler: Any = getattr(self, name)
            handler(node)

    def enter(self, node: ast.AST) -> None:
        """Visit the children of ``node``."""
        for child in ast.iter_child_nodes(node):
            self.visit(child)

"""Which keys of ``params`` a function reads, as far as its source says."""

from __future__ import annotations

import ast

import msgspec

__all__ = ["Reads", "reads"]


class Reads(msgspec.Struct, frozen=True):
    """The keys that a function reads from its parameter ``params``."""

    needed: tuple[str, ...] = ()
    """Keys that must be declared: ``params.max_iter``, ``params["max_iter"]``."""
    optional: tuple[str, ...] = ()
    """Keys read with a default: ``params.get("depth", 3)``, ``"depth" in params``."""
    all: bool = False
    """Whether ``params`` is used in a way that may read any key, such as being handed to a helper."""

    def covers(self, key: str) -> bool:
        """Whether the function may read ``key``."""
        return self.all or key in self.needed or key in self.optional


def reads(function: ast.FunctionDef | ast.AsyncFunctionDef, parameter: str = "params") -> Reads:
    """What ``function`` reads from ``parameter``.

    >>> tree = ast.parse("def model(train, params): return params.depth, params.get('rate', 0.1)")
    >>> reads(tree.body[0])
    Reads(needed=('depth',), optional=('rate',), all=False)
    """
    needed: dict[str, None] = {}
    optional: dict[str, None] = {}
    whole = False
    parents = {child: node for node in ast.walk(function) for child in ast.iter_child_nodes(node)}
    for node in ast.walk(function):
        if not (isinstance(node, ast.Name) and node.id == parameter):
            continue
        parent = parents[node]
        if isinstance(parent, ast.Attribute) and parent.attr == "get":
            call = parents[parent]
            key = _literal(call.args[0]) if isinstance(call, ast.Call) and call.func is parent and call.args else None
            if key is not None:
                optional[key] = None
                continue
        elif isinstance(parent, ast.Attribute) and parent.attr not in ("keys", "values", "items"):
            needed[parent.attr] = None
            continue
        elif isinstance(parent, ast.Subscript) and parent.value is node:
            key = _literal(parent.slice)
            if key is not None:
                needed[key] = None
                continue
        elif isinstance(parent, ast.Compare) and node in parent.comparators and len(parent.ops) == 1:
            key = _literal(parent.left) if isinstance(parent.ops[0], ast.In | ast.NotIn) else None
            if key is not None:
                optional[key] = None
                continue
        whole = True
    return Reads(tuple(sorted(needed)), tuple(sorted(optional)), whole)


def _literal(node: ast.expr) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None

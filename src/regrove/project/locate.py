"""Where in a TOML text a key stands, for messages.

``tomllib`` gives no positions. This finds them for the forms that a declaration is written in: table headers, arrays
of tables, dotted keys and inline tables. It reads text that ``tomllib`` has accepted already, so it need not judge it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["line_of"]

_HEADER = re.compile(r"\s*(\[\[?)\s*(.+?)\s*\]\]?\s*(?:#.*)?$")
_PART = re.compile(r"""\s*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([A-Za-z0-9_\-]+))\s*(\.|=|$)""")


def line_of(text: str, path: Sequence[str | int]) -> int:
    r"""The line, from 1, where ``path`` is written; of its nearest parent when it is written on none of its own.

    >>> line_of('[project]\nname = "a"\n\n[datasets.x]\nsource = "y"\n', ("datasets", "x", "source"))
    5
    """
    wanted = tuple(path)
    best, best_depth = 1, 0
    table: tuple[str | int, ...] = ()
    counts: dict[tuple[str | int, ...], int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        header = _HEADER.match(line)
        if header and "=" not in header.group(2):
            keys: tuple[str | int, ...] = _keys(header.group(2))
            if header.group(1) == "[[":
                index = counts.get(keys, -1) + 1
                counts[keys] = index
                table = (*keys, index)
            else:
                table = keys
            here = table
        else:
            found = _keys(line)
            if not found or "=" not in line:
                continue
            here = (*table, *found)
        depth = _common(here, wanted)
        inline = "=" in line and depth == len(here) and depth < len(wanted) and str(wanted[depth]) in line
        if (depth == len(here) and depth > best_depth) or inline:
            best, best_depth = number, depth
        if depth == len(wanted):
            return number
    return best


def _keys(text: str) -> tuple[str, ...]:
    keys: list[str] = []
    position = 0
    while match := _PART.match(text, position):
        keys.append(next(group for group in match.groups()[:3] if group is not None))
        position = match.end()
        if match.group(4) != ".":
            break
    return tuple(keys)


def _common(here: Sequence[str | int], wanted: Sequence[str | int]) -> int:
    count = 0
    for left, right in zip(here, wanted, strict=False):
        if left != right:
            break
        count += 1
    return count

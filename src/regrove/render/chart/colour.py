"""Colours by name: what each is for, and its value in the light and in the dark."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any, Final, Literal

from regrove.render.templates import source

__all__ = ["HEAT", "SERIES", "Theme", "named", "resolved", "themes"]

Theme = Literal["light", "dark"]

SERIES: Final = ("blue", "orange", "purple", "teal", "pink")
"""The colours of series, in the order in which they are taken; each has a ``-soft`` one for its interval."""

HEAT: Final = ("heat-0", "heat-1", "heat-2", "heat-3", "heat-4")
"""From no effect, over the least one that matters, to a strong one."""

_NAME: Final = re.compile(r"var\(--([a-z0-9-]+)\)")


def named(name: str) -> str:
    """The colour ``name`` as it stands in a figure.

    >>> named("blue")
    'var(--blue)'
    """
    return f"var(--{name})"


@cache
def themes() -> Mapping[Theme, Mapping[str, str]]:
    """The colours of both themes, as the style sheet of pages says them."""
    light, dark = re.findall(r"/\* colours \*/(.*?)/\* end \*/", source("colour.css"), re.DOTALL)
    pairs = [dict(re.findall(r"--([a-z0-9-]+):\s*([^;]+);", each)) for each in (light, dark)]
    return {"light": pairs[0], "dark": {**pairs[0], **pairs[1]}}


def resolved(value: Any, theme: Theme, key: str = "") -> Any:
    """``value`` with the names of colours replaced; only under keys that Plotly takes colours from, never in words."""
    if isinstance(value, dict):
        return {name: resolved(each, theme, name) for name, each in value.items()}
    if isinstance(value, list):
        return [resolved(each, theme, key) for each in value]
    if isinstance(value, str) and key.endswith(("color", "colorscale")) and (found := _NAME.fullmatch(value)):
        return themes()[theme][found[1]]
    return value

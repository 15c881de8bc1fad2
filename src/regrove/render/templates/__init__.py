"""The templates of pages and their parts, and how they are filled: everything is escaped that is not markup already."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from regrove.render.words import clean

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["fill", "source"]


def fill(name: str, **values: Any) -> Markup:
    """The template ``name`` with ``values``, each cleaned and escaped unless it is Markup; none may be missing."""
    template = _environment().get_template(name)
    return Markup(template.render(**values).rstrip("\n"))  # noqa: S704  # autoescaped: every value went through `_fit`


@cache
def source(name: str) -> str:
    """The text of a file beside the templates, such as the style sheet."""
    return files(__name__).joinpath(name).read_text(encoding="utf-8")


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    return Environment(
        loader=FunctionLoader(source),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_fit,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _fit(value: Any) -> Any:
    """What a page can carry; escaping follows in the template."""
    return value if isinstance(value, Markup) else clean(str(value))

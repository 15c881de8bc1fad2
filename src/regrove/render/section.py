"""One page in one file: it opens without a server, loads nothing, and runs no script but its own."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence

import msgspec
from markupsafe import Markup

from regrove.render.part import Part
from regrove.render.script import plotly_script
from regrove.render.templates import fill, source
from regrove.render.words import clean

__all__ = ["Section", "page"]


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a page with a title of its own, which the table of contents names."""

    title: str
    parts: Sequence[Part]
    lead: str = ""


def page(title: str, sections: Sequence[Section], *, lead: str = "", facts: Sequence[tuple[str, str]] = ()) -> str:
    """A self-contained page; the same arguments give the same bytes.

    Text is escaped, and what no page can carry is replaced. A page with a chart brings Plotly's script (some 5 MB),
    once. A policy inside the page forbids it to load or send anything, and to run any script but those two that were
    written with it. Raises MissingExtra when there is a chart and Plotly is not installed.

    >>> from regrove.render import Prose
    >>> print(page("Report", [Section(title="Data", parts=[Prose("1 < 2")])])[:15])
    <!doctype html>
    """
    scripts = [plotly_script(), source("charts.js")] if any(_scripted(each) for each in sections) else []
    names = _names([each.title for each in sections])
    written = [(name, each, [part.html() for part in each.parts]) for name, each in zip(names, sections, strict=True)]
    html = fill(
        "page.html",
        title=title,
        lead=lead,
        facts=[(label, value) for label, value in facts if value],
        sections=written,
        style=Markup(source("colour.css") + source("page.css")),  # noqa: S704  # a file of this package
        scripts=[Markup(each) for each in scripts],  # noqa: S704  # Plotly's and this package's own
        policy=_policy(scripts),
    )
    return f"{html}\n"


def _scripted(section: Section) -> bool:
    return any(part.scripted for part in section.parts)


def _policy(scripts: Sequence[str]) -> str:
    """Content-Security-Policy: nothing from elsewhere, and of scripts only those with these digests."""
    digests = [base64.b64encode(hashlib.sha256(each.encode("utf-8")).digest()).decode() for each in scripts]
    allowed = " ".join(f"'sha256-{each}'" for each in digests) or "'none'"
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data: blob:; "
        "base-uri 'none'; form-action 'none'"
    )


def _names(titles: Sequence[str]) -> list[str]:
    """A name for each section that a link can point to, readable where the title is.

    >>> _names(["Loss by month", "Loss, by month!", "数据"])
    ['loss-by-month', 'loss-by-month-2', 'section-3']
    """
    names: list[str] = []
    for number, title in enumerate(titles, 1):
        name = re.sub(r"[^a-z0-9]+", "-", clean(title).lower()).strip("-")[:60].rstrip("-") or f"section-{number}"
        names.append(f"{name}-{number}" if name in names else name)
    return names

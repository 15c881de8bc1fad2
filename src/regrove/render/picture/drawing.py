"""A drawing in SVG: how it is put together, and how a stored one is read back."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import Final, Self
from xml.etree import ElementTree as ET

import msgspec
from markupsafe import Markup

from regrove.errors import Corrupt
from regrove.render.words import clean

__all__ = ["Picture", "element", "text"]

_SVG: Final = "http://www.w3.org/2000/svg"
_LONGEST: Final = 1_000_000
_ELEMENTS: Final = frozenset({"svg", "title", "desc", "style", "g", "rect", "line", "path", "circle", "text"})
_PLACES: Final = frozenset({"x", "y", "x1", "y1", "x2", "y2", "cx", "cy", "r", "rx", "d", "width", "height"})
_ATTRIBUTES: Final = _PLACES | {"class", "role", "viewBox", "text-anchor"}


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    """One drawing.

    ``title`` names it and ``description`` says in words what it shows: both are read aloud, and stand in its place in
    a terminal. ``body`` is SVG that this package wrote; a stored picture comes in through `read` alone.
    """

    title: str
    description: str
    width: int
    height: int
    body: str

    @property
    def scripted(self) -> bool:
        """A picture needs no script."""
        return False

    @property
    def svg(self) -> str:
        """The whole picture: a file that a browser opens, and markup that a page may hold."""
        return (
            f'<svg xmlns="{_SVG}" class="rg-picture" role="img" viewBox="0 0 {self.width} {self.height}"'
            f' width="{self.width}" height="{self.height}">'
            f"{text('title', self.title)}{text('desc', self.description)}<style>{_style()}</style>{self.body}</svg>"
        )

    def html(self) -> Markup:
        """The picture as part of a page."""
        return Markup(self.svg)  # noqa: S704  # written by this package: every text in it was escaped by `text`

    def text(self) -> str:
        """The picture in words."""
        return f"{clean(self.title)}: {clean(self.description)}" if self.description else clean(self.title)

    @classmethod
    def read(cls, stored: str | bytes) -> Self:
        """A picture from what `svg` once gave; its style is today's.

        Raises Corrupt for anything that this package does not draw: another element or attribute, an entity, a script,
        a reference to elsewhere. So a picture from an object store may stand on a page.
        """
        root = _parse(stored)
        box = [int(each) for each in re.findall(r"[0-9]{1,5}", root.get("viewBox", ""))]
        if len(box) != 4:
            raise _foreign("no viewBox")
        parts = {tag: "".join(each.text or "" for each in root.findall(tag)) for tag in ("title", "desc")}
        body = "".join(_again(each) for each in root if each.tag not in {"title", "desc", "style"})
        return cls(
            title=parts["title"],
            description=parts["desc"],
            width=box[2],
            height=box[3],
            body=body,
        )


def element(tag: str, *, inside: str = "", **attributes: str | float) -> str:
    """One element; ``inside`` is markup already. Underscores at the end of a name are dropped, others are hyphens.

    >>> element("line", x1=0, y1=2.5, class_="rg-axis")
    '<line x1="0" y1="2.5" class="rg-axis"/>'
    """
    written = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{Markup.escape(_plain(value))}"' for name, value in attributes.items()
    )
    return f"<{tag}{written}>{inside}</{tag}>" if inside else f"<{tag}{written}/>"


def text(tag: str, words: str, **attributes: str | float) -> str:
    """An element that holds words from anywhere.

    >>> text("title", "a < b")
    '<title>a &lt; b</title>'
    """
    return element(tag, inside=str(Markup.escape(clean(words))), **attributes)


def _plain(value: str | float) -> str:
    """Pixels to a tenth: no eye sees more, and equal pictures have equal bytes."""
    return value if isinstance(value, str) else f"{value:.1f}".removesuffix(".0")


@cache
def _style() -> str:
    return " ".join((files("regrove.render") / "templates" / "picture.css").read_text(encoding="utf-8").split())


def _parse(stored: str | bytes) -> ET.Element:
    if len(stored) > _LONGEST:
        raise _foreign(f"{len(stored):,} characters")
    try:
        source = stored.decode("utf-8") if isinstance(stored, bytes) else stored
        if "<!" in source or "<?" in source:
            raise _foreign("a declaration or an instruction")
        root = ET.fromstring(source)  # noqa: S314  # without declarations there are no entities to expand
    except (UnicodeDecodeError, ET.ParseError) as error:
        raise _foreign(f"{error}") from None
    for each in root.iter():
        space, _, name = each.tag.rpartition("}")
        each.tag = name
        if space != f"{{{_SVG}" or name not in _ELEMENTS:
            raise _foreign(f"an element {name[:40]!r}")
        if strange := set(each.attrib) - _ATTRIBUTES:
            raise _foreign(f"an attribute {min(strange)[:40]!r}")
    inner = [(parent, each.tag) for parent in root.iter() for each in parent]
    if root.tag != "svg" or any(tag == "svg" or (tag == "style" and parent is not root) for parent, tag in inner):
        raise _foreign("a picture in a picture")
    return root


def _again(each: ET.Element) -> str:
    """The element written again from what was understood, so that nothing else comes through."""
    children = "".join(_again(child) for child in each)
    inside = str(Markup.escape(clean(each.text or ""))) + children
    return element(each.tag, inside=inside, **dict(each.attrib.items()))


def _foreign(received: str) -> Corrupt:
    return Corrupt(
        "This is no picture of Regrove",
        expected=f"SVG of {', '.join(sorted(_ELEMENTS))} alone",
        received=received,
        mend="draw it again from its evidence",
    )

"""The parts of a page besides tables, charts and pictures: words, facts, figures that stand out, folds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import msgspec
from markupsafe import Markup

from regrove.render.templates import fill
from regrove.render.tone import Tone, tone_of
from regrove.render.words import clean

__all__ = ["Facts", "Fold", "Note", "Part", "Prose", "Tile", "Tiles"]


@runtime_checkable
class Part(Protocol):
    """What a page is made of. Whoever implements it answers for its markup: it goes onto the page as it is."""

    @property
    def scripted(self) -> bool:
        """Whether it is drawn by the script of charts."""
        ...

    def html(self) -> Markup:
        """Its markup."""
        ...


class _Plain:
    """A part that needs no script."""

    @property
    def scripted(self) -> bool:
        """Never."""
        return False


class Prose(_Plain, msgspec.Struct, frozen=True):
    """Paragraphs, parted by empty lines. Nothing in them is markup.

    >>> Prose("Less than < more.").html()
    Markup('<p>Less than &lt; more.</p>')
    """

    words: str

    def html(self) -> Markup:
        """One ``p`` a paragraph."""
        paragraphs = [each.strip() for each in clean(self.words).split("\n\n")]
        return fill("prose.html", paragraphs=[each for each in paragraphs if each])


class Facts(_Plain, msgspec.Struct, frozen=True):
    """Labels with one value each, such as where a report comes from; pairs whose value is empty are left out."""

    pairs: Sequence[tuple[str, str]]

    def html(self) -> Markup:
        """A description list."""
        return fill("facts.html", pairs=[(label, value) for label, value in self.pairs if value])


class Note(_Plain, msgspec.Struct, frozen=True, kw_only=True):
    """A decision with its reason, in the colour of its word."""

    word: str
    reason: str
    tone: Tone | None = None

    def html(self) -> Markup:
        """The word beside its reason."""
        return fill("note.html", word=self.word, reason=self.reason, tone=self.tone or tone_of(self.word))


class Tile(msgspec.Struct, frozen=True):
    """One figure that stands out: ``value`` is written already."""

    label: str
    value: str
    note: str = ""
    tone: Tone = "none"


class Tiles(_Plain, msgspec.Struct, frozen=True):
    """Figures side by side."""

    tiles: Sequence[Tile]

    def html(self) -> Markup:
        """One box a figure."""
        return fill("tiles.html", tiles=self.tiles)


class Fold(msgspec.Struct, frozen=True):
    """Parts behind a line that opens them; open in print."""

    summary: str
    parts: Sequence[Part]

    @property
    def scripted(self) -> bool:
        """Whether any of its parts is."""
        return any(each.scripted for each in self.parts)

    def html(self) -> Markup:
        """A ``details`` element."""
        return fill("fold.html", summary=self.summary, parts=[each.html() for each in self.parts])

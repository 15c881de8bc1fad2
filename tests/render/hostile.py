"""Names that try to be more than names, and readers of markup that notice it."""

from __future__ import annotations

from html.parser import HTMLParser

from hypothesis import strategies as st

HOSTILE = [
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "{{ 7 * 7 }}{% raw %}",
    "a\x00b\x1b[31mred\x1b]0;title\x07",
    "\u202eright to left\u2066",
    "مرحبا بالعالم 123",
    "line\u2028separator\u2029end",
    "<!-- comment --><![CDATA[x]]>",
    "&lt;b&gt; &amp; &#0;",
    "javascript:alert(1)",
    "var(--ink)",
    "%{x} $\\alpha$ <b>bold</b><a href='https://example.com'>here</a>",
    "half a pair \ud800 and \uffff",
    "x" * 5_000,
    "one\r\ntwo\rthree\ttabbed",
    "",
]
"""What a column, a category, a reason may be called by someone who means harm, or by accident."""

ANY_TEXT = st.text(st.characters(exclude_categories=[]), max_size=60) | st.sampled_from(HOSTILE)
"""Every character there is, halves of pairs too."""


class Reader(HTMLParser):
    """What a browser would make of markup: elements, their attributes, and the text of each."""

    VOID = frozenset({"meta", "link", "br", "img", "input", "hr"})

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self._open: list[int] = []
        self.feed(str(html))  # Markup escapes what is added to it
        self.close()
        assert not self._open, "an element is not closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.texts.append((tag, ""))
        if tag not in self.VOID:
            self._open.append(len(self.texts) - 1)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.texts.append((tag, ""))

    def handle_endtag(self, tag: str) -> None:
        assert self.texts[self._open.pop()][0] == tag, "elements cross each other"

    def handle_data(self, data: str) -> None:
        for index in self._open:
            tag, text = self.texts[index]
            self.texts[index] = (tag, text + data)

    def of(self, tag: str) -> list[str]:
        """The text inside each element of this kind, in order."""
        return [text for name, text in self.texts if name == tag]

    def tags(self) -> set[str]:
        """The kinds of elements there are."""
        return {tag for tag, _ in self.elements}

    def attributes(self) -> set[str]:
        """The names of attributes there are."""
        return {name for _, attributes in self.elements for name in attributes}

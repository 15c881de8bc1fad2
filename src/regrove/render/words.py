"""Text from anywhere, made fit to be shown: nothing in it acts on a terminal, a page or an XML reader.

Names come from files, requests and models, so they may hold anything. Escaping belongs to whoever writes the markup;
what no escape can carry is replaced here, visibly, by U+FFFD.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["clean", "shorten"]

_UNFIT: Final = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"  # controls: NUL, the escape that drives a terminal, C1
    "\u202a-\u202e\u2066-\u2069"  # embeddings and overrides that turn the rest of a line around
    "\ud800-\udfff\ufffe\uffff]"  # halves of pairs and non-characters: no UTF-8, no XML
)


def clean(text: str) -> str:
    r"""``text`` with everything that cannot be shown replaced by U+FFFD; line ends become ``\n``.

    >>> clean("one\x00two\r\nthree")
    'one�two\nthree'
    """
    return _UNFIT.sub("\ufffd", text.replace("\r\n", "\n").replace("\r", "\n"))


def shorten(text: str, longest: int) -> str:
    """``text`` on one line, at most ``longest`` characters, with an ellipsis where it was cut.

    >>> shorten("a long name of a column", 10)
    'a long na…'
    """
    line = " ".join(clean(text).split())
    return line if len(line) <= longest else line[: longest - 1].rstrip() + "…"

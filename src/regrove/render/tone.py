"""Which colour a word of judgement has: good, bad, open or none. The word itself is always shown beside it."""

from __future__ import annotations

from typing import Final, Literal

__all__ = ["Tone", "tone_of"]

Tone = Literal["good", "bad", "open", "none"]
"""``open`` is a question that the data did not settle; ``none`` has no side."""

_WORDS: Final[dict[Tone, str]] = {
    "good": "stable ok promote promoted pass passed completed resolved succeeded superior",
    "bad": "drift confirmed reject rejected fail failed error aborted firing page broken rolled-back",
    "open": "inconclusive suspect hold held pending warn warning waiting",
}
_TONES: Final[dict[str, Tone]] = {word: tone for tone, words in _WORDS.items() for word in words.split()}


def tone_of(word: str) -> Tone:
    """The tone of a verdict, a state or a status; ``none`` for every other word.

    >>> tone_of("PROMOTE"), tone_of("INCONCLUSIVE"), tone_of("skipped")
    ('good', 'open', 'none')
    """
    return _TONES.get(word.strip().lower().replace(" ", "-").replace("_", "-"), "none")

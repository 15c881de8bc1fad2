"""The words of judgement have a side, and no other word has."""

from __future__ import annotations

import re

import pytest

from regrove.render import sparkline
from regrove.render.chart.colour import themes
from regrove.render.tone import tone_of
from regrove.stats.verdict import Decision, Drift


class TestToneOf:
    @pytest.mark.parametrize("word", [*Drift, *Decision])
    def test_every_verdict_of_the_statistics_has_a_side(self, word: str) -> None:
        """A verdict that looks like no verdict would be overlooked."""
        assert tone_of(word) != "none"

    def test_case_and_spelling_do_not_matter(self) -> None:
        """ROLLED BACK, rolled_back and rolled-back are one word."""
        assert {tone_of(each) for each in ("ROLLED BACK", "rolled_back", "rolled-back")} == {"bad"}

    def test_other_words_have_none(self) -> None:
        """A name is no judgement."""
        assert tone_of("flights") == "none"


class TestContrast:
    @pytest.mark.parametrize("theme", ["light", "dark"])
    @pytest.mark.parametrize("tone", ["good", "bad", "open", "none"])
    def test_words_can_be_read_in_their_colour(self, theme: str, tone: str) -> None:
        """At least 4.5 to 1 on their own ground and on paper (WCAG 2, level AA)."""
        colours = themes()[theme]
        for ground in (f"{tone}-soft", "paper", "raised"):
            assert _contrast(colours[tone], colours[ground]) >= 4.5

    @pytest.mark.parametrize("theme", ["light", "dark"])
    def test_small_words_can_be_read(self, theme: str) -> None:
        """What explains is not whispered."""
        colours = themes()[theme]
        assert min(_contrast(colours[each], colours["paper"]) for each in ("ink", "muted", "blue")) >= 4.5

    def test_pictures_bring_ink_and_paper_of_their_own(self) -> None:
        """A picture that stands alone in a file, where no page gives it a ground, can be read in both themes."""
        style = sparkline([1], title="t").svg
        pairs = re.findall("--rg-paper: (#[0-9a-f]{6}); --rg-ink: (#[0-9a-f]{6});", style)
        assert len(pairs) == 2 and all(_contrast(paper, ink) >= 4.5 for paper, ink in pairs)
        assert "svg.rg-picture:root { background: var(--rg-paper)" in style


def _contrast(one: str, other: str) -> float:
    """https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(each, 16) / 255 for each in re.findall("[0-9a-f]{2}", colour)]
    linear = [each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

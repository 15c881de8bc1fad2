"""A page is one file that shows what it was given, loads nothing, and runs nothing but its own two scripts."""

from __future__ import annotations

import base64
import hashlib
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from regrove.render import Column, Facts, Fold, Note, Prose, Section, Table, distribution, page, sparkline, write_page
from regrove.render.cells import Cells
from regrove.render.words import clean
from tests.render.browser import opened
from tests.render.chart.gallery import gallery
from tests.render.hostile import ANY_TEXT, HOSTILE, Reader


def everything(name: str) -> list[Section]:
    """A section with a part of each kind, all called ``name``."""
    cells = Cells(labels=(name,), reference=(1,), window=(2,))
    return [
        Section(
            title=name,
            lead=name,
            parts=[
                Prose(name),
                Facts([(name, name or "-")]),
                Note(word=name, reason=name),
                Table(columns=(Column(name),), rows=[[name]], caption=name),
                distribution(cells, title=name),
                Fold(name, [sparkline([1, 2], title=name)]),
            ],
        ),
        Section(title="charts", parts=gallery(name)),
    ]


class TestPage:
    @given(ANY_TEXT)
    @settings(max_examples=20, deadline=None)
    def test_hostile_names_are_shown_and_do_nothing(self, name: str) -> None:
        """Only elements and attributes that a page of ours has; each name where it belongs."""
        read = Reader(page(name, everything(name), lead=name, facts=[(name, name)]))
        kinds = Counter(attributes.get("type") for tag, attributes in read.elements if tag == "script")
        assert kinds == {None: 2, "application/json": 6}
        assert not read.tags() & {"img", "iframe", "object", "embed", "form", "base", "image", "foreignobject", "use"}
        assert not {each for each in read.attributes() if each.startswith("on") or each in {"src", "srcset", "action"}}
        assert {attributes.get("href") for _, attributes in read.elements} <= {
            *(None, "data:,", "#content", "#charts", "#" + read.elements[-1][0]),
            *(f"#{attributes.get('id')}" for tag, attributes in read.elements if tag == "section"),
        }
        assert read.of("h1") == [clean(name)] and read.of("title")[0] == clean(name)

    def test_it_names_no_address(self) -> None:
        """Outside of Plotly's script, which may not load anything either, there is no URL but the name of SVG."""
        html = page("t", everything("n"))
        outside = re.sub(r"<script>.*?</script>", "", html, flags=re.DOTALL)
        assert set(re.findall(r"[a-z]+://[^\"' <]+", outside)) == {"http://www.w3.org/2000/svg"}
        assert "@import" not in outside and "url(" not in outside

    def test_the_policy_lets_its_own_scripts_run_and_nothing_else(self) -> None:
        """By their digests, so that a script that came in somehow would not run."""
        read = Reader(page("t", everything("n")))
        policies = [a["content"] or "" for tag, a in read.elements if a.get("http-equiv") == "Content-Security-Policy"]
        texts = [
            text
            for (_, attributes), (tag, text) in zip(read.elements, read.texts, strict=True)
            if tag == "script" and not attributes
        ]
        digests = {base64.b64encode(hashlib.sha256(each.encode()).digest()).decode() for each in texts}
        (policy,) = policies
        assert set(re.findall(r"'sha256-([^']+)'", policy)) == digests and len(digests) == 2
        rules = dict(each.strip().split(" ", 1) for each in policy.split(";"))
        assert rules["default-src"] == rules["base-uri"] == rules["form-action"] == "'none'"
        assert "unsafe" not in rules["script-src"]

    def test_a_page_without_charts_has_no_script(self) -> None:
        """And is small."""
        html = page("t", [Section(title="s", parts=[Prose("x")])])
        assert "<script" not in html and "script-src &#39;none&#39;" in html and len(html) < 20_000

    def test_the_script_comes_once_however_many_charts_there_are(self) -> None:
        """Five megabytes are enough."""
        sections = [Section(title="s", parts=gallery("a")) for _ in range(3)]
        assert page("t", sections).count("plotly.js v") == page("t", sections[:1]).count("plotly.js v") == 1

    def test_the_same_arguments_give_the_same_bytes(self) -> None:
        """No time and no chance in it: a page has a digest."""
        assert page("t", everything("n")) == page("t", everything("n"))

    @given(st.lists(ANY_TEXT, min_size=2, max_size=6))
    @settings(deadline=None)
    def test_contents_lead_to_sections(self, titles: list[str]) -> None:
        """Each title once, each link to a section of its own."""
        read = Reader(page("t", [Section(title=each, parts=[]) for each in titles]))
        places = [attributes["id"] for tag, attributes in read.elements if tag == "section"]
        links = [(attributes["href"] or "")[1:] for tag, attributes in read.elements if tag == "a"][1:]
        assert places == links and len(set(places)) == len(titles) and read.of("li") == [clean(each) for each in titles]

    def test_without_plotly_a_chart_names_the_extra_and_the_rest_is_shown(self) -> None:
        """A page without charts needs no extra."""
        code = (
            "import sys; sys.modules['plotly'] = None\n"
            "from regrove.errors import MissingExtra\n"
            "from regrove.render import Section, lines, page\n"
            "chart = lines('t', [], y='y')\n"
            "assert chart.figure()['data'] == [] and page('t', [Section(title='s', parts=[])])\n"
            "try: page('t', [Section(title='s', parts=[chart])])\n"
            "except MissingExtra as error: print(error)"
        )
        ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert "pip install 'regrove[plots]'" in ended.stdout

    def test_building_a_chart_loads_no_plotly(self) -> None:
        """Plotly is half a second; its script is a file."""
        code = (
            "import sys\nfrom regrove.render import Section, lines, page\n"
            "page('t', [Section(title='s', parts=[lines('t', [], y='y')])])\n"
            "print('plotly.graph_objects' in sys.modules, 'numpy' in sys.modules, 'polars' in sys.modules)"
        )
        ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert ended.stdout.split() == ["False", "False", "False"]


class TestInABrowser:
    """What no parser can tell: whether the charts are drawn, and whether anything else ran."""

    def test_every_chart_is_drawn_and_no_name_acts(self, tmp_path: Path) -> None:
        """All of the hostile names at once, in the dark; the console has nothing to complain about."""
        attack = "<img src=x onerror=\"document.title='taken'\"></script><script>document.title='taken'</script>"
        names = [attack, *(each for each in HOSTILE if len(each) < 100), "plain"]
        sections = [
            Section(title=f"part {number}", parts=gallery(*names[number : number + 3])) for number in (0, 3, 15)
        ]
        html = page("a title", [*sections, *everything(attack)], lead=attack)
        found = opened(write_page(tmp_path / "page.html", html), dark=True)
        assert found.console == []
        assert found.classes.count("js-plotly-plot") == 24 and "failed" not in found.classes
        assert "taken" not in re.findall(r"^\s*(\w+)", found.words) and found.words.lstrip().startswith("a title")
        assert attack[:18] in found.words, "the name is shown as it is"
        assert "DRIFT" in found.words and "window, 3 rows" in found.words.replace("2 rows", "3 rows")

    def test_the_policy_holds(self, tmp_path: Path) -> None:
        """A script that gets into the page by whatever way does not run, and nothing is loaded."""
        html = page("a title", [Section(title="s", parts=gallery("a"))])
        attack = "document.title = 'taken'"
        image = f'<img src="https://example.com/x.png" onerror="{attack}">'
        taken = html.replace("</main>", f"<script>{attack}</script>{image}</main>")
        found = opened(write_page(tmp_path / "page.html", taken))
        assert found.words.lstrip().startswith("a title"), "the first words of a page are its title"
        assert sum("Content Security Policy" in each for each in found.console) >= 2
        assert found.classes.count("js-plotly-plot") == 6

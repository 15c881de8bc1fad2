"""JUnit XML is read back by an XML parser with everything that it can hold."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from hypothesis import given, settings
from hypothesis import strategies as st

from regrove.render import Case, Suite, junit
from tests.render.hostile import ANY_TEXT

CASES = st.builds(
    Case,
    name=ANY_TEXT,
    group=ANY_TEXT,
    status=st.sampled_from(["pass", "fail", "error", "skipped"]),
    seconds=st.floats(0, 1e6),
    message=ANY_TEXT,
    detail=ANY_TEXT,
)
ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


class TestJunit:
    @given(st.lists(st.builds(Suite, name=ANY_TEXT, cases=st.lists(CASES, max_size=4).map(tuple)), max_size=3))
    @settings(deadline=None)
    def test_everything_that_xml_can_hold_comes_back(self, suites: list[Suite]) -> None:
        """Line ends and tabs too; what XML cannot hold is dropped."""
        root = ElementTree.fromstring(junit(suites).encode("utf-8"))
        assert [each.get("name") for each in root] == [ILLEGAL.sub("", suite.name) for suite in suites]
        for element, suite in zip(root, suites, strict=True):
            for found, case in zip(element.findall("testcase"), suite.cases, strict=True):
                assert found.get("name") == ILLEGAL.sub("", case.name)
                assert found.get("classname") == ILLEGAL.sub("", case.group or suite.name)
                inner = {"fail": "failure", "error": "error", "skipped": "skipped"}.get(case.status)
                assert [each.tag for each in found] == ([inner] if inner else [])
                for each in found:
                    assert each.get("message") == ILLEGAL.sub("", case.message)
                    assert (each.text or "") == ILLEGAL.sub("", case.detail)

    @given(st.lists(st.builds(Suite, name=st.just("s"), cases=st.lists(CASES, max_size=6).map(tuple)), max_size=4))
    @settings(deadline=None)
    def test_the_counts_are_those_of_the_cases(self, suites: list[Suite]) -> None:
        """A page of continuous integration reads the heads alone."""
        root = ElementTree.fromstring(junit(suites).encode("utf-8"))
        for head in (root, *root):
            cases = list(head.iter("testcase"))
            assert head.get("tests") == str(len(cases))
            for key, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
                assert head.get(key) == str(sum(case.find(tag) is not None for case in cases))

    def test_time_and_properties(self) -> None:
        """When it was judged, and about what."""
        suite = Suite(name="gate", cases=(Case(name="a", seconds=1.25), Case(name="b", seconds=float("nan"))), at=0)
        root = ElementTree.fromstring(junit([suite]).encode())
        assert root[0].get("timestamp") == "1970-01-01T00:00:00Z" and root[0].get("time") == "1.250"
        told = Suite(name="gate", cases=(), properties={"model": 'late"<arrival'})
        properties = ElementTree.fromstring(junit([told]).encode()).iter("property")
        assert [each.attrib for each in properties] == [{"name": "model", "value": 'late"<arrival'}]

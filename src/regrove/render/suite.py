"""JUnit XML: what the pages of continuous integration read to show which check failed and why."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from typing import Final, Literal
from xml.sax.saxutils import escape, quoteattr

import msgspec

from regrove.clock import iso

__all__ = ["Case", "Suite", "junit"]

_ILLEGAL: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Everything outside of ``Char`` in https://www.w3.org/TR/xml/#charsets, for which XML has no escape either."""


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """One check and how it ended.

    ``group`` is what JUnit calls the class name; ``message`` is one line, ``detail`` may be long. Only a case that
    did not pass shows them.
    """

    name: str
    group: str = ""
    status: Literal["pass", "fail", "error", "skipped"] = "pass"
    seconds: float = 0.0
    message: str = ""
    detail: str = ""


class Suite(msgspec.Struct, frozen=True, kw_only=True):
    """Cases that belong together. ``at`` is when they were judged, in microseconds UTC."""

    name: str
    cases: tuple[Case, ...]
    at: int | None = None
    properties: dict[str, str] = {}


def junit(suites: Sequence[Suite], *, name: str = "regrove") -> str:
    """One XML document of all suites, with its counts.

    Characters that XML cannot hold are dropped; all others come back as they were.

    >>> slow = Case(name="p99", status="fail", message="too slow")
    >>> print(junit([Suite(name="gate", cases=(Case(name="auc"), slow))]))
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="regrove" tests="2" failures="1" errors="0" skipped="0" time="0.000">
      <testsuite name="gate" tests="2" failures="1" errors="0" skipped="0" time="0.000">
        <testcase name="auc" classname="gate" time="0.000"/>
        <testcase name="p99" classname="gate" time="0.000">
          <failure message="too slow"></failure>
        </testcase>
      </testsuite>
    </testsuites>
    <BLANKLINE>
    """
    cases = [case for suite in suites for case in suite.cases]
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f"<testsuites{_head(name, cases)}>"]
    for suite in suites:
        lines += _suite(suite)
    lines.append("</testsuites>")
    return "\n".join(lines) + "\n"


def _suite(suite: Suite) -> Iterable[str]:
    moment = "" if suite.at is None else _attribute("timestamp", iso(suite.at))
    yield f"  <testsuite{_head(suite.name, suite.cases)}{moment}>"
    if suite.properties:
        yield "    <properties>"
        for key, value in suite.properties.items():
            yield f"      <property{_attribute('name', key)}{_attribute('value', value)}/>"
        yield "    </properties>"
    for case in suite.cases:
        yield from _case(case, suite.name)
    yield "  </testsuite>"


def _case(case: Case, suite: str) -> Iterable[str]:
    group = case.group or suite
    head = f"    <testcase{_attribute('name', case.name)}{_attribute('classname', group)}{_time([case])}"
    if case.status == "pass":
        yield f"{head}/>"
        return
    tag = {"fail": "failure", "error": "error", "skipped": "skipped"}[case.status]
    yield f"{head}>"
    yield f"      <{tag}{_attribute('message', case.message)}>{_content(case.detail)}</{tag}>"
    yield "    </testcase>"


def _head(name: str, cases: Sequence[Case]) -> str:
    counts = {"tests": len(cases)}
    for key, status in (("failures", "fail"), ("errors", "error"), ("skipped", "skipped")):
        counts[key] = sum(case.status == status for case in cases)
    return _attribute("name", name) + "".join(f' {key}="{value}"' for key, value in counts.items()) + _time(cases)


def _time(cases: Sequence[Case]) -> str:
    total = math.fsum(case.seconds for case in cases if math.isfinite(case.seconds))
    return f' time="{total:.3f}"'


def _attribute(key: str, value: str) -> str:
    return f" {key}={quoteattr(_ILLEGAL.sub('', value))}"


def _content(text: str) -> str:
    return escape(_ILLEGAL.sub("", text), {"\r": "&#13;"})

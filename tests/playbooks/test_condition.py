"""The language of conditions: it can compare, and nothing else."""

from __future__ import annotations

import operator
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from regrove.errors import RegroveError
from regrove.playbooks.condition import DEPTH, LENGTH, Condition
from regrove.playbooks.vocabulary import Field, event_types

ALERT = {"monitor": "late", "kind": "performance", "rows": 250, "fired": True, "tags": ["a", "b"], "by": None}
FIELDS = {
    "monitor": Field(frozenset({"text"})),
    "kind": Field(frozenset({"text"}), ("drift", "performance", "schedule")),
    "rows": Field(frozenset({"number"})),
    "fired": Field(frozenset({"flag"})),
    "tags": Field(frozenset({"list"})),
    "by": Field(frozenset({"text", "null"})),
}


class TestHolds:
    """What a condition means."""

    @pytest.mark.parametrize(
        ("text", "holds"),
        [
            ("alert.monitor == 'late' and alert.kind in ('performance', 'schedule')", True),
            ("alert.kind == 'drift' or alert.rows >= 250", True),
            ("not (alert.rows > 100 and alert.fired)", False),
            ("alert.fired", True),
            ("event.monitor != 'late'", False),
            ("100 < alert.rows <= 250", True),
            ("100 < alert.rows < 250", False),
            ("alert.rows == -250", False),
            ("alert.rows > -1.5", True),
            ("'a' in alert.tags and 'c' not in alert.tags", True),
            ("alert.by == None", True),
            ("alert.monitor in ['early', 'late']", True),
            ("alert.rows in (1, 2.5)", False),
            ("alert.fired == True", True),
            ("alert.kind < 'q'", True),
            ("alert.monitor == 'late'  # ours\n  and alert.rows > 1", True),
        ],
    )
    def test_it_holds_or_not(self, text: str, holds: bool) -> None:
        """As a reader of Python would think; true is no number."""
        condition = Condition(text)
        condition.check("alert.fired", FIELDS)
        assert condition.holds(ALERT) is holds

    @given(st.integers(-3, 3), st.integers(-3, 3), st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), st.booleans())
    def test_comparisons_are_those_of_numbers(self, left: int, right: int, sign: str, turned: bool) -> None:
        """Against Python's own operators."""
        by = {"==": "eq", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge"}[sign]
        text = f"event.x {sign} {right}"
        wanted = getattr(operator, by)(left, right)
        assert Condition(f"not {text}" if turned else text).holds({"x": left}) is (wanted != turned)

    @pytest.mark.parametrize("fields", [{}, {"rows": "many"}, {"rows": None}, {"rows": True}, {"rows": [1]}])
    def test_an_event_of_another_form_is_told_of(self, fields: dict[str, Any]) -> None:
        """No guess: an error that the record of the refusal repeats."""
        with pytest.raises(RegroveError):
            Condition("event.rows > 3").holds(fields)


class TestCheck:
    """What is refused when it is declared."""

    @pytest.mark.parametrize(
        ("text", "says"),
        [
            ("alert.mnitor == 'late'", "did you mean 'monitor'"),
            ("alrt.monitor == 'late'", "did you mean 'alert'"),
            ("alert.kind == 'performence'", "did you mean 'performance'"),
            ("alert.kind in ('drift', 'schdule')", "did you mean 'schedule'"),
            ("'drfit' == alert.kind", "did you mean 'drift'"),
            ("alert.rows == 'many'", "nothing in common"),
            ("alert.fired > 3", "two numbers, or two texts"),
            ("alert.kind in alert.monitor", "a list after in"),
            ("alert.rows", "says yes or no"),
            ("'yes'", "says yes or no"),
            ("alert.rows in (1, True)", "nothing in common"),
            ("alert.rows and alert.fired", "true or false"),
            ("not alert.monitor", "true or false"),
            ("alert.tags == ('a', 'b')", "nothing in common"),
            ("monitor == 'late'", "event.monitor"),
        ],
    )
    def test_a_mistake_is_told_with_what_was_meant(self, text: str, says: str) -> None:
        """Before anything acts on it."""
        with pytest.raises(RegroveError) as caught:
            Condition(text).check("alert.fired", FIELDS)
        assert says in str(caught.value)

    @pytest.mark.parametrize(
        "text",
        [
            "__import__('os').system('true')",
            "alert.monitor.__class__",
            "alert.__class__ == 'x'",
            "(lambda: 1)()",
            "[x for x in alert.tags]",
            "alert.tags[0] == 'a'",
            "alert.rows + 1 > 2",
            "alert.rows ** 9 ** 9 > 1",
            "f'{alert.rows}' == '1'",
            "(x := 3) == 3",
            "alert.rows is 3",
            "{'a': 1} == 1",
            "{1, 2} == 1",
            "alert.fired if alert.fired else alert.fired",
            "~alert.rows == 1",
            "+alert.rows == 1",
            "-alert.rows == 1",
            "--3 == 3",
            "...",
            "1j == 1j",
            "b'x' == b'x'",
            "alert.rows in (alert.rows, 2)",
            "*alert.tags,",
            "yield",
            "await x",
            "import os",
            "a.b = 3",
            "",
            "   ",
            "alert.rows >",
            "alert.rows == 'unended",
            "\x00",
            "alert.rows == 1) or (alert.rows == 2",
        ],
    )
    def test_nothing_else_can_be_said(self, text: str) -> None:
        """Everything outside of the language is refused; what has no harm in it, too."""
        with pytest.raises(RegroveError):
            Condition(text).check("alert.fired", FIELDS)

    @pytest.mark.parametrize(
        "text",
        [
            " or ".join(["alert.fired"] * LENGTH),
            "(" * 300 + "alert.fired" + ")" * 300,
            "not " * (DEPTH + 1) + "alert.fired",
            "-" * 900 + "1 == 1",
            "a" + ".b" * 400 + " == 1",
            "[" * 400 + "]" * 400,
        ],
    )
    def test_it_is_short_and_flat(self, text: str) -> None:
        """Neither the parser nor a reader is worn out."""
        with pytest.raises(RegroveError):
            Condition(text).check("alert.fired", FIELDS)

    def test_as_deep_as_is_allowed_is_allowed(self) -> None:
        """The limit refuses nothing below it."""
        condition = Condition("not " * DEPTH + "alert.fired")
        condition.check("alert.fired", FIELDS)
        assert condition.holds(ALERT) is (DEPTH % 2 == 0)


_WORDS = st.sampled_from(
    ["alert", "event", "alert.kind", "alert.rows", "alert.tags", "and", "or", "not", "in", "==", "!=", "<", ">", "("]
    + [")", "[", "]", ",", ".", "-", "'drift'", "3", "1e999", "None", "True", "lambda", ":", "if", "else", "*", "f''"]
    + ["__import__('os')", ":=", "{", "}", "\n", "#", "is", "0x", "1_", '"', "\\", "b''", "await", "\x00", "é"]
)


class TestFuzz:
    """Whatever is written: the house's own error or a condition, and nothing is run."""

    @given(st.one_of(st.text(max_size=60), st.lists(_WORDS, max_size=14).map(" ".join)))
    @example("'\\d' == 'x'")
    @example("1 is 1")
    @example("alert.kind == 'drift' == True")
    @example("1e999 == alert.rows")
    def test_any_text(self, text: str) -> None:
        """Reading, checking and asking raise nothing else."""
        try:
            condition = Condition(text)
            condition.check("alert.fired", FIELDS)
        except RegroveError:
            return
        assert condition.holds(ALERT) in (True, False)

    @given(st.lists(_WORDS, max_size=10).map(" ".join), st.dictionaries(st.sampled_from(sorted(ALERT)), st.none()))
    def test_any_event(self, text: str, fields: dict[str, Any]) -> None:
        """Also one that the condition was never checked against."""
        try:
            assert Condition(text).holds(fields) in (True, False)
        except RegroveError:
            return


class TestVocabulary:
    """The types of events that can be listened to."""

    def test_every_room_below_is_heard(self) -> None:
        """With the fields of its events and what they can hold."""
        types = event_types()
        assert {"dataset.registered", "model.registered", "run.ended", "deployment.published", "loop.finished"} <= set(
            types
        )
        assert types["model.registered"]["ordinal"].kinds == {"number"}
        assert types["loop.advanced"]["refs"].kinds == {"list"}
        assert types["deployment.published"]["state"].kinds == {"text"}

"""Bodies of requests, read strictly."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regrove.errors import InvalidInput
from regrove.schema import LogicalType
from regrove.serving.bodies import MalformedBody, feedback, prediction_id, question
from regrove.serving.config import Limits

ID = "0190a1b2c3d4e5f60718293a4b5c6d7e"
LIMITS = Limits(rows=3)


def labels(*items: object) -> bytes:
    return json.dumps({"labels": list(items)}).encode()


class TestQuestion:
    """The body of /predict."""

    def test_an_id_is_made_when_none_is_given(self):
        """And it is known which it was."""
        one, two = (question(b'{"rows":[{}]}', LIMITS) for _ in range(2))
        assert one.request_id != two.request_id and not one.given
        mine = question(json.dumps({"rows": [{}], "id": ID, "key": "UA1"}).encode(), LIMITS)
        assert (mine.request_id, mine.given, mine.key) == (ID, True, "UA1")

    @pytest.mark.parametrize(
        "body",
        [b"", b"{", b'{"rows":[{"a":NaN}]}', b'{"rows":[{"a":"\xff"}]}', b"\xef\xbb\xbf{}", b'{"rows":[]}x',
         b'{"rows":' + b"[" * 100_000, b'{"rows":[{"a":"\\ud800"}]}'],
    )  # fmt: skip
    def test_what_is_no_json_is_malformed(self, body):
        """However it is broken."""
        with pytest.raises(MalformedBody):
            question(body, LIMITS)

    @pytest.mark.parametrize(
        "body",
        [{}, [], None, {"rows": {}}, {"rows": []}, {"rows": [{}] * 4}, {"rows": [{}], "extra": 1},
         {"rows": [{}], "id": "x"}, {"rows": [{}], "id": ID.upper()}, {"rows": [{}], "id": ID + "\n"},
         {"rows": [{}], "key": ""}, {"rows": [{}], "key": "k" * 513}, {"rows": [{}], "key": 5}],
    )  # fmt: skip
    def test_json_of_another_form_is_refused(self, body):
        """It says what was expected."""
        with pytest.raises(InvalidInput) as caught:
            question(json.dumps(body).encode(), LIMITS)
        assert not isinstance(caught.value, MalformedBody) and caught.value.expected

    @given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
    def test_no_body_breaks_the_reader(self, body):
        """It is read, or refused in the house's way."""
        for read in (question, feedback):
            try:
                read(body, LIMITS)
            except InvalidInput:
                continue


class TestFeedback:
    """The body of /feedback."""

    def test_labels_are_read(self):
        """With and without a time."""
        one, two = feedback(
            labels(
                {"id": f"{ID}.0", "value": True}, {"id": f"{ID}.12", "value": 2.5, "at": "2013-03-01T00:00:00+01:00"}
            ),
            LIMITS,
        )
        assert (one.request_id, one.row, one.value, one.at) == (ID, 0, True, None)
        assert (two.row, two.value, two.at) == (12, 2.5, 1_362_092_400_000_000)

    @pytest.mark.parametrize(
        "label",
        [
            {"id": ID, "value": 1}, {"id": f"{ID}.01", "value": 1}, {"id": f"{ID}.-1", "value": 1},
            {"id": f"{ID}.1\n", "value": 1}, {"id": f"prediction:{ID}.1", "value": 1}, {"id": f"{ID}.1"},
            {"id": f"{ID}.9999999999", "value": 1}, {"id": f"{ID}.0", "value": None}, {"id": f"{ID}.0", "value": [1]},
            {"id": f"{ID}.0", "value": {}}, {"id": f"{ID}.0", "value": 2**70},
            {"id": f"{ID}.0", "value": 1, "at": "2013-03-01T00:00:00"}, {"id": f"{ID}.0", "value": 1, "at": "noon"},
            {"id": f"{ID}.0", "value": 1, "at": "0001-01-01T00:00:00+05:00"},
        ],
    )  # fmt: skip
    def test_a_label_that_cannot_be_used_refuses_the_request_and_is_named(self, label):
        """By its place, before anything is kept."""
        with pytest.raises(InvalidInput) as caught:
            feedback(labels({"id": f"{ID}.0", "value": 1}, label), LIMITS)
        assert "Label 1" in str(caught.value) or "labels[1]" in str(caught.value)

    @pytest.mark.parametrize(
        ("target", "fits", "wrong"),
        [
            (LogicalType.BOOLEAN, [True, False], [0, "true", 1.0]),
            (LogicalType.INT64, [0, -3], [True, 1.5, "1"]),
            (LogicalType.FLOAT64, [0, 1.5], [False, "1"]),
            (LogicalType.STRING, ["", "late"], [True, 1]),
        ],
    )
    def test_a_value_must_be_of_the_target_s_type(self, target, fits, wrong):
        """Nothing is converted."""
        for value in fits:
            assert feedback(labels({"id": f"{ID}.0", "value": value}), LIMITS, target)[0].value == value
        for value in wrong:
            with pytest.raises(InvalidInput, match="Label 0"):
                feedback(labels({"id": f"{ID}.0", "value": value}), LIMITS, target)

    @given(st.integers(0, 999_999_999), st.binary(min_size=16, max_size=16))
    def test_every_id_that_an_answer_can_hold_is_read(self, row, raw):
        """And says which request and row it is."""
        assert prediction_id(f"{raw.hex()}.{row}") == (raw.hex(), row)

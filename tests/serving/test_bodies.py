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
        [b"", b"{", b'{"rows":[{"a":"\xff"}]}', b"\xef\xbb\xbf{}", b'{"rows":[]}x',
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

    @pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999", "1" * 5000])
    def test_a_number_that_is_not_finite_is_named_with_row_and_field(self, number):
        """Wherever the reader stumbled over it."""
        with pytest.raises(InvalidInput) as caught:
            question(f'{{"rows":[{{"hour":7,"wind":1.5}},{{"hour":7,"wind":{number}}}]}}'.encode(), LIMITS)
        error = caught.value
        assert error.happened == "Row 1: field 'wind' is not finite" and error.expected == "a finite number"
        assert error.received[:9] == number[:9] and len(error.received) <= 80 and "null" in error.mend

    @pytest.mark.parametrize(
        ("body", "named"),
        [
            ('{"rows":[{"a":1},{"a":1,"b":2,"a":3}]}', "Row 1: field 'a'"),
            ('{"rows":[{"a":1,"a" :2}]}', "Row 0: field 'a'"),
            ('{"rows":[{"a":"x:y","a":"z:u"}]}', "Row 0: field 'a'"),
            ('{"rows":[{"a":"say \\": no","a":2}]}', "Row 0: field 'a'"),
            ('{"rows":[{"a":1,"\\u0061":2}]}', "Row 0: field 'a'"),
            ('{"rows":[{"a":1}],"rows":[{"a":2}]}', "The body: field 'rows'"),
            ('{"id":null,"rows":[{"a":1}],"id":null}', "The body: field 'id'"),
        ],
    )
    def test_a_field_that_stands_twice_is_named(self, body, named):
        """The reader would take the last of them, and nobody would know."""
        with pytest.raises(InvalidInput) as caught:
            question(body.encode(), LIMITS)
        assert caught.value.happened == f"{named} stands twice" and caught.value.mend

    @given(
        st.lists(
            st.dictionaries(
                st.text(max_size=4), st.text(alphabet='":\\ {}[],a\n', max_size=8) | st.integers() | st.none()
            ),
            min_size=1,
            max_size=3,
        ),
        st.sampled_from([None, (",", ":"), (" , ", " : "), (",", "\n:")]),
        st.booleans(),
    )
    def test_rows_without_a_repeated_field_are_never_refused_for_one(self, rows, separators, ascii_only):
        """Whatever stands in their texts, however they are written."""
        body = json.dumps({"rows": rows, "key": "a:b"}, separators=separators, ensure_ascii=ascii_only).encode()
        assert question(body, LIMITS).rows == rows

    @given(
        st.dictionaries(st.text(max_size=3), st.text(alphabet='": \\', max_size=5), min_size=1, max_size=4),
        st.data(),
        st.sampled_from([":", " :", "\t:"]),
        st.booleans(),
    )
    def test_a_repeated_field_is_always_found(self, row, data, colon, ascii_only):
        """Between any others."""
        pairs = list(row.items())
        again = data.draw(st.sampled_from(sorted(row)))
        pairs.insert(data.draw(st.integers(0, len(pairs))), (again, "again"))
        text = ",".join(
            f"{json.dumps(name, ensure_ascii=ascii_only)}{colon}{json.dumps(value)}" for name, value in pairs
        )
        with pytest.raises(InvalidInput, match="stands twice"):
            question(f'{{"rows":[{{{text}}}]}}'.encode(), LIMITS)

    def test_every_refusal_says_what_mends_it(self):
        """For whoever reads an answer with a status of 4xx."""
        for body in (
            b"{", b"[]", b'{"rows":[]}', b'{"rows":[{}],"x":1}', b'{"rows":[{}],"id":"x"}', b'{"rows":[{}],"key":""}',
            b'{"rows":[{"a":NaN}]}', b'{"rows":' + b"[" * 100_000,
        ):  # fmt: skip
            with pytest.raises(InvalidInput) as caught:
                question(body, LIMITS)
            assert caught.value.mend and caught.value.expected

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

    def test_a_label_from_the_future_is_refused(self):
        """It would stand as the last word for ever; a clock that is a little ahead is forgiven."""
        now = 1_362_096_000_000_000
        ahead = {"id": f"{ID}.0", "value": 1, "at": "2013-03-01T00:05:00Z"}
        assert feedback(labels(ahead), LIMITS, now=now)[0].at == now + 300_000_000
        with pytest.raises(InvalidInput, match="Label 1: .* in the future") as caught:
            feedback(labels(ahead, ahead | {"at": "2013-03-01T00:05:00.000001Z"}), LIMITS, now=now)
        assert "2013-03-01T00:05:00Z" in caught.value.expected and caught.value.mend

    def test_a_label_that_says_a_thing_twice_or_is_not_finite_is_named(self):
        """Like a row."""
        for body, named in (
            (f'{{"labels":[{{"id":"{ID}.0","value":1,"value":2}}]}}', "Label 0: field 'value' stands twice"),
            (f'{{"labels":[{{"id":"{ID}.0","value":NaN}}]}}', "Label 0: field 'value' is not finite"),
        ):
            with pytest.raises(InvalidInput, match=named):
                feedback(body.encode(), LIMITS)

    @given(st.integers(0, 999_999_999), st.binary(min_size=16, max_size=16))
    def test_every_id_that_an_answer_can_hold_is_read(self, row, raw):
        """And says which request and row it is."""
        assert prediction_id(f"{raw.hex()}.{row}") == (raw.hex(), row)

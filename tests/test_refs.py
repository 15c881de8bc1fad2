"""Refs and ids."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regrove import refs
from regrove.errors import InvalidInput


class TestRefs:
    """Names of things, as people type them."""

    @pytest.mark.parametrize(
        "text",
        ["model:late-arrival@7", "dataset:flights@3", "model:a@champion", "run:" + "0" * 32, "code:b3-1:" + "a" * 64],
    )
    def test_a_ref_reads_back_as_it_was_written(self, text: str) -> None:
        """Text to ref to text loses nothing."""
        assert str(refs.parse(text)) == text

    @pytest.mark.parametrize(
        "text",
        ["", "model", "model:", "modle:x@1", "model:x@", "model:x@0", "model:x@01", "model:x@1@2", "model:../x"]
        + ["model: x", "model:x@Champion", "model:x@-1", "model:x\n", "x:y:z"],
    )
    def test_what_is_no_ref_is_refused(self, text: str) -> None:
        """A typo is one clear error."""
        with pytest.raises(InvalidInput):
            refs.parse(text)

    def test_a_wrong_kind_names_the_nearest(self) -> None:
        """The mend is the kind that was meant."""
        with pytest.raises(InvalidInput, match="did you mean 'model'"):
            refs.parse("modle:x@1")

    def test_a_command_that_knows_the_kind_takes_the_bare_name(self) -> None:
        """``models show late-arrival@1`` needs no prefix, and accepts it."""
        assert refs.parse("late-arrival@1", kind="model") == refs.parse("model:late-arrival@1", kind="model")

    def test_a_ref_of_another_kind_is_refused_where_one_is_known(self) -> None:
        """A dataset is no model."""
        with pytest.raises(InvalidInput, match="of kind model"):
            refs.parse("dataset:flights@1", kind="model")

    @given(st.text(max_size=40))
    def test_any_text_is_a_ref_or_refused(self, text: str) -> None:
        """Nothing else can come of it."""
        try:
            ref = refs.parse(text)
        except InvalidInput:
            return
        assert str(ref) == text


class TestIds:
    """UUIDv7 as 32 hex digits."""

    def test_ids_of_one_process_increase(self) -> None:
        """Also within one millisecond, so that lists sort by creation."""
        ids = [refs.new_id() for _ in range(5_000)]
        assert ids == sorted(ids)
        assert len(set(ids)) == len(ids)

    @given(st.integers(min_value=0, max_value=2**47))
    def test_an_id_carries_its_time_and_version(self, millis: int) -> None:
        """RFC 9562: 48 bits of milliseconds, version 7, variant 10."""
        made = refs.new_id(millis * 1_000 + 999)
        assert refs.id_micros(made) == millis * 1_000
        assert made[12] == "7"
        assert made[16] in "89ab"

    @pytest.mark.parametrize("text", ["", "0" * 31, "0" * 33, "G" * 32, "A" * 32, "0" * 32 + "\n"])
    def test_what_is_no_id_is_refused(self, text: str) -> None:
        """Upper case, wrong length and other letters are no ids."""
        with pytest.raises(InvalidInput):
            refs.check_id(text)

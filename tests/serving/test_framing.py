"""Frames in files that are only appended to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regrove.errors import Corrupt
from regrove.serving.framing import MAGIC, PREAMBLE, Framer, frames, preamble

PAYLOADS = st.lists(st.binary(max_size=200), max_size=8)


def written(payloads: list[bytes]) -> tuple[bytes, list[int]]:
    start = preamble()
    framer = Framer(start[len(MAGIC) :])
    data, ends = start, []
    for payload in payloads:
        data += framer.frame(payload)
        ends.append(len(data))
    return data, ends


class TestFrames:
    """What was appended comes back."""

    @given(PAYLOADS)
    def test_whole_frames_come_back(self, payloads):
        """In order, with nothing torn."""
        data, _ = written(payloads)
        found = frames(data, where="here")
        assert (found.payloads, found.whole, found.torn) == (payloads, len(data), 0)

    @given(PAYLOADS, st.data())
    def test_a_torn_tail_is_cut_after_the_last_whole_frame(self, payloads, data):
        """Whatever byte the write ended at."""
        whole, ends = written(payloads)
        stop = data.draw(st.integers(PREAMBLE, len(whole)))
        found = frames(whole[:stop], where="here")
        kept = [end for end in ends if end <= stop]
        assert found.payloads == payloads[: len(kept)]
        assert found.whole == (kept[-1] if kept else PREAMBLE)
        assert found.whole + found.torn == stop

    @given(st.lists(st.binary(min_size=1, max_size=80), min_size=2, max_size=5), st.data())
    def test_damage_before_whole_frames_is_not_taken_for_a_torn_tail(self, payloads, data):
        """A changed byte is reported with its place, and nothing is dropped silently."""
        whole, ends = written(payloads)
        place = data.draw(st.integers(PREAMBLE, ends[-2] - 1))
        changed = bytearray(whole)
        changed[place] ^= data.draw(st.integers(1, 255))
        with pytest.raises(Corrupt, match=r"here is damaged at byte \d+"):
            frames(bytes(changed), where="here")

    def test_zeros_that_a_power_loss_leaves_are_a_torn_tail(self):
        """A file may grow before its bytes arrive."""
        data, _ = written([b"one"])
        assert frames(data + bytes(64), where="here").torn == 64

    def test_a_payload_that_looks_like_a_frame_is_none(self):
        """The marker is not known to who sends the payload."""
        stranger, _ = written([b"stranger"])
        data, ends = written([stranger[len(MAGIC) :]])
        found = frames(data[:-1], where="here")
        assert found.payloads == [] and found.torn == ends[0] - PREAMBLE - 1

    @pytest.mark.parametrize("data", [b"", b"regrove", b"PAR1" + bytes(20), b"regrove2" + bytes(20)])
    def test_another_file_is_refused(self, data):
        """The error names it."""
        with pytest.raises(Corrupt, match="elsewhere is not a log segment"):
            frames(data, where="elsewhere")

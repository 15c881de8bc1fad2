"""Digests of bytes, files, JSON and trees."""

from __future__ import annotations

from pathlib import Path

import pytest
from blake3 import blake3
from hypothesis import given
from hypothesis import strategies as st

from regrove import digest
from regrove.errors import InvalidInput

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


class TestContent:
    """Names made from content."""

    @given(st.binary(max_size=200))
    def test_bytes_and_the_file_that_holds_them_have_one_digest(self, data: bytes) -> None:
        """It is plain blake3, which other tools agree with."""
        assert digest.of_bytes(data) == "b3-1:" + blake3(data).hexdigest()

    def test_a_file_is_its_bytes(self, tmp_path: Path) -> None:
        """Small, large and empty ones."""
        for size in (0, 1, 1 << 20):
            file = tmp_path / "f"
            file.write_bytes(b"x" * size)
            assert digest.of_file(file) == digest.of_bytes(b"x" * size)

    @given(st.dictionaries(st.text(max_size=5), st.integers(-9, 9), min_size=2, max_size=5))
    def test_the_order_of_keys_does_not_matter(self, value: dict[str, int]) -> None:
        """Equal values have one canonical text."""
        turned = dict(reversed(value.items()))
        assert digest.canonical(value) == digest.canonical(turned)
        assert digest.of_json(value) == digest.of_json(turned)

    @given(JSON)
    def test_canonical_json_reads_back_as_the_value(self, value: object) -> None:
        """Nothing is lost in it."""
        import json

        assert json.loads(digest.canonical(value)) == value

    @pytest.mark.parametrize("value", [float("nan"), float("inf"), {"a": [float("-inf")]}])
    def test_a_number_that_json_does_not_have_is_refused(self, value: object) -> None:
        """A digest never stands for "some null"."""
        with pytest.raises(InvalidInput, match="not finite"):
            digest.of_json(value)

    def test_json_and_the_bytes_of_its_text_have_different_digests(self) -> None:
        """One cannot be passed off as the other."""
        assert digest.of_json({"a": 1}) != digest.of_bytes(b'{"a":1}')

    def test_a_tree_is_paths_and_contents(self, tmp_path: Path) -> None:
        """A renamed, added or changed file changes it; an empty folder does not."""
        (tmp_path / "a").mkdir()
        (tmp_path / "a" / "x.py").write_text("1")
        first = digest.of_tree(tmp_path)
        (tmp_path / "empty").mkdir()
        assert digest.of_tree(tmp_path) == first
        (tmp_path / "a" / "x.py").rename(tmp_path / "a" / "y.py")
        assert digest.of_tree(tmp_path) != first

    @pytest.mark.parametrize("text", ["", "b3-1:", "b3-1:" + "G" * 64, "b3-2:" + "a" * 64, "a" * 64])
    def test_what_is_no_digest_is_refused(self, text: str) -> None:
        """A name that is made up names nothing."""
        with pytest.raises(InvalidInput):
            digest.check(text)

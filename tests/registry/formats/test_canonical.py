"""The one form keeps what an object is and forgets how it came to be."""

from __future__ import annotations

import copy
import io
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.preprocessing import StandardScaler

from regrove.registry.formats import BrokenModelFile
from regrove.registry.formats.archive import pack, unpack
from regrove.registry.formats.canonical import canonical, npy_header
from regrove.registry.formats.skops import FORMAT

ATOMS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5)
KEYS = st.text(max_size=5)
VALUES = st.recursive(
    ATOMS | st.sets(st.integers() | st.text(max_size=4), max_size=4) | st.lists(st.floats(), max_size=3).map(np.array),
    lambda inner: st.lists(inner, max_size=3) | st.tuples(inner, inner) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)


def same(one: Any, two: Any) -> bool:
    if isinstance(one, np.ndarray):
        return one.dtype == two.dtype and np.array_equal(one, two, equal_nan=one.dtype.kind == "f")
    if type(one) is not type(two):
        return False
    if isinstance(one, dict):
        return list(one) == list(two) and all(same(one[key], two[key]) for key in one)
    if isinstance(one, (list, tuple)):
        return len(one) == len(two) and all(map(same, one, two))
    return bool(one == two)


def written(value: Any, path: Any) -> bytes:
    model = StandardScaler()
    model.kept = value
    FORMAT.dump(model, path)
    return path.read_bytes()


class TestCanonical:
    @settings(max_examples=60, deadline=None)
    @given(value=VALUES)
    def test_any_value_comes_back_and_a_copy_has_the_same_bytes(self, value: Any, tmp_path_factory: Any) -> None:
        """Whatever nests in whatever."""
        path = tmp_path_factory.mktemp("any") / "model.skops"
        data = written(value, path)
        assert same(FORMAT.load(path).kept, value)
        assert written(copy.deepcopy(value), path) == data
        members = unpack(data, source="it")
        assert pack(canonical(members, source="it")) == data

    def test_what_is_shared_stays_shared(self, tmp_path: Any) -> None:
        """Two names of one list come back as one list; two equal lists as two."""
        shared, array = [1], np.arange(3)
        one = written({"a": shared, "b": shared, "c": array, "d": (array, "x")}, tmp_path / "m.skops")
        kept = FORMAT.load(tmp_path / "m.skops").kept
        assert kept["a"] is kept["b"] and kept["c"] is kept["d"][0]
        two = written({"a": [1], "b": [1], "c": array, "d": (array, "x")}, tmp_path / "m.skops")
        kept = FORMAT.load(tmp_path / "m.skops").kept
        assert kept["a"] is not kept["b"] and one != two

    def test_padding_between_fields_is_forgotten(self, tmp_path: Any) -> None:
        """What lay in memory between the fields of a record is not part of the record."""
        kind = np.dtype([("a", "i1"), ("b", "f8")], align=True)
        clean, dirty = (np.frombuffer(bytearray(byte * kind.itemsize * 3), kind) for byte in (b"\0", b"\xff"))
        dirty["a"], dirty["b"] = 0, 0.0
        assert clean.tobytes() != dirty.tobytes()
        assert written(clean, tmp_path / "m.skops") == written(dirty, tmp_path / "m.skops")

    @pytest.mark.parametrize("order", ["C", "F"])
    def test_arrays_keep_their_order_in_memory(self, tmp_path: Any, order: Any) -> None:
        """A Fortran array comes back as one, with its values where they were."""
        array = np.asarray(np.arange(6.0).reshape(2, 3), order=order)
        written(array, tmp_path / "m.skops")
        kept = FORMAT.load(tmp_path / "m.skops").kept
        assert kept.flags.f_contiguous == (order == "F") and (kept == array).all()


class TestNpyHeader:
    def test_an_array_of_python_objects_is_refused(self) -> None:
        """It would be a pickle."""
        stream = io.BytesIO()
        np.save(stream, np.array([{}], dtype=object), allow_pickle=True)
        with pytest.raises(BrokenModelFile, match="Python objects"):
            npy_header(stream.getvalue(), source="it")

    @pytest.mark.parametrize("data", [b"", b"\x93NUMPY", b"\x93NUMPY\x01\x00\x05\x00{{{{{", b"PK" + bytes(20)])
    def test_what_is_no_array_is_refused(self, data: bytes) -> None:
        """A clear error for each."""
        with pytest.raises(BrokenModelFile, match="cannot be read"):
            npy_header(data, source="it")

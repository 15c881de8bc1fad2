"""What every object store keeps; subclass `ObjectsContract` and give the fixture ``store``."""

from __future__ import annotations

import threading
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regrove.errors import InvalidInput, NotFound
from regrove.storage import ObjectStore

BAD_KEYS = ["", "/", "/etc/passwd", "../x", "a/../b", "a//b", "a/", "a/.b", ".aside/x", "a\\b", "a b", "a\nb"]
BAD_KEYS += ["x" * 201, "é", "a/./b", "a\x00b", "/".join(["x" * 100] * 10), "~/x", "a?b", "a#b", "a%2e%2e/b"]


class ObjectsContract:
    """Run on every implementation."""

    def test_it_is_an_object_store(self, store):
        """The seam is met."""
        assert isinstance(store, ObjectStore)

    def test_what_is_put_can_be_got_and_is_local(self, store):
        """As bytes and as a file."""
        assert store.put_bytes("a/b.bin", b"\x00rows") is True
        assert store.get("a/b.bin") == b"\x00rows"
        assert store.local("a/b.bin").read_bytes() == b"\x00rows"
        assert store.local("a/b.bin").read_bytes() == b"\x00rows"

    def test_an_empty_object_is_an_object(self, store):
        """Nothing is not the same as not there."""
        assert store.put_bytes("empty", b"")
        assert store.get("empty") == b""
        assert store.info("empty").size == 0

    def test_a_put_never_replaces(self, store, tmp_path):
        """The first content stays, whichever way the second comes."""
        (tmp_path / "second").write_bytes(b"second")
        assert store.put_bytes("k", b"first")
        assert store.put_bytes("k", b"second") is False
        assert store.put_file("k", tmp_path / "second") is False
        assert store.get("k") == b"first"

    def test_a_file_is_copied(self, store, tmp_path):
        """What becomes of the file afterwards does not matter."""
        data = bytes(range(256)) * 8192
        (tmp_path / "file").write_bytes(data)
        assert store.put_file("k", tmp_path / "file") is True
        (tmp_path / "file").write_bytes(b"other")
        assert store.get("k") == data
        assert store.local("k").read_bytes() == data

    def test_a_file_that_cannot_be_read_is_refused(self, store, tmp_path):
        """And nothing is left under the key."""
        with pytest.raises(NotFound, match="file is not there"):
            store.put_file("k", tmp_path / "nowhere")
        with pytest.raises(InvalidInput, match="cannot be read"):
            store.put_file("k", tmp_path)
        assert store.info("k") is None

    def test_what_is_not_there_is_not_found(self, store):
        """By name, on every way to it; deleting it is nothing."""
        for look in (store.get, store.local):
            with pytest.raises(NotFound, match="nowhere"):
                look("x/nowhere")
        assert store.info("x/nowhere") is None
        store.delete("x/nowhere")
        store.put_bytes("a/b", b"x")
        assert store.info("a") is None
        with pytest.raises(NotFound):
            store.get("a")

    def test_a_deleted_object_is_gone_and_may_be_put_again(self, store):
        """No copy of it answers."""
        store.put_bytes("k", b"first")
        store.local("k")
        store.delete("k")
        with pytest.raises(NotFound):
            store.local("k")
        assert store.put_bytes("k", b"second")
        assert store.local("k").read_bytes() == b"second"

    def test_info_tells_size_and_time(self, store):
        """Time to the second at least."""
        now = time.time()
        store.put_bytes("k", b"12345")
        info = store.info("k")
        assert (info.key, info.size) == ("k", 5)
        assert abs(info.modified_at / 1e6 - now) < 60

    def test_a_list_is_sorted_by_key(self, store):
        """As text, whatever the folders are; folders alone are not listed."""
        keys = ["a-b", "a/b/c", "a/b-c", "a.b", "ab", "b", "a/a", "a/b.c"]
        for key in keys:
            store.put_bytes(key, key.encode())
        assert [info.key for info in store.list()] == sorted(keys)
        assert [info.key for info in store.list("a/")] == sorted(key for key in keys if key.startswith("a/"))
        assert [info.key for info in store.list("a/b")] == ["a/b-c", "a/b.c", "a/b/c"]
        assert [(info.key, info.size) for info in store.list("a/b/")] == [("a/b/c", 5)]
        assert list(store.list("zz/")) == []
        for prefix in ("", "a/", "a/b", "a/b/", "zz/"):
            assert list(store.keys(prefix)) == [info.key for info in store.list(prefix)]

    @pytest.mark.parametrize("key", BAD_KEYS)
    def test_a_key_that_leads_elsewhere_is_refused(self, store, key):
        """On every way, before anything is asked."""
        for ask in (store.get, store.local, store.info, store.delete, lambda key: store.put_bytes(key, b"")):
            with pytest.raises(InvalidInput, match="key of an object"):
                ask(key)
        if key:
            with pytest.raises(InvalidInput):
                list(store.list(key if key != "a/" else "../"))

    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(key=st.text(max_size=20))
    def test_any_text_is_a_key_or_refused(self, store, key):
        """Never another error, and what is accepted is found again."""
        try:
            store.put_bytes(f"h/{key}", key.encode())
        except InvalidInput:
            return
        assert store.get(f"h/{key}") == key.encode()

    def test_of_many_at_once_one_creates(self, store):
        """The others are told that they did not."""
        answers: list[bool] = []
        together = threading.Barrier(8)

        def put(n: int) -> None:
            together.wait()
            answers.append(store.put_bytes("k", f"content {n}".encode()))

        threads = [threading.Thread(target=put, args=(n,)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(answers) == [False] * 7 + [True]
        assert store.get("k").startswith(b"content ")

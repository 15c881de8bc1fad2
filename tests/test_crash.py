"""The harness that kills processes at their commit edges."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import crash

KEEP = "tests.storage.acts:keep"


def folder(tmp_path: Path, name: str) -> dict[str, str]:
    path = tmp_path / name
    path.mkdir()
    return {"folder": str(path)}


class TestEdges:
    """Edges are found, named and repeated."""

    def test_every_link_and_commit_is_an_edge_twice(self, tmp_path):
        """Three objects and three transactions have six edges each."""
        labels = crash.edges(KEEP, folder(tmp_path, "a"))
        assert [label.split()[:2] for label in labels] == 3 * [
            ["before", "link"], ["after", "link"], ["before", "COMMIT"], ["after", "COMMIT"],
        ]  # fmt: skip
        assert crash.edges(KEEP, folder(tmp_path, "b")) == labels

    def test_the_process_dies_at_the_edge_that_was_asked_for(self, tmp_path):
        """What is after the edge is not done."""
        args = folder(tmp_path, "a")
        assert crash.kill_at(KEEP, args, 0).startswith("before link")
        assert not list(Path(args["folder"], "objects", "objects").rglob("??/*"))

    def test_an_edge_beyond_the_end_is_an_error(self, tmp_path):
        """A test that kills nothing would prove nothing."""
        with pytest.raises(AssertionError, match="did not come to edge 99"):
            crash.kill_at(KEEP, folder(tmp_path, "a"), 99)

    def test_further_functions_can_be_edges(self, tmp_path):
        """The end of a named function counts."""
        labels = crash.edges(KEEP, folder(tmp_path, "a"), also=["regrove.storage.vault:Vault.add_bytes"])
        assert labels.count("after regrove.storage.vault:Vault.add_bytes") == 3

    def test_a_function_that_raises_is_shown(self, tmp_path):
        """The child's traceback is in the error."""
        with pytest.raises(AssertionError, match="FileNotFoundError|InvalidInput"):
            crash.run(KEEP, {"folder": str(tmp_path / "nowhere")})

    def test_random_kills_happen(self, tmp_path):
        """Some of several seeds hit a run that is long enough."""
        crash.run(KEEP, folder(tmp_path, "whole"))
        assert any(crash.kill_randomly(KEEP, folder(tmp_path, str(seed)), seed) for seed in range(5))

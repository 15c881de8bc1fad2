"""A project whose objects were lost: running again makes whole what the files still hold."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import regrove
from regrove.digest import PREFIX
from regrove.project import create
from regrove.storage import Vault


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project whose model was made once."""
    create(tmp_path / "shop", "shop")
    with regrove.open(tmp_path / "shop", actor="person:ann") as ws:
        ws.projects.apply()
        ws.pipelines.run("returns")
    return tmp_path / "shop"


def objects(folder: Path) -> set[str]:
    """The digests of all objects of the vault."""
    place = folder / ".regrove" / "objects" / Vault.PREFIX
    return {PREFIX + path.name for path in place.rglob("*") if path.is_file()}


class TestLostObjects:
    """The folder of objects was deleted, and the database is still there."""

    def test_applying_and_running_again_makes_all_of_it_whole(self, folder: Path) -> None:
        """The same versions, whose objects verify, and nothing that the record names is missing."""
        shutil.rmtree(folder / ".regrove" / "objects")
        with regrove.open(folder, actor="person:ann") as ws:
            ws.projects.apply()
            report = ws.pipelines.run("returns")
            assert report.model_ref == "model:returns@1"
            assert not report.model_is_new
            ws.models.verify("returns@1")
            assert ws.models.is_whole("returns@1")
            assert ws.datasets.verify("orders@1").ok
            needed = {*ws.datasets.live_digests(), *ws.models.live_digests(), *ws.projects.live_digests()}
            assert needed <= objects(folder)

    def test_one_object_of_a_model_is_enough_to_make_it_again(self, folder: Path) -> None:
        """Although every step was kept."""
        with regrove.open(folder, actor="person:ann") as ws:
            version = ws.models.get("returns@1")
            ws.vault.delete(version.digest)
            assert not ws.models.is_whole("returns@1")
            assert ws.pipelines.run("returns").model_ref == "model:returns@1"
            assert ws.models.verify("returns@1").digest == version.digest

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regrove.datasets import DatasetConfig, Profile, intake, validation
from regrove.datasets.intake import Intake
from regrove.datasets.sources import open_sources
from regrove.storage import LocalObjects, Vault
from tests.datasets.conftest import flights

CUTS = st.lists(st.integers(1, 49), max_size=6, unique=True).map(sorted)


@pytest.fixture
def small_parts(monkeypatch):
    """Parts of seven rows, so that fifty rows are many of them."""
    for module in (intake, validation):
        monkeypatch.setattr(module, "PART_ROWS", 7)


def take(root, config):
    sources = open_sources(root, config)
    return Intake("flights", config, sources, vault=Vault(LocalObjects(root / "objects"))).take()


class TestTake:
    @settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(cuts=CUTS, text=st.booleans())
    def test_parts_and_digest_do_not_depend_on_the_files(self, cuts, text, tmp_path_factory, small_parts):
        """However fifty rows are cut into files of either format, they are the same eight parts."""
        root = tmp_path_factory.mktemp("files")
        whole = flights(range(50))
        for number, (low, high) in enumerate(zip([0, *cuts], [*cuts, 50], strict=True)):
            part = whole[low:high]
            if text and number % 2:
                part.with_columns(pl.col("departed").dt.strftime("%+")).write_csv(root / f"{number}.csv")
            else:
                part.write_parquet(root / f"{number}.parquet")
        config = DatasetConfig(source="*.*", key=["flight_id"], event_time="departed")
        taken = take(root, config)
        assert [part.rows for part in taken.manifest.parts] == [7] * 7 + [1]
        assert taken.manifest.content_digest() == DIGEST
        assert (taken.profile.rows, taken.profile["distance"].distinct()) == (50, 50)

    def test_parts_close_up_after_refused_rows(self, tmp_path, small_parts):
        """What stays is cut evenly, as if the refused rows had never been there."""
        ids = [0, 1, 2, 1, None, 3, *range(4, 50), 7]
        flights(ids).write_parquet(tmp_path / "a.parquet")
        config = DatasetConfig(source="*.parquet", key=["flight_id"], on_failure="quarantine")
        taken = take(tmp_path, config)
        assert [part.rows for part in taken.manifest.parts] == [7] * 7 + [1]
        assert (taken.report.accepted, taken.report.refused) == (50, 3)
        assert isinstance(taken.profile, Profile)


DIGEST = "b3-1:471e0057cc50170d12f7e063dcbbb0429a7c1bae02ee4e34c44ab252c9f56aad"

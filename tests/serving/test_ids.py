"""Finding compacted objects by the request ids that they hold."""

from __future__ import annotations

import random
from types import SimpleNamespace

import polars as pl
import pytest

from regrove.frames import encode_parquet
from regrove.serving.ids import KnownIds

IDS = [f"{number * 0x9E3779B97F4A7C15F39CC0605CEDC835 % 2**128:032x}" for number in range(1, 200)]


@pytest.fixture
def stored(vault):
    """Makes an object of request ids."""

    def make(ids: list[str]) -> SimpleNamespace:
        rows = [each for each in sorted(ids) for _ in range(2)]
        frame = pl.DataFrame({"request_id": rows, "row": [0, 1] * len(ids)}, schema_overrides={"request_id": pl.String})
        digest = vault.add_bytes(encode_parquet(frame))
        return SimpleNamespace(digest=digest, first_id=min(ids, default="0"), last_id=max(ids, default="f"))

    return make


@pytest.mark.parametrize("most", [1 << 20, 1])
def test_those_and_no_others(vault, stored, most):
    """Whatever is asked for, in whatever order, also when little can be kept."""
    rng = random.Random(7)
    objects = [stored(IDS[start : start + 20]) for start in range(0, 180, 20)]
    known = KnownIds(vault, most=most)
    for _ in range(40):
        wanted = rng.sample(IDS, rng.randrange(0, 5))
        places = {IDS.index(each) // 20 for each in wanted}
        expected = [each for place, each in enumerate(objects) if place in places]
        assert known.holding(wanted, objects) == expected


def test_an_object_is_read_once(vault, stored):
    """The second time its bytes may be gone."""
    one, other = stored(IDS[:5]), stored(IDS[5:9])
    known = KnownIds(vault)
    assert known.holding(IDS[:1], [one, other]) == [one]
    for each in (one, other):
        (vault.objects.root / vault.key(each.digest)).unlink()
    assert known.holding(IDS[5:6], [one, other]) == [other]


def test_an_object_without_rows_holds_none(vault, stored):
    assert KnownIds(vault).holding(IDS[:1], [stored([])]) == []

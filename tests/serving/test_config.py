"""What a deployment may declare of its rollout, and that it does not bear on what answers."""

from __future__ import annotations

import msgspec
import pytest

from regrove.errors import InvalidDeclaration
from regrove.serving import DeploymentConfig, RolloutConfig

DAY = 86_400_000_000


class TestRollout:
    def test_what_is_meant_when_nothing_is_said(self):
        config = RolloutConfig()
        assert config.shares == (500, 2_000, 5_000, 10_000)
        assert (config.stay, config.patience, config.minimum_requests) == (DAY, 14 * DAY, 200)

    @pytest.mark.parametrize(
        ("said", "word"),
        [
            ({"phases": []}, "phases"),
            ({"phases": ["5%", "50%"]}, "phases"),
            ({"phases": ["50%", "5%", "100%"]}, "phases"),
            ({"phases": ["0%", "100%"]}, "phases"),
            ({"phases": ["5%", "5%", "100%"]}, "phases"),
            ({"phases": ["0.05", "100%"]}, "share"),
            ({"phases": ["5.123%", "100%"]}, "share"),
            ({"phases": ["100%", "101%"]}, "share"),
            ({"abort_alpha": 0.0}, "abort_alpha"),
            ({"abort_alpha": float("nan")}, "abort_alpha"),
            ({"score_ratio": 0.5}, "score_ratio"),
            ({"minimum_requests": 0}, "minimum_requests"),
            ({"minimum_stay": "15d"}, "gives up"),
            ({"give_up": "0s", "minimum_stay": "0s"}, "gives up"),
        ],
    )
    def test_nonsense_is_refused_with_both_sides(self, said, word):
        with pytest.raises(InvalidDeclaration, match=word) as caught:
            RolloutConfig(**said)
        assert caught.value.expected and caught.value.received and caught.value.mend

    def test_an_unknown_key_is_refused(self):
        with pytest.raises(msgspec.ValidationError, match="fazes"):
            msgspec.convert({"model": "late@champion", "rollout": {"fazes": ["100%"]}}, DeploymentConfig)


class TestDeployment:
    def test_the_rollout_is_no_part_of_what_answers(self):
        plain = DeploymentConfig("late@champion", sticky="flight")
        ruled = msgspec.structs.replace(plain, rollout=RolloutConfig(approval=True))
        assert ruled.answering == plain
        assert b"rollout" not in msgspec.json.encode(ruled.answering)

    def test_what_was_published_before_is_read(self):
        old = b'{"limits":{"body_bytes":16777216,"rows":10000},"model":"late@champion","sticky":null}'
        assert msgspec.json.decode(old, type=DeploymentConfig) == DeploymentConfig("late@champion")

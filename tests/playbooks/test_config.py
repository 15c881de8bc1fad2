"""What a playbook may say."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from regrove.errors import InvalidInput
from regrove.playbooks.config import PlaybookConfig, check

GOOD = {"on": "model.registered", "do": ["retrain", "gate", "rollout"], "model": "late"}


def made(**changes: Any) -> PlaybookConfig:
    values = {key: value for key, value in (GOOD | changes).items() if value is not None}
    return PlaybookConfig(**{**values, **{k: msgspec.convert(v, t) for k, t, v in _nested(values)}})


def _nested(values: dict[str, Any]) -> list[tuple[str, Any, Any]]:
    from regrove.playbooks.config import NotifyConfig, PlaybookLimits

    types = {"limits": PlaybookLimits, "notify": NotifyConfig}
    return [(key, kind, values[key]) for key, kind in types.items() if key in values]


def checked(**changes: Any) -> None:
    models = changes.pop("models", ["late"])
    deployments = changes.pop("deployments", {"late": "late"})
    monitors, gates = changes.pop("monitors", ["late"]), changes.pop("gates", ["late"])
    check(made(**changes), models=models, deployments=deployments, monitors=monitors, gates=gates)


class TestConfig:
    """What contradicts itself is refused."""

    @pytest.mark.parametrize(
        ("changes", "says"),
        [
            ({"do": []}, "does nothing"),
            ({"do": ["retrain", "retrain"]}, "does a thing twice"),
            ({"do": ["gate", "retrain"]}, "in this order"),
            ({"do": ["gate"]}, "gate stands without retrain"),
            ({"do": ["retrain", "rollout"]}, "rollout stands without gate"),
            ({"do": ["retrain", "gate", "rollout", "rollback"]}, "in this order"),
            ({"on": "schedule"}, "A schedule says how often"),
            ({"every": "30d"}, "Only a schedule has every"),
            ({"on": "schedule", "every": "0d"}, "never rests"),
            ({"on": "schedule", "every": "monthly"}, "not a duration"),
            ({"on": "manual", "when": "event.x == 1"}, "no event that when could speak of"),
            ({"when": "event.x ="}, "cannot be read"),
            ({"limits": {"cooldown": "soon"}}, "not a duration"),
            ({"limits": {"budget": "4"}}, "not a budget"),
            ({"limits": {"budget": "0 per 30d"}}, "not a budget"),
            ({"limits": {"budget": "4 per 0d"}}, "not a budget"),
            ({"limits": {"concurrent": 0}}, "lets nothing through"),
            ({"limits": {"breaker": 0}}, "lets nothing through"),
            ({"limits": {"rejections": -1}}, "lets nothing through"),
            ({"notify": {"webhook": "https://example.org/x"}}, "never told"),
            ({"do": ["notify"], "notify": {"webhook": "ftp://example.org"}}, "no webhook"),
            ({"do": ["notify"], "notify": {"webhook": "https://"}}, "no webhook"),
            ({"do": ["notify"], "notify": {"webhook": "env:"}}, "no webhook"),
            ({"do": ["notify"], "notify": {"webhook": "https://[x"}}, "no webhook"),
            ({"model": "../late"}, "cannot name a model"),
        ],
    )
    def test_it_says_what_is_wrong(self, changes: dict[str, Any], says: str) -> None:
        """With one error."""
        with pytest.raises((InvalidInput, msgspec.ValidationError), match=says):
            made(**changes)

    def test_a_password_in_a_webhook_is_not_repeated(self) -> None:
        """The message must not carry what it complains about."""
        with pytest.raises((InvalidInput, msgspec.ValidationError)) as caught:
            made(do=["notify"], notify={"webhook": "https://ann:hunter2@example.org/x"})
        assert "hunter2" not in str(caught.value)

    @pytest.mark.parametrize(
        "webhook", ["https://example.org/x?y=1", "env:HOOK", "file:hook.txt", "http://127.0.0.1:9"]
    )
    def test_addresses_and_secrets_are_webhooks(self, webhook: str) -> None:
        """Whether it may be called is the policy's matter."""
        assert made(do=["retrain", "notify"], notify={"webhook": webhook}).notify is not None


class TestCheck:
    """Against what else is declared."""

    @pytest.mark.parametrize(
        ("changes", "says"),
        [
            ({"on": "model.registred"}, "did you mean 'model.registered'"),
            ({"on": "shedule"}, "did you mean 'schedule'"),
            ({"when": "model.ordnal > 2"}, "did you mean 'ordinal'"),
            ({"when": "event.model > 2"}, "two numbers, or two texts"),
            ({"model": "lte"}, "did you mean 'late'"),
            ({"deployment": "lat"}, "did you mean 'late'"),
            (
                {"deployment": "late", "deployments": {"late": "other"}, "models": ["late", "other"]},
                "serves another model",
            ),
            ({"on": "manual", "model": None}, "does not say which model"),
            ({"on": "run.ended", "model": None}, "does not say which model"),
            ({"deployments": {}}, "does not say which deployment"),
            ({"deployments": {"a": "late", "b": "late"}}, "does not say which deployment"),
            ({"on": "loop.finished"}, "go round without end"),
            ({"on": "playbook.broken", "do": ["rollback"], "deployment": "late"}, "go round without end"),
            ({"on": "deployment.published", "when": "event.deployment == 'lte'"}, "did you mean 'late'"),
            ({"on": "alert.fired", "when": "alert.monitor == 'lte'"}, "did you mean 'late'"),
            ({"on": "alert.fired", "when": "alert.kind in ('drift', 'performnce')"}, "did you mean 'performance'"),
            ({"on": "alert.fired", "when": "alert.severity != 'suspct'"}, "did you mean 'suspect'"),
            ({"gates": []}, "no gate that could judge a version of late"),
            ({"gates": ["other"], "model": None, "on": "alert.fired"}, "add [gates.late]"),
        ],
    )
    def test_what_is_not_there_is_named_with_the_nearest(self, changes: dict[str, Any], says: str) -> None:
        """Before anything is recorded."""
        with pytest.raises(InvalidInput) as caught:
            checked(**changes)
        assert says in str(caught.value)

    @pytest.mark.parametrize(
        "changes",
        [
            {},
            {"on": "schedule", "every": "30d"},
            {"gates": [], "do": ["retrain"]},
            {"on": "alert.fired", "when": "alert.monitor == 'late' and alert.kind == 'schedule'", "model": None},
            {"on": "manual"},
            {"model": None},
            {"model": None, "on": "deployment.published", "do": ["rollback"]},
            {"on": "loop.finished", "do": ["notify"], "model": None},
            {"on": "deployment.published", "when": "event.deployment == 'late'", "do": ["notify"], "model": None},
            {"deployments": {"a": "late", "b": "late"}, "deployment": "b"},
        ],
    )
    def test_what_can_be_known_is_accepted(self, changes: dict[str, Any]) -> None:
        """From the event, the playbook, or what is declared."""
        checked(**changes)

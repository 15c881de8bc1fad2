"""What ``[playbooks.<name>]`` of ``regrove.toml`` may say, and where this room reads declarations from."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final, Literal, Protocol, get_args
from urllib.parse import urlsplit

import msgspec

from regrove.clock import duration
from regrove.errors import InvalidDeclaration, nearest
from regrove.monitoring.alert import AlertKind, Severity
from regrove.playbooks.condition import Condition
from regrove.playbooks.vocabulary import event_types
from regrove.refs import Ref, check_name

__all__ = ["ActionName", "Declarations", "NotifyConfig", "PlaybookConfig", "PlaybookLimits", "check"]

ActionName = Literal["rollback", "retrain", "gate", "rollout", "notify"]
"""What a playbook can do, in the order in which it can be done; ``notify`` stands anywhere."""

_ORDER: Final = ("rollback", "retrain", "gate", "rollout")
_NEEDS: Final = {"gate": "retrain", "rollout": "gate"}
_WITHOUT_EVENT: Final = ("schedule", "manual")
_OWN: Final = ("loop", "playbook")
_BUDGET: Final = re.compile(r"([1-9]\d{0,5}) per (\d{1,6}[wdhms])\Z")
_USUAL_BUDGET: Final = "4 per 30d"


class PlaybookLimits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How often a playbook may begin a loop; all durations are of domain time.

    >>> PlaybookLimits(budget="4 per 30d").bucket
    (4, 2592000000000)
    """

    cooldown: str = "0s"
    """How long after a loop has ended the next one may begin."""
    budget: str = ""
    """``N per DURATION``: a bucket of N that fills up again in the duration, one after the other. A playbook that
    retrains has ``4 per 30d`` unless it says otherwise."""
    concurrent: int = 1
    """How many of its loops may go on at the same time. Whatever it is, a model is changed by one loop at a time."""
    breaker: int = 3
    """After so many failures of an action in a row the loop fails and the playbook stops until it is reset."""
    rejections: int = 2
    """After so many rejected challengers in a row it stops, too; 0: never."""

    def __post_init__(self) -> None:
        """Refuse limits that let nothing through."""
        duration(self.cooldown)
        if self.budget:
            _ = self.bucket
        for name, least in (("concurrent", 1), ("breaker", 1), ("rejections", 0)):
            if getattr(self, name) < least:
                raise InvalidDeclaration(
                    f"The limit {name!r} of a playbook lets nothing through",
                    expected=f"at least {least}",
                    received=str(getattr(self, name)),
                )

    @property
    def bucket(self) -> tuple[int, int]:
        """How many loops in which time, in microseconds."""
        match = _BUDGET.match(self.budget)
        if match is None or duration(match.group(2)) == 0:
            raise InvalidDeclaration(
                "This is not a budget", expected="a number per duration, such as 4 per 30d", received=repr(self.budget)
            )
        return int(match.group(1)), duration(match.group(2))


class NotifyConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whom ``notify`` tells beside the log."""

    webhook: str
    """Where a JSON body is posted: a URL, or ``env:NAME`` or ``file:PATH`` when the URL itself is a secret."""

    def __post_init__(self) -> None:
        """Refuse what is no address, and one that holds a password in the open."""
        if self.webhook.startswith(("env:", "file:")) and self.webhook.partition(":")[2]:
            return
        try:
            parts = urlsplit(self.webhook)
            usable = parts.scheme in ("https", "http") and bool(parts.hostname)
            secret = parts.password is not None or parts.username is not None
        except ValueError:
            usable = secret = False
        if not usable or secret:
            raise InvalidDeclaration(
                "A webhook's address holds a name or password in the open" if secret else "This is no webhook",
                expected="https://HOST/PATH, env:NAME or file:PATH",
                received="not shown" if secret else repr(self.webhook),
                mend='webhook = "env:REGROVE_WEBHOOK"' if secret else "",
            )


class PlaybookConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One playbook: when it begins, what it does, and how often it may.

    >>> PlaybookConfig(on="alert.fired", do=["retrain", "gate"]).limit.budget
    '4 per 30d'
    """

    on: str
    """The type of the events that it listens to; or ``schedule``; or ``manual``: it is begun by hand only."""
    do: list[ActionName]
    """What it does, one after the other."""
    when: str = ""
    """Which of the events: a `Condition` over their fields; all of them when it is empty."""
    every: str = ""
    """Of a schedule: how long after the last start it is due again."""
    model: str = ""
    """The model that is retrained; when empty, the one that the deployment serves."""
    deployment: str = ""
    """The deployment that is rolled out or back; when empty, the event's, or the one that serves the model."""
    limits: PlaybookLimits = PlaybookLimits()
    notify: NotifyConfig | None = None

    def __post_init__(self) -> None:
        """Refuse a playbook that contradicts itself."""
        self._check_trigger()
        self._check_actions()
        for name, what in ((self.model, "model"), (self.deployment, "deployment")):
            if name:
                check_name(name, what=what)
        if self.notify is not None and "notify" not in self.do:
            raise InvalidDeclaration("A webhook is named and never told", mend='add "notify" to do, or remove notify')

    @property
    def condition(self) -> Condition | None:
        """What ``when`` says, read; None when it says nothing."""
        return Condition(self.when) if self.when else None

    @property
    def limit(self) -> PlaybookLimits:
        """The limits, with what a playbook that retrains has when it does not say."""
        if self.limits.budget or "retrain" not in self.do:
            return self.limits
        return msgspec.structs.replace(self.limits, budget=_USUAL_BUDGET)

    @property
    def listens(self) -> bool:
        """Whether events of the ledger begin it."""
        return self.on not in _WITHOUT_EVENT

    @property
    def changes_model(self) -> bool:
        """Whether it makes, judges or rolls out a version: of those, one loop a model goes on at a time."""
        return any(each in self.do for each in ("retrain", "gate", "rollout"))

    def _check_trigger(self) -> None:
        if (self.on == "schedule") != bool(self.every):
            raise InvalidDeclaration(
                "A schedule says how often" if self.on == "schedule" else "Only a schedule has every",
                expected='on = "schedule" with every = "30d"',
                received=f'on = "{self.on}" ' + (f'with every = "{self.every}"' if self.every else "without every"),
                mend='add every = "30d"' if self.on == "schedule" else "remove every, or on",
            )
        if self.every and duration(self.every) == 0:
            raise InvalidDeclaration("A schedule without a pause never rests", received=f'every = "{self.every}"')
        if self.when and not self.listens:
            raise InvalidDeclaration(
                f"A playbook on {self.on} has no event that when could speak of", mend="remove when"
            )
        if self.when:
            Condition(self.when)

    def _check_actions(self) -> None:
        if not self.do:
            raise InvalidDeclaration("The playbook does nothing", expected='do = ["retrain", "gate", "rollout"]')
        if len(set(self.do)) != len(self.do):
            raise InvalidDeclaration("The playbook does a thing twice", received=", ".join(self.do))
        acts = [each for each in self.do if each != "notify"]
        if acts != sorted(acts, key=_ORDER.index):
            raise InvalidDeclaration(
                "The actions cannot be done in this order",
                expected=", ".join(sorted(acts, key=_ORDER.index)),
                received=", ".join(acts),
            )
        for each in acts:
            need = _NEEDS.get(each)
            if need and need not in acts:
                raise InvalidDeclaration(
                    f"{each} stands without {need}",
                    expected=f"{need} before {each}: there is no candidate otherwise",
                    received=", ".join(self.do),
                    mend=f'do = ["{need}", "{each}"]',
                )


def check(
    config: PlaybookConfig,
    *,
    models: Sequence[str],
    deployments: Mapping[str, str],
    monitors: Sequence[str] = (),
    gates: Sequence[str] = (),
) -> None:
    """Hold a playbook against what else is declared: names, and of deployments the model that each serves.

    Raises InvalidDeclaration or InvalidInput, with the nearest, for a type of event that no room declares, a name in
    ``when`` that its events do not have or a value that they never have, a model or deployment that is not declared or
    cannot be known, and a gate that no model of it has.
    """
    _check_event(config, {"deployment": tuple(deployments), "monitor": tuple(monitors)})
    for name, known, what in ((config.model, models, "model"), (config.deployment, list(deployments), "deployment")):
        if name and name not in known:
            raise InvalidDeclaration(
                f"The playbook names a {what} that is not declared",
                expected=f"one of {', '.join(known)}" if known else f"a [{what}s.{name}] table",
                received=repr(name),
                mend=nearest(name, known),
            )
    served = deployments.get(config.deployment, "")
    if config.model and served and served != config.model:
        raise InvalidDeclaration(
            f"The deployment {config.deployment!r} serves another model",
            expected=f"model = {served!r}",
            received=f"model = {config.model!r}",
        )
    _check_target(config, models, deployments)
    meant = [config.model or served] if config.model or served else list(models)
    if "gate" in config.do and not set(meant) & set(gates):
        raise InvalidDeclaration(
            f"There is no gate that could judge a version of {' or '.join(meant)}",
            expected=f"a [gates.{meant[0]}] table" if meant else "a model with a gate",
            received=f"gates of {', '.join(gates)}" if gates else "no gate",
            mend=f"add [gates.{meant[0]}] with what a version must satisfy" if meant else "",
        )


def _check_event(config: PlaybookConfig, named: Mapping[str, tuple[str, ...]]) -> None:
    if not config.listens:
        return
    known = event_types()
    if config.on not in known:
        near = nearest(config.on, (*known, *_WITHOUT_EVENT))
        raise InvalidDeclaration(
            "No room records events of this type",
            expected="schedule, manual, or a type of event such as "
            + ("alert.fired" if "alert.fired" in known else next(iter(known))),
            received=f"on = {config.on!r}",
            mend=near or "regrove audit log shows the types of what happened",
        )
    if config.on.partition(".")[0] in _OWN and config.do != ["notify"]:
        raise InvalidDeclaration(
            "What playbooks do can be told, and begins nothing else: it would go round without end",
            expected='do = ["notify"]',
            received=f'on = "{config.on}" with do = {config.do}',
        )
    condition = config.condition
    if condition is not None:
        fields = dict(known[config.on])
        if config.on.partition(".")[0] == "alert":
            named = {**named, "kind": get_args(AlertKind), "severity": get_args(Severity)}
        for name, values in named.items():
            if values and name in fields:  # what is not declared can never be told of
                fields[name] = msgspec.structs.replace(fields[name], values=values)
        condition.check(config.on, fields)


def _check_target(config: PlaybookConfig, models: Sequence[str], deployments: Mapping[str, str]) -> None:
    """Refuse a playbook that could never know which model or deployment it is about."""
    fields: Mapping[str, object] = event_types().get(config.on, {})
    deployment = bool(config.deployment) or "deployment" in fields
    model = bool(config.model) or deployment or "model" in fields
    if config.changes_model and not model:
        raise InvalidDeclaration(
            f"An event of type {config.on} does not say which model it is about"
            if config.listens
            else "The playbook does not say which model it is about",
            expected=f'model = "{models[0] if models else "NAME"}"',
        )
    if not {"rollout", "rollback"} & set(config.do) or deployment:
        return
    serving = [name for name, served in deployments.items() if config.model in ("", served)]
    if len(serving) != 1 or not model:
        raise InvalidDeclaration(
            "The playbook does not say which deployment it is about",
            expected=f'deployment = "{serving[0] if serving else "NAME"}"',
            received=f"{len(serving)} deployments serve {config.model or 'a model'}",
        )


class AppliedRevision(Protocol):
    """The declaration in force, as loops cite it."""

    @property
    def ref(self) -> str:
        """Such as ``project:flights@3``."""
        ...


class Served(Protocol):
    """What is declared of a deployment."""

    @property
    def ref(self) -> Ref:
        """The model that it serves."""
        ...


class Declarations(Protocol):
    """What is declared, answered from the applied record."""

    @property
    def revision(self) -> AppliedRevision:
        """The revision in force; Conflict before the first."""
        ...

    def playbook(self, name: str) -> PlaybookConfig:
        """What is declared of ``name``; NotFound with the nearest name."""
        ...

    def playbook_names(self) -> list[str]:
        """The declared playbooks, in the order of the file."""
        ...

    def deployment(self, name: str) -> Served:
        """What is declared of the deployment ``name``."""
        ...

    def deployment_names(self) -> list[str]:
        """The declared deployments."""
        ...

"""The rule by which alerts come and go."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from regrove.monitoring.alert import CALM, NEEDED, Alert, Memory, Signal, advance, alert_id, resolved
from regrove.refs import check_id, id_micros

DAY = 86_400_000_000
REPEAT = 7 * DAY


class Rule:
    """The rule of one kind, fed a block a day."""

    def __init__(self, kind="performance"):
        self.kind, self.memory, self.open, self.day, self.told = kind, Memory(), None, 0, []

    def see(self, severity=None, alive=()):
        self.day += 1
        at = self.day * DAY
        signal = Signal(kind=self.kind, severity=severity, alive=tuple(alive) + ((severity,) if severity else ()))
        new = Alert(
            id=alert_id("p", "m", self.kind, severity or "suspect", at),
            project="p",
            monitor="m",
            kind=self.kind,
            deployment="d",
            model="model:m@1",
            severity=severity or "suspect",
            state="pending",
            reason="r",
            evidence="",
            picture="",
            pending_at=at,
        )
        self.memory, changes = advance(self.memory, self.open, signal, new, at=at, repeat=REPEAT)
        for change in changes:
            self.open = change.alert if change.alert.is_open else None
            self.told.append((self.day, change.verb, change.alert.severity))
        return [change.verb for change in changes]

    def resolve(self):
        self.open, self.memory = None, Memory(muted_at=self.day * DAY)


class TestRule:
    """Pending, firing, resolved."""

    def test_one_sign_is_pending_and_the_second_fires(self):
        """And the alert keeps the id and the time of its first sign."""
        rule = Rule()
        assert rule.see("suspect") == ["pending"]
        first = rule.open
        assert rule.see("suspect") == ["fired"]
        assert (rule.open.id, rule.open.pending_at, rule.open.fired_at) == (first.id, DAY, 2 * DAY)

    def test_a_sign_that_does_not_last_never_fires(self):
        """It is resolved, and said to be."""
        rule = Rule()
        rule.see("suspect")
        assert rule.see() == ["resolved"]
        assert not any(verb == "fired" for _, verb, _ in rule.told)

    def test_a_page_of_drift_fires_at_once(self):
        """Its level is its budget already."""
        assert Rule("drift").see("page") == ["fired"]

    def test_it_is_over_after_five_calm_blocks_in_a_row(self):
        """A single one that keeps it alive begins the count anew."""
        rule = Rule()
        rule.see("suspect"), rule.see("suspect")
        for _ in range(CALM - 1):
            assert rule.see() == []
        assert rule.see(alive=["suspect"]) == []
        assert [rule.see() for _ in range(CALM)] == [[]] * (CALM - 1) + [["resolved"]]

    def test_what_is_not_resolved_is_told_again_after_a_week(self):
        """And again a week later."""
        rule = Rule("drift")
        for _ in range(16):
            rule.see("page")
        assert [(day, verb) for day, verb, _ in rule.told] == [(1, "fired"), (8, "repeated"), (15, "repeated")]
        assert rule.open.repeats == 2

    def test_a_graver_sign_ends_it_and_fires_anew(self):
        """So a playbook that waits for confirmed sees one fire."""
        rule = Rule()
        for severity in ("suspect", "suspect", "confirmed", "confirmed"):
            rule.see(severity)
        assert rule.told == [
            (1, "pending", "suspect"),
            (2, "fired", "suspect"),
            (4, "resolved", "suspect"),
            (4, "fired", "confirmed"),
        ]

    def test_a_milder_sign_does_not_keep_a_page_alive(self):
        """Data that stay out of the model's domain are no step change."""
        rule = Rule("drift")
        rule.see("page")
        seen = [rule.see("suspect") for _ in range(CALM)]
        assert seen[-1] == ["resolved"]
        assert rule.see("suspect") == ["fired"]

    def test_what_was_resolved_by_hand_is_quiet_while_it_goes_on(self):
        """Until it has been calm, or has lasted for another week."""
        rule = Rule("drift")
        rule.see("page")
        rule.resolve()
        assert [rule.see("page") for _ in range(6)] == [[]] * 6
        assert rule.see("page") == ["fired"]
        again = Rule("drift")
        again.see("page")
        again.resolve()
        assert [again.see("page"), again.see(), again.see("page")] == [[], [], ["fired"]]

    @given(st.lists(st.sampled_from([None, "alive", "suspect", "confirmed"]), max_size=60))
    def test_there_is_never_more_than_one_and_never_one_out_of_nothing(self, signs):
        """Every fire has a sign of its severity on that day and the day before; every open one ends before the next."""
        rule = Rule()
        for sign in signs:
            rule.see(*(((None, ["suspect", "confirmed"])) if sign == "alive" else (sign,)))
        opened = False
        for day, verb, severity in rule.told:
            if verb == "fired":
                grave = {"suspect": ("suspect", "confirmed"), "confirmed": ("confirmed",)}[severity]
                assert signs[day - 1] in grave
                assert signs[day - 2] in ("suspect", "confirmed")
            assert verb != "pending" or not opened
            opened = verb in ("pending", "fired", "repeated")


class TestIds:
    """The id of an alert says when it began, and is the same whoever computes it."""

    @given(st.integers(0, 2**47), st.sampled_from(["drift", "performance"]))
    def test_it_is_an_id_that_sorts_by_time(self, at, kind):
        """A legal UUIDv7."""
        made = alert_id("p", "m", kind, "page", at)
        assert check_id(made) and id_micros(made) == at // 1000 * 1000
        assert made != alert_id("p", "other", kind, "page", at)
        assert made[12] == "7" and made[16] in "89ab"

    def test_needed_names_what_can_be_signalled(self):
        """One entry a kind and severity."""
        assert NEEDED["drift", "page"] == 1 and min(NEEDED.values()) == 1

    def test_a_resolved_alert_is_not_open(self):
        """Whoever did it."""
        rule = Rule("drift")
        rule.see("page")
        assert not resolved(rule.open, 5, "why", "person:ann").is_open

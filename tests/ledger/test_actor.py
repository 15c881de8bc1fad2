"""Who acts, in which project, because of what."""

from __future__ import annotations

import threading

import pytest

from regrove.errors import InvalidInput, RegroveError
from regrove.ledger import Attribution, acting, attribution

EVENT = "0190a1b2c3d4e5f60718293a4b5c6d7e"


class TestActing:
    """The attribution of what is recorded."""

    def test_nested_inherits(self):
        """An inner block changes what it names and inherits the rest; the outer one stands again after it."""
        with acting(actor="person:ann", project="flights"):
            with acting(actor="service:worker", cause=f"event:{EVENT}"):
                assert attribution() == Attribution("service:worker", "flights", EVENT)
                with acting(cause=""):
                    assert attribution().cause == ""
            assert attribution() == Attribution("person:ann", "flights", "")

    def test_restored_after_error(self):
        """An error that leaves the block takes its attribution away too."""
        with pytest.raises(ZeroDivisionError), acting(actor="person:ann", project="flights"):
            raise ZeroDivisionError
        with pytest.raises(RegroveError, match="Nobody"):
            attribution()

    def test_incomplete(self):
        """An actor without a project, and a project without an actor, can record nothing."""
        for given in ({}, {"actor": "person:ann"}, {"project": "flights"}):
            with acting(**given), pytest.raises(RegroveError, match="actor"):
                attribution()

    def test_other_thread(self):
        """Another thread does not act in the name of this one."""
        failures = []

        def other() -> None:
            try:
                attribution()
            except RegroveError as error:
                failures.append(error)

        with acting(actor="person:ann", project="flights"):
            thread = threading.Thread(target=other)
            thread.start()
            thread.join()
        assert len(failures) == 1

    @pytest.mark.parametrize(
        "actor", ["", "ann", "robot:x", "person:", "person: ann", "person:a\x00", "person:" + "a" * 300]
    )
    def test_bad_actor(self, actor):
        """An actor is a person, a service or a playbook, with a name that can be printed."""
        with pytest.raises(InvalidInput, match="actor"), acting(actor=actor):
            pass

    @pytest.mark.parametrize(
        "actor", ["person:Ann Lee", "person:ann@example.org", "service:worker", "playbook:retrain", "person:Ève"]
    )
    def test_good_actor(self, actor):
        """Names of people are what they are."""
        with acting(actor=actor, project="flights"):
            assert attribution().actor == actor

    def test_bad_project_or_cause(self):
        """A project has a plain name, and a cause is an event or an actor."""
        with pytest.raises(InvalidInput, match="project"), acting(project="a/b"):
            pass
        with pytest.raises(InvalidInput, match="event id or actor"), acting(cause="because"):
            pass

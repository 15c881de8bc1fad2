"""Generations as objects."""

from __future__ import annotations

import msgspec
import pytest

from regrove.digest import canonical
from regrove.errors import Corrupt, InvalidDeclaration, InvalidInput, NotFound
from regrove.serving.config import DeploymentConfig, Limits
from regrove.serving.generation import key, newest, read, write
from tests.serving.doubles import generation


class TestGenerations:
    """Written once, found without a list."""

    def test_what_is_written_is_read(self, objects):
        """Whole, with revision and configuration."""
        published = generation(sticky="flight", limits=Limits(rows=5))
        assert write(objects, published)
        assert read(objects, "test", "late", 1) == published

    def test_a_number_is_given_away_once(self, objects):
        """The second writer is told, and changes nothing."""
        assert write(objects, generation(1))
        assert not write(objects, generation(1, revision=9))
        assert read(objects, "test", "late", 1).revision.number == 1

    def test_the_newest_is_found_from_nothing_and_from_a_known_one(self, objects):
        """By a list once, then by asking for the next."""
        assert newest(objects, "test", "late") == 0
        for number in (1, 2, 3):
            write(objects, generation(number))
        assert newest(objects, "test", "late") == 3
        assert newest(objects, "test", "late", after=1) == 3
        assert newest(objects, "test", "other") == 0

    def test_one_that_is_not_there_is_not_found(self, objects):
        """As any object."""
        with pytest.raises(NotFound):
            read(objects, "test", "late", 4)

    @pytest.mark.parametrize(
        "data",
        [
            b"not json",
            b"{}",
            canonical(msgspec.structs.replace(generation(1), format=3)),
            canonical(generation(2)),
            canonical(msgspec.to_builtins(generation(1)) | {"split": {"1": 50}}),
        ],
    )
    def test_what_this_version_cannot_act_on_is_refused(self, objects, data):
        """Rather than acting on half of it."""
        objects.put_bytes(key("test", "late", 1), data)
        with pytest.raises(Corrupt, match="deployments/test/late/00000001"):
            read(objects, "test", "late", 1)

    def test_names_are_checked(self):
        """They become part of a key."""
        with pytest.raises(InvalidInput):
            key("test", "../late", 1)


class TestConfig:
    """The declaration of a deployment."""

    def test_a_model_without_alias_is_refused(self):
        """What is served must be said."""
        with pytest.raises(InvalidDeclaration, match="which version or alias"):
            DeploymentConfig("late")

    def test_a_limit_of_nothing_is_refused(self):
        """It would refuse every request."""
        with pytest.raises(InvalidDeclaration, match="rows"):
            Limits(rows=0)

    def test_an_unknown_key_is_refused(self):
        """A field that nobody reads cannot be written."""
        with pytest.raises(msgspec.ValidationError, match="traffic"):
            msgspec.convert({"model": "late@champion", "traffic": 3}, DeploymentConfig)

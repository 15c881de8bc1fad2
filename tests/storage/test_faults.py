"""What databases say, in the words of this house."""

from __future__ import annotations

import pytest
from sqlalchemy import exc

from regrove.errors import Corrupt, RegroveError, Unavailable
from regrove.storage.faults import explained

SAID = [
    ("database or disk is full", Unavailable, "could not be written"),
    ("disk I/O error", Unavailable, "could not be written"),
    ("could not extend file: No space left on device", Unavailable, "could not be written"),
    ("attempt to write a readonly database", Unavailable, "cannot be written"),
    ("unable to open database file", Unavailable, "cannot be reached"),
    ("connection to server failed", Unavailable, "cannot be reached"),
    ("database is locked", Unavailable, "busy"),
    ("canceling statement due to lock timeout", Unavailable, "busy"),
    ("database disk image is malformed", Corrupt, "damaged"),
    ("file is not a database", Corrupt, "damaged"),
    ("deadlock detected", Unavailable, "refused"),
]


def restoring():
    return "cp backup"


class TestExplained:
    """One clear error for each cause."""

    @pytest.mark.parametrize(("said", "kind", "happened"), SAID)
    def test_each_cause_has_its_words(self, said, kind, happened):
        """What was said stands in the error, with the place and what to do."""
        with pytest.raises(kind, match=happened) as caught, explained("Database('x')", restoring=restoring):
            raise exc.OperationalError("statement", {}, Exception(said))
        assert said in caught.value.received
        assert "Database('x')" in caught.value.received
        assert caught.value.mend

    def test_a_damaged_file_is_told_with_the_copy_that_takes_its_place(self):
        """Not with one that may not exist."""
        with pytest.raises(Corrupt) as caught, explained("x", restoring=restoring):
            raise exc.DatabaseError("statement", {}, Exception("database disk image is malformed"))
        assert caught.value.mend == "cp backup"

    def test_a_read_that_writes_is_the_callers_mistake(self):
        """Not a right that is missing."""
        with (
            pytest.raises(RegroveError, match="A read was asked to write"),
            explained("x", restoring=restoring, reading=True),
        ):
            raise exc.OperationalError("statement", {}, Exception("attempt to write a readonly database"))

    @pytest.mark.parametrize("error", [exc.IntegrityError("s", {}, Exception()), KeyError("x"), OSError(28, "no", "x")])
    def test_what_is_not_the_databases_passes_unchanged(self, error):
        """Constraints, and exceptions of the block itself."""
        with pytest.raises(type(error)) as caught, explained("x", restoring=restoring):
            raise error
        assert caught.value is error

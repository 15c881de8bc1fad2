"""Looking at the ledger."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Ask


class TestShow:
    """One event."""

    def test_by_position_id_and_ref_it_is_the_same(self, shop: Path, ask: Ask) -> None:
        """Whatever the user has at hand."""
        event = ask("audit show 3 --json").json
        assert event["position"] == 3
        assert ask(f"audit show {event['event_id']} --json").json == event
        assert ask(f"audit show event:{event['event_id']} --json").json == event

    @pytest.mark.parametrize("text", ["abc", "event:abc", "-- -1", "1.5", "²", "9" * 20, "run:abc", "''"])
    def test_what_is_neither_is_told_with_both(self, shop: Path, ask: Ask, text: str) -> None:
        """And where to find one."""
        told = ask(f"audit show {text}", expect=2).err
        assert "neither a position in the ledger nor the id of an event" in told
        assert "expected: a number such as 12, or 32 lower-case hex digits" in told
        assert "mend:     regrove audit log" in told


class TestVerify:
    """What is found wrong is told with what brings it back."""

    def test_the_mend_names_no_backup_that_is_not_there(self, shop: Path, ask: Ask) -> None:
        """Most workspaces have none."""
        _forge(shop)
        told = ask("audit verify", expect=6).err
        assert f"there is no backup in {shop}/.regrove/backups" in told

    def test_the_newest_backup_is_named(self, shop: Path, ask: Ask) -> None:
        """With the command that puts it in place."""
        _forge(shop)
        (shop / ".regrove" / "backups").mkdir()
        (shop / ".regrove" / "backups" / "regrove-0001-5.db").touch()
        told = ask("audit verify", expect=6).err
        assert f"cp {shop}/.regrove/backups/regrove-0001-5.db {shop}/.regrove/regrove.db" in told


def _forge(shop: Path) -> None:
    import sqlite3

    database = sqlite3.connect(shop / ".regrove" / "regrove.db")
    database.execute("UPDATE ledger_events SET actor = 'person:eve' WHERE position = 3")
    database.commit()
    database.close()

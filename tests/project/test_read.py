"""Reading regrove.toml: every mistake is one message with place and mend."""

from __future__ import annotations

from pathlib import Path

import pytest

from regrove.errors import InvalidDeclaration, InvalidInput, NotFound
from regrove.project import read_project, read_text
from regrove.project.read import read

GOOD = """
[project]
name = "flights"
module = "pipeline"

[datasets.flights]
source = "data/*.parquet"
key = ["flight_id"]
event_time = "scheduled_departure"

[[datasets.flights.expect]]
column = "origin"
in_set = ["EWR", "JFK", "LGA"]

[[datasets.flights.expect]]
column = "distance"
between = [0, 6000]

[models.late-arrival]
task = "binary"
request = "joined"
features = "features"
target = "late"
trainer = "classifier"
metric = "log_loss"
split = { holdout = "14d", embargo = "2d" }
params = { max_iter = 150 }

[deployments.late-arrival]
model = "late-arrival@champion"
sticky = "flight_id"
"""


class TestRead:
    """A declaration is closed: what no room reads cannot be written."""

    def test_a_good_file_is_read_whole(self) -> None:
        """Each table by its name."""
        found = read_text(GOOD)
        assert found.project.name == "flights"
        assert found.models["late-arrival"].params == {"max_iter": 150}
        assert list(found.datasets["flights"].expect)[1].column == "distance"

    @pytest.mark.parametrize(
        ("old", "new", "place", "mend"),
        [
            ("event_time =", "event_tmie =", "line 9: [datasets.flights] has no key 'event_tmie'", "'event_time'"),
            ("in_set =", "in_sett =", "line 13: [datasets.flights.expect[0]] has no key 'in_sett'", "'in_set'"),
            ("between =", "betwen =", "line 17: [datasets.flights.expect[1]] has no key 'betwen'", "'between'"),
            ("embargo =", "embrago =", "line 26: [models.late-arrival.split] has no key 'embrago'", "'embargo'"),
            ("[deployments.", "[deployment.", "line 29: the file has no key 'deployment'", "'deployments'"),
            ('module = "pipeline"', 'modul = "pipeline"', "line 4: [project] has no key 'modul'", "'module'"),
        ],
    )
    def test_an_unknown_key_is_met_with_place_and_nearest_key(self, old: str, new: str, place: str, mend: str) -> None:
        """Table path, line, and the key that was meant."""
        with pytest.raises(InvalidDeclaration) as caught:
            read_text(GOOD.replace(old, new, 1))
        assert place in str(caught.value)
        assert mend in str(caught.value)

    @pytest.mark.parametrize(
        ("old", "new", "says"),
        [
            ('source = "data/*.parquet"\n', "", "line 6: [datasets.flights]: source is missing"),
            ('key = ["flight_id"]', "key = 3", "line 8: datasets.flights.key cannot be used"),
            ('task = "binary"', 'task = "bnary"', "line 20: models.late-arrival.task cannot be used"),
            ('"14d"', '"14 days"', "[models.late-arrival"),
            ('metric = "log_loss"', 'metric = "rmse"', "models.late-arrival"),
            ('model = "late-arrival@champion"', 'model = "late@champion"', "line 30: [deployments.late-arrival] names"),
            ('name = "flights"', 'name = "../x"', "line 3"),
            ("[project]", "[project", "is not TOML"),
            ('[project]\nname = "flights"\nmodule = "pipeline"', "", "has no [project] table"),
        ],
    )
    def test_a_wrong_value_is_named_with_its_place(self, old: str, new: str, says: str) -> None:
        """Nothing is recorded for a file that cannot be used."""
        with pytest.raises(InvalidDeclaration) as caught:
            read_text(GOOD.replace(old, new, 1))
        assert says in str(caught.value)

    @pytest.mark.parametrize(
        ("old", "new", "expected", "received", "mend"),
        [
            ('task = "binary"', 'task = "binry"', "one of binary, multiclass", "'binry'", "did you mean 'binary'?"),
            ("in_set =", 'severity = "wran"\nin_set =', "one of error, warn", "'wran'", "did you mean 'warn'?"),
            (
                'key = ["flight_id"]',
                'on_failure = "x"',
                "one of refuse, quarantine",
                "'x'",
                "write one of them: 'refuse'",
            ),
            ('key = ["flight_id"]', "on_failure = 3", "one of refuse, quarantine", "3", "correct line 8 of"),
            ('key = ["flight_id"]', 'columns = { a = "in64" }', "one of boolean, int8, int16", "'in64'", "'int64'"),
            ('key = ["flight_id"]', "key = 3", "a list", "3", "correct line 8 of regrove.toml"),
            ('module = "pipeline"', "module = [1]", "a text", "[1]", "correct line 4 of regrove.toml"),
            ("between = [", "between = [1, ", "a list of length 2", "[1, ", "correct line 17 of regrove.toml"),
        ],
    )
    def test_a_wrong_value_is_told_with_those_that_may_stand(
        self, old: str, new: str, expected: str, received: str, mend: str
    ) -> None:
        """Every one of them, the nearest, and what to edit; in the words of who writes the file."""
        with pytest.raises(InvalidDeclaration) as caught:
            read_text(GOOD.replace(old, new, 1))
        assert expected in caught.value.expected
        assert caught.value.received.startswith(received)
        assert mend in caught.value.mend

    @pytest.mark.parametrize("table", ["rollouts"])
    def test_a_table_of_a_room_that_is_not_built_is_refused(self, table: str) -> None:
        """A field that is accepted and then ignored is a defect."""
        with pytest.raises(InvalidDeclaration, match=f"no key '{table}'"):
            read_text(GOOD + f"\n[{table}.x]\na = 1\n")

    def test_a_folder_without_the_file_is_no_project(self, tmp_path: Path) -> None:
        """The mend makes one."""
        with pytest.raises(NotFound, match="regrove init"):
            read(tmp_path)

    def test_a_folder_in_its_place_is_told(self, tmp_path: Path) -> None:
        """With the path, not as a traceback."""
        (tmp_path / "regrove.toml").mkdir()
        with pytest.raises(InvalidInput, match="regrove.toml cannot be read") as caught:
            read_project(tmp_path)
        assert str(tmp_path / "regrove.toml") in caught.value.received

    def test_the_name_can_be_read_while_the_rest_is_being_edited(self, tmp_path: Path) -> None:
        """So that the workspace opens and can say what is wrong."""
        (tmp_path / "regrove.toml").write_text(GOOD.replace("event_time", "evnt"))
        assert read_project(tmp_path).name == "flights"

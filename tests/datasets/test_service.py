from __future__ import annotations

import gzip

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from regrove.datasets import DatasetRefused, Expectation
from regrove.errors import Conflict, InvalidInput, NotFound
from regrove.frames import UnreadableFile
from regrove.schema import LogicalType
from tests.datasets.conftest import flights

TYPED = {"columns": {"distance": LogicalType.FLOAT64, "departed": LogicalType.TIMESTAMP}}


class TestRegister:
    def test_files_become_a_version_with_report_profile_and_event(self, house):
        """What was registered is told, recorded once, and comes back as it was."""
        house.put_flights("data/a.parquet", range(10))
        house.put_flights("data/b.parquet", range(10, 15))
        house.declare(key=["flight_id"], event_time="departed")
        version = house.datasets.register("flights")
        assert (version.ref, version.rows, version.key) == ("dataset:flights@1", 15, ("flight_id",))
        assert house.events() == ["dataset.registered"]
        assert_frame_equal(house.datasets.scan(version.ref).collect(), flights(range(15), origin=version_origin()))
        report = house.datasets.report("flights@1")
        assert [(each.file, each.rows) for each in report.sources] == [("data/a.parquet", 10), ("data/b.parquet", 5)]
        assert all(result.passed for result in report.results)
        assert house.datasets.profile("flights").rows == 15

    def test_the_same_content_is_the_same_version_however_it_is_cut_or_written(self, house):
        """One file or many, Parquet, CSV or gzipped CSV: the rows name the version."""
        house.put_flights("data/a.parquet", range(9))
        house.declare(key=["flight_id"], event_time="departed", **TYPED)
        first = house.datasets.register("flights")
        whole = flights(range(9))
        house.put("parts/1.parquet", whole[:2])
        house.put("parts/2.parquet", whole[2:])
        text = whole.with_columns(pl.col("departed").dt.strftime("%Y-%m-%dT%H:%M:%SZ"))
        house.put("text/a.csv", text)
        house.put("text.csv.gz", "").write_bytes(gzip.compress(text.write_csv().encode()))
        for source in ("parts/*.parquet", "text/*.csv", "text.csv.gz"):
            house.declare(source=source, key=["flight_id"], event_time="departed", **TYPED)
            again = house.datasets.register("flights")
            assert (again.ordinal, again.digest) == (1, first.digest)
        assert len(house.datasets.versions("flights")) == 1

    def test_changed_content_is_a_new_version_and_the_old_one_stays(self, house):
        """Versions count up; the newest is what a bare name means."""
        house.put_flights("data/a.parquet", range(5))
        house.declare()
        first = house.datasets.register("flights")
        house.put_flights("data/a.parquet", range(6))
        second = house.datasets.register("flights")
        assert (second.ordinal, second.digest != first.digest) == (2, True)
        assert house.datasets.get("flights") == house.datasets.get("dataset:flights@latest") == second
        assert house.datasets.scan("flights@1").collect().height == 5

    def test_a_change_of_one_value_type_or_name_changes_the_digest(self, house):
        """Nothing that a reader could see stays unseen by the digest."""
        base = flights(range(4))
        tables = [
            base,
            base.with_columns(distance=pl.Series([100.0, 101.0, 102.0, 103.5])),
            base.with_columns(pl.col("distance").cast(pl.Float32)),
            base.rename({"distance": "miles"}),
            base.reverse(),
        ]
        house.declare()
        found = set()
        for table in tables:
            house.put("data/a.parquet", table)
            found.add(house.datasets.register("flights").digest)
        assert len(found) == len(tables)

    def test_unchanged_files_are_not_read_again(self, house, monkeypatch):
        """What the system says of the files is enough, once they stood still for a while."""
        path = house.put_flights("data/a.parquet", range(5))
        house.declare()
        house.age()
        monkeypatch.setattr("regrove.datasets.service._SETTLED_NS", -1)
        first = house.datasets.register("flights")
        monkeypatch.setattr("regrove.datasets.sources.open_sources", None)  # reading would fail
        assert house.datasets.register("flights") == first
        monkeypatch.undo()
        path.write_bytes(path.read_bytes())
        assert house.datasets.register("flights") == first

    def test_another_declaration_is_validated_again_and_recorded(self, house):
        """The same rows under new expectations are the same version with one more validation."""
        house.put_flights("data/a.parquet", range(5))
        house.declare()
        house.datasets.register("flights")
        house.declare(expect=[Expectation(column="distance", between=(0, 101), severity="warn")])
        version = house.datasets.register("flights")
        house.datasets.register("flights")
        assert version.ordinal == 1
        assert house.events() == ["dataset.registered", "dataset.validated"]
        (warning,) = house.datasets.report("flights").warnings
        assert (warning.failed, warning.sentence) == (3, "distance is between 0 and 101")

    def test_progress_is_told(self, house):
        """A face can show how far the reading is."""
        house.put_flights("data/a.parquet", range(3))
        house.put_flights("data/b.parquet", range(3, 7))
        house.declare()
        told = []
        house.datasets.register("flights", progress=told.append)
        assert told == [3, 7]

    def test_a_file_written_while_it_is_read_is_a_conflict(self, house):
        """Half an old and half a new file is no version."""
        path = house.put_flights("data/a.parquet", range(3))
        house.declare()
        with pytest.raises(Conflict, match="data/a.parquet changed"):
            house.datasets.register("flights", progress=lambda rows: path.write_bytes(path.read_bytes() + b"x"))
        assert house.events() == []

    def test_two_projects_have_versions_of_their_own(self, house):
        """A name means something within its project."""
        from regrove.ledger import acting

        house.put_flights("data/a.parquet", range(3))
        house.declare()
        house.datasets.register("flights")
        with acting(project="other"):
            assert house.datasets.list() == []
            assert house.datasets.register("flights").ordinal == 1

    def test_both_databases_keep_the_same(self, tmp_path, any_database, vault, objects, clock, acting):
        """SQLite and PostgreSQL hold the same rows of this room."""
        from regrove.ledger import Ledger
        from tests.datasets.conftest import House

        house = House(tmp_path, any_database, vault, Ledger(any_database, objects, clock), clock)
        house.put_flights("data/a.parquet", range(3))
        house.declare(key=["flight_id"])
        house.datasets.register("flights")
        house.put_flights("data/a.parquet", range(4))
        house.datasets.register("flights")
        house.datasets.register("flights")
        (summary,) = house.datasets.list()
        assert (summary.name, summary.versions, summary.latest.ordinal) == ("flights", 2, 2)
        assert [version.ordinal for version in house.datasets.versions("flights")] == [2, 1]
        assert house.datasets.verify("flights@1").ok


class TestCheck:
    @pytest.mark.parametrize(
        ("table", "says"),
        [
            ({"source": "dat/*.parquet"}, "No file matches 'dat/*.parquet'"),
            ({"key": ["flght_id"]}, "lacks the column 'flght_id' that key names"),
            ({"event_time": "departd"}, "lacks the column 'departd' that event_time names"),
            ({"key": ["distance"]}, "The key column 'distance' cannot identify a row"),
            ({"columns": {"distance": LogicalType.INT8}}, "column 'distance' is not of its declared type"),
            (
                {"expect": [Expectation(column="orgin", not_null=True)]},
                "'orgin is never null' names the column 'orgin'",
            ),
            ({"expect": [Expectation(where="distnce > 1")]}, "'distnce > 1' names the column 'distnce'"),
            ({"expect": [Expectation(column="origin", between=(0, 1))]}, "does not fit its column"),
        ],
    )
    def test_what_the_columns_cannot_satisfy_is_refused_before_a_row_is_read(self, house, table, says):
        """As registering refuses it, and like that it leaves nothing behind."""
        house.put_flights("data/a.parquet", range(5))
        house.declare(**table)
        for act in (house.datasets.check, house.datasets.register):
            with pytest.raises((InvalidInput, NotFound)) as caught:
                act("flights")
            assert says in caught.value.happened
            assert caught.value.expected
            assert caught.value.received
        assert house.events() == []
        assert house.datasets.list() == []

    def test_rows_are_not_looked_at(self, house):
        """They are checked when they are registered."""
        house.put_flights("data/a.parquet", [1, 1, None])
        house.declare(key=["flight_id"])
        assert house.datasets.check("flights") is None
        with pytest.raises(DatasetRefused):
            house.datasets.register("flights")
        assert house.events() == []

    def test_files_that_made_a_version_give_it(self, house, monkeypatch):
        """Until one of them is written to."""
        house.put_flights("data/a.parquet", range(5))
        house.declare()
        monkeypatch.setattr("regrove.datasets.service._SETTLED_NS", -1)
        assert house.datasets.check("flights") is None
        assert house.datasets.register("flights") == house.datasets.check("flights")
        house.put_flights("data/a.parquet", range(6))
        assert house.datasets.check("flights") is None


class TestRefuse:
    def refused(self, house):
        with pytest.raises(DatasetRefused) as caught:
            house.datasets.register("flights")
        assert house.events() == []
        assert house.datasets.list() == []
        return caught.value

    def test_a_broken_row_is_told_with_file_row_and_values(self, house):
        """The message leads to the row; nothing is recorded."""
        house.put_flights("data/a.parquet", range(3))
        house.put_flights("data/b.parquet", [3, 4], origin=["EWR", "XXX"])
        house.declare(key=["flight_id"], expect=[Expectation(column="origin", in_set=("EWR", "JFK", "LGA"))])
        error = self.refused(house)
        assert "data/b.parquet" in error.happened
        assert error.expected == "origin is one of 'EWR', 'JFK', 'LGA'"
        assert "data/b.parquet row 2: flight_id=4, origin='XXX'" in error.received
        assert "quarantine" in error.mend
        assert (error.report.rows, error.report.refused) == (5, 1)

    def test_a_null_in_the_key_is_refused(self, house):
        """A row without identity is none."""
        house.put_flights("data/a.parquet", [1, None, 3])
        house.declare(key=["flight_id"])
        assert "data/a.parquet row 2: flight_id=None" in self.refused(house).received

    def test_a_key_that_stands_in_two_files_is_refused(self, house):
        """Both places are named."""
        house.put_flights("data/a.parquet", range(4))
        house.put_flights("data/b.parquet", [9, 2])
        house.declare(key=["flight_id"])
        assert "data/b.parquet row 2: flight_id=2 (repeats data/a.parquet row 3)" in self.refused(house).received

    def test_a_broken_value_in_csv_is_told_as_it_stands(self, house):
        """What the file says is shown, not what it could not be read as."""
        house.put("data/a.csv", "id,hour\n1,5\n2,five\n3,99\n")
        house.declare(source="data/*.csv", columns={"hour": LogicalType.INT8, "id": LogicalType.INT64})
        assert "data/a.csv row 2: hour='five'" in self.refused(house).received

    def test_a_naive_time_in_csv_is_told_as_it_stands(self, house):
        """A time without a zone names no instant."""
        house.put("data/a.csv", "id,at\n1,2013-01-01T05:00:00Z\n2,2013-01-01T05:00:00\n")
        house.declare(source="data/*.csv", event_time="at")
        assert "data/a.csv row 2: at='2013-01-01T05:00:00'" in self.refused(house).received

    def test_too_few_rows_are_refused_even_in_quarantine(self, house):
        """A rule on the table cannot be met by leaving rows out."""
        house.put_flights("data/a.parquet", range(3))
        house.declare(on_failure="quarantine", expect=[Expectation(row_count=(10, 20))])
        assert self.refused(house).expected == "there are 10 to 20 rows"

    def test_a_table_of_which_nothing_is_left_is_refused(self, house):
        """A version without rows would only surprise later."""
        house.put_flights("data/a.parquet", range(3))
        house.declare(on_failure="quarantine", expect=[Expectation(where="distance < 0")])
        assert "at least one row is left" in self.refused(house).expected

    def test_the_report_counts_all_and_shows_a_few(self, house):
        """Thousands of broken rows give one readable message."""
        house.put_flights("data/a.parquet", range(1000), origin=["XXX"] * 1000)
        house.declare(expect=[Expectation(column="origin", in_set=("EWR",))])
        error = self.refused(house)
        assert "1,000 rows against" in error.received
        assert [example.row for example in error.report.errors[0].examples] == [1, 2, 3, 4, 5]

    def test_an_error_survives_the_way_between_processes(self, house):
        """A worker can hand the report to its parent."""
        import pickle

        house.put_flights("data/a.parquet", [1, 1])
        house.declare(key=["flight_id"])
        error = self.refused(house)
        again = pickle.loads(pickle.dumps(error))
        assert (str(again), again.report) == (str(error), error.report)


class TestUnusable:
    def refused(self, house, told, error=UnreadableFile):
        with pytest.raises(error) as caught:
            house.datasets.register("flights")
        assert told in str(caught.value)
        assert house.events() == []

    def test_no_file(self, house):
        """A source that matches nothing is told."""
        house.declare()
        self.refused(house, "data/*.parquet", NotFound)

    def test_an_undeclared_dataset(self, house):
        """The declaration is asked first."""
        self.refused(house, "flights", NotFound)

    def test_an_empty_file(self, house):
        """A file without bytes, among others with rows, is named."""
        house.put_flights("data/a.parquet", range(3))
        house.put("data/b.parquet", flights([])).write_bytes(b"")
        house.declare()
        self.refused(house, "data/b.parquet is empty")

    @pytest.mark.parametrize("name", ["data/b.parquet", "data/b.csv"])
    def test_a_file_without_rows(self, house, name):
        """A header alone is no data."""
        house.put(name, flights([]).drop("departed"))
        house.declare(source="data/*")
        self.refused(house, f"{name} holds no row")

    def test_a_missing_column_names_the_nearest(self, house):
        """What the key names must be there."""
        house.put_flights("data/a.parquet", range(3))
        house.declare(key=["flihgt_id"])
        self.refused(house, "did you mean 'flight_id'?")

    def test_a_file_with_other_columns(self, house):
        """The file that differs from the first is named, with the column."""
        house.put_flights("data/a.parquet", range(3))
        house.put("data/b.parquet", flights([4]).drop("origin"))
        house.declare()
        self.refused(house, "data/b.parquet lacks the column 'origin'")
        house.put("data/b.parquet", flights([4]).with_columns(extra=1))
        self.refused(house, "data/b.parquet has a column")
        house.put("data/b.parquet", flights([4]).with_columns(pl.col("distance").cast(pl.Float32)))
        self.refused(house, "data/b.parquet: column 'distance' has another type than in data/a.parquet")

    def test_columns_in_another_order_are_the_same_columns(self, house):
        """Columns have names; their order is that of the first file."""
        house.put_flights("data/a.parquet", range(3))
        house.put("data/b.parquet", flights([3]).select("distance", "departed", "origin", "flight_id"))
        house.declare(key=["flight_id"])
        assert house.datasets.register("flights").rows == 4

    def test_a_naive_time_in_parquet(self, house):
        """A column of times without a zone names its file and the mend."""
        house.put("data/a.parquet", flights(range(3)).with_columns(pl.col("departed").dt.replace_time_zone(None)))
        house.declare(event_time="departed")
        self.refused(house, "data/a.parquet: Column 'departed'")

    def test_a_damaged_page_of_a_parquet_file(self, house):
        """Damage that shows only while rows are read names the file too."""
        path = house.put_flights("data/a.parquet", range(5_000))
        data = bytearray(path.read_bytes())
        data[4:204] = b"\xa5" * 200  # the head of the first page
        path.write_bytes(bytes(data))
        house.declare()
        self.refused(house, "data/a.parquet cannot be read")

    @pytest.mark.parametrize("body", ["id,x\n1,2\n3,4,5\n", "id,x\n1,2\n3\n"])
    def test_a_csv_row_with_a_wrong_number_of_fields(self, house, body):
        """A row that is too long, or was cut short, is told by its number."""
        house.put("data/a.csv", body)
        house.declare(source="data/*.csv")
        self.refused(house, "data/a.csv has rows with a wrong number of fields")

    def test_a_key_of_fractions(self, house):
        """A float does not identify anything."""
        house.put_flights("data/a.parquet", range(3))
        house.declare(key=["distance"])
        self.refused(house, "cannot identify a row", InvalidInput)

    def test_a_name_that_can_name_nothing(self, house):
        """A path is no dataset."""
        with pytest.raises(InvalidInput):
            house.datasets.register("../flights")


class TestQuarantine:
    def test_refused_rows_are_kept_beside_the_version(self, house):
        """The others make the version; the refused ones are counted and kept with file, row and rules."""
        house.put_flights("data/a.parquet", range(3))
        house.put_flights("data/b.parquet", [3, None, 5], origin=["XXX", "XXX", "EWR"])
        rules = [Expectation(column="origin", in_set=("EWR", "JFK", "LGA"))]
        house.declare(key=["flight_id"], on_failure="quarantine", expect=rules)
        version = house.datasets.register("flights")
        assert house.datasets.scan(version.ref).collect()["flight_id"].to_list() == [0, 1, 2, 5]
        report = house.datasets.report("flights")
        assert (report.rows, report.accepted, report.refused) == (6, 4, 2)
        refused = house.datasets.refused("flights")
        assert refused["regrove_file"].to_list() == ["data/b.parquet"] * 2
        assert refused["regrove_row"].to_list() == [1, 2]
        assert refused["regrove_rules"][1] == "flight_id is never null; origin is one of 'EWR', 'JFK', 'LGA'"
        assert refused["origin"].to_list() == ["XXX", "XXX"]

    def test_the_first_of_equal_keys_stays(self, house):
        """A repeated row is refused, also when it stands in another file; a refused row takes no place."""
        house.put_flights("data/a.parquet", [1, 2, 1], origin=["XXX", "EWR", "EWR"])
        house.put_flights("data/b.parquet", [2, 1, 3], origin=["JFK", "JFK", "JFK"])
        rules = [Expectation(column="origin", in_set=("EWR", "JFK"))]
        house.declare(key=["flight_id"], on_failure="quarantine", expect=rules)
        house.datasets.register("flights")
        found = house.datasets.scan("flights").select("flight_id", "origin").collect()
        assert found.rows() == [(2, "EWR"), (1, "EWR"), (3, "JFK")]
        assert house.datasets.refused("flights")["regrove_row"].to_list() == [1, 1, 2]
        assert house.datasets.report("flights").refused == 3
        assert house.datasets.verify("flights").ok

    def test_broken_text_is_kept_as_it_stood(self, house):
        """The refused rows of CSV are text, so that what was wrong can be seen."""
        house.put("data/a.csv", "id,hour\n1,5\n2,five\n")
        house.declare(source="data/*.csv", on_failure="quarantine", columns={"hour": LogicalType.INT8})
        house.datasets.register("flights")
        assert house.datasets.refused("flights").select("id", "hour").rows() == [("2", "five")]
        assert house.datasets.scan("flights").collect().rows() == [(1, 5)]

    def test_accepted_rows_alone_name_the_version(self, house):
        """The same good rows are the same version, whatever was refused beside them."""
        house.put_flights("data/a.parquet", range(3))
        house.declare(key=["flight_id"], on_failure="quarantine")
        first = house.datasets.register("flights")
        house.put_flights("data/b.parquet", [1])
        assert house.datasets.register("flights") == first
        assert house.datasets.report("flights").refused == 1

    def test_without_refused_rows_there_is_nothing_to_show(self, house):
        """An empty frame, not an error."""
        house.put_flights("data/a.parquet", range(3))
        house.declare(on_failure="quarantine")
        house.datasets.register("flights")
        assert house.datasets.refused("flights").is_empty()


class TestWarn:
    def test_a_warning_refuses_nothing(self, house):
        """Every kind of rule can only report."""
        house.put_flights("data/a.parquet", [1, 1, 2])
        rules = [
            Expectation(column="origin", in_set=("EWR",), severity="warn"),
            Expectation(column="flight_id", unique=True, severity="warn", name="ids do not repeat"),
            Expectation(row_count=(10, 20), severity="warn"),
            Expectation(column="distance", type=LogicalType.FLOAT32, severity="warn"),
        ]
        house.declare(expect=rules)
        assert house.datasets.register("flights").rows == 3
        warnings = house.datasets.report("flights").warnings
        assert [warning.failed for warning in warnings] == [2, 3, 1, 3]
        assert warnings[2].rule == "ids do not repeat"


class TestValidate:
    def test_broken_rules_are_reported_and_nothing_is_kept(self, house, objects):
        """A look before registering leaves no trace."""
        house.put_flights("data/a.parquet", [1, 1, None])
        house.declare(key=["flight_id"])
        report = house.datasets.validate("flights")
        assert (report.rows, report.accepted, report.refused) == (3, 1, 2)
        assert [result.failed for result in report.errors] == [1, 1]
        assert list(objects.list("")) == []


class TestGet:
    def test_unknown_versions_say_what_there_is(self, house):
        """A wrong name or number is met with the known ones."""
        house.put_flights("data/a.parquet", range(3))
        house.declare()
        with pytest.raises(NotFound, match="no version yet"):
            house.datasets.get("flights")
        house.datasets.register("flights")
        with pytest.raises(NotFound, match="1 to 1"):
            house.datasets.get("flights@2")
        with pytest.raises(NotFound, match="did you mean 'flights'"):
            house.datasets.get("flihgts@1")
        with pytest.raises(NotFound):
            house.datasets.versions("weather")
        with pytest.raises(InvalidInput, match="champion"):
            house.datasets.get("flights@champion")
        with pytest.raises(InvalidInput):
            house.datasets.get("model:flights@1")


class TestLiveDigests:
    def test_every_object_of_a_version_is_live(self, house, objects):
        """Collection would keep all that versions and validations need, and here nothing else was kept."""
        house.put_flights("data/a.parquet", [1, 2, None])
        house.declare(key=["flight_id"], on_failure="quarantine")
        house.datasets.register("flights")
        kept = {"b3-1:" + info.key.rpartition("/")[2] for info in objects.list("objects/")}
        assert house.datasets.live_digests() == kept


def version_origin():
    return [*["EWR", "JFK", "LGA"] * 3, "EWR", *["EWR", "JFK", "LGA", "EWR", "JFK"]]

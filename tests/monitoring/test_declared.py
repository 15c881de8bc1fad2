"""``[monitors.NAME]`` as it stands in regrove.toml."""

from __future__ import annotations

import pytest

from regrove.errors import InvalidDeclaration
from regrove.project.read import read_text

PROJECT = """
[project]
name = "flights"
module = "pipeline"

[datasets.flights]
source = "*.parquet"
event_time = "at"

[models.late]
task = "binary"
request = "joined"
features = "features"
target = "late"
trainer = "classifier"
metric = "log_loss"
split = { holdout = "14d" }

[deployments.late]
model = "late@champion"

[monitors.late]
deployment = "late"
zone = "America/New_York"
windows = ["1d", "7d"]
drift = { references = ["train", "previous"], pages_per_quarter = 1 }
performance = { metric = "log_loss", label_delay = "5d" }
schedule = { every = "30d" }
"""


class TestDeclared:
    """Read whole, and refused with the line."""

    def test_a_monitor_is_read(self):
        """A whole number is a number of pages, too."""
        found = read_text(PROJECT).monitors["late"]
        assert (found.zone, found.windows, found.repeat) == ("America/New_York", ("1d", "7d"), "7d")
        assert (found.drift.pages_per_quarter, found.drift.page) == (1.0, ("previous",))
        assert found.schedule.every == "30d" and found.performance.label_delay == "5d"

    def test_drift_is_watched_unless_it_is_said_not_to_be(self):
        """Without a table of its own too."""
        text = PROJECT.replace('drift = { references = ["train", "previous"], pages_per_quarter = 1 }\n', "")
        assert read_text(text).monitors["late"].drift.references == ("train", "previous")

    @pytest.mark.parametrize(
        ("old", "new", "says"),
        [
            ('deployment = "late"\nzone', 'deployment = "lat"\nzone', ("line 23", "did you mean 'late'")),
            ('metric = "log_loss", label', 'metric = "absolute_error", label', ("binary model", 'metric = "log_loss"')),
            ('metric = "log_loss", label', 'metric = "auc", label', ("log_loss",)),
            ("pages_per_quarter", "pages_per_quater", ("did you mean 'pages_per_quarter'",)),
            ('"previous"]', '"season"]', ("train",)),
            ('"7d"]', '"7 days"]', ("1d, or hours",)),
            ('zone = "America/New_York"', 'zone = "New York"', ("IANA",)),
            ('every = "30d"', 'evry = "30d"', ("did you mean 'every'",)),
            ('windows = ["1d", "7d"]', 'window = ["1d"]', ("did you mean 'windows'",)),
        ],
    )
    def test_a_mistake_is_refused_with_its_line_and_mend(self, old, new, says):
        """Before anything is recorded."""
        with pytest.raises(InvalidDeclaration) as caught:
            read_text(PROJECT.replace(old, new, 1))
        assert "line " in str(caught.value)
        for each in says:
            assert each in str(caught.value)

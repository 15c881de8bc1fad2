"""The way back, in words."""

from __future__ import annotations

from regrove.serving import LabelRecord
from regrove.workspace.trace import _label


def test_a_label_tells_both_its_times() -> None:
    """Labels are ordered by when they became known, so that must be seen; a client may not have said it."""
    arrived = 1_362_182_400_000_000
    said = LabelRecord(value=True, known_at=arrived - 3_600_000_000, received_at=arrived)
    assert _label(said) == "True (known 2013-03-01T23:00:00Z, arrived 2013-03-02T00:00:00Z)"
    silent = LabelRecord(value=2.5, known_at=None, received_at=arrived)
    assert _label(silent) == "2.5 (arrived 2013-03-02T00:00:00Z)"

"""What a run left behind for monitors: the rows that its model was made of and judged on.

The artifact ``reference`` of a run is a Parquet object with a row for each row of a request that the run saw:
``event_time``, ``request.<field>``, ``output.<field>`` (null unless the row was predicted by a model that had not
learnt from it), ``label`` (null where it is not known), ``side`` and ``origin``. This module is all that knows it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from regrove.errors import Corrupt, NotFound

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from regrove.registry import ModelVersion
    from regrove.storage import Vault
    from regrove.tracking import Runs

__all__ = ["NAME", "Artifact", "find", "rows"]

NAME: Final = "reference"
"""The name of the artifact."""
_TIME: Final = "event_time"
_MOST_ROWS: Final = 1_000_000


class Artifact(msgspec.Struct, frozen=True):
    """The artifact of a run, or that there is none (an empty digest) and why."""

    run: str
    digest: str = ""
    why: str = ""


def find(runs: Runs, version: ModelVersion) -> Artifact:
    """The artifact of the run that made a model version; of another that made it too where that one left none."""
    if not version.run:
        return Artifact("", why=f"{version.ref} was registered without a run")
    try:
        made = runs.details(version.run).artifacts
    except NotFound:
        return Artifact(version.run, why=f"{version.run} is not in this workspace")
    digest = next((each.digest for each in made if each.name == NAME), "")
    if not digest and (other := runs.beside(version.ref, NAME)) is not None:
        digest = other.digest
    return Artifact(version.run, digest, "" if digest else f"{version.run} left no {NAME} behind")


def rows(vault: Vault, artifact: Artifact, columns: Sequence[str], *, reach: int) -> pl.DataFrame:
    """The rows of an artifact in order of time: ``at``, ``label``, ``origin``, and those of ``columns`` that it has.

    Rows that are more than ``reach`` microseconds older than the newest are not read. Rows of a run whose split was
    made at random have no time (null). Raises Corrupt when there is no such column.
    """
    import polars as pl

    from regrove.frames import scan_parquet

    frame = scan_parquet([vault.fetch(artifact.digest)])
    names = frame.collect_schema()
    time = names.get(_TIME)
    if not isinstance(time, pl.Datetime) or time.time_zone is None:
        raise Corrupt(
            f"The {NAME} of {artifact.run} has no event time",
            expected=f"a column {_TIME} of instants",
            received=f"{time}",
            mend="train the model again: regrove run",
        )
    chosen = [name for name in ("label", "origin", *columns) if name in names]
    moments = frame.select(pl.col(_TIME).dt.cast_time_unit("us").alias("at"), *chosen)
    at = pl.col("at").to_physical()
    newest = moments.select(at.max()).collect().item()
    if newest is None:
        return moments.head(_MOST_ROWS).collect()
    return moments.filter(at > newest - reach).sort("at").collect()

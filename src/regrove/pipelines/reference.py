"""The rows of a run: what a request carried, on which side of the split, what became of it, what was predicted.

One row for each row of the request frame, in its order:

- ``event_time``: microseconds UTC; null when the split was made at random
- ``request.<field>``: the fields that a request of the model carries
- ``output.<field>``: the answer of a model that had not learnt from the row; null where there is none
- ``label``: what is predicted; null where it is not known
- ``side``: train, embargo, holdout or unlabelled
- ``origin``: 0 where the model itself answered, from 1 on the origin before the row, null without an answer
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import polars as pl

from regrove.pipelines.answers import PREFIX
from regrove.pipelines.origins import ROW

__all__ = ["reference"]

_PLACE: Final = "regrove.place"


def reference(
    request: pl.DataFrame,
    target: pl.DataFrame,
    sides: pl.DataFrame,
    fields: Sequence[str],
    held: pl.DataFrame,
    origins: Sequence[pl.DataFrame],
) -> pl.DataFrame:
    """The frame of a run.

    ``sides`` has ``side`` and ``event_time`` for each row of ``request``; ``held`` the answers of the model on the
    holdout; each of ``origins`` those after one origin, with the column ``row`` that counts rows of the training side.
    A class that was not seen before an origin has the probability 0 there.
    """
    side = sides["side"].to_numpy()
    train = np.flatnonzero(side == "train")
    parts = [_placed(held, np.flatnonzero(side == "holdout"), 0)]
    for place, frame in enumerate(origins, 1):
        if frame.height:
            parts.append(_placed(frame.drop(ROW), train[frame[ROW].to_numpy()], place))
    answered = pl.concat(parts, how="diagonal")
    probabilities = [name for name in answered.columns if name.startswith(f"{PREFIX}probability:")]
    answered = answered.with_columns(pl.col(probabilities).fill_null(0.0)) if probabilities else answered
    told = sides.select("event_time").hstack([request[name].alias(f"request.{name}") for name in fields])
    return (
        told.with_columns(target.to_series().alias("label"), sides["side"])
        .with_row_index(_PLACE)
        .join(answered, on=_PLACE, how="left", maintain_order="left")
        .select(*told.columns, *(name for name in held.columns), "label", "side", "origin")
    )


def _placed(answers: pl.DataFrame, places: np.ndarray, origin: int) -> pl.DataFrame:
    return answers.with_columns(
        pl.Series(_PLACE, places, dtype=pl.get_index_type()), pl.lit(origin, pl.Int64).alias("origin")
    )

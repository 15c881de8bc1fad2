"""What did a column look like, in constant memory that adds up?

A layout fixes the cells of a column once, from its reference; every later block is counted on the same cells. Counts
are exact, so merging blocks is adding, in any order, and no test inherits the error of a sketch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from regrove.stats.summaries.counting import count_categories, count_numbers, summarise
    from regrove.stats.summaries.edges import categories_of, edges_given, edges_of, edges_of_sketch
    from regrove.stats.summaries.fourier import FourierMap, FourierSums, fourier_map, fourier_sums, merge_sums
    from regrove.stats.summaries.layout import CategoryLayout, NumericLayout
    from regrove.stats.summaries.moments import Moments, merge_moments, moments_of
    from regrove.stats.summaries.ring import Ring
    from regrove.stats.summaries.sketches import (
        DistinctSketch,
        FrequentSketch,
        QuantileSketch,
        sketch_categories,
        sketch_numbers,
    )
    from regrove.stats.summaries.summary import CategorySummary, NumericSummary, merge
    from regrove.stats.summaries.wire import layout_from_bytes, layout_to_bytes, summary_from_bytes, summary_to_bytes

_HOMES = {
    "CategoryLayout": "layout",
    "CategorySummary": "summary",
    "DistinctSketch": "sketches",
    "FourierMap": "fourier",
    "FourierSums": "fourier",
    "FrequentSketch": "sketches",
    "Moments": "moments",
    "NumericLayout": "layout",
    "NumericSummary": "summary",
    "QuantileSketch": "sketches",
    "Ring": "ring",
    "categories_of": "edges",
    "count_categories": "counting",
    "count_numbers": "counting",
    "edges_given": "edges",
    "edges_of": "edges",
    "edges_of_sketch": "edges",
    "fourier_map": "fourier",
    "fourier_sums": "fourier",
    "layout_from_bytes": "wire",
    "layout_to_bytes": "wire",
    "merge": "summary",
    "merge_moments": "moments",
    "merge_sums": "fourier",
    "moments_of": "moments",
    "sketch_categories": "sketches",
    "sketch_numbers": "sketches",
    "summarise": "counting",
    "summary_from_bytes": "wire",
    "summary_to_bytes": "wire",
}

__all__ = [
    "CategoryLayout",
    "CategorySummary",
    "DistinctSketch",
    "FourierMap",
    "FourierSums",
    "FrequentSketch",
    "Moments",
    "NumericLayout",
    "NumericSummary",
    "QuantileSketch",
    "Ring",
    "categories_of",
    "count_categories",
    "count_numbers",
    "edges_given",
    "edges_of",
    "edges_of_sketch",
    "fourier_map",
    "fourier_sums",
    "layout_from_bytes",
    "layout_to_bytes",
    "merge",
    "merge_moments",
    "merge_sums",
    "moments_of",
    "sketch_categories",
    "sketch_numbers",
    "summarise",
    "summary_from_bytes",
    "summary_to_bytes",
]


def __getattr__(name: str) -> object:
    """Load a name when it is first asked for, so that importing the door stays light."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)

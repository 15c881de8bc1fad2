"""The closed set of column types, and what a table or a request looks like.

One type has one meaning everywhere: in a dataset, in a model's signature, in a request, in a profile. What has no
place in the set (objects, decimals, naive times) is refused at the door.
"""

from regrove.schema.columns import Column, Schema
from regrove.schema.decode import decode_rows
from regrove.schema.logical import LogicalType
from regrove.schema.mapping import from_polars, schema_of, to_numpy, to_polars

__all__ = [
    "Column",
    "LogicalType",
    "Schema",
    "decode_rows",
    "from_polars",
    "schema_of",
    "to_numpy",
    "to_polars",
]

"""The logical types."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["LogicalType"]


class LogicalType(StrEnum):
    """What a column holds, whatever library holds it.

    A timestamp is an instant: microseconds in UTC. A date has no zone. Categories are strings with a bounded set of
    values; the set is a matter of expectations, not of the type.
    """

    BOOLEAN = "boolean"
    INT8 = "int8"
    INT16 = "int16"
    INT32 = "int32"
    INT64 = "int64"
    UINT8 = "uint8"
    UINT16 = "uint16"
    UINT32 = "uint32"
    UINT64 = "uint64"
    FLOAT32 = "float32"
    FLOAT64 = "float64"
    STRING = "string"
    CATEGORY = "category"
    BINARY = "binary"
    DATE = "date"
    TIMESTAMP = "timestamp"

    @property
    def is_integer(self) -> bool:
        """Whether values are whole numbers."""
        return self.value.lstrip("u").startswith("int")

    @property
    def is_float(self) -> bool:
        """Whether values are floating-point numbers."""
        return self.value.startswith("float")

    @property
    def is_numeric(self) -> bool:
        """Whether values are numbers (booleans are not)."""
        return self.is_integer or self.is_float

    @property
    def bounds(self) -> tuple[int, int] | None:
        """The smallest and largest whole number of an integer type, else None.

        >>> LogicalType.INT8.bounds
        (-128, 127)
        """
        if not self.is_integer:
            return None
        bits = int(self.value.lstrip("uint"))
        return (0, 2**bits - 1) if self.value.startswith("u") else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)

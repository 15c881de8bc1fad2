"""Which columns a monitor watches, and as what each of them is counted.

What the model answers comes first: its score moves when any input does that matters to it. Then the fields of the
request. A field of texts that names rows (an id) or of bytes is watched for missing values alone, and so is a date; a
timestamp for its local hour.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

import msgspec

from regrove.errors import InvalidDeclaration, nearest
from regrove.schema import LogicalType

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from regrove.registry import Signature
    from regrove.stats.summaries import CategoryLayout, NumericLayout

__all__ = ["AnyLayout", "Form", "Watched", "counted", "layout_for", "watched"]

Form = Literal["number", "category", "hour", "presence"]
"""As what a column is counted."""

if TYPE_CHECKING:
    AnyLayout = NumericLayout | CategoryLayout
else:
    AnyLayout = object

_MOST_CLASSES: Final = 10
"""With more classes than these their probabilities are not watched one by one."""
_NAMES: Final = 256
"""Texts with more different values have no cells for all of them."""
_HALF: Final = 0.5
_PRESENT: Final = "known"


class Watched(msgspec.Struct, frozen=True):
    """A column of the log, such as ``output.score`` or ``request.hour``, and as what it is counted."""

    name: str
    form: Form

    @property
    def is_output(self) -> bool:
        """Whether the model answered it."""
        return self.name.startswith("output.")


def watched(signature: Signature, columns: Sequence[str] | None, *, monitor: str) -> tuple[Watched, ...]:
    """The columns to watch of a model with this signature; those of ``columns`` that its request lacks are left out.

    Raises InvalidDeclaration when its request has none of them.
    """
    outputs = list(signature.output.schema)
    if len(signature.output.classes) > _MOST_CLASSES:
        outputs = outputs[:1]
    names = signature.request.names if columns is None else columns
    fields = [signature.request[name] for name in names if name in signature.request]
    if names and not fields:
        raise InvalidDeclaration(
            f"[monitors.{monitor}.drift] columns names nothing that a request carries",
            expected=f"some of {', '.join(signature.request.names)}",
            received=", ".join(names),
            mend=nearest(names[0], signature.request.names) or "remove the key to watch all of them",
        )
    found = [
        Watched(f"output.{each.name}", "category" if each.name == "class" else _form(each.type)) for each in outputs
    ]
    return (*found, *(Watched(f"request.{each.name}", _form(each.type)) for each in fields))


def _form(kind: LogicalType) -> Form:
    if kind.is_numeric:
        return "number"
    if kind in {LogicalType.BOOLEAN, LogicalType.STRING, LogicalType.CATEGORY}:
        return "category"
    return "hour" if kind is LogicalType.TIMESTAMP else "presence"


def counted(column: Watched, kind: pl.DataType, zone: str) -> pl.Expr:
    """The column of the log as it is counted: float, text or null."""
    import polars as pl

    value = pl.col(column.name)
    if column.form == "hour":
        local = value.dt.convert_time_zone(zone) if isinstance(kind, pl.Datetime) else pl.lit(None, pl.Datetime("us"))
        return local.dt.hour().cast(pl.Float64)
    if column.form == "number":
        return value.cast(pl.Float64, strict=False)
    if column.form == "presence":
        return pl.when(value.is_not_null()).then(pl.lit(_PRESENT)).alias(column.name)
    return value.cast(pl.String)


def layout_for(column: Watched, values: pl.Series) -> tuple[Watched, AnyLayout]:
    """The cells of a column from the values of its reference, already as they are counted; and its form, which becomes
    ``presence`` for texts of which more than half differ.

    A column without any value has cells all the same, so that values which appear later are seen.
    """
    from regrove.stats.summaries import CategoryLayout, categories_of, edges_given, edges_of

    present = values.drop_nulls()
    if column.form in ("number", "hour"):
        finite = present.filter(present.is_finite())
        return column, edges_of(finite) if len(finite) else edges_given([0.0])
    distinct = present.n_unique()
    if column.form == "presence" or (distinct > _NAMES and distinct > _HALF * len(present)):
        return msgspec.structs.replace(column, form="presence"), CategoryLayout(top=(_PRESENT,))
    layout = categories_of(present)
    if layout.rest or not layout.complete:
        # Rare values come and go. Only a reference that holds every value can say that one was never there before.
        layout = CategoryLayout(top=layout.top, complete=False)
    return column, layout

"""Tables: the same rows for a page and for a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Literal

import msgspec
from markupsafe import Markup

from regrove.errors import InvalidInput
from regrove.render.number import EMPTY, Format, is_numeric, written
from regrove.render.templates import fill
from regrove.render.tone import tone_of
from regrove.render.words import clean, shorten

__all__ = ["Column", "Table"]

Align = Literal["left", "right", "center"]

_LONGEST: Final = 2_000
_LONG: Final = 40
_HUGE: Final = 600
_WIDEST: Final = 60


class Column(msgspec.Struct, frozen=True):
    """A column's title, what its values mean, and to which side they stand.

    Without ``align`` numbers stand to the right and all else to the left. ``digits`` is how many stand after the
    point; each format has its own when it is None.
    """

    title: str
    form: Format = "text"
    digits: int | None = msgspec.field(default=None)
    align: Align | None = None

    @property
    def side(self) -> Align:
        """Where its values stand."""
        return self.align or ("right" if is_numeric(self.form) else "left")


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """Columns and rows of values; ``empty`` is said when there are no rows.

    >>> found = Table(columns=(Column("month"), Column("loss", "number"), Column("verdict", "verdict")),
    ...               rows=[("March", 0.5123, "STABLE"), ("April", None, "INCONCLUSIVE")])
    >>> print(found.text())
    month    loss  verdict
    March  0.5123  STABLE
    April       –  INCONCLUSIVE
    """

    columns: tuple[Column, ...]
    rows: Sequence[Sequence[Any]]
    caption: str = ""
    empty: str = "Nothing yet."

    @property
    def scripted(self) -> bool:
        """A table needs no script."""
        return False

    def html(self) -> Markup:
        """The table as part of a page; every value is escaped.

        Raises InvalidInput for a row of another width and for a value that its column's format cannot take.
        """
        rows = [
            [_Cell(column, value, words) for column, value, words in zip(self.columns, row, line, strict=True)]
            for row, line in zip(self.rows, self._written(), strict=True)
        ]
        return fill("table.html", table=self, rows=rows)

    def text(self) -> str:
        """The table for a terminal: aligned, one line a row, long values cut, nothing in it that a terminal obeys.

        Raises InvalidInput as `html` does.
        """
        from rich.cells import cell_len

        lines = [[shorten(words, _WIDEST) for words in line] for line in self._written()]
        head = [shorten(column.title, _WIDEST) for column in self.columns]
        if not lines:
            return clean(self.empty)
        widths = [max(map(cell_len, each)) for each in zip(head, *lines, strict=True)]
        out = [
            "  ".join(
                _padded(words, width - cell_len(words), column.side)
                for words, width, column in zip(line, widths, self.columns, strict=True)
            ).rstrip()
            for line in [head, *lines]
        ]
        return "\n".join([clean(self.caption), *out] if self.caption else out)

    def _written(self) -> list[list[str]]:
        lines = []
        for number, row in enumerate(self.rows):
            if len(row) != len(self.columns):
                raise InvalidInput(
                    f"Row {number} of a table does not fit its columns",
                    expected=f"{len(self.columns)} values: {', '.join(each.title for each in self.columns)}",
                    received=f"{len(row)} values",
                )
            try:
                values = zip(row, self.columns, strict=True)
                lines.append([clean(written(value, column.form, column.digits)) for value, column in values])
            except InvalidInput as error:
                error.happened = f"Row {number} of a table: {error.happened}"
                raise
        return lines


class _Cell:
    """What the template sees of one cell."""

    def __init__(self, column: Column, value: Any, words: str) -> None:
        self.side = column.side
        self.form = column.form
        self.words = (
            words if len(words) <= _LONGEST else f"{words[:_LONGEST]}… ({len(words) - _LONGEST:,} more characters)"
        )
        self.empty = value is None or words == EMPTY
        self.size = "huge" if len(words) > _HUGE else "long" if len(words) > _LONG else ""
        self.tone = tone_of(words) if column.form == "verdict" else ""
        self.picture = value.html() if column.form == "picture" and value is not None else None


def _padded(words: str, missing: int, side: Align) -> str:
    if side == "right":
        return " " * missing + words
    if side == "center":
        return " " * (missing // 2) + words + " " * (missing - missing // 2)
    return words + " " * missing

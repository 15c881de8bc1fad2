"""The one MetaData that every stage's tables are built on, and the column forms that all of them use.

Text columns compare by code point on both databases (``COLLATE "C"`` on PostgreSQL), so that pages by key come in the
same order everywhere. Times are microseconds since 1970 in UTC.

>>> from sqlalchemy import MetaData, Table
>>> Table("example", MetaData(), identifier("id", primary_key=True), project(), micros("created_at")).columns.keys()
['id', 'project', 'created_at']
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import BigInteger, Boolean, Column, Double, LargeBinary, MetaData, Text

if TYPE_CHECKING:
    from sqlalchemy.types import TypeEngine

__all__ = ["TEXT", "content", "digest", "flag", "identifier", "metadata", "micros", "number", "project", "real", "text"]

metadata: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
"""All tables of Regrove, each defined in its stage's ``tables.py``."""

TEXT: Final[TypeEngine[str]] = Text().with_variant(Text(collation="C"), "postgresql")
"""Text that compares by code point on both databases."""


def text(name: str, *, primary_key: bool = False, nullable: bool = False) -> Column[str]:
    """A text column that compares by code point."""
    return Column(name, TEXT, primary_key=primary_key, nullable=nullable)


def identifier(name: str, *, primary_key: bool = False, nullable: bool = False) -> Column[str]:
    """A column for an id: 32 lower-case hex digits, which sort by creation time."""
    return text(name, primary_key=primary_key, nullable=nullable)


def digest(name: str, *, primary_key: bool = False, nullable: bool = False) -> Column[str]:
    """A column for a digest such as ``b3-1:...``."""
    return text(name, primary_key=primary_key, nullable=nullable)


def project(*, primary_key: bool = False) -> Column[str]:
    """The project that a row belongs to; every root table has it in its unique key."""
    return text("project", primary_key=primary_key)


def micros(name: str, *, nullable: bool = False) -> Column[int]:
    """A column for an instant: microseconds since 1970 in UTC."""
    return Column(name, BigInteger, nullable=nullable)


def number(name: str, *, primary_key: bool = False, nullable: bool = False) -> Column[int]:
    """A column for a 64 bit integer; a primary key is given by the writer, never by the database."""
    return Column(name, BigInteger, primary_key=primary_key, nullable=nullable, autoincrement=False)


def real(name: str, *, nullable: bool = False) -> Column[float]:
    """A column for a finite double; keep NaN and infinities as a kind beside it (SQLite turns NaN into NULL)."""
    return Column(name, Double, nullable=nullable)


def flag(name: str, *, nullable: bool = False) -> Column[bool]:
    """A column for yes or no."""
    return Column(name, Boolean, nullable=nullable)


def content(name: str, *, nullable: bool = False) -> Column[bytes]:
    """A column for exact bytes."""
    return Column(name, LargeBinary, nullable=nullable)

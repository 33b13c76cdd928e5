"""Which SQL a person may run: read by a parser, never by its beginning.

One statement; SELECT, set operations and WITH; over the served tables alone. A keyword inside a text, a quoted name or a
comment is just that.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlglot import exp

from dashboard.queries import Statement


@dataclass(frozen=True)
class ServedTable:
    """A table (or view) that people may read; `columns` in lower case, None where they are not known."""

    database: str
    table: str
    columns: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Catalogue:
    """Everything that people may read. The first table's database is the one that a bare name is looked up in."""

    tables: tuple[ServedTable, ...]


@dataclass(frozen=True)
class CheckedSql:
    """SQL that was let through, its rows bounded."""

    tree: exp.Query
    sql: str
    """What is sent: the tree written out, asking for `limit` + 1 rows at most."""
    tables: tuple[ServedTable, ...]
    limit: int

    def statement(self) -> Statement:
        """Return it as a statement."""
        raise NotImplementedError


def checked(sql: str, catalogue: Catalogue, limit: int) -> CheckedSql:
    """Return the SQL fit to run; raise RefusedSql saying what, where and how to mend it."""
    raise NotImplementedError

"""Names of tables flow in; the served table that a name means, or nothing, flows out."""

from dataclasses import dataclass
from typing import Final

from dashboard.model.access.table_view import TableQuery

CATALOG: Final = "awsdatacatalog"


@dataclass(frozen=True)
class ServedTable:
    """A table (or view) that people may read; `columns` in lower case, None where they are not known."""

    database: str
    table: str
    columns: tuple[str, ...] | None = None
    query: TableQuery | None = None
    """The query that replaces the table; None where the requester sees the table itself."""


@dataclass(frozen=True)
class Catalogue:
    """Everything that people may read. The first table's database is the one that a bare name is looked up in."""

    tables: tuple[ServedTable, ...]

    def find(self, database: str | None, table: str) -> ServedTable | None:
        """Return the served table of that name; a bare name may be of any served database, the first one first."""
        wanted = (database or "").lower(), table.lower()
        return next(
            (
                served
                for served in self.tables
                if served.table.lower() == wanted[1] and wanted[0] in {"", served.database.lower()}
            ),
            None,
        )

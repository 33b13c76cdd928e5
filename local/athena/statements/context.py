"""What a statement's handler is given."""

from __future__ import annotations

from dataclasses import dataclass

from local.athena.catalog.glue import Catalog, Table
from local.athena.engine.duckdb_engine import Query
from local.athena.objects import Location, ObjectStore
from local.athena.sql.statement_text import split_name
from local.athena.workgroups.saved_queries import PreparedStatements


@dataclass(frozen=True)
class Job:
    """One statement being carried out: its text, its running query, and the folder its results go to."""

    sql: str
    query: Query
    workgroup: str
    prepared: PreparedStatements
    output_folder: Location
    execution_id: str

    @property
    def catalog(self) -> Catalog:
        """The catalogue."""
        return self.query.catalog

    @property
    def objects(self) -> ObjectStore:
        """The object store."""
        return self.query.objects

    def name(self, text: str) -> tuple[str, str]:
        """Return database and table of a name in the statement."""
        return split_name(text, self.query.database)

    def table(self, text: str) -> Table:
        """Return the table that a name in the statement means, or fail as Athena does."""
        return self.query.table(*self.name(text))

"""Queries run in DuckDB over the Arrow tables that `scan` reads."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import duckdb
import pyarrow as pa
from sqlglot import exp

from local.athena.catalog.glue import Catalog, Table
from local.athena.catalog.partitions import PartitionFinder
from local.athena.catalog.pruning import partition_filters
from local.athena.engine.failures import query_error
from local.athena.engine.scan import scan
from local.athena.engine.table_plan import ScanPlan, scan_plans
from local.athena.errors import QueryCancelled, QueryError
from local.athena.functions.registry import define
from local.athena.objects import ObjectStore
from local.athena.sql.checks.aliases import check_aliases
from local.athena.sql.checks.arguments import check_arguments
from local.athena.sql.checks.comparisons import check_comparisons
from local.athena.sql.checks.literal_kinds import check_kinds
from local.athena.sql.checks.refusals import check_clauses
from local.athena.sql.parsing import with_parameters
from local.athena.sql.references import Reference, Resolver
from local.athena.sql.translate import duckdb_sql

_PATH = "$path"
LIMIT_REACHED = "Query cancelled! : Bytes scanned limit was exceeded"


class Engine:
    """One DuckDB database with Trino's functions in it; every query runs on a connection of its own."""

    def __init__(self, catalog: Catalog, objects: ObjectStore) -> None:
        self.catalog = catalog
        self.objects = objects
        self._lock = threading.Lock()
        self._database = duckdb.connect()
        # The planner must not reason from the contents of empty stubs, nor read a table again for the other columns of
        # the few rows of an ORDER BY with LIMIT: the second reading has none of the conditions.
        self._database.execute("SET disabled_optimizers = 'statistics_propagation,late_materialization'")
        self._database.execute("SET threads = 2")
        self._database.execute("SET enable_progress_bar = false; SET preserve_insertion_order = true")
        define(self._database)
        # A query sees the catalogue's tables: neither this machine's files nor this program's variables.
        self._database.execute("SET python_enable_replacements = false; SET enable_external_access = false")

    def open(self, sql: str, database: str, parameters: Sequence[str] = (), cutoff: int | None = None) -> Query:
        """Prepare to run one statement."""
        with self._lock:
            connection = self._database.cursor()
        connection.execute("SET TimeZone = 'UTC'")
        return Query(self, connection, sql, database, tuple(parameters), cutoff)

    def close(self) -> None:
        """Close the database."""
        self._database.close()


@dataclass(frozen=True)
class Rows:
    """The rows of a query, with DuckDB's types and the length of each varchar(n) column that is known."""

    table: pa.Table
    types: tuple[Any, ...]
    lengths: dict[str, int] = field(default_factory=dict)


@dataclass
class Query:
    """One running statement: its connection, what it has scanned, and whether it was cancelled.

    `cutoff` is the workgroup's limit of scanned bytes; None is no limit.
    """

    engine: Engine
    connection: duckdb.DuckDBPyConnection
    sql: str
    database: str
    parameters: tuple[str, ...] = ()
    cutoff: int | None = None
    scanned_bytes: int = 0
    cancelled: threading.Event = field(default_factory=threading.Event)

    @property
    def catalog(self) -> Catalog:
        """The catalogue that names are looked up in."""
        return self.engine.catalog

    @property
    def objects(self) -> ObjectStore:
        """The store that objects are read from and written to."""
        return self.engine.objects

    @property
    def finder(self) -> PartitionFinder:
        """What finds the partitions of this query's tables."""
        return PartitionFinder(self.catalog, self.objects, self.connection, datetime.now(UTC))

    def cancel(self) -> None:
        """Stop as soon as possible."""
        self.cancelled.set()
        with contextlib.suppress(duckdb.Error):  # the query may have ended, and closed its connection, meanwhile
            self.connection.interrupt()

    def close(self) -> None:
        """Close the connection."""
        self.connection.close()

    def charge(self, scanned: int) -> None:
        """Count scanned bytes; past the workgroup's limit the query ends."""
        if self.cancelled.is_set():
            raise QueryCancelled
        self.scanned_bytes += scanned
        if self.cutoff is not None and self.scanned_bytes > self.cutoff:
            raise QueryCancelled(LIMIT_REACHED)

    def rows(self, tree: exp.Expr) -> Rows:
        """Run a SELECT and return its rows."""
        sql, references, plans = self._prepare(tree)
        return Rows(*self._run(sql, references, plans), _known_lengths(tree, references))

    def schema(self, tree: exp.Expr) -> Rows:
        """Return the columns of a SELECT without reading any data."""
        sql, _, _ = self._prepare(tree)
        return Rows(*self._fetch(f"SELECT * FROM ({sql}) LIMIT 0"))

    def explain(self, tree: exp.Expr) -> tuple[str, dict[str, ScanPlan], list[Reference]]:
        """Return DuckDB's plan as text, and what each reference would read."""
        sql, references, plans = self._prepare(tree)
        text = self.connection.execute(f"EXPLAIN {sql}").fetchall()[0][1]
        return text, plans, references

    def table(self, database: str, name: str) -> Table:
        """Return a table of the catalogue, or fail as Athena does."""
        return Resolver(self.catalog, self.finder, self.database, self.sql).find(database, name)

    def _prepare(self, tree: exp.Expr) -> tuple[str, list[Reference], dict[str, ScanPlan]]:
        check_clauses(tree)
        check_arguments(tree)
        check_kinds(tree)
        resolver = Resolver(self.catalog, self.finder, self.database, self.sql)
        tree = resolver.resolve(with_parameters(tree, self.parameters))
        with_path = _PATH in self.sql
        check_comparisons(tree, resolver.references, self.sql)
        for reference in resolver.references:
            self._stub(reference, with_path)
        check_aliases(tree, self.sql, self._is_unknown)
        sql, plans = self._planned(duckdb_sql(tree))
        return sql, resolver.references, plans

    def _is_unknown(self, probe: exp.Select) -> bool:
        """Whether a small query fails because its column is not found."""
        try:
            self.connection.execute(f"EXPLAIN {duckdb_sql(probe)}")
        except duckdb.Error as error:
            return f'Referenced column "{probe.expressions[0].name}" not found' in str(error)
        return False

    def _planned(self, sql: str) -> tuple[str, dict[str, ScanPlan]]:
        """Plan the query; UNNEST of several columns may mean a map or an array of rows, which only types tell."""
        try:
            return sql, scan_plans(self.connection, sql)
        except duckdb.Error as error:
            if "map_entries" not in str(error) or "MAP_ENTRIES(" not in sql:
                raise query_error(error, self.sql) from error
        return self._planned(sql.replace("MAP_ENTRIES(", "("))

    def _stub(self, reference: Reference, with_path: bool) -> None:
        if reference.table is None:
            self.connection.register(reference.stub, reference.rows)
            return
        columns = [f'"{column.name}" {column.type.duckdb}' for column in reference.table.all_columns]
        if with_path:
            columns.append(f'"{_PATH}" VARCHAR')
        self.connection.execute(f"CREATE OR REPLACE TEMP TABLE {reference.stub} ({', '.join(columns)})")

    def _run(
        self, sql: str, references: list[Reference], plans: dict[str, ScanPlan]
    ) -> tuple[pa.Table, tuple[Any, ...]]:
        for reference in references:
            plan = plans.get(reference.stub)
            if reference.table is not None and plan is not None:
                self._load(reference.stub, reference.table, plan)
        return self._fetch(sql)

    def _load(self, stub: str, table: Table, plan: ScanPlan) -> None:
        keys = [key.name for key in table.partition_keys]
        partitions = self.finder.find(table, partition_filters(plan.filters, keys))
        columns = frozenset(name for name in [*(c.name for c in table.all_columns), _PATH] if plan.reads(name))
        rows = scan(table, partitions, columns, self.objects, self.charge)
        shown = [
            f'"{column.name}"' if column.name in rows.column_names else f'NULL::{column.type.duckdb} AS "{column.name}"'
            for column in table.all_columns
        ]
        if _PATH in rows.column_names:
            shown.append(f'"{_PATH}"')
        self.connection.register(f"{stub}_rows", rows)
        self.connection.execute(f"DROP TABLE {stub}")
        self.connection.execute(f"CREATE TEMP VIEW {stub} AS SELECT {', '.join(shown)} FROM {stub}_rows")

    def _fetch(self, sql: str) -> tuple[pa.Table, tuple[Any, ...]]:
        if self.cancelled.is_set():
            raise QueryCancelled
        try:
            relation = self.connection.sql(sql)
            return relation.to_arrow_table(), tuple(relation.types)
        except duckdb.InterruptException as error:
            raise QueryCancelled from error
        except duckdb.Error as error:
            raise query_error(error, self.sql) from error
        except RuntimeError as error:
            # Arrow's reader wraps an interruption of DuckDB in an error of its own.
            raise QueryCancelled if self.cancelled.is_set() else QueryError(str(error)) from error


def _known_lengths(tree: exp.Expr, references: Sequence[Reference]) -> dict[str, int]:
    """Return the varchar(n) lengths of output columns that are plain columns or text literals."""
    lengths = {
        column.name: column.type.sizes[0]
        for reference in references
        if reference.table is not None
        for column in reference.table.columns
        if column.type.name in ("varchar", "char") and column.type.sizes
    }
    if not isinstance(tree, exp.Select):
        return {}
    found: dict[str, int] = {}
    for index, column in enumerate(tree.expressions):
        source = column.unalias()
        name = column.output_name if isinstance(column, exp.Alias | exp.Column | exp.Dot) else f"_col{index}"
        if column.is_star:
            found |= lengths
        elif isinstance(source, exp.Column) and source.name.lower() in lengths:
            found[name] = lengths[source.name.lower()]
        elif isinstance(source, exp.Literal) and source.is_string:
            found[name] = len(source.name)
    return found

"""The tables that a query names: found in the catalogue, views opened up, and each reference given its own name.

One name per reference, not per table, lets a table that is read twice under different conditions be pruned twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pyarrow as pa
from sqlglot import exp

from local.athena.catalog.glue import CATALOG_NAME, Catalog, Table
from local.athena.catalog.partitions import PartitionFinder
from local.athena.errors import SCHEMA, SYNTAX, QueryError
from local.athena.sql.parsing import parse
from local.athena.sql.positions import position_of

_INFORMATION_SCHEMA = "information_schema"
_PARTITIONS = "$partitions"
_DEEPEST_VIEW = 20


@dataclass(frozen=True)
class Reference:
    """A place in a query where rows come from: a catalogue table, or rows that are known already."""

    stub: str
    table: Table | None = None
    rows: pa.Table | None = None


@dataclass
class Resolver:
    """Replaces the table names of a query by stubs."""

    catalog: Catalog
    finder: PartitionFinder
    database: str
    sql: str
    references: list[Reference] = field(default_factory=list)

    def resolve(self, tree: exp.Expr, database: str | None = None, depth: int = 0) -> exp.Expr:
        """Rewrite the tree in place so that it reads stubs, and note what each stub stands for."""
        if depth > _DEEPEST_VIEW:
            raise QueryError("INVALID_VIEW: statement contains a recursive view", SCHEMA)
        for named in list(tree.find_all(exp.Table)):
            if isinstance(named.this, exp.Identifier) and not _is_common_table(named):
                named.replace(self._source(named, database or self.database, depth))
        for column in tree.find_all(exp.Column):
            column.set("db", None)
            column.set("catalog", None)
        return tree

    def _source(self, named: exp.Table, database: str, depth: int) -> exp.Expr:
        alias = named.args.get("alias") or exp.TableAlias(this=exp.to_identifier(named.name, quoted=True))
        schema, name = (named.db or database).lower(), named.name.lower()
        if schema == _INFORMATION_SCHEMA:
            return self._stub(alias, named, rows=self._information(name, named))
        if name.endswith(_PARTITIONS):
            return self._stub(alias, named, rows=self._partitions(schema, name.removesuffix(_PARTITIONS), named))
        table = self.find(schema, name, named)
        if table.is_view:
            body = self.resolve(parse(table.view_sql), schema, depth + 1)
            return exp.Subquery(this=body, alias=alias)
        return self._stub(alias, named, table=table)

    def _stub(
        self, alias: exp.Expr, named: exp.Table, table: Table | None = None, rows: pa.Table | None = None
    ) -> exp.Expr:
        stub = f"scan_{len(self.references)}"
        self.references.append(Reference(stub, table, rows))
        source = exp.Table(this=exp.to_identifier(stub), alias=alias)
        for kept in ("joins", "laterals", "sample"):
            source.set(kept, named.args.get(kept))
        return source

    def find(self, database: str, name: str, named: exp.Expr | None = None) -> Table:
        """Return a table of the catalogue, or fail as Athena does."""
        catalog = named.args.get("catalog") if named is not None else None
        where = position_of(self.sql, name)
        if catalog is not None and catalog.name.lower() != CATALOG_NAME.lower():
            raise QueryError(f"CATALOG_NOT_FOUND: {where}: Catalog '{catalog.name}' does not exist", SCHEMA)
        table = self.catalog.table(database, name)
        if table is not None and table.is_written_elsewhere:
            raise QueryError(
                f"NOT_SUPPORTED: {where}: Table 'awsdatacatalog.{database}.{name}' is an Iceberg table with metadata "
                "of its own (metadata_location), which the local Athena does not read. Query it in AWS.",
                SCHEMA,
            )
        if table is not None:
            return table
        if self.catalog.database(database) is None:
            raise QueryError(f"SCHEMA_NOT_FOUND: {where}: Schema '{database}' does not exist", SCHEMA)
        raise QueryError(f"TABLE_NOT_FOUND: {where}: Table 'awsdatacatalog.{database}.{name}' does not exist", SCHEMA)

    def _partitions(self, database: str, name: str, named: exp.Table) -> pa.Table:
        table = self.find(database, name, named)
        values = self.finder.values(table)
        columns = [[value[index] for value in values] for index in range(len(table.partition_keys))]
        arrays = [pa.array(column, pa.string()) for column in columns]
        typed = [key.type.arrow for key in table.partition_keys]
        return pa.table(
            [_typed(array, kind) for array, kind in zip(arrays, typed, strict=True)],
            names=[key.name for key in table.partition_keys],
        )

    def _information(self, name: str, named: exp.Table) -> pa.Table:
        databases = [database["Name"] for database in self.catalog.databases()]
        if name == "schemata":
            names = [*databases, _INFORMATION_SCHEMA]
            return _rows(("catalog_name", "schema_name"), ((_LOWER_CATALOG, database) for database in names))
        tables = [table for database in databases for table in self.catalog.tables(database)]
        if name == "tables":
            return _rows(
                ("table_catalog", "table_schema", "table_name", "table_type"),
                ((_LOWER_CATALOG, t.database, t.name, "VIEW" if t.is_view else "BASE TABLE") for t in tables),
            )
        if name == "views":
            views = ((_LOWER_CATALOG, t.database, t.name, t.view_sql) for t in tables if t.is_view)
            return _rows(("table_catalog", "table_schema", "table_name", "view_definition"), views)
        if name == "columns":
            return _column_rows(tables)
        where = position_of(self.sql, named.name)
        full_name = f"awsdatacatalog.information_schema.{name}"
        raise QueryError(f"TABLE_NOT_FOUND: {where}: Table '{full_name}' does not exist", SYNTAX)


_LOWER_CATALOG = CATALOG_NAME.lower()


def _typed(array: pa.Array, kind: pa.DataType) -> pa.Array:
    try:
        return array.cast(kind)
    except pa.ArrowInvalid:
        return array


def _rows(names: tuple[str, ...], values: Iterator[tuple[str, ...]]) -> pa.Table:
    rows = list(values)
    return pa.table([pa.array([row[i] for row in rows], pa.string()) for i in range(len(names))], names=list(names))


def _column_rows(tables: list[Table]) -> pa.Table:
    names = ("table_catalog", "table_schema", "table_name", "column_name", "is_nullable", "data_type", "comment")
    found = [(table, position, column) for table in tables for position, column in enumerate(table.all_columns, 1)]
    keys = {(table.database, table.name, key.name) for table in tables for key in table.partition_keys}
    texts = _rows(
        names,
        ((_LOWER_CATALOG, t.database, t.name, c.name, "YES", c.type.trino, c.comment) for t, _, c in found),
    )
    extra = ["partition key" if (t.database, t.name, c.name) in keys else None for t, _, c in found]
    positions = pa.array([position for _, position, _ in found], pa.int64())
    return texts.append_column("ordinal_position", positions).append_column("extra_info", pa.array(extra, pa.string()))


def _is_common_table(named: exp.Table) -> bool:
    """Tell whether a name means a WITH query that is in scope where it stands."""
    if named.db:
        return False
    child: exp.Expr = named
    ancestor = named.parent
    while ancestor is not None:
        clause = ancestor.args.get("with_") or ancestor.args.get("with")
        if isinstance(clause, exp.With) and named.name.lower() in _visible(clause, child):
            return True
        child, ancestor = ancestor, ancestor.parent
        if isinstance(child, exp.With) and ancestor is not None:
            # Inside a WITH clause only its earlier queries are visible; `_visible` needs the query we came from.
            if named.name.lower() in _visible(child, _query_of(named, child)):
                return True
            child, ancestor = ancestor, ancestor.parent
    return False


def _query_of(named: exp.Expr, clause: exp.With) -> exp.Expr:
    inner = named
    while inner.parent is not None and inner.parent is not clause:
        inner = inner.parent
    return inner


def _visible(clause: exp.With, came_from: exp.Expr) -> set[str]:
    names: list[str] = []
    for query in clause.expressions:
        if query is came_from:
            return set(names) | ({query.alias_or_name.lower()} if clause.recursive else set())
        names.append(query.alias_or_name.lower())
    return set(names)

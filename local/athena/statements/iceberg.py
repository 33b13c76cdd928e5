"""UPDATE, DELETE and MERGE on tables declared as Iceberg.

The stand-in keeps such a table as plain Parquet and rewrites it whole; there are no snapshots to travel back to.
"""

from __future__ import annotations

import re
import threading

import pyarrow.compute as pc
from sqlglot import exp

from local.athena.catalog.glue import Table
from local.athena.engine.written_files import FileOptions, fitted, write_object
from local.athena.errors import SYNTAX, QueryError
from local.athena.objects import location
from local.athena.results.results import Result, written
from local.athena.sql.parsing import parse, with_parameters
from local.athena.statements.context import Job

_rewriting = threading.Lock()
_TOUCHED = "rows_touched"


def update(job: Job, found: re.Match[str]) -> Result:
    """UPDATE ... SET ... WHERE."""
    table, tree = _target(job, found), _tree(job, exp.Update)
    condition = _condition(tree)
    changes = {pair.this.name.lower(): pair.expression for pair in tree.expressions}
    columns = [
        exp.alias_(_chosen(condition, changes[column.name], column.name), column.name, quoted=True)
        if column.name in changes
        else exp.column(column.name, quoted=True)
        for column in table.columns
    ]
    query = exp.select(*columns, exp.alias_(condition.copy(), _TOUCHED)).from_(_source(table))
    return _rewrite(job, table, query)


def delete(job: Job, found: re.Match[str]) -> Result:
    """DELETE FROM ... WHERE."""
    table, tree = _target(job, found), _tree(job, exp.Delete)
    condition = _condition(tree)
    query = exp.select("*", exp.alias_(condition, _TOUCHED)).from_(_source(table))
    return _rewrite(job, table, query, drop_touched=True)


def merge(job: Job, found: re.Match[str]) -> Result:
    """MERGE INTO ... USING ... ON ... WHEN [NOT] MATCHED."""
    table, tree = _target(job, found), _tree(job, exp.Merge)
    target = tree.this.alias_or_name
    source = tree.args["using"]
    on = tree.args["on"]
    matched = [when for when in tree.args["whens"].expressions if when.args.get("matched")]
    absent = [when for when in tree.args["whens"].expressions if not when.args.get("matched")]
    if any(not isinstance(when.args["then"], exp.Update) for when in matched):
        raise QueryError("NOT_SUPPORTED: the local Athena merges WHEN MATCHED with UPDATE only", SYNTAX)
    marked = exp.alias_(exp.true(), "source_found")
    marked_source = exp.select("*", marked).from_(source.copy()).subquery(source.alias_or_name)
    is_found = exp.func("coalesce", exp.column("source_found", table=source.alias_or_name), exp.false())
    changes = {pair.this.name.lower(): pair.expression for when in matched for pair in when.args["then"].expressions}
    columns = [
        exp.alias_(
            _chosen(is_found, changes.get(column.name, exp.column(column.name, table=target)), column.name, target),
            column.name,
            quoted=True,
        )
        for column in table.columns
    ]
    kept = exp.select(*columns, exp.alias_(is_found if matched else exp.false(), _TOUCHED))
    kept = kept.from_(exp.alias_(_source(table), target, table=True)).join(
        marked_source, on=on.copy(), join_type="left"
    )
    query: exp.Query = kept
    for when in absent:
        query = exp.union(query, _inserted(table, target, source, on, when.args["then"]), distinct=False)
    return _rewrite(job, table, query)


def _inserted(table: Table, target: str, source: exp.Expr, on: exp.Expr, then: exp.Expr) -> exp.Select:
    names = [name.name.lower() for name in then.this.expressions] if then.this else [c.name for c in table.columns]
    values = dict(zip(names, then.expression.expressions, strict=True))
    columns = [
        exp.alias_(exp.cast(values[c.name].copy(), c.type.trino) if c.name in values else exp.Null(), c.name)
        for c in table.columns
    ]
    there = exp.select("1").from_(exp.alias_(_source(table), target, table=True)).where(on.copy())
    is_absent = exp.Not(this=exp.Exists(this=there))
    return exp.select(*columns, exp.alias_(exp.true(), _TOUCHED)).from_(source.copy()).where(is_absent)


def _target(job: Job, found: re.Match[str]) -> Table:
    table = job.table(found[1])
    if not table.is_iceberg:
        raise QueryError(
            f"NOT_SUPPORTED: line 1:1: Modifying Hive table rows is only supported for Iceberg tables; "
            f"{table.database}.{table.name} is a Hive table",
            SYNTAX,
        )
    return table


def _tree(job: Job, kind: type[exp.Expr]) -> exp.Expr:
    tree = with_parameters(parse(job.sql), job.query.parameters)
    if not isinstance(tree, kind):
        raise QueryError(f"SYNTAX_ERROR: line 1:1: not a {kind.__name__.upper()} statement", SYNTAX)
    return tree


def _condition(tree: exp.Expr) -> exp.Expr:
    where = tree.args.get("where")
    return exp.func("coalesce", exp.paren(where.this.copy()), exp.false()) if where is not None else exp.true()


def _chosen(condition: exp.Expr, value: exp.Expr, column: str, table: str | None = None) -> exp.Case:
    otherwise = exp.column(column, table=table, quoted=True)
    return exp.Case(ifs=[exp.If(this=condition.copy(), true=value.copy())], default=otherwise)


def _source(table: Table) -> exp.Table:
    return exp.table_(table.name, db=table.database, quoted=True)


def _rewrite(job: Job, table: Table, query: exp.Query, *, drop_touched: bool = False) -> Result:
    """Replace a table's objects by the rows of `query`; its last column marks the rows that were touched."""
    with _rewriting:
        folder = location(table.location).folder
        before = job.objects.list_visible(folder)
        job.query.parameters = ()
        rows = job.query.rows(query).table
        touched = rows.column(_TOUCHED)
        count = int(pc.sum(touched.cast("int64")).as_py() or 0)
        kept = rows.filter(pc.invert(touched)) if drop_touched else rows
        data = fitted(kept.drop_columns([_TOUCHED]), list(table.columns))
        if count:
            if data.num_rows:
                write_object(job.objects, folder, data, FileOptions())
            job.objects.remove(stored.location for stored in before)
    return written(count)

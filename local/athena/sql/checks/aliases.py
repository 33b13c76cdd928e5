"""Names given in a SELECT that Athena does not see in its WHERE, GROUP BY and HAVING, and DuckDB does."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sqlglot import exp

from local.athena.errors import SYNTAX, QueryError
from local.athena.sql.positions import position_at, position_of

_CLAUSES = ("where", "group", "having")


def check_aliases(tree: exp.Expr, sql: str, is_unknown: Callable[[exp.Select], bool]) -> None:
    """Fail with COLUMN_NOT_FOUND where such a clause names what only the SELECT's own list calls so.

    `is_unknown` says whether the column of a small query is not found; it is asked for suspicious names alone.
    """
    for select in tree.find_all(exp.Select):
        for column in _suspicious(select):
            if is_unknown(_probe(tree, select, column)):
                start = column.this.meta.get("start")
                where = position_of(sql, column.name) if start is None else position_at(sql, start)
                raise QueryError(
                    f"COLUMN_NOT_FOUND: {where}: Column '{column.name}' cannot be resolved or requester is not "
                    "authorized to access requested resources",
                    SYNTAX,
                )


def _suspicious(select: exp.Select) -> Iterator[exp.Column]:
    given = {column.alias.lower() for column in select.expressions if isinstance(column, exp.Alias)}
    for name in _CLAUSES:
        clause = select.args.get(name)
        for column in clause.find_all(exp.Column) if clause is not None else ():
            is_own = column.find_ancestor(exp.Select) is select
            if is_own and not column.table and column.name.lower() in given:
                yield column


def _probe(tree: exp.Expr, select: exp.Select, column: exp.Column) -> exp.Select:
    """Return the same FROM with nothing but the column, and the queries that it may name."""
    probe = exp.Select(expressions=[column.copy()])
    for part in ("from_", "joins", "laterals", "with_"):
        value = select.args.get(part)
        copied = [one.copy() for one in value] if isinstance(value, list) else value.copy() if value else None
        probe.set(part, copied)
    if probe.args.get("with_") is None and tree.args.get("with_") is not None:
        probe.set("with_", tree.args["with_"].copy())
    return probe

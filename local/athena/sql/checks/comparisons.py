"""Comparisons that Athena refuses and DuckDB would run: a column of one kind with a literal of another.

Seen are columns of catalogue tables in the SELECT that reads them; what a subquery computes has a type that DuckDB
alone knows, and passes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlglot import exp

from local.athena.catalog.column_types import ColumnType
from local.athena.errors import SYNTAX, QueryError
from local.athena.sql.positions import position_of
from local.athena.sql.references import Reference

_OPERATORS: dict[type[exp.Expr], str] = {
    exp.EQ: "=",
    exp.NEQ: "<>",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
}
_TEXTS = ("string", "varchar", "char")
_NEVER_A_LITERAL = ("boolean", "date", "timestamp")
"""Types with values that are written as `true` or `DATE '...'`, never as plain numbers or texts."""
_OTHERS = ("array", "map", "struct", "binary")


def check_comparisons(tree: exp.Expr, references: Sequence[Reference], sql: str) -> None:
    """Fail with TYPE_MISMATCH, as Athena does, at the first comparison of a column with a literal of another kind."""
    stubs = {reference.stub: reference for reference in references if reference.table is not None}
    for node in tree.find_all(*_OPERATORS, exp.In, exp.Between):
        column = next((side for side in (node.this, node.args.get("expression")) if isinstance(side, exp.Column)), None)
        kind = _kind(column, stubs) if column is not None else None
        if column is None or kind is None or kind.name in _OTHERS:
            continue
        for literal in _literals(node):
            if literal.is_string != (kind.name in _TEXTS) or kind.name in _NEVER_A_LITERAL:
                where = position_of(sql, column.name)
                raise QueryError(f"TYPE_MISMATCH: {where}: {_described(node, kind, literal)}", SYNTAX)


def _literals(node: exp.Expr) -> Iterator[exp.Literal]:
    compared = [node.this, *(node.args.get(name) for name in ("expression", "low", "high")), *node.expressions]
    for side in compared:
        plain = side.unnest() if isinstance(side, exp.Expr) else side
        if isinstance(plain, exp.Literal):
            yield plain


def _described(node: exp.Expr, kind: ColumnType, literal: exp.Literal) -> str:
    other = f"varchar({len(literal.name)})" if literal.is_string else ("integer" if literal.is_int else "decimal")
    if isinstance(node, exp.In):
        return f"IN value and list items must be the same type: {kind.trino}"
    if isinstance(node, exp.Between):
        return f"Cannot check if {kind.trino} is BETWEEN {other} and {other}"
    first, second = (other, kind.trino) if node.this.unnest() is literal else (kind.trino, other)
    return f"Cannot apply operator: {first} {_OPERATORS[type(node)]} {second}"


def _kind(column: exp.Column, stubs: dict[str, Reference]) -> ColumnType | None:
    """Return the type of a column, or None where the SELECT's tables do not tell."""
    select = column.find_ancestor(exp.Select)
    clause = (select.args.get("from_") or select.args.get("from")) if select is not None else None
    if select is None or clause is None:
        return None
    sources = [clause.this, *(join.this for join in select.args.get("joins") or ())]
    wanted = column.table.lower()
    named = [source for source in sources if not wanted or source.alias_or_name.lower() == wanted]
    found = [
        known.type
        for source in named
        if isinstance(source, exp.Table) and (reference := stubs.get(source.name)) and reference.table
        for known in reference.table.all_columns
        if known.name == column.name.lower()
    ]
    is_certain = len(found) == 1 and all(isinstance(source, exp.Table) and source.name in stubs for source in named)
    return found[0] if is_certain else None

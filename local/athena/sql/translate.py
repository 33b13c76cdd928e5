"""Athena's SQL to DuckDB's: one tree, rewritten node by node where the two engines mean different things."""

from __future__ import annotations

from sqlglot import exp

from local.athena.sql.rules import rewritten


def duckdb_sql(tree: exp.Expr) -> str:
    """Write the tree in DuckDB's SQL with Trino's meaning."""
    return _name_columns(_rewritten_tree(tree.copy())).sql(dialect="duckdb")


def _rewritten_tree(tree: exp.Expr) -> exp.Expr:
    """Rewrite every node, children before parents."""
    for node in reversed(list(tree.walk(bfs=True))):
        replacement = rewritten(node)
        if replacement is not node:
            if node is tree:
                tree = replacement
            else:
                node.replace(replacement)
    return tree


def _name_columns(tree: exp.Expr) -> exp.Expr:
    """Name the columns that have no name `_col0`, `_col1`, ... as Trino does."""
    outer = tree
    while isinstance(outer, exp.SetOperation | exp.Subquery):
        outer = outer.this
    if isinstance(outer, exp.Values) and outer is tree and not outer.args.get("alias"):
        rows = outer.expressions
        width = len(rows[0].expressions) if rows and isinstance(rows[0], exp.Tuple) else 1
        names = [exp.to_identifier(f"_col{index}", quoted=True) for index in range(width)]
        alias = exp.TableAlias(this=exp.to_identifier("t"), columns=names)
        return exp.select("*").from_(exp.Values(expressions=rows, alias=alias))
    if isinstance(outer, exp.Select):
        for index, column in enumerate(list(outer.expressions)):
            if not isinstance(column, exp.Alias | exp.Column | exp.Dot) and not column.is_star:
                outer.expressions[index].replace(exp.alias_(column.copy(), f"_col{index}", quoted=True))
    return tree

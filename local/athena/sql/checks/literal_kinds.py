"""Expressions of kinds that Athena will not mix and DuckDB casts: `1 = '1'`, `coalesce(1, 'a')`, `WHERE 1`.

Kinds are known of literals, typed literals, casts and conditions; whatever else may have any kind and passes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from sqlglot import exp

from local.athena.errors import SYNTAX, QueryError
from local.athena.sql.written_shapes import written_shape

Kind = Literal["a number", "text", "a boolean", "a date", "a timestamp", "a time"]

_TYPES: dict[object, Kind] = {
    **dict.fromkeys(exp.DataType.NUMERIC_TYPES, "a number"),
    exp.DataType.Type.BOOLEAN: "a boolean",
    exp.DataType.Type.DATE: "a date",
    exp.DataType.Type.TIMESTAMP: "a timestamp",
    exp.DataType.Type.TIMESTAMPTZ: "a timestamp",
    exp.DataType.Type.TIME: "a time",
    exp.DataType.Type.VARCHAR: "text",
    exp.DataType.Type.CHAR: "text",
}
_CONDITIONS = (exp.Predicate, exp.Connector, exp.Not, exp.Boolean)
_DATES: frozenset[Kind | None] = frozenset({"a date", "a timestamp"})
_ARITHMETIC = (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod)


def check_kinds(tree: exp.Expr) -> None:
    """Fail, as Athena does, at the first expression that mixes kinds."""
    for node in tree.walk():
        for message in _faults(node):
            raise QueryError(f"TYPE_MISMATCH: line 1:1: {message}: {node.sql(dialect='athena')[:100]}", SYNTAX)
        if isinstance(node, exp.DPipe) and _joins_a_number(node):
            raise QueryError("FUNCTION_NOT_FOUND: line 1:1: Unexpected parameters for function concat", SYNTAX)


def _joins_a_number(node: exp.DPipe) -> bool:
    sides = (node.this, node.expression)
    return "a number" in map(_kind, sides) and "array" not in map(written_shape, sides)


def _faults(node: exp.Expr) -> Iterator[str]:
    if isinstance(node, exp.In):
        if _differ([node.this, *node.expressions]):
            yield "IN value and list items must be of one type"
    elif isinstance(node, exp.Between):
        if _differ([node.this, node.args["low"], node.args["high"]]):
            yield "BETWEEN compares values of one type"
    elif isinstance(node, exp.EQ | exp.NEQ | exp.LT | exp.LTE | exp.GT | exp.GTE):
        if not isinstance(node.parent, exp.PropertyEQ) and _differ([node.this, node.expression]):
            yield "Cannot apply operator"
    elif isinstance(node, _ARITHMETIC):
        yield from _of_arithmetic(node)
    else:
        yield from _of_conditions(node)
        yield from _of_results(node)


def _of_arithmetic(node: exp.Expr) -> Iterator[str]:
    kinds = {_kind(node.this), _kind(node.expression)}
    if "text" in kinds or (kinds & _DATES and "a number" in kinds):
        yield "Cannot apply operator"


def _of_conditions(node: exp.Expr) -> Iterator[str]:
    is_branch = isinstance(node, exp.If) and (not isinstance(node.parent, exp.Case) or node.parent.this is None)
    wanted: list[exp.Expr] = []
    if isinstance(node, exp.And | exp.Or):
        wanted = [node.this, node.expression]
    elif is_branch or isinstance(node, exp.Not | exp.Where | exp.Having):
        wanted = [node.this]
    if any(_kind(condition) not in {None, "a boolean"} for condition in wanted):
        yield "a condition must be a boolean"
    if isinstance(node, exp.Neg) and _kind(node.this) in {"text", "a boolean", "a date"}:
        yield "Cannot negate"


def _of_results(node: exp.Expr) -> Iterator[str]:
    results: list[exp.Expr] = []
    if isinstance(node, exp.Case):
        results = [branch.args["true"] for branch in node.args["ifs"]]
        results += [node.args["default"]] if node.args.get("default") is not None else []
    elif isinstance(node, exp.If) and not isinstance(node.parent, exp.Case):
        results = [value for name in ("true", "false") if (value := node.args.get(name)) is not None]
    elif isinstance(node, exp.Coalesce):
        results = [node.this, *node.expressions]
    elif isinstance(node, exp.Nullif):
        results = [node.this, node.expression]
    elif isinstance(node, exp.Array):
        results = list(node.expressions)
    if _differ(results):
        yield "all results must be of one type"
    if isinstance(node, exp.Union) and _columns_differ(node):
        yield "column in UNION query has incompatible types"


def _columns_differ(node: exp.Union) -> bool:
    sides = [side.expressions if isinstance(side, exp.Select) else [] for side in (node.this, node.expression)]
    return any(_differ([first, second]) for first, second in zip(*sides, strict=False))


def _differ(values: list[exp.Expr]) -> bool:
    kinds = {_kind(value) for value in values} - {None}
    # A date is compared with a timestamp as one.
    return len(kinds) > 1 and not kinds <= _DATES


def _kind(node: exp.Expr | None) -> Kind | None:
    if node is None:
        return None
    plain = node.unnest()
    if isinstance(plain, exp.Alias):
        plain = plain.this
    if isinstance(plain, exp.Literal):
        return "text" if plain.is_string else "a number"
    if isinstance(plain, exp.Neg):
        return _kind(plain.this)
    if isinstance(plain, exp.Cast | exp.TryCast):
        return _TYPES.get(plain.to.this)
    if isinstance(plain, _CONDITIONS) and not isinstance(plain, exp.SubqueryPredicate):
        return "a boolean"
    return None

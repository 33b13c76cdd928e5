"""What each node of Athena's SQL becomes in DuckDB's, where the plain transcription would mean something else."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from local.athena.sql.function_rules import FUNCTION_RULES, renamed
from local.athena.sql.macro_calls import call, typed_call
from local.athena.sql.nested import row


def rewritten(node: exp.Expr) -> exp.Expr:
    """Return what stands for a node, whose children are rewritten already; the node itself where nothing changes."""
    rule = _RULES.get(type(node))
    if rule is not None:
        return rule(node)
    if isinstance(node, exp.Anonymous):
        return renamed(node)
    return node


def _divide(node: exp.Expr) -> exp.Expr:
    if isinstance(node.this, exp.Null) or isinstance(node.expression, exp.Null):
        return exp.Null()
    return typed_call("trino_divide", node.this, node.expression)


def _shifted(name: str) -> Callable[[exp.Expr], exp.Expr]:
    def rule(node: exp.Expr) -> exp.Expr:
        if isinstance(node.expression, exp.Interval):
            return typed_call(name, node.this, node.expression)
        if isinstance(node.this, exp.Interval):
            return typed_call(name, node.expression, node.this)
        return node

    return rule


def _unit(node: exp.Expr) -> str:
    unit = node.args.get("unit")
    return (unit.name if unit is not None else "day").lower()


def _date_add(node: exp.Expr) -> exp.Expr:
    count = node.expression
    if isinstance(count, exp.Interval):
        count = count.this
    if isinstance(count, exp.Literal) and count.is_string:
        count = exp.Literal.number(count.name)
    return typed_call(f"trino_date_add_{_unit(node)}", count, node.this)


def _date_diff(node: exp.Expr) -> exp.Expr:
    return call("date_sub", exp.Literal.string(_unit(node)), node.expression, node.this)


def _date_trunc(node: exp.Expr) -> exp.Expr:
    return typed_call("trino_date_trunc", exp.Literal.string(_unit(node)), node.this)


_TO_JSON = exp.DataType.Type.JSON
_TEXT_TYPES = (exp.DataType.Type.VARCHAR, exp.DataType.Type.TEXT, exp.DataType.Type.CHAR)


def _cast(node: exp.Expr) -> exp.Expr:
    kind = node.args["to"]
    if kind.this == _TO_JSON:
        return call("to_json", node.this)
    if kind.this in _TEXT_TYPES:
        return _text_cast(node, kind)
    if kind.this == exp.DataType.Type.DECIMAL and not kind.expressions:
        kind.set("expressions", [exp.DataTypeParam(this=exp.Literal.number(n)) for n in (38, 0)])
    if kind.this in (exp.DataType.Type.TIMESTAMP, exp.DataType.Type.TIME):
        # DuckDB's TIMESTAMP(3) is another type with fewer functions; microseconds serve every precision up to six.
        kind.set("expressions", [])
    if isinstance(node, exp.TryCast):
        return node
    is_exact = isinstance(node.this, exp.Null) or (
        isinstance(node.this, exp.Literal) and "e" not in node.this.name.lower()
    )
    if kind.this in (exp.DataType.Type.INT, exp.DataType.Type.BIGINT) and not is_exact:
        return typed_call("trino_bigint" if kind.this == exp.DataType.Type.BIGINT else "trino_integer", node.this)
    return node


def _text_cast(node: exp.Expr, kind: exp.DataType) -> exp.Expr:
    inner = node.this
    is_text = isinstance(inner, exp.Null) or (isinstance(inner, exp.Literal) and inner.is_string)
    is_plain = is_text or kind.this == exp.DataType.Type.CHAR
    sizes = [int(size.name) for size in kind.expressions]
    kind.set("expressions", [])
    text = node.copy() if is_plain or isinstance(node, exp.TryCast) else call("trino_text", inner)
    if sizes:
        return call("left", text, exp.Literal.number(sizes[0]))
    return node if is_plain or isinstance(node, exp.TryCast) else text


def _subscript(node: exp.Expr) -> exp.Expr:
    """Rewrite `a[i]` over an array; of a map or a row only DuckDB knows, so that it is left where a key is text."""
    (index,) = node.expressions
    is_whole = isinstance(index, exp.Literal) and not index.is_string
    if not is_whole or node.args.get("safe") or not isinstance(node.this, exp.Array):
        return node
    return call("trino_element", node.this, exp.Literal.number(int(index.name) + 1))


def _now(_: exp.Expr) -> exp.Expr:
    return call("date_trunc", exp.Literal.string("millisecond"), call("now"))


_RULES: dict[type[exp.Expr], Callable[[exp.Expr], exp.Expr]] = FUNCTION_RULES | {
    exp.Div: _divide,
    exp.Add: _shifted("trino_plus"),
    exp.Sub: _shifted("trino_minus"),
    exp.DateAdd: _date_add,
    exp.DateDiff: _date_diff,
    exp.TimestampTrunc: _date_trunc,
    exp.DateTrunc: _date_trunc,
    exp.AtTimeZone: lambda node: typed_call("trino_at_zone", node.this, node.args["zone"]),
    exp.CurrentTimestamp: _now,
    exp.Cast: _cast,
    exp.TryCast: _cast,
    exp.Struct: row,
    exp.Bracket: _subscript,
}

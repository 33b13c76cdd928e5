"""What division, mean and rounding become, and literals with a point: their decimals have Trino's sizes."""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

from local.athena.sql.macro_calls import call, typed_call

_MOST_DIGITS = 38
_DIGITS_OF_WHOLE = {exp.DataType.Type.INT: 10, exp.DataType.Type.BIGINT: 19}


@dataclass(frozen=True)
class _Size:
    precision: int
    scale: int


def divide(node: exp.Expr) -> exp.Expr:
    """Rewrite `a / b`; where the sizes of both are written in the query, to a decimal of the size that they give."""
    dividend, divisor = node.this, node.expression
    if isinstance(dividend, exp.Null) or isinstance(divisor, exp.Null):
        return exp.Null()
    first, second = _written_size(dividend), _written_size(divisor)
    if first is None or second is None or not second.scale:
        return typed_call("trino_divide", dividend, divisor)
    scale = max(first.scale, second.scale)
    precision = min(_MOST_DIGITS, first.precision + second.scale + max(0, second.scale - first.scale))
    texts = [exp.cast(side, "varchar") for side in (dividend, divisor)]
    return exp.cast(call("trino_quotient", *texts, exp.Literal.number(scale)), f"decimal({precision},{scale})")


def mean(node: exp.Expr) -> exp.Expr:
    """Rewrite avg(x), but not over a window or distinct values, where DuckDB takes no macro."""
    if isinstance(node.parent, exp.Window | exp.Filter | exp.IgnoreNulls) or isinstance(node.this, exp.Distinct):
        return node
    return call("trino_avg", node.this)


def filtered(node: exp.Expr) -> exp.Expr:
    """Rewrite `avg(x) FILTER (WHERE c)`: the values that the condition leaves."""
    inner = node.this
    is_plain = isinstance(inner, exp.Avg) and not isinstance(inner.this, exp.Distinct)
    if not is_plain or isinstance(node.parent, exp.Window):
        return node
    kept = exp.Case(ifs=[exp.If(this=node.expression.this, true=inner.this)])
    return call("trino_avg", kept)


def rounded(node: exp.Expr) -> exp.Expr:
    """Rewrite round(x, n) and truncate(x, n)."""
    digits = node.args.get("decimals")
    if digits is None:
        return node
    return typed_call("trino_round" if isinstance(node, exp.Round) else "trino_truncate", node.this, digits)


def literal(node: exp.Expr) -> exp.Expr:
    """Rewrite a number like 0.5 or 00012.50, in the size of which DuckDB counts zeros before the point."""
    whole, point, fraction = node.name.partition(".")
    is_number = bool(point) and not node.args["is_string"] and (whole + fraction).isdigit()
    if not is_number or not _is_value(node) or (whole and not whole.startswith("0")):
        return node
    digits = len(whole.lstrip("0")) + len(fraction)
    if not fraction or digits > _MOST_DIGITS:
        return node
    return exp.cast(exp.Literal.string(node.name), f"decimal({digits},{len(fraction)})")


def _is_value(node: exp.Expr) -> bool:
    return not isinstance(node.parent, exp.TableSample | exp.Interval | exp.DataTypeParam)


def _written_size(node: exp.Expr) -> _Size | None:
    """Return the size of a decimal or a whole number where the query says it."""
    if isinstance(node, exp.Paren | exp.Neg):
        return _written_size(node.this)
    if isinstance(node, exp.Cast):
        return _size_of(node.args["to"])
    if not isinstance(node, exp.Literal) or node.is_string:
        return None
    whole, point, fraction = node.name.partition(".")
    if not point:
        return _Size(10 if int(whole) < 2**31 else 19, 0) if whole.isdigit() else None
    return _Size(len(whole) + len(fraction), len(fraction)) if (whole + fraction).isdigit() else None


def _size_of(kind: exp.DataType) -> _Size | None:
    if kind.this in _DIGITS_OF_WHOLE:
        return _Size(_DIGITS_OF_WHOLE[kind.this], 0)
    if kind.this != exp.DataType.Type.DECIMAL or len(kind.expressions) != 2:
        return None
    precision, scale = (int(size.name) for size in kind.expressions)
    return _Size(precision, scale)

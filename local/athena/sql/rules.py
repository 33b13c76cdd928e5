"""What each node of Athena's SQL becomes in DuckDB's, where the plain transcription would mean something else."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from local.athena.errors import SYNTAX, QueryError
from local.athena.sql import decimal_rules
from local.athena.sql.function_rules import FUNCTION_RULES, renamed
from local.athena.sql.macro_calls import call, typed_call
from local.athena.sql.nested import row


def rewritten(node: exp.Expr) -> exp.Expr:
    """Return what stands for a node with children that are rewritten already; the node itself where nothing changes."""
    rule = _RULES.get(type(node))
    if rule is not None:
        return rule(node)
    if isinstance(node, exp.Anonymous):
        return renamed(node)
    return node


def _shifted(name: str) -> Callable[[exp.Expr], exp.Expr]:
    def rule(node: exp.Expr) -> exp.Expr:
        if isinstance(node.expression, exp.Interval):
            return typed_call(name, node.this, node.expression)
        if isinstance(node.this, exp.Interval):
            return typed_call(name, node.expression, node.this)
        return node

    return rule


_UNITS = ("millisecond", "second", "minute", "hour", "day", "week", "month", "quarter", "year")


def _unit(node: exp.Expr) -> str:
    unit = node.args.get("unit")
    return (unit.name if unit is not None else "day").lower()


def _date_add(node: exp.Expr) -> exp.Expr:
    count = node.expression
    if isinstance(count, exp.Interval):
        count = count.this
    if isinstance(count, exp.Literal) and count.is_string:
        count = exp.Literal.number(count.name)
    if _unit(node) not in _UNITS:
        message = f"'{_unit(node)}' is not a valid field"
        return call("trino_fail", exp.Literal.string("INVALID_FUNCTION_ARGUMENT"), exp.Literal.string(message))
    return typed_call(f"trino_date_add_{_unit(node)}", count, node.this)


def _date_diff(node: exp.Expr) -> exp.Expr:
    return call("date_sub", exp.Literal.string(_unit(node)), node.expression, node.this)


def _date_trunc(node: exp.Expr) -> exp.Expr:
    # The parser keeps no difference between a unit and a column that holds one.
    unit = exp.Literal.string(_unit(node)) if _unit(node) in _UNITS else exp.column(_unit(node))
    return typed_call("trino_date_trunc", unit, node.this)


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
    if isinstance(node.this, exp.Null):
        return node
    checked = _CHECKED_CASTS.get(kind.this)
    if checked is None or (isinstance(node, exp.TryCast) and kind.this not in _WHOLE):
        return node
    is_number = isinstance(node.this, exp.Literal) and not node.this.is_string and "e" not in node.this.name.lower()
    if is_number and kind.this in _WHOLE:
        return node
    return typed_call(checked.replace("trino_", "trino_try_") if isinstance(node, exp.TryCast) else checked, node.this)


_WHOLE = (exp.DataType.Type.INT, exp.DataType.Type.BIGINT)
_CHECKED_CASTS = {
    exp.DataType.Type.INT: "trino_integer",
    exp.DataType.Type.BIGINT: "trino_bigint",
    exp.DataType.Type.BOOLEAN: "trino_boolean",
    exp.DataType.Type.DATE: "trino_date",
    exp.DataType.Type.TIMESTAMP: "trino_timestamp",
}
"""Casts that take less from text than DuckDB's."""


def _text_cast(node: exp.Expr, kind: exp.DataType) -> exp.Expr:
    inner = node.this
    is_text = isinstance(inner, exp.Null) or (isinstance(inner, exp.Literal) and inner.is_string)
    is_plain = is_text or kind.this == exp.DataType.Type.CHAR or _is_whole_number(inner) or _is_date(inner)
    sizes = [int(size.name) for size in kind.expressions]
    kind.set("expressions", [])
    text = node.copy() if is_plain or isinstance(node, exp.TryCast) else call("trino_text", inner)
    if sizes:
        return call("left", text, exp.Literal.number(sizes[0]))
    return node if is_plain or isinstance(node, exp.TryCast) else text


_PARTS_OF_TIME = (exp.Year, exp.Quarter, exp.Month, exp.Day, exp.DayOfWeekIso, exp.Hour, exp.Minute, exp.Second)


def _is_whole_number(node: exp.Expr) -> bool:
    """Whether DuckDB's own cast to text is Trino's as well. `trino_text` repeats its operand eight times in a plan."""
    return isinstance(node, _PARTS_OF_TIME) or (isinstance(node, exp.Anonymous) and node.name.lower() == "isodow")


def _is_date(node: exp.Expr) -> bool:
    """The same of dates: every overload of `trino_date` is one, and so is a date that is cut to a month."""
    if not isinstance(node, exp.Anonymous):
        return False
    return node.name == "trino_date" or (node.name == "trino_date_trunc" and _is_date(node.expressions[1]))


def _subscript(node: exp.Expr) -> exp.Expr:
    """Rewrite `a[i]` over an array; of a map or a row only DuckDB knows, so that it is left where a key is text."""
    (index,) = node.expressions
    if node.args.get("safe"):
        return node
    if isinstance(index, exp.Literal) and index.is_string:
        return call("trino_map_value", node.this, index)
    if isinstance(node.this, exp.Anonymous) and node.this.name == "ROW":
        return call("struct_extract_at", node.this, index)
    try:
        # The parser counts the places of an array from 0.
        place = exp.Literal.number(int(index.sql()) + 1)
    except ValueError:
        return node
    return call("trino_element", node.this, place) if isinstance(node.this, exp.Array) else node


def _extracted(node: exp.Expr) -> exp.Expr:
    is_weekday = node.this.name.upper() in {"DOW", "DAYOFWEEK", "DAY_OF_WEEK"}
    return call("isodow", node.expression) if is_weekday else node


def _as(kind: str) -> Callable[[exp.Expr], exp.Expr]:
    return lambda node: exp.cast(node.copy(), kind)


def _json_object(node: exp.Expr) -> exp.Expr:
    """Write a JSON object as text; ABSENT ON NULL leaves out members without a value."""
    members = [pair for pair in node.expressions if isinstance(pair, exp.JSONKeyValue)]
    if not members:
        return exp.Literal.string("{}")
    values = [part for pair in members for part in (pair.this, pair.expression)]
    built: exp.Expr = call("json_object", *values)
    if "ABSENT" in str(node.args.get("null_handling") or "").upper():
        built = call("json_merge_patch", exp.Literal.string("{}"), built)
    return exp.cast(built, "varchar")


def _fetched(node: exp.Expr) -> exp.Expr:
    """Refuse clauses that would return fewer rows without an error."""
    options = node.args.get("limit_options")
    if options is not None and options.args.get("with_ties"):
        raise QueryError("NOT_SUPPORTED: line 1:1: FETCH ... WITH TIES is not served here", SYNTAX)
    return node


def _random(node: exp.Expr) -> exp.Expr:
    """Rewrite random(n) and random(m, n): whole numbers from 0 or m up to n, without it."""
    if node.this is None:
        return node
    upper = node.args.get("lower")
    low, high = (exp.Literal.number(0), node.this) if upper is None else (node.this, upper)
    return call("trino_random", low, high)


def _now(_: exp.Expr) -> exp.Expr:
    return call("date_trunc", exp.Literal.string("millisecond"), call("now"))


_RULES: dict[type[exp.Expr], Callable[[exp.Expr], exp.Expr]] = FUNCTION_RULES | {
    exp.Div: decimal_rules.divide,
    exp.Avg: decimal_rules.mean,
    exp.Filter: decimal_rules.filtered,
    exp.Round: decimal_rules.rounded,
    exp.Trunc: decimal_rules.rounded,
    exp.Literal: decimal_rules.literal,
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
    exp.Extract: _extracted,
    exp.Fetch: _fetched,
    exp.BitwiseNot: _as("bigint"),
    exp.BitwiseAndAgg: _as("bigint"),
    exp.BitwiseOrAgg: _as("bigint"),
    exp.BitwiseXorAgg: _as("bigint"),
    exp.Grouping: _as("integer"),
    exp.Rand: _random,
    exp.JSONObject: _json_object,
}

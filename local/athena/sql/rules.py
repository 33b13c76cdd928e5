"""What each node of Athena's SQL becomes in DuckDB's, where the plain transcription would mean something else."""

from __future__ import annotations

import re
from collections.abc import Callable

from sqlglot import exp

from local.athena.sql.date_patterns import strftime_from_joda
from local.athena.sql.macro_calls import call, typed_call
from local.athena.sql.nested import over_entries, quantified, row, sequence, unnested


def rewritten(node: exp.Expr) -> exp.Expr:
    """Return what stands for a node, whose children are rewritten already; the node itself where nothing changes."""
    rule = _RULES.get(type(node))
    if rule is not None:
        return rule(node)
    if isinstance(node, exp.Anonymous):
        return _renamed(node)
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
    text = node.copy() if is_plain or isinstance(node, exp.TryCast) else typed_call("trino_text", inner)
    if sizes:
        return call("left", text, exp.Literal.number(sizes[0]))
    return node if is_plain or isinstance(node, exp.TryCast) else text


def _regexp_replace(node: exp.Expr) -> exp.Expr:
    replacement = node.args.get("replacement") or exp.Literal.string("")
    if isinstance(replacement, exp.Literal):
        replacement = exp.Literal.string(re.sub(r"\$(\d)", r"\\\1", replacement.name))
    return call("regexp_replace", node.this, node.expression, replacement, exp.Literal.string("g"))


def _extreme(name: str) -> Callable[[exp.Expr], exp.Expr]:
    def rule(node: exp.Expr) -> exp.Expr:
        folded: exp.Expr = node.this
        for value in node.expressions:
            folded = call(name, folded, value)
        return folded

    return rule


def _quantile(node: exp.Expr) -> exp.Expr:
    return call("quantile_disc", node.this, node.args["quantile"])


def _exact_distinct(node: exp.Expr) -> exp.Expr:
    return exp.Count(this=exp.Distinct(expressions=[node.this]))


def _json_path(name: str) -> Callable[[exp.Expr], exp.Expr]:
    def rule(node: exp.Expr) -> exp.Expr:
        path = node.expression
        text = path.sql(dialect="duckdb").strip("'") if isinstance(path, exp.JSONPath) else None
        return call(name, node.this, exp.Literal.string(text) if text is not None else path)

    return rule


def _type_name(node: exp.Expr) -> exp.Expr:
    if isinstance(node.this, exp.Literal) and node.this.is_string:
        return exp.Literal.string(f"varchar({len(node.this.name)})")
    return call("trino_typeof", node.this)


def _text(node: exp.Expr) -> exp.Expr:
    return exp.cast(node, "varchar")


def _joda(pattern: exp.Expr | None) -> exp.Expr | None:
    return exp.Literal.string(strftime_from_joda(pattern.name)) if isinstance(pattern, exp.Literal) else pattern


def _logarithm(node: exp.Expr) -> exp.Expr:
    base, number = node.this, node.args.get("expression")
    if number is None:
        return call("ln", base)
    exact = {"2": "log2", "10": "log10"}.get(base.name) if isinstance(base, exp.Literal) else None
    return call(exact, number) if exact else call("trino_log", base, number)


def _now(_: exp.Expr) -> exp.Expr:
    return call("date_trunc", exp.Literal.string("millisecond"), call("now"))


def _first(name: str) -> Callable[[exp.Expr], exp.Expr]:
    """Call a macro with a node's arguments in the order in which Trino writes them."""

    def rule(node: exp.Expr) -> exp.Expr:
        rest = [node.args.get(key) for key in node.arg_types if key not in {"this", "expressions"}]
        plain = [argument for argument in rest if isinstance(argument, exp.Expr)]
        return call(name, node.this, *plain, *node.expressions)

    return rule


_RULES: dict[type[exp.Expr], Callable[[exp.Expr], exp.Expr]] = {
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
    exp.RegexpReplace: _regexp_replace,
    exp.RegexpExtract: lambda node: call("trino_regexp_extract", node.this, node.expression, node.args.get("group")),
    exp.SplitPart: _first("trino_split_part"),
    exp.Greatest: _extreme("trino_greatest"),
    exp.Least: _extreme("trino_least"),
    exp.ApproxQuantile: _quantile,
    exp.ApproxDistinct: _exact_distinct,
    exp.JSONExtractScalar: _json_path("trino_json_scalar"),
    exp.JSONExtract: _json_path("trino_json_extract"),
    exp.Unnest: unnested,
    exp.Typeof: _type_name,
    exp.GenerateSeries: sequence,
    exp.Format: lambda node: call(
        "trino_format", node.this, exp.Array(expressions=[_text(e) for e in node.expressions])
    ),
    exp.ParseDatetime: lambda node: call("strptime", node.this, _joda(node.args.get("format"))),
    exp.ArrayToString: lambda node: call("trino_array_join", node.this, node.expression, node.args.get("null")),
    exp.ArraySlice: lambda node: call("trino_slice", node.this, node.args["start"], node.args.get("end")),
    exp.Repeat: lambda node: call("trino_repeat", node.this, node.args["times"]),
    exp.Log: _logarithm,
    exp.ArrayPosition: lambda node: call("trino_array_position", node.this, node.expression),
}


def _renamed(node: exp.Anonymous) -> exp.Expr:
    name, arguments = node.name.lower(), node.expressions
    if name in ("format_datetime", "parse_datetime") and isinstance(arguments[1], exp.Literal):
        pattern = exp.Literal.string(strftime_from_joda(arguments[1].name))
        return call("strftime" if name == "format_datetime" else "strptime", arguments[0], pattern)
    if name in ("at_timezone", "with_timezone"):
        return call("trino_at_zone" if name == "at_timezone" else "timezone", *_zone_arguments(name, arguments))
    if name in _SYNONYMS:
        return call(_SYNONYMS[name], *arguments)
    if name in _MATCHES:
        return _MATCHES[name](arguments)
    return node


def _zone_arguments(name: str, arguments: list[exp.Expr]) -> list[exp.Expr]:
    return arguments if name == "at_timezone" else arguments[::-1]


_SYNONYMS = {
    "array_join": "trino_array_join",
    "repeat": "trino_repeat",
    "slice": "trino_slice",
    "zip": "list_zip",
}
_MATCHES: dict[str, Callable[[list[exp.Expr]], exp.Expr]] = {
    "map_filter": over_entries("list_filter", "BODY"),
    "transform_values": over_entries("list_transform", "{'key': entry.key, 'value': BODY}"),
    "transform_keys": over_entries("list_transform", "{'key': BODY, 'value': entry.value}"),
    "any_match": quantified(lambda found: call("coalesce", call("list_bool_or", found), exp.false())),
    "all_match": quantified(lambda found: call("coalesce", call("list_bool_and", found), exp.true())),
    "none_match": quantified(lambda found: exp.Not(this=call("coalesce", call("list_bool_or", found), exp.false()))),
}

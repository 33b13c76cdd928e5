"""Athena's SQL to DuckDB's: one tree, rewritten node by node where the two engines mean different things."""

from __future__ import annotations

import re
from collections.abc import Callable

import sqlglot
from sqlglot import exp

from local.athena.date_patterns import strftime_from_joda


def duckdb_sql(tree: exp.Expr) -> str:
    """Write the tree in DuckDB's SQL with Trino's meaning."""
    return _name_columns(_rewritten_tree(tree.copy())).sql(dialect="duckdb")


def _rewritten_tree(tree: exp.Expr) -> exp.Expr:
    """Rewrite every node, children before parents."""
    for node in reversed(list(tree.walk(bfs=True))):
        replacement = _rewritten(node)
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
    if isinstance(outer, exp.Select):
        for index, column in enumerate(list(outer.expressions)):
            if not isinstance(column, exp.Alias | exp.Column | exp.Dot) and not column.is_star:
                outer.expressions[index].replace(exp.alias_(column.copy(), f"_col{index}", quoted=True))
    return tree


def _call(name: str, *arguments: exp.Expr | None) -> exp.Anonymous:
    return exp.Anonymous(this=name, expressions=[argument for argument in arguments if argument is not None])


_AGGREGATES = ("quantile_disc", "map_agg", "list")


def _typed_call(name: str, *arguments: exp.Expr) -> exp.Expr:
    """Call a macro that has an overload per type.

    DuckDB cannot choose an overload by the type of an aggregate or a window; inside a lambda it can.
    """
    if not any(_is_computed_late(argument) for argument in arguments):
        return _call(name, *arguments)
    fields = [f"a{index}" for index in range(len(arguments))]
    record = exp.Struct(
        expressions=[
            exp.PropertyEQ(this=exp.to_identifier(field), expression=argument.copy())
            for field, argument in zip(fields, arguments, strict=True)
        ]
    )
    record.meta["kept"] = True
    body = _call(name, *(exp.column(field, table="r") for field in fields))
    mapped = _call(
        "list_transform", exp.Array(expressions=[record]), exp.Lambda(this=body, expressions=[exp.to_identifier("r")])
    )
    return _call("list_extract", mapped, exp.Literal.number(1))


def _is_computed_late(argument: exp.Expr) -> bool:
    return any(
        isinstance(node, exp.AggFunc | exp.Window | exp.Subquery)
        or (isinstance(node, exp.Anonymous) and node.name.lower() in _AGGREGATES)
        for node in argument.walk()
    )


def _rewritten(node: exp.Expr) -> exp.Expr:
    rule = _RULES.get(type(node))
    if rule is not None:
        return rule(node)
    if isinstance(node, exp.Anonymous):
        return _renamed(node)
    return node


def _divide(node: exp.Expr) -> exp.Expr:
    if isinstance(node.this, exp.Null) or isinstance(node.expression, exp.Null):
        return exp.Null()
    return _typed_call("trino_divide", node.this, node.expression)


def _shifted(name: str) -> Callable[[exp.Expr], exp.Expr]:
    def rule(node: exp.Expr) -> exp.Expr:
        if isinstance(node.expression, exp.Interval):
            return _typed_call(name, node.this, node.expression)
        if isinstance(node.this, exp.Interval):
            return _typed_call(name, node.expression, node.this)
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
    return _typed_call(f"trino_date_add_{_unit(node)}", count, node.this)


def _date_diff(node: exp.Expr) -> exp.Expr:
    return _call("date_sub", exp.Literal.string(_unit(node)), node.expression, node.this)


def _date_trunc(node: exp.Expr) -> exp.Expr:
    return _typed_call("trino_date_trunc", exp.Literal.string(_unit(node)), node.this)


_TO_JSON = exp.DataType.Type.JSON
_TEXT_TYPES = (exp.DataType.Type.VARCHAR, exp.DataType.Type.TEXT, exp.DataType.Type.CHAR)


def _cast(node: exp.Expr) -> exp.Expr:
    kind = node.args["to"]
    if kind.this == _TO_JSON:
        return _call("to_json", node.this)
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
        return _typed_call("trino_bigint" if kind.this == exp.DataType.Type.BIGINT else "trino_integer", node.this)
    return node


def _text_cast(node: exp.Expr, kind: exp.DataType) -> exp.Expr:
    inner = node.this
    is_plain = isinstance(inner, exp.Literal | exp.Null) or kind.this == exp.DataType.Type.CHAR
    sizes = [int(size.name) for size in kind.expressions]
    kind.set("expressions", [])
    text = node.copy() if is_plain or isinstance(node, exp.TryCast) else _typed_call("trino_text", inner)
    if sizes:
        return _call("left", text, exp.Literal.number(sizes[0]))
    return node if is_plain or isinstance(node, exp.TryCast) else text


def _row(node: exp.Expr) -> exp.Expr:
    if node.meta.get("kept"):
        return node
    values = [item.expression if isinstance(item, exp.PropertyEQ) else item for item in node.expressions]
    return _call("ROW", *values)


def _regexp_replace(node: exp.Expr) -> exp.Expr:
    replacement = node.args.get("replacement") or exp.Literal.string("")
    if isinstance(replacement, exp.Literal):
        replacement = exp.Literal.string(re.sub(r"\$(\d)", r"\\\1", replacement.name))
    return _call("regexp_replace", node.this, node.expression, replacement, exp.Literal.string("g"))


def _extreme(name: str) -> Callable[[exp.Expr], exp.Expr]:
    def rule(node: exp.Expr) -> exp.Expr:
        folded: exp.Expr = node.this
        for value in node.expressions:
            folded = _call(name, folded, value)
        return folded

    return rule


def _quantile(node: exp.Expr) -> exp.Expr:
    return _call("quantile_disc", node.this, node.args["quantile"])


def _exact_distinct(node: exp.Expr) -> exp.Expr:
    return exp.Count(this=exp.Distinct(expressions=[node.this]))


def _json_path(name: str) -> Callable[[exp.Expr], exp.Expr]:
    def rule(node: exp.Expr) -> exp.Expr:
        path = node.expression
        text = path.sql(dialect="duckdb").strip("'") if isinstance(path, exp.JSONPath) else None
        return _call(name, node.this, exp.Literal.string(text) if text is not None else path)

    return rule


def _unnested(join: exp.Expr) -> exp.Expr:
    """Rewrite `UNNEST(a, b) WITH ORDINALITY AS t(x, y, n)`; DuckDB unnests one array, without padding."""
    arrays = list(join.expressions)
    alias = join.args.get("alias")
    names = [column.name for column in alias.columns] if alias is not None else []
    offset = join.args.get("offset")
    if isinstance(offset, exp.Expr):
        names.append(offset.name)
    wanted = len(names) - bool(offset)
    is_spread = bool(names) and wanted == 2 * len(arrays)
    columns = [part for array in arrays for part in (_spread(array) if is_spread else [_call("unnest", array.copy())])]
    if offset:
        lengths = [_call("len", array.copy()) for array in arrays]
        longest = lengths[0] if len(lengths) == 1 else _call("greatest", *lengths)
        columns.append(_call("unnest", _call("generate_series", exp.Literal.number(1), longest)))
    named = [
        exp.alias_(column, names[index] if index < len(names) else f"_unnest{index}", quoted=True)
        for index, column in enumerate(columns)
    ]
    name = alias.this if alias is not None and alias.this else exp.to_identifier("_unnest")
    return exp.Lateral(this=exp.Subquery(this=exp.select(*named)), alias=exp.TableAlias(this=name))


def _spread(array: exp.Expr) -> list[exp.Expr]:
    entries = _call("map_entries", array.copy())
    return [
        _call("struct_extract_at", _call("unnest", entries.copy()), exp.Literal.number(position)) for position in (1, 2)
    ]


def _type_name(node: exp.Expr) -> exp.Expr:
    if isinstance(node.this, exp.Literal) and node.this.is_string:
        return exp.Literal.string(f"varchar({len(node.this.name)})")
    return _call("trino_typeof", node.this)


def _text(node: exp.Expr) -> exp.Expr:
    return exp.cast(node, "varchar")


def _sequence(node: exp.Expr) -> exp.Expr:
    arguments = [node.args[name] for name in ("start", "end", "step") if node.args.get(name) is not None]
    return _typed_call("trino_sequence", *arguments)


def _joda(pattern: exp.Expr | None) -> exp.Expr | None:
    return exp.Literal.string(strftime_from_joda(pattern.name)) if isinstance(pattern, exp.Literal) else pattern


def _over_entries(function: str, shape: str) -> Callable[[list[exp.Expr]], exp.Expr]:
    """Apply a two-argument lambda to the entries of a map, which DuckDB filters and changes as a list."""

    def rule(arguments: list[exp.Expr]) -> exp.Expr:
        mapping, function_body = arguments
        if not isinstance(function_body, exp.Lambda) or len(function_body.expressions) != 2:
            return _call(function, *arguments)
        entry = {name.name: field for name, field in zip(function_body.expressions, ("key", "value"), strict=True)}
        body = function_body.this.copy()
        for name in list(body.find_all(exp.Identifier)):
            if name.name in entry and not isinstance(name.parent, exp.Dot):
                target = name.parent if isinstance(name.parent, exp.Column) else name
                replacement = exp.column(entry[name.name], table="entry")
                if target is body:
                    body = replacement
                else:
                    target.replace(replacement)
        changed = sqlglot.parse_one(shape.replace("BODY", body.sql(dialect="duckdb")), read="duckdb")
        lambda_ = exp.Lambda(this=changed, expressions=[exp.to_identifier("entry")])
        entries = _call(function, _call("map_entries", mapping), lambda_)
        return _call("map_from_entries", entries)

    return rule


def _now(_: exp.Expr) -> exp.Expr:
    return _call("date_trunc", exp.Literal.string("millisecond"), _call("now"))


def _first(name: str) -> Callable[[exp.Expr], exp.Expr]:
    """Call a macro with a node's arguments in the order in which Trino writes them."""

    def rule(node: exp.Expr) -> exp.Expr:
        rest = [node.args.get(key) for key in node.arg_types if key not in {"this", "expressions"}]
        plain = [argument for argument in rest if isinstance(argument, exp.Expr)]
        return _call(name, node.this, *plain, *node.expressions)

    return rule


_RULES: dict[type[exp.Expr], Callable[[exp.Expr], exp.Expr]] = {
    exp.Div: _divide,
    exp.Add: _shifted("trino_plus"),
    exp.Sub: _shifted("trino_minus"),
    exp.DateAdd: _date_add,
    exp.DateDiff: _date_diff,
    exp.TimestampTrunc: _date_trunc,
    exp.DateTrunc: _date_trunc,
    exp.AtTimeZone: lambda node: _typed_call("trino_at_zone", node.this, node.args["zone"]),
    exp.CurrentTimestamp: _now,
    exp.Cast: _cast,
    exp.TryCast: _cast,
    exp.Struct: _row,
    exp.RegexpReplace: _regexp_replace,
    exp.RegexpExtract: lambda node: _call("trino_regexp_extract", node.this, node.expression, node.args.get("group")),
    exp.SplitPart: _first("trino_split_part"),
    exp.Greatest: _extreme("trino_greatest"),
    exp.Least: _extreme("trino_least"),
    exp.ApproxQuantile: _quantile,
    exp.ApproxDistinct: _exact_distinct,
    exp.JSONExtractScalar: _json_path("trino_json_scalar"),
    exp.JSONExtract: _json_path("trino_json_extract"),
    exp.Unnest: _unnested,
    exp.Typeof: _type_name,
    exp.GenerateSeries: _sequence,
    exp.Format: lambda node: _call(
        "trino_format", node.this, exp.Array(expressions=[_text(e) for e in node.expressions])
    ),
    exp.ParseDatetime: lambda node: _call("strptime", node.this, _joda(node.args.get("format"))),
    exp.ArrayToString: lambda node: _call("trino_array_join", node.this, node.expression, node.args.get("null")),
    exp.ArraySlice: lambda node: _call("trino_slice", node.this, node.args["start"], node.args.get("end")),
    exp.Repeat: lambda node: _call("trino_repeat", node.this, node.args["times"]),
    exp.Log: lambda node: _call("trino_log", node.this, node.expression) if node.expression else _call("ln", node.this),
}


def _renamed(node: exp.Anonymous) -> exp.Expr:
    name, arguments = node.name.lower(), node.expressions
    if name in ("format_datetime", "parse_datetime") and isinstance(arguments[1], exp.Literal):
        pattern = exp.Literal.string(strftime_from_joda(arguments[1].name))
        return _call("strftime" if name == "format_datetime" else "strptime", arguments[0], pattern)
    if name in ("at_timezone", "with_timezone"):
        return _call("trino_at_zone" if name == "at_timezone" else "timezone", *_zone_arguments(name, arguments))
    if name in _ZERO_ARGUMENT_SYNONYMS:
        return _call(_ZERO_ARGUMENT_SYNONYMS[name], *arguments)
    if name in _MATCHES:
        return _MATCHES[name](arguments)
    return node


def _zone_arguments(name: str, arguments: list[exp.Expr]) -> list[exp.Expr]:
    return arguments if name == "at_timezone" else arguments[::-1]


def _quantified(condition: Callable[[exp.Expr], exp.Expr]) -> Callable[..., exp.Expr]:
    def rule(arguments: list[exp.Expr]) -> exp.Expr:
        return condition(_call("list_transform", arguments[0], arguments[1]))

    return rule


_ZERO_ARGUMENT_SYNONYMS = {
    "array_position": "trino_array_position",
    "url_decode": "url_decode",
    "levenshtein_distance": "levenshtein",
    "array_join": "trino_array_join",
    "repeat": "trino_repeat",
    "slice": "trino_slice",
    "zip": "list_zip",
}
_MATCHES: dict[str, Callable[[list[exp.Expr]], exp.Expr]] = {
    "map_filter": _over_entries("list_filter", "BODY"),
    "transform_values": _over_entries("list_transform", "{'key': entry.key, 'value': BODY}"),
    "transform_keys": _over_entries("list_transform", "{'key': BODY, 'value': entry.value}"),
    "any_match": _quantified(lambda found: _call("coalesce", _call("list_bool_or", found), exp.false())),
    "all_match": _quantified(lambda found: _call("coalesce", _call("list_bool_and", found), exp.true())),
    "none_match": _quantified(lambda found: exp.Not(this=_call("coalesce", _call("list_bool_or", found), exp.false()))),
}

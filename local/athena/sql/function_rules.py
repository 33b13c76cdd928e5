"""What each call of a Trino function becomes, where DuckDB's function of that name is missing or means otherwise."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from local.athena.errors import DATA, QueryError
from local.athena.functions.date_patterns import strftime_from_joda
from local.athena.sql import written_shapes
from local.athena.sql.json_calls import cast_to_returned
from local.athena.sql.macro_calls import call, typed_call
from local.athena.sql.nested import over_entries, paired, quantified, sequence, unnested

Rule = Callable[[exp.Expr], exp.Expr]


def _regexp_replace(node: exp.Expr) -> exp.Expr:
    replacement = node.args.get("replacement") or exp.Literal.string("")
    if isinstance(replacement, exp.Lambda):
        parts = call("trino_regexp_split", node.this.copy(), node.expression.copy())
        between = call("list_transform", call("trino_regexp_groups", node.this, node.expression), replacement)
        return call("trino_regexp_joined", parts, between)
    return call("trino_regexp_replace", node.this, node.expression, replacement)


def _extreme(name: str) -> Rule:
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


_PLAIN_STEPS = (exp.JSONPathRoot, exp.JSONPathKey, exp.JSONPathSubscript)


def _check_path(path: exp.JSONPath) -> None:
    """Fail at the steps that json_extract has not: wildcards, filters, recursion, places from the end."""
    for step in path.expressions:
        place = step.this if isinstance(step, exp.JSONPathSubscript) else None
        if not isinstance(step, _PLAIN_STEPS) or isinstance(place, exp.Expr) or (isinstance(place, int) and place < 0):
            raise QueryError("INVALID_FUNCTION_ARGUMENT: Invalid JSON path", DATA)


def _json_path(name: str) -> Rule:
    def rule(node: exp.Expr) -> exp.Expr:
        path = node.expression
        if isinstance(path, exp.JSONPath):
            _check_path(path)
        text = path.sql(dialect="duckdb").strip("'") if isinstance(path, exp.JSONPath) else None
        return call(name, node.this, exp.Literal.string(text) if text is not None else path)

    return rule


def _type_name(node: exp.Expr) -> exp.Expr:
    if isinstance(node.this, exp.Literal) and node.this.is_string:
        return exp.Literal.string(f"varchar({len(node.this.name)})")
    return call("trino_typeof", node.this)


def _joda(pattern: exp.Expr | None) -> exp.Expr | None:
    return exp.Literal.string(strftime_from_joda(pattern.name)) if isinstance(pattern, exp.Literal) else pattern


def _logarithm(node: exp.Expr) -> exp.Expr:
    base, number = node.this, node.args.get("expression")
    if number is None:
        return call("ln", base)
    exact = {"2": "log2", "10": "log10"}.get(base.name) if isinstance(base, exp.Literal) else None
    return call(exact, number) if exact else call("trino_log", base, number)


def _first(name: str) -> Rule:
    """Call a macro with a node's arguments in the order in which Trino writes them."""

    def rule(node: exp.Expr) -> exp.Expr:
        rest = [node.args.get(key) for key in node.arg_types if key not in {"this", "expressions"}]
        plain = [argument for argument in rest if isinstance(argument, exp.Expr)]
        return call(name, node.this, *plain, *node.expressions)

    return rule


def _format(node: exp.Expr) -> exp.Expr:
    texts = [call("trino_text", value.copy()) for value in node.expressions]
    kinds = [call("typeof", value.copy()) for value in node.expressions]
    return call("trino_formatted", node.this, exp.Array(expressions=texts), exp.Array(expressions=kinds))


def _string_position(node: exp.Expr) -> exp.Expr:
    occurrence = node.args.get("occurrence")
    if occurrence is None:
        return node
    return call("trino_strpos", node.this, node.args["substr"], occurrence)


def _substring(node: exp.Expr) -> exp.Expr:
    length = node.args.get("length") or exp.Literal.number(2_147_483_647)
    return call("trino_substr", node.this, node.args["start"], length)


def _split(node: exp.Expr) -> exp.Expr:
    limit = node.args.get("limit") or exp.Literal.number(2_147_483_647)
    return call("trino_split", node.this, node.expression, limit)


def _digest(node: exp.Expr) -> exp.Expr:
    return call(f"trino_sha{node.args['length'].name if node.args.get('length') else 256}", node.this)


def _reduced(node: exp.Expr) -> exp.Expr:
    """Rewrite reduce(): its last lambda, which DuckDB has not, is applied to the one result."""
    merged = call("list_reduce", node.this, node.args["merge"], node.args["initial"])
    return call(
        "list_extract",
        call("list_transform", exp.Array(expressions=[merged]), node.args["finish"]),
        exp.Literal.number(1),
    )


def _sorted(node: exp.Expr) -> exp.Expr:
    """Refuse a comparison function, which DuckDB would ignore without an error."""
    if isinstance(node.expression, exp.Lambda):
        raise QueryError("NOT_SUPPORTED: array_sort with a comparison is not served here", DATA)
    return node


def _joined_text(node: exp.Expr) -> exp.Expr:
    if node.args.get("separator") is None:
        node.set("separator", exp.Literal.string(""))
    return node


def _bits(name: str) -> Rule:
    return lambda node: exp.cast(call(name, node.this, node.expression), "bigint")


def _pattern(name: str, *defaults: str) -> Rule:
    """Call a pattern function with the arguments that are absent."""

    def rule(node: exp.Expr) -> exp.Expr:
        given = [node.this, node.expression, *(value for key in ("group", "position", "occurrence")
                 if isinstance(value := node.args.get(key), exp.Expr))]  # fmt: skip
        return call(name, *given, *(exp.Literal.number(value) for value in defaults[len(given) - 2 :]))

    return rule


FUNCTION_RULES: dict[type[exp.Expr], Rule] = {
    exp.RegexpReplace: _regexp_replace,
    exp.RegexpExtract: _pattern("trino_regexp_extract", "0"),
    exp.RegexpExtractAll: _pattern("trino_regexp_extract_all", "0"),
    exp.RegexpLike: _pattern("trino_regexp_like"),
    exp.RegexpSplit: _pattern("trino_regexp_split"),
    exp.RegexpCount: _pattern("trino_regexp_count"),
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
    exp.Format: _format,
    exp.ParseDatetime: lambda node: call("strptime", node.this, _joda(node.args.get("format"))),
    exp.ArrayToString: lambda node: call("trino_array_join", node.this, node.expression, node.args.get("null")),
    exp.ArraySlice: lambda node: call("trino_slice", node.this, node.args["start"], node.args.get("end")),
    exp.Repeat: lambda node: call("trino_repeat", node.this, node.args["times"]),
    exp.Log: _logarithm,
    exp.ArrayPosition: lambda node: call("trino_array_position", node.this, node.expression),
    exp.ArrayContains: lambda node: call("trino_contains", node.this, node.expression),
    exp.ArrayDistinct: lambda node: call("array_distinct", node.this),
    exp.ArrayMax: lambda node: call("trino_array_max", node.this),
    exp.ArrayMin: lambda node: call("trino_array_min", node.this),
    exp.StrPosition: _string_position,
    exp.Substring: _substring,
    exp.Split: _split,
    exp.Replace: lambda node: call(
        "trino_replace", node.this, node.expression, node.args.get("replacement") or exp.Literal.string("")
    ),
    exp.Sign: lambda node: typed_call("trino_sign", node.this),
    exp.ArraySort: _sorted,
    exp.SHA: lambda node: call("trino_sha1", node.this),
    exp.SHA2: _digest,
    exp.SHA2Digest: _digest,
    exp.Reduce: _reduced,
    exp.GroupConcat: _joined_text,
    exp.ArgMax: lambda node: node if node.args.get("count") else call("arg_max_null", node.this, node.expression),
    exp.ArgMin: lambda node: node if node.args.get("count") else call("arg_min_null", node.this, node.expression),
    exp.Reverse: written_shapes.reversed_,
    exp.ArraySize: written_shapes.cardinality,
    exp.Length: written_shapes.length,
    exp.DPipe: written_shapes.joined,
    exp.StrToMap: _first("trino_split_to_map"),
    exp.ToBase32: _first("trino_to_base32"),
    exp.FromBase32: _first("trino_from_base32"),
    exp.Normalize: written_shapes.normalized,
    exp.BitwiseAnd: _bits("trino_bit_and"),
    exp.BitwiseOr: _bits("trino_bit_or"),
    exp.BitwiseXor: _bits("xor"),
}


def renamed(node: exp.Anonymous) -> exp.Expr:
    """Return what stands for a function that the parser has no node for."""
    name = node.name.lower()
    if name == "to_base":
        return call("lower", node.copy())
    if name in _SYNONYMS:
        return call(_SYNONYMS[name], *node.expressions)
    rule = _CALLS.get(name)
    return rule(node.expressions) if rule else node


def _json_array(values: list[exp.Expr], *, with_nulls: bool) -> exp.Expr:
    """Build the text of a JSON array."""
    items = exp.Array(expressions=[exp.cast(call("to_json", value), "varchar") for value in values])
    if not values:
        return exp.Literal.string("[]")
    shown = items if not with_nulls else call("list_transform", items, _NULL_AS_WORD.copy())
    joined = call("array_to_string", shown, exp.Literal.string(","))
    return exp.DPipe(
        this=exp.DPipe(this=exp.Literal.string("["), expression=joined), expression=exp.Literal.string("]")
    )


_NULL_AS_WORD = exp.Lambda(
    this=exp.Coalesce(this=exp.to_identifier("item"), expressions=[exp.Literal.string("null")]),
    expressions=[exp.to_identifier("item")],
)


def _in_joda(name: str) -> Callable[[list[exp.Expr]], exp.Expr]:
    def rule(arguments: list[exp.Expr]) -> exp.Expr:
        return call(name, arguments[0], *(_joda(pattern) for pattern in arguments[1:]))

    return rule


def _zipped(arguments: list[exp.Expr]) -> exp.Expr:
    return paired(*arguments) if len(arguments) == 3 else call("zip_with", *arguments)


def _position(arguments: list[exp.Expr]) -> exp.Expr:
    return call("trino_regexp_position", *arguments, *(exp.Literal.number(1) for _ in range(4 - len(arguments))))


_SYNONYMS = {
    "array_join": "trino_array_join",
    "repeat": "trino_repeat",
    "slice": "trino_slice",
    "zip": "list_zip",
    "json_array_length": "trino_json_array_length",
    "bit_count": "trino_bit_count",
    "map_entries": "trino_map_entries",
    "url_encode": "trino_url_encode",
    "url_decode": "trino_url_decode",
}
_CALLS: dict[str, Callable[[list[exp.Expr]], exp.Expr]] = {
    "format_datetime": _in_joda("strftime"),
    "parse_datetime": _in_joda("strptime"),
    "at_timezone": lambda arguments: call("trino_at_zone", *arguments),
    "with_timezone": lambda arguments: call("timezone", *arguments[::-1]),
    "bitwise_right_shift": lambda arguments: typed_call("bitwise_right_shift", *arguments),
    "zip_with": _zipped,
    "checksum": lambda arguments: typed_call("trino_checksum", call("list", *arguments)),
    "regexp_position": _position,
    "trino_json_value": cast_to_returned,
    "trino_json_array": lambda values: _json_array(values, with_nulls=True),
    "trino_json_array_without_nulls": lambda values: _json_array(values, with_nulls=False),
    "map_filter": over_entries("list_filter", "BODY"),
    "transform_values": over_entries("list_transform", "{'key': entry.key, 'value': BODY}"),
    "transform_keys": over_entries("list_transform", "{'key': BODY, 'value': entry.value}"),
    "any_match": quantified(lambda found: call("list_bool_or", found), exp.false()),
    "all_match": quantified(lambda found: call("list_bool_and", found), exp.true()),
    "none_match": quantified(lambda found: exp.Not(this=call("list_bool_or", found)), exp.true()),
}

"""Functions that DuckDB has under other names for arrays, maps and bytes: chosen by how the argument is written."""

from __future__ import annotations

from typing import Literal

from sqlglot import exp

from local.athena.sql.macro_calls import call

Shape = Literal["array", "map", "bytes"]

_NODES: tuple[tuple[type[exp.Expr], Shape], ...] = (
    (exp.Array, "array"),
    (exp.GenerateSeries, "array"),
    (exp.Split, "array"),
    (exp.Map, "map"),
    (exp.VarMap, "map"),
    (exp.StrToMap, "map"),
    (exp.MapFromEntries, "map"),
    (exp.HexString, "bytes"),
    (exp.Encode, "bytes"),
    (exp.Unhex, "bytes"),
    (exp.FromBase64, "bytes"),
)
_CALLS: dict[str, Shape] = {
    **dict.fromkeys(("transform", "filter", "map_keys", "map_values", "trino_sequence", "trino_split"), "array"),
    **dict.fromkeys(("trino_split_to_map", "split_to_multimap", "map_from_entries", "map_concat"), "map"),
    **dict.fromkeys(("map_agg", "multimap_agg", "histogram", "multimap_from_entries"), "map"),
}


def written_shape(node: exp.Expr) -> Shape | None:
    """Return what an expression is as it is written; None where only the engine knows."""
    if isinstance(node, exp.Paren):
        return written_shape(node.this)
    if isinstance(node, exp.Anonymous):
        return _CALLS.get(node.name.lower())
    return next((shape for kind, shape in _NODES if isinstance(node, kind)), None)


def reversed_(node: exp.Expr) -> exp.Expr:
    """Rewrite reverse() of an array."""
    return call("list_reverse", node.this) if written_shape(node.this) == "array" else node


def cardinality(node: exp.Expr) -> exp.Expr:
    """Count the entries of a map."""
    if written_shape(node.this) != "map":
        return node
    return exp.cast(call("cardinality", node.this), "bigint")


def length(node: exp.Expr) -> exp.Expr:
    """Count bytes."""
    return call("octet_length", node.this) if written_shape(node.this) == "bytes" else node


def joined(node: exp.Expr) -> exp.Expr:
    """Rewrite `array || element` and `element || array`."""
    first, second = written_shape(node.this), written_shape(node.expression)
    if first == "array" and second is None and isinstance(node.expression, exp.Literal):
        return call("list_append", node.this, node.expression)
    if second == "array" and first is None and isinstance(node.this, exp.Literal):
        return call("list_prepend", node.this, node.expression)
    return node


def normalized(node: exp.Expr) -> exp.Expr:
    """Rewrite normalize(): its form is a word."""
    form = node.args.get("form")
    name = form.name if isinstance(form, exp.Expr) else "NFC"
    return call("trino_normalized", node.this, exp.Literal.string(name.upper()))

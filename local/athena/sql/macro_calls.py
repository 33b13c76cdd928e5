"""Calls of macros, as tree nodes."""

from __future__ import annotations

from sqlglot import exp


def call(name: str, *arguments: exp.Expr | None) -> exp.Anonymous:
    """Call a function by name, leaving out arguments that are absent."""
    return exp.Anonymous(this=name, expressions=[argument for argument in arguments if argument is not None])


_AGGREGATES = ("quantile_disc", "map_agg", "list", "trino_avg")


def typed_call(name: str, *arguments: exp.Expr) -> exp.Expr:
    """Call a macro that has an overload per type.

    DuckDB cannot choose an overload by the type of an aggregate or a window; inside a lambda it can.
    """
    if not any(_is_computed_late(argument) for argument in arguments):
        return call(name, *arguments)
    fields = {f"a{index}": argument for index, argument in enumerate(arguments) if not _is_number(argument)}
    record = exp.Struct(
        expressions=[
            exp.PropertyEQ(this=exp.to_identifier(field), expression=argument.copy())
            for field, argument in fields.items()
        ]
    )
    record.meta["kept"] = True
    # A written number stays one: round() wants its digits as a constant.
    places = (
        argument.copy() if _is_number(argument) else exp.column(f"a{index}", table="r")
        for index, argument in enumerate(arguments)
    )
    body = call(name, *places)
    mapped = call(
        "list_transform", exp.Array(expressions=[record]), exp.Lambda(this=body, expressions=[exp.to_identifier("r")])
    )
    return call("list_extract", mapped, exp.Literal.number(1))


def _is_number(argument: exp.Expr) -> bool:
    plain = argument.this if isinstance(argument, exp.Neg) else argument
    return isinstance(plain, exp.Literal) and not plain.is_string


def _is_computed_late(argument: exp.Expr) -> bool:
    return any(
        isinstance(node, exp.AggFunc | exp.Window | exp.Subquery)
        or (isinstance(node, exp.Anonymous) and node.name.lower() in _AGGREGATES)
        for node in argument.walk()
    )

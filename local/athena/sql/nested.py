"""Rules about arrays, maps and rows: unnesting, and lambdas over them."""

from __future__ import annotations

from collections.abc import Callable

import sqlglot
from sqlglot import exp

from local.athena.sql.macro_calls import call, typed_call


def unnested(join: exp.Expr) -> exp.Expr:
    """Rewrite `UNNEST(a, b) WITH ORDINALITY AS t(x, y, n)`; DuckDB unnests one array, without padding."""
    arrays = list(join.expressions)
    alias = join.args.get("alias")
    names = [column.name for column in alias.columns] if alias is not None else []
    offset = join.args.get("offset")
    if isinstance(offset, exp.Expr):
        names.append(offset.name)
    wanted = len(names) - bool(offset)
    is_spread = bool(names) and wanted == 2 * len(arrays)
    columns = [part for array in arrays for part in (_spread(array) if is_spread else [call("unnest", array.copy())])]
    if offset:
        lengths = [call("len", array.copy()) for array in arrays]
        longest = lengths[0] if len(lengths) == 1 else call("greatest", *lengths)
        columns.append(call("unnest", call("generate_series", exp.Literal.number(1), longest)))
    named = [
        exp.alias_(column, names[index] if index < len(names) else f"_unnest{index}", quoted=True)
        for index, column in enumerate(columns)
    ]
    name = alias.this if alias is not None and alias.this else exp.to_identifier("_unnest")
    return exp.Lateral(this=exp.Subquery(this=exp.select(*named)), alias=exp.TableAlias(this=name))


def _spread(array: exp.Expr) -> list[exp.Expr]:
    entries = call("map_entries", array.copy())
    return [
        call("struct_extract_at", call("unnest", entries.copy()), exp.Literal.number(position)) for position in (1, 2)
    ]


def sequence(node: exp.Expr) -> exp.Expr:
    """Rewrite `sequence(1, 3)`, also over dates."""
    arguments = [node.args[name] for name in ("start", "end", "step") if node.args.get(name) is not None]
    return typed_call("trino_sequence", *arguments)


def row(node: exp.Expr) -> exp.Expr:
    """Rewrite `ROW(1, 2)`: its fields have no names."""
    if node.meta.get("kept"):
        return node
    values = [item.expression if isinstance(item, exp.PropertyEQ) else item for item in node.expressions]
    return call("ROW", *values)


def over_entries(function: str, shape: str) -> Callable[[list[exp.Expr]], exp.Expr]:
    """Apply a two-argument lambda to the entries of a map, which DuckDB filters and changes as a list."""

    def rule(arguments: list[exp.Expr]) -> exp.Expr:
        mapping, function_body = arguments
        if not isinstance(function_body, exp.Lambda) or len(function_body.expressions) != 2:
            return call(function, *arguments)
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
        entries = call(function, call("map_entries", mapping), lambda_)
        return call("map_from_entries", entries)

    return rule


def quantified(condition: Callable[[exp.Expr], exp.Expr], empty: exp.Expr) -> Callable[..., exp.Expr]:
    """Rewrite any_match and its kin: a condition over the list of answers, `empty` where there are none.

    An answer of NULL makes the whole NULL unless another decides.
    """

    def rule(arguments: list[exp.Expr]) -> exp.Expr:
        found = call("list_transform", arguments[0], arguments[1])
        is_decided = call("len", arguments[0].copy())
        return (
            exp.case()
            .when(exp.EQ(this=is_decided, expression=exp.Literal.number(0)), empty.copy())
            .else_(call("trino_decided", condition(found), call("trino_has_null", found.copy()), empty.copy()))
        )

    return rule


def paired(first: exp.Expr, second: exp.Expr, function_body: exp.Expr) -> exp.Expr:
    """Rewrite zip_with: a lambda of two names over pairs, the shorter array filled up with NULL."""
    if not isinstance(function_body, exp.Lambda) or len(function_body.expressions) != 2:
        return call("zip_with", first, second, function_body)
    places = {name.name: place for place, name in enumerate(function_body.expressions, start=1)}
    body = function_body.this.copy()
    for name in list(body.find_all(exp.Identifier)):
        if name.name in places and not isinstance(name.parent, exp.Dot):
            target = name.parent if isinstance(name.parent, exp.Column) else name
            chosen = call("struct_extract_at", exp.to_identifier("pair"), exp.Literal.number(places[name.name]))
            if target is body:
                body = chosen
            else:
                target.replace(chosen)
    return call(
        "list_transform",
        call("list_zip", first, second),
        exp.Lambda(this=body, expressions=[exp.to_identifier("pair")]),
    )

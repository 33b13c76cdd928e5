"""Arrow values flow in, JSON values with every digit flow out."""

import datetime as dt
import math
from collections.abc import Callable
from decimal import Decimal

import pyarrow as pa

from dashboard.model.result import QueryResult

LARGEST_EXACT = 2**53
"""Largest integer up to which doubles are exact; most JSON readers use doubles."""

JsonValue = str | int | float | bool | None


def json_value(value: object) -> JsonValue:
    """Return a value as JSON can carry it: a number that a double cannot hold becomes text, NULL stays null.

    A decimal travels as a number where the shortest decimal of the nearest double is that very number. Timestamps are
    written as Athena writes them, `2026-01-15 10:05:07.123`; NaN and the infinities become text.
    """
    if value is None or isinstance(value, str | bool):
        return value
    if isinstance(value, int):
        return value if -LARGEST_EXACT <= value <= LARGEST_EXACT else str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else {math.inf: "Infinity", -math.inf: "-Infinity"}.get(value, "NaN")
    if isinstance(value, Decimal):
        nearest = float(value)
        return nearest if Decimal(repr(nearest)) == value else format(value, "f")
    if isinstance(value, dt.datetime):
        return value.isoformat(" ", "milliseconds")
    return str(value)


def json_columns(result: QueryResult) -> list[dict[str, str]]:
    """Return `[{"name", "type"}]`; the type is Athena's."""
    return [{"name": column.name, "type": column.type} for column in result.columns]


def json_rows(table: pa.Table, first: int = 0, count: int | None = None) -> list[dict[str, JsonValue]]:
    """Return rows as `{name: value}`, from row `first` on, at most `count` of them."""
    part = table.slice(first, count)
    columns = [[_converter(column.type)(value) for value in column.to_pylist()] for column in part.columns]
    names = part.column_names
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def _converter(kind: pa.DataType) -> Callable[[object], JsonValue]:
    # Texts and booleans are the most frequent values and need no conversion.
    return _as_it_is if pa.types.is_string(kind) or pa.types.is_boolean(kind) else json_value


def _as_it_is(value: object) -> JsonValue:
    return value  # type: ignore[return-value]  # the column's type says that it is a text or a boolean

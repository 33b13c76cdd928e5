"""Arrow values flow in, texts with every digit flow out; the grid shows and copies these texts.

Numbers in a browser are doubles, and its grid draws decimals, large integers and NaN wrongly or not at all.
"""

import datetime as dt
import math
from decimal import Decimal
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from dashboard.results.time_zones import UTC, time_text

_PLAIN_BELOW: Final = 1e15
"""Whole doubles below it are written without an exponent and without `.0`."""
_LOOKED_AT: Final = 10_000
_LONGEST_DOUBLE: Final = 24
"""Characters of `-1.2345678901234567e-300`."""


def cell_text(value: object, zone: str = UTC) -> str:
    """Return a value as text: every digit of a number, `NaN` and `Infinity` as Athena writes them, nothing for NULL.

    A timestamp is the time of a clock in the zone.
    """
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dt.datetime):
        return time_text(value, zone, "milliseconds" if value.microsecond else "seconds")
    if isinstance(value, float):
        return _double(value)
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def shown(table: pa.Table, zone: str = UTC) -> pa.Table:
    """Return the table with every value as `cell_text`, and NULL as null."""
    return pa.table([_texts(column, zone) for column in table.columns], names=table.column_names)


def widest_number(column: pa.ChunkedArray) -> int:
    """Return how many characters the longest text of a number column has, or a few more."""
    if pa.types.is_floating(column.type):
        first = pc.max(pc.utf8_length(_texts(column.slice(0, _LOOKED_AT), UTC))).as_py() or 0
        return int(first) if len(column) <= _LOOKED_AT else max(int(first), _LONGEST_DOUBLE)
    extent = pc.min_max(column)
    return max(len(cell_text(extent[end].as_py())) for end in ("min", "max"))


def is_number(kind: pa.DataType) -> bool:
    """Return whether values of a type are numbers, which are right-aligned."""
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def _texts(column: pa.ChunkedArray, zone: str) -> pa.ChunkedArray | pa.Array:
    # Arrow's cast gives the same text for these, and the shortest text of a 32-bit float, which Python cannot.
    if pa.types.is_string(column.type) or pa.types.is_integer(column.type) or pa.types.is_float32(column.type):
        return pc.cast(column, pa.string())
    return pa.array([None if value is None else cell_text(value, zone) for value in column.to_pylist()], pa.string())


def _double(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return str(int(value)) if value.is_integer() and abs(value) < _PLAIN_BELOW else repr(value)

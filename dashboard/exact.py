"""Numbers as a browser can show them: what a double cannot hold becomes text. Pure."""

from collections.abc import Collection
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

_SAFE_INTEGER: Final = 2**53


def inexact(table: pa.Table) -> frozenset[str]:
    """Return the columns whose numbers a double may not hold: decimals, and integers beyond 2 to the 53rd."""
    return frozenset(
        field.name
        for field in table.schema
        if pa.types.is_decimal(field.type)
        or (pa.types.is_integer(field.type) and not integers_fit(table.column(field.name)))
    )


def shown(table: pa.Table, texts: Collection[str] | None = None) -> pa.Table:
    """Return the table with these columns as text; None: those that are `inexact`."""
    texts = inexact(table) if texts is None else texts
    for place, field in enumerate(table.schema):
        if field.name in texts:
            table = table.set_column(place, field.name, pc.cast(table.column(place), pa.string()))
    return table


def integers_fit(column: pa.ChunkedArray) -> bool:
    """Return whether a double holds each of these integers."""
    extent = pc.min_max(column)
    low, high = extent["min"].as_py(), extent["max"].as_py()
    return low is None or (low >= -_SAFE_INTEGER and high <= _SAFE_INTEGER)

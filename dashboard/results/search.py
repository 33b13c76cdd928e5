"""A table and a text flow in, the positions of the matching rows flow out."""

from collections.abc import Sequence
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from dashboard.results.exact_text import shown
from dashboard.results.time_zones import UTC

_AT_ONCE: Final = 64 * 1024
"""Rows searched at a time; their texts are freed before the next batch."""


def rows_holding(table: pa.Table, text: str, columns: Sequence[str], zone: str = UTC) -> pa.Array:
    """Return the places of rows that hold a text in one of the columns, ignoring case, as the grid shows them."""
    found: list[pa.Array] = []
    for first in range(0, table.num_rows, _AT_ONCE):
        part = table.slice(first, _AT_ONCE)
        held = pa.array([False] * part.num_rows)
        for name in columns:
            texts = shown(part.select([name]), zone).column(0)
            # Kleene logic: true or NULL is true.
            held = pc.or_kleene(held, pc.match_substring(texts, text, ignore_case=True))
        found.append(pc.add(pc.indices_nonzero(held), first))
    return pa.concat_arrays(found) if found else pa.array([], pa.uint64())

"""Which rows hold a text: the table's own search, for results of any size. Pure."""

from collections.abc import Sequence
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from dashboard.results.exact_text import shown

_AT_ONCE: Final = 64 * 1024
"""Rows looked through at a time: their texts are dropped before the next."""


def rows_holding(table: pa.Table, text: str, columns: Sequence[str]) -> pa.Array:
    """Return the places of rows that hold a text in one of the columns, in whatever case, as the grid shows them."""
    found: list[pa.Array] = []
    for first in range(0, table.num_rows, _AT_ONCE):
        part = table.slice(first, _AT_ONCE)
        held = pa.array([False] * part.num_rows)
        for name in columns:
            texts = shown(part.select([name])).column(0)
            # With NULL beside it, true is true: `or` after Kleene.
            held = pc.or_kleene(held, pc.match_substring(texts, text, ignore_case=True))
        found.append(pc.add(pc.indices_nonzero(held), first))
    return pa.concat_arrays(found) if found else pa.array([], pa.uint64())

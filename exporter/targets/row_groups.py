"""Record batches flow in, row groups flow out; rows alone decide their size, so the same rows give the same file."""

from collections.abc import Iterable, Iterator

import pyarrow as pa
import pyarrow.compute as pc

MOST_ROWS = 1 << 15
"""Large enough that Athena reads few."""

MOST_BYTES = 10 << 20
"""Of rows in memory; small enough that a row group fits in a 512 MB task while pages are read."""

_LOOKED_AT = 256
_OFFSET_BYTES = 4


def row_groups(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """Yield the rows in tables of equal length, the last one shorter.

    A table is not referenced here once the next is requested: its memory is free by then.
    """
    waiting: list[pa.RecordBatch] = []
    rows, most = 0, None
    for batch in batches:
        waiting.append(batch)
        rows += batch.num_rows
        if most is None and rows >= _LOOKED_AT:
            most = _most_rows(pa.Table.from_batches(waiting).slice(0, _LOOKED_AT))
        while most is not None and rows >= most:
            rows -= most
            yield _cut(waiting, most)
    if rows:
        yield _cut(waiting, rows)


def _cut(waiting: list[pa.RecordBatch], rows: int) -> pa.Table:
    table = pa.Table.from_batches(waiting)
    waiting[:] = table.slice(rows).to_batches()
    return table.slice(0, rows)


def _most_rows(head: pa.Table) -> int:
    """Return the rows of a group, by the values of a file's first rows and not by the buffers that they came in."""
    rows: int = head.num_rows
    size = sum(map(_content_bytes, head.columns))
    return max(1, min(MOST_ROWS, MOST_BYTES * rows // max(size, 1)))


def _content_bytes(column: pa.ChunkedArray) -> int:
    if pa.types.is_string(column.type):
        texts: int = pc.sum(pc.binary_length(column)).as_py() or 0
        return texts + _OFFSET_BYTES * len(column)
    width: int = column.type.bit_width
    return width * len(column) // 8

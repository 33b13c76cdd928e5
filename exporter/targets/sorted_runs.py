"""Pages of a day in any order flow in, streams in sort key order flow out: an external sort on the local disk."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from exporter.runtime.memory import WRITTEN_BYTES, LongWork

RUN_BYTES = 16 << 20
"""Rows that are sorted in memory at once; a day has one run per this size."""

_PART_ROWS, _PART_BYTES = 4096, 1 << 20
"""Most rows and bytes of a part: as many parts as runs are in memory while they are merged."""


def written_runs(pages: Iterable[pa.RecordBatch], file: Path, key: str) -> list[list[tuple[int, int]]]:
    """Write the rows of all pages to `file` as runs sorted by `key`; return (offset, rows) of each run's parts.

    The file holds one Arrow stream per part. Pages may differ in columns: one that a page lacks is null.
    """
    runs: list[list[tuple[int, int]]] = []
    memory = LongWork(WRITTEN_BYTES)
    with pa.OSFile(str(file), "wb") as written:
        for rows in gathered(pages, RUN_BYTES):
            ordered = rows.take(pc.sort_indices(rows.column(key)))  # stable
            del rows
            part_rows = max(1, min(_PART_ROWS, _PART_BYTES * ordered.num_rows // max(ordered.nbytes, 1)))
            runs.append([_written(part, written) for part in ordered.to_batches(max_chunksize=part_rows)])
            size = ordered.nbytes
            del ordered
            memory.work(size)
    return runs


def gathered(pages: Iterable[pa.RecordBatch], most_bytes: int) -> Iterator[pa.Table]:
    """Yield the rows in tables of about so many bytes; a column that some pages lack is null there."""
    waiting: list[pa.Table] = []
    size = 0
    for page in pages:
        waiting.append(pa.Table.from_batches([page]))
        size += page.nbytes
        del page
        if size >= most_bytes:
            size = 0
            yield _together(waiting)
    if waiting:
        yield _together(waiting)


def _together(pages: list[pa.Table]) -> pa.Table:
    """Return the rows of all pages, which are taken out of the list: while the rows are used, they need no memory."""
    rows = pa.concat_tables(pages, promote_options="default")
    pages.clear()
    return rows.combine_chunks()


def _written(part: pa.RecordBatch, file: pa.NativeFile) -> tuple[int, int]:
    offset: int = file.tell()
    with pa.ipc.new_stream(file, part.schema) as writer:
        writer.write_batch(part)
    return offset, part.num_rows

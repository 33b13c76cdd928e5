"""Object keys flow in; rows and columns from their Parquet footers (the last kilobytes, fetched by range) flow out."""

from collections.abc import Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as pq

from exporter.storage.object_store import Store

FIRST_BYTES = 64 << 10
"""Holds the footer of almost every file; a larger one is fetched in a second request."""

_MAGIC = b"PAR1"
_AT_A_TIME = 8


@dataclass(frozen=True)
class Footer:
    """What a Parquet footer says of its object."""

    rows: int
    columns: pa.Schema
    metadata: pq.FileMetaData

    def is_full(self, columns: Collection[str]) -> bool:
        """Return whether these columns are there, and the statistics of none of them count a null."""
        if not {*columns} <= {*self.columns.names}:
            return False
        groups = [self.metadata.row_group(number) for number in range(self.metadata.num_row_groups)]
        parts = [group.column(number) for group in groups for number in range(group.num_columns)]
        found = [part.statistics for part in parts if part.path_in_schema in columns]
        return all(one is not None and one.has_null_count and one.null_count == 0 for one in found)


def read_footers(store: Store, keys: Iterable[str]) -> dict[str, Footer | None]:
    """Return key -> footer; None where the object is not a Parquet file. Missing objects are left out."""
    wanted = list(keys)
    with ThreadPoolExecutor(_AT_A_TIME, thread_name_prefix="footer") as pool:
        ends = pool.map(lambda key: _footer(store, key), wanted)
        return {key: _parsed(end) for key, end in zip(wanted, ends, strict=True) if end is not None}


def _footer(store: Store, key: str) -> bytes | None:
    end = store.read_end(key, FIRST_BYTES)
    if end is None or end[-4:] != _MAGIC:
        return end
    length = int.from_bytes(end[-8:-4], "little") + 8
    return end if length <= len(end) else store.read_end(key, length)


def _parsed(end: bytes) -> Footer | None:
    if len(end) < 12 or end[-4:] != _MAGIC:
        return None
    footer = end[-(int.from_bytes(end[-8:-4], "little") + 8) :]
    try:
        # A reader finds the footer from the end, so what comes before it may be missing but for the magic bytes.
        found = pq.read_metadata(pa.BufferReader(_MAGIC + footer))
        return Footer(found.num_rows, found.schema.to_arrow_schema(), found)
    except (pa.ArrowException, OSError):
        return None

"""Row groups flow in, one Parquet file flows out: zstd-compressed, with statistics, a row group each."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dataset_model.targets.file_formats import PARQUET, StorageFormat

COMPRESSION = "zstd"
"""36% smaller than pandas' default, and as fast to read."""

_LOOKED_AT = 4096


class ParquetFormat:
    """Writes Parquet."""

    @property
    def storage(self) -> StorageFormat:
        """Extension, content type and SerDe of Parquet."""
        return PARQUET

    def write(self, groups: Iterator[pa.Table], schema: pa.Schema, file: Path) -> dict[str, int]:
        """Write row groups to a file; return compressed bytes per column."""
        group = next(groups, schema.empty_table())
        with pq.ParquetWriter(
            file, group.schema, compression=COMPRESSION, store_schema=False, use_dictionary=repeating_columns(group)
        ) as writer:
            while group is not None:
                writer.write_table(group, row_group_size=max(1, group.num_rows))
                del group  # free it before the next is collected: a group is about 30 MB
                group = next(groups, None)
        return _column_bytes(pq.read_metadata(file))

    def row_count(self, file: Path) -> int:
        """Return the rows in the file's footer."""
        rows: int = pq.read_metadata(file).num_rows
        return rows


def repeating_columns(table: pa.Table) -> list[str]:
    """Return the columns with repeating first values: for others a dictionary costs time and bytes."""
    head = table.slice(0, _LOOKED_AT)
    return [name for name in table.schema.names if 2 * len(pc.unique(head.column(name))) <= head.num_rows]


def _column_bytes(metadata: pq.FileMetaData) -> dict[str, int]:
    found: dict[str, int] = {}
    for group_number in range(metadata.num_row_groups):
        group = metadata.row_group(group_number)
        for number in range(group.num_columns):
            column = group.column(number)
            found[column.path_in_schema] = found.get(column.path_in_schema, 0) + column.total_compressed_size
    return found

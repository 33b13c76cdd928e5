"""S3 objects to Arrow: the columns a query touches, in the catalogue's types, with the bytes that this costs.

Bytes are counted as Athena does for Parquet: the compressed column chunks of the touched columns, and the footer;
for text formats, whole objects.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from local.athena.catalog.column_types import ColumnType
from local.athena.catalog.glue import Column, Table
from local.athena.catalog.partitions import Partition
from local.athena.engine.text_format import rows_from_text, text_value
from local.athena.errors import DATA, QueryError
from local.athena.objects import Location, ObjectStore, StoredObject

_NULL_PARTITION = "__HIVE_DEFAULT_PARTITION__"
_PATH = "$path"


@dataclass(frozen=True)
class Chunk:
    """The rows of one object, and what reading them cost."""

    rows: pa.Table
    scanned_bytes: int


def scan(
    table: Table,
    partitions: Sequence[Partition],
    columns: frozenset[str],
    objects: ObjectStore,
    charge: Callable[[int], None],
) -> pa.Table:
    """Read the touched columns of all objects of the given partitions.

    `charge` is called with the bytes of each object as it is read, and may raise to stop.
    """
    wanted = [column for column in table.columns if column.name in columns]
    keys = [(index, key) for index, key in enumerate(table.partition_keys) if key.name in columns]
    fields = [(column.name, column.type.arrow) for column in (*wanted, *(key for _, key in keys))]
    schema = pa.schema([*fields, *([(_PATH, pa.string())] if _PATH in columns else [])])
    parts = []
    for partition in partitions:
        for stored in partition.objects:
            chunk = _chunk(table, wanted, stored, objects)
            charge(chunk.scanned_bytes)
            arrays = [*chunk.rows.columns]
            arrays += [_constant(partition.values[index], key.type, chunk.rows.num_rows) for index, key in keys]
            if _PATH in columns:
                arrays.append(pa.repeat(pa.scalar(stored.location.uri), chunk.rows.num_rows))
            parts.append(_table(arrays, schema, chunk.rows.num_rows))
    return _joined(parts, schema)


def _table(arrays: list[pa.Array], schema: pa.Schema, rows: int) -> pa.Table:
    if not len(schema):
        # Arrow tables without columns forget how many rows they have; count(*) needs just that.
        return pa.table({"rows": pa.nulls(rows, pa.bool_())})
    return pa.Table.from_arrays(arrays, schema=schema)


def _joined(parts: list[pa.Table], schema: pa.Schema) -> pa.Table:
    if parts:
        return pa.concat_tables(parts)
    return schema.empty_table() if len(schema) else pa.table({"rows": pa.nulls(0, pa.bool_())})


def _constant(text: str, kind: ColumnType, rows: int) -> pa.Array:
    value = None if text == _NULL_PARTITION else text_value(text, kind)
    return pa.repeat(pa.scalar(value, kind.arrow), rows)


def _chunk(table: Table, wanted: Sequence[Column], stored: StoredObject, objects: ObjectStore) -> Chunk:
    body = objects.read(stored)
    if table.file_format == "parquet":
        return parquet_chunk(wanted, stored.location, body)
    if table.file_format == "orc":
        raise QueryError(
            f"NOT_SUPPORTED: the local Athena reads Parquet, text, CSV and JSON; table {table.database}.{table.name} "
            "is ORC. Use a Parquet table for local work."
        )
    rows = rows_from_text(table, stored.location.key, body)
    positions = {column.name: index for index, column in enumerate(table.columns)}
    arrays = [pa.array([row[positions[column.name]] for row in rows], column.type.arrow) for column in wanted]
    named = (
        pa.table(arrays, names=[column.name for column in wanted]) if wanted else pa.table({"r": pa.nulls(len(rows))})
    )
    return Chunk(named if wanted else _RowCount(len(rows)), len(body))


@dataclass(frozen=True)
class _RowCount:
    """Stands for a table of no columns."""

    num_rows: int
    columns: tuple[pa.ChunkedArray, ...] = ()


def parquet_chunk(wanted: Sequence[Column], place: Location, body: bytes) -> Chunk:
    """Read columns of a Parquet object by name; a column that the file lacks is null."""
    try:
        file = pq.ParquetFile(pa.BufferReader(body))
    except pa.ArrowInvalid as error:
        raise QueryError(f"HIVE_BAD_DATA: Not valid Parquet file: {place.uri}: {error}", DATA) from error
    present = {name.lower(): name for name in file.schema_arrow.names}
    read = file.read(columns=[present[column.name] for column in wanted if column.name in present])
    rows = file.metadata.num_rows
    arrays = [
        _as_catalogued(read.column(present[column.name]), column, place)
        if column.name in present
        else pa.nulls(rows, column.type.arrow)
        for column in wanted
    ]
    cost = _compressed_bytes(file.metadata, {present[c.name] for c in wanted if c.name in present})
    if not wanted:
        return Chunk(_RowCount(rows), cost)
    return Chunk(pa.table(arrays, names=[column.name for column in wanted]), cost)


def _compressed_bytes(metadata: pq.FileMetaData, names: set[str]) -> int:
    return int(metadata.serialized_size) + sum(_chunk_sizes(metadata, names))


def _chunk_sizes(metadata: pq.FileMetaData, names: set[str]) -> Iterator[int]:
    for group in range(metadata.num_row_groups):
        row_group = metadata.row_group(group)
        for index in range(metadata.num_columns):
            chunk = row_group.column(index)
            if chunk.path_in_schema.split(".")[0] in names:
                yield int(chunk.total_compressed_size)


def _as_catalogued(found: pa.ChunkedArray, column: Column, place: Location) -> pa.ChunkedArray:
    wanted = column.type.arrow
    if found.type == wanted and not pa.types.is_timestamp(wanted):
        return found
    if pa.types.is_dictionary(found.type):
        return _as_catalogued(found.cast(found.type.value_type), column, place)
    if not _readable(found.type, wanted):
        raise _bad_data(found.type, column, place)
    try:
        if pa.types.is_timestamp(wanted):
            # Athena reads timestamps to the millisecond.
            naive = found.cast(pa.timestamp(found.type.unit)) if found.type.tz else found
            return pc.cast(pc.floor_temporal(naive, unit="millisecond"), wanted, safe=False)
        return found.cast(wanted)
    except pa.ArrowInvalid as error:
        raise _bad_data(found.type, column, place, str(error)) from error


def _bad_data(found: pa.DataType, column: Column, place: Location, detail: str = "") -> QueryError:
    message = (
        f"HIVE_BAD_DATA: Field {column.name}'s type {_parquet_name(found)} in parquet file {place.uri} is incompatible "
        f"with type {column.type.trino} defined in table schema"
    )
    return QueryError(f"{message} ({detail})" if detail else message, DATA)


_PARQUET_NAMES: tuple[tuple[Callable[[pa.DataType], bool], str], ...] = (
    (pa.types.is_boolean, "BOOLEAN"),
    (pa.types.is_int64, "INT64"),
    (pa.types.is_integer, "INT32"),
    (pa.types.is_float32, "FLOAT"),
    (pa.types.is_floating, "DOUBLE"),
    (pa.types.is_decimal, "FIXED_LEN_BYTE_ARRAY"),
    (pa.types.is_date, "INT32"),
    (pa.types.is_temporal, "INT64"),
)


def _parquet_name(found: pa.DataType) -> str:
    return next((name for test, name in _PARQUET_NAMES if test(found)), "BINARY")


def _is_text(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_string(kind)
        or pa.types.is_large_string(kind)
        or pa.types.is_binary(kind)
        or pa.types.is_large_binary(kind)
    )


_FAMILIES: tuple[tuple[Callable[[pa.DataType], bool], ...], ...] = (
    # Physical type that a file may have, for each type that a catalogue may declare.
    (pa.types.is_integer, pa.types.is_integer),
    (pa.types.is_float32, pa.types.is_float32),
    (pa.types.is_float64, pa.types.is_floating),
    (pa.types.is_decimal, pa.types.is_decimal),
    (pa.types.is_decimal, pa.types.is_integer),
    (pa.types.is_timestamp, pa.types.is_timestamp),
    (_is_text, _is_text),
)


def _readable(found: pa.DataType, wanted: pa.DataType) -> bool:
    if pa.types.is_null(found):
        return True
    if pa.types.is_nested(wanted):
        return bool(pa.types.is_nested(found)) and _nested_readable(found, wanted)
    return any(declared(wanted) and physical(found) for declared, physical in _FAMILIES)


def _nested_readable(found: pa.DataType, wanted: pa.DataType) -> bool:
    if pa.types.is_map(wanted) != pa.types.is_map(found) or pa.types.is_struct(wanted) != pa.types.is_struct(found):
        return False
    if pa.types.is_struct(wanted):
        return True
    pairs = zip(_children(found), _children(wanted), strict=True)
    return all(inner == outer or _readable(inner, outer) for inner, outer in pairs)


def _children(kind: pa.DataType) -> list[pa.DataType]:
    return [kind.key_type, kind.item_type] if pa.types.is_map(kind) else [kind.value_type]

"""Rows written to S3 as the objects of a table: CTAS, INSERT and UNLOAD share this."""

from __future__ import annotations

import gzip
import io
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from dataset_model.columns.engine_types import ENGINE_TYPES
from local.athena.catalog.column_types import ColumnType, column_type
from local.athena.catalog.glue import Column
from local.athena.engine.duckdb_engine import Rows
from local.athena.engine.text_format import json_from_table, text_from_table
from local.athena.errors import SYNTAX, QueryError
from local.athena.objects import Location, ObjectStore

_NULL_PARTITION = "__HIVE_DEFAULT_PARTITION__"

MOST_WRITERS = 100
"""That one statement writes (User Guide, "Use CTAS and INSERT INTO to work around the 100 partition limit")."""

_CODECS = {"SNAPPY": "snappy", "GZIP": "gzip", "ZSTD": "zstd", "LZ4": "lz4", "NONE": "none"}
_HIVE_FROM_DUCKDB = {
    **{row.duckdb.lower(): row.hive for row in ENGINE_TYPES.values()},
    "hugeint": "bigint",
    "uinteger": "bigint",
    "ubigint": "bigint",
    "usmallint": "int",
    "utinyint": "smallint",
    "timestamp_s": "timestamp",
    "timestamp_ms": "timestamp",
    "timestamp_ns": "timestamp",
    "timestamp with time zone": "timestamp",
    "null": "string",
}


@dataclass(frozen=True)
class FileOptions:
    """How objects are written; `delimiter` counts for text only."""

    format: str = "PARQUET"
    compression: str = ""
    delimiter: str = "\x01"

    @property
    def is_parquet(self) -> bool:
        """Whether Parquet is written."""
        return self.format == "PARQUET"


def file_options(given: Mapping[str, str], default: str = "PARQUET") -> FileOptions:
    """Read `format`, compression and delimiter from the properties of CTAS or UNLOAD."""
    lowered = {name.lower(): value for name, value in given.items()}
    form = lowered.get("format", default).upper()
    if form not in ("PARQUET", "TEXTFILE", "JSON"):
        raise QueryError(
            f"NOT_SUPPORTED: the local Athena writes PARQUET, TEXTFILE and JSON, not {form}. Use one of these locally.",
            SYNTAX,
        )
    compression = lowered.get("write_compression") or lowered.get("compression") or lowered.get("parquet_compression")
    separator = lowered.get("field_delimiter", "\x01").replace("\\t", "\t")
    return FileOptions(form, (compression or "").upper(), separator)


def hive_type(kind: Any) -> ColumnType:
    """Return the catalogue's type for a DuckDB type."""
    if kind.id == "decimal":
        sizes = dict(kind.children)
        return ColumnType("decimal", (sizes["precision"], sizes["scale"]))
    if kind.id in ("list", "array"):
        return ColumnType("array", (), (("element", hive_type(kind.children[0][1])),))
    if kind.id == "map":
        return ColumnType("map", (), tuple((name, hive_type(child)) for name, child in kind.children))
    if kind.id in ("struct", "tuple"):
        named = [child if isinstance(child, tuple) else ("", child) for child in kind.children]
        return ColumnType("struct", (), tuple((n or f"field{i}", hive_type(c)) for i, (n, c) in enumerate(named)))
    return column_type(_HIVE_FROM_DUCKDB.get(kind.id, kind.id))


def columns_of(rows: Rows) -> list[Column]:
    """Return the catalogue columns that a query's result would have."""
    return [
        Column(name.lower(), hive_type(kind).hive)
        for name, kind in zip(rows.table.column_names, rows.types, strict=True)
    ]


def fitted(rows: pa.Table, columns: Sequence[Column]) -> pa.Table:
    """Name and cast rows, by position, to the columns of a table."""
    if rows.num_columns != len(columns):
        raise QueryError(
            f"SYNTAX_ERROR: line 1:1: Insert query has mismatched column types: Table: {len(columns)} columns, "
            f"Query: {rows.num_columns} columns",
            SYNTAX,
        )
    arrays = [_fitted(array, column) for array, column in zip(rows.columns, columns, strict=True)]
    schema = pa.schema([(column.name, column.type.arrow) for column in columns])
    return pa.Table.from_arrays(arrays, schema=schema)


def _fitted(array: pa.ChunkedArray, column: Column) -> pa.ChunkedArray:
    wanted = column.type.arrow
    if pa.types.is_struct(wanted) and pa.types.is_struct(array.type) and array.type != wanted:
        flat = array.combine_chunks()
        children = [child.cast(field.type) for child, field in zip(flat.flatten(), wanted, strict=True)]
        return pa.chunked_array([pa.StructArray.from_arrays(children, fields=list(wanted))])
    try:
        return array.cast(wanted)
    except (
        pa.ArrowInvalid,
        pa.ArrowNotImplementedError,  # stays: Arrow's own name of the error for a cast that it has not
    ) as error:
        raise QueryError(
            f"TYPE_MISMATCH: line 1:1: Insert query has mismatched column types: column {column.name} is "
            f"{column.type.trino}, the query gives {array.type}",
            SYNTAX,
        ) from error


def partitioned(rows: pa.Table, keys: Sequence[str]) -> Iterator[tuple[tuple[str, ...], pa.Table]]:
    """Split rows by partition columns, which are left out of the parts; raise QueryError for more than 100 parts."""
    if not keys:
        yield (), rows
        return
    texts = [rows.column(key).cast(pa.string()).fill_null(_NULL_PARTITION) for key in keys]
    labels = pa.table(texts, names=list(keys))
    kept = rows.drop_columns(list(keys))
    combinations = labels.group_by(list(keys)).aggregate([]).to_pylist()
    if len(combinations) > MOST_WRITERS:
        raise QueryError(
            f"HIVE_TOO_MANY_OPEN_PARTITIONS: Exceeded limit of {MOST_WRITERS} open writers for partitions/buckets"
        )
    for combination in combinations:
        values = tuple(combination[key] for key in keys)
        mask = None
        for text, value in zip(texts, values, strict=True):
            same = pc.equal(text, value)
            mask = same if mask is None else pc.and_(mask, same)
        yield values, kept.filter(mask)


def write_object(objects: ObjectStore, folder: Location, rows: pa.Table, options: FileOptions) -> Location:
    """Write rows as one new object below `folder`."""
    name = uuid.uuid4().hex
    if options.is_parquet:
        out = io.BytesIO()
        pq.write_table(rows, out, compression=_CODECS.get(options.compression or "SNAPPY", "snappy"))
        place = folder.folder / name
        objects.write(place, out.getvalue())
        return place
    body = json_from_table(rows) if options.format == "JSON" else text_from_table(rows, options.delimiter)
    is_packed = options.compression == "GZIP"
    place = folder.folder / (f"{name}.gz" if is_packed else name)
    objects.write(place, gzip.compress(body) if is_packed else body)
    return place

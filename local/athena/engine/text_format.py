"""Rows as lines of text: Hive's delimited format, OpenCSV, and JSON lines, read and written."""

from __future__ import annotations

import base64
import bz2
import csv
import gzip
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import pyarrow as pa

from local.athena.catalog.column_types import ColumnType
from local.athena.catalog.glue import Table
from local.athena.errors import DATA, QueryError

_DEFAULT_FIELD = "\x01"
_ITEM, _KEY = "\x02", "\x03"
_NULL = "\\N"
_ESCAPES = {"\\t": "\t", "\\n": "\n", "\\001": "\x01", "\\u0001": "\x01"}


def delimiter(parameters: Mapping[str, str]) -> str:
    """Return the character between fields that a table's serializer is set to."""
    given = parameters.get("field.delim") or parameters.get("serialization.format") or ""
    if not given or given == "1":
        return _DEFAULT_FIELD
    return _ESCAPES.get(given, given)


def rows_from_text(table: Table, key: str, body: bytes) -> list[list[Any]]:
    """Read an object of a text table into one list per row, in the order of the table's columns."""
    text = _decompressed(key, body).decode("utf-8", errors="replace")
    if table.file_format == "csv":
        lines = list(_csv_rows(text, table.serde_parameters))
    elif table.file_format == "json":
        return [_json_row(line, table) for line in text.splitlines() if line.strip()]
    else:
        separator = delimiter(table.serde_parameters)
        lines = [line.split(separator) for line in text.removesuffix("\n").split("\n")] if text else []
    skipped = int(table.parameters.get("skip.header.line.count", 0) or 0)
    kinds = [column.type for column in table.columns]
    return [[_field(line, index, kind) for index, kind in enumerate(kinds)] for line in lines[skipped:]]


def _decompressed(key: str, body: bytes) -> bytes:
    if key.endswith((".gz", ".gzip")):
        return gzip.decompress(body)
    return bz2.decompress(body) if key.endswith(".bz2") else body


def _field(line: Sequence[str], index: int, kind: ColumnType) -> Any:
    return text_value(line[index], kind) if index < len(line) else None


def _csv_rows(text: str, parameters: Mapping[str, str]) -> Iterator[list[str]]:
    return csv.reader(
        io.StringIO(text),
        delimiter=parameters.get("separatorChar", ","),
        quotechar=parameters.get("quoteChar", '"'),
        escapechar=parameters.get("escapeChar", "\\"),
    )


def _json_row(line: str, table: Table) -> list[Any]:
    try:
        found = {name.lower(): value for name, value in json.loads(line, parse_float=str).items()}
    except (ValueError, AttributeError) as error:
        raise QueryError(f"HIVE_CURSOR_ERROR: Row is not a valid JSON Object - {error}", DATA) from error
    return [json_value(found.get(column.name), column.type) for column in table.columns]


def json_value(found: Any, kind: ColumnType) -> Any:
    """Fit a parsed JSON value to a column."""
    if found is None:
        return None
    if kind.name == "array":
        return [json_value(item, kind.parts[0][1]) for item in found]
    if kind.name == "map":
        return [(text_value(key, kind.parts[0][1]), json_value(item, kind.parts[1][1])) for key, item in found.items()]
    if kind.name == "struct":
        lowered = {name.lower(): value for name, value in found.items()}
        return {name: json_value(lowered.get(name), part) for name, part in kind.parts}
    if isinstance(found, bool):
        return found if kind.name == "boolean" else str(found).lower()
    return text_value(found if isinstance(found, str) else json.dumps(found), kind)


def text_value(text: str, kind: ColumnType, level: int = 0) -> Any:
    """Read one field; what does not fit its column is null, as in Hive."""
    if text == _NULL and kind.name not in ("array", "map", "struct"):
        return None
    try:
        if kind.parts:
            return _nested(text, kind, level)
        reader = _READERS.get(kind.name)
        return reader(text) if reader else text
    except (ValueError, InvalidOperation):
        return None


def _nested(text: str, kind: ColumnType, level: int) -> Any:
    if text == _NULL:
        return None
    item, key = chr(ord(_ITEM) + level), chr(ord(_KEY) + level)
    pieces = text.split(item) if text else []
    if kind.name == "array":
        return [text_value(piece, kind.parts[0][1], level + 1) for piece in pieces]
    if kind.name == "struct":
        filled = [*pieces, *[_NULL] * len(kind.parts)]
        return {
            name: text_value(piece, part, level + 1) for (name, part), piece in zip(kind.parts, filled, strict=False)
        }
    pairs = [piece.partition(key) for piece in pieces]
    (_, key_type), (_, value_type) = kind.parts
    return [(text_value(k, key_type, level + 2), text_value(v, value_type, level + 2)) for k, _, v in pairs]


def _boolean(text: str) -> bool | None:
    return {"true": True, "false": False}.get(text.lower())


def _timestamp(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=None, microsecond=moment.microsecond // 1000 * 1000)


def _binary(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return text.encode()


_READERS: dict[str, Callable[[str], Any]] = {
    "boolean": _boolean,
    "tinyint": int,
    "smallint": int,
    "int": int,
    "bigint": int,
    "float": float,
    "double": float,
    "decimal": Decimal,
    "date": date.fromisoformat,
    "timestamp": _timestamp,
    "binary": _binary,
}


def text_from_table(rows: pa.Table, separator: str) -> bytes:
    """Write rows as Hive's delimited text, one line each."""
    lines = [separator.join(_written(value) for value in row) for row in zip(*_python_columns(rows), strict=True)]
    return "".join(f"{line}\n" for line in lines).encode()


def json_from_table(rows: pa.Table) -> bytes:
    """Write rows as JSON lines, leaving nulls out."""
    lines = (
        json.dumps({name: value for name, value in row.items() if value is not None}, default=_written)
        for row in rows.to_pylist()
    )
    return "".join(f"{line}\n" for line in lines).encode()


def _python_columns(rows: pa.Table) -> list[list[Any]]:
    return [column.to_pylist() for column in rows.columns]


def _written(value: Any, level: int = 0) -> str:
    if value is None:
        return _NULL
    if isinstance(value, dict | list):
        return _written_nested(value, level)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def _written_nested(value: dict[str, Any] | list[Any], level: int) -> str:
    item, key = chr(ord(_ITEM) + level), chr(ord(_KEY) + level)
    if isinstance(value, dict):
        return item.join(_written(member, level + 1) for member in value.values())
    if value and isinstance(value[0], tuple):
        return item.join(key.join(_written(part, level + 2) for part in pair) for pair in value)
    return item.join(_written(member, level + 1) for member in value)

"""Rows as Athena returns them: text of every type, column descriptions, the result CSV and its pages."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from local.athena.engine.duckdb_engine import Rows
from local.athena.errors import DATA, QueryError
from local.athena.functions.numbers.number_text import double_text, real_text

_LONGEST = 2147483647
_LONGEST_BINARY = 1073741824

# DuckDB's type id -> Athena's name, precision and scale in ColumnInfo.
_RESULT_TYPES: dict[str, tuple[str, int, int]] = {
    "boolean": ("boolean", 0, 0),
    "tinyint": ("tinyint", 3, 0),
    "smallint": ("smallint", 5, 0),
    "integer": ("integer", 10, 0),
    "bigint": ("bigint", 19, 0),
    "hugeint": ("bigint", 19, 0),
    "utinyint": ("smallint", 5, 0),
    "usmallint": ("integer", 10, 0),
    "uinteger": ("bigint", 19, 0),
    "ubigint": ("bigint", 19, 0),
    "float": ("float", 17, 0),
    "double": ("double", 17, 0),
    "date": ("date", 0, 0),
    "time": ("time", 3, 0),
    "timestamp": ("timestamp", 3, 0),
    "timestamp_s": ("timestamp", 3, 0),
    "timestamp_ms": ("timestamp", 3, 0),
    "timestamp_ns": ("timestamp", 3, 0),
    "timestamp with time zone": ("timestamp with time zone", 3, 0),
    "list": ("array", 0, 0),
    "array": ("array", 0, 0),
    "map": ("map", 0, 0),
    "struct": ("row", 0, 0),
    "tuple": ("row", 0, 0),
    "blob": ("varbinary", _LONGEST_BINARY, 0),
    "interval": ("interval day to second", 0, 0),
    "null": ("unknown", 0, 0),
}


@dataclass(frozen=True)
class ResultColumn:
    """One entry of ColumnInfo."""

    name: str
    type: str
    precision: int = 0
    scale: int = 0

    def described(self) -> dict[str, Any]:
        """The column as GetQueryResults describes it."""
        return {
            "CatalogName": "hive",
            "SchemaName": "",
            "TableName": "",
            "Name": self.name,
            "Label": self.name,
            "Type": self.type,
            "Precision": self.precision,
            "Scale": self.scale,
            "Nullable": "UNKNOWN",
            "CaseSensitive": self.type in ("varchar", "char"),
        }


@dataclass(frozen=True)
class Result:
    """What a statement answers: columns and rows as text, and how many rows it wrote.

    `headed` results carry the column names as their first row (SELECT does, SHOW does not).
    `manifest` is the URI of the list of objects that a statement wrote.
    """

    columns: tuple[ResultColumn, ...] = ()
    rows: pa.Table = field(default_factory=lambda: pa.table({}))
    headed: bool = False
    updated: int | None = None
    manifest: str | None = None

    @cached_property
    def size(self) -> int:
        """The bytes that the rows take in memory."""
        return int(self.rows.nbytes)

    def page(self, start: int, count: int) -> tuple[list[dict[str, Any]], int | None]:
        """Return rows from `start`, and where the next page starts, or None after the last."""
        head = 1 if self.headed else 0
        page: list[dict[str, Any]] = []
        if head and start == 0:
            page.append({"Data": [{"VarCharValue": column.name} for column in self.columns]})
        first = max(0, start - head)
        part = self.rows.slice(first, count - len(page))
        columns = [column.to_pylist() for column in part.columns]
        page += [
            {"Data": [{} if value is None else {"VarCharValue": value} for value in row]}
            for row in zip(*columns, strict=True)
        ]
        total = self.rows.num_rows + head if self.rows.num_columns else head
        return page, start + count if start + count < total else None

    def csv(self) -> bytes:
        """The result file: every value quoted, NULL left empty without quotes."""
        out = io.BytesIO()
        out.write((",".join(_quoted(column.name) for column in self.columns) + "\n").encode())
        if self.rows.num_rows and self.rows.num_columns:
            names = [str(index) for index in range(self.rows.num_columns)]
            options = pa_csv.WriteOptions(include_header=False, quoting_style="all_valid")
            pa_csv.write_csv(self.rows.rename_columns(names), out, options)
        return out.getvalue()

    def text(self) -> bytes:
        """The result file of DDL and SHOW: tabs between columns, no names."""
        columns = [column.to_pylist() for column in self.rows.columns]
        lines = ["\t".join(value or "" for value in row) for row in zip(*columns, strict=True)]
        return "".join(f"{line}\n" for line in lines).encode()

    def metadata(self) -> bytes:
        """The column descriptions in a file next to the result file.

        Athena's own file is an undocumented binary; this one says the same in JSON.
        """
        return json.dumps({"columns": [column.described() for column in self.columns]}).encode()


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def listing(names: str, lines: list[str]) -> Result:
    """Return the result of SHOW and DESCRIBE.

    `names` are separated by tabs, and so are the fields of each line: Athena describes several columns but sends every
    line as a single cell.
    """
    columns = tuple(ResultColumn(name, "string") for name in names.split("\t"))
    return Result(columns, pa.table({"line": pa.array(lines, pa.string())}))


def written(count: int, manifest: str | None = None) -> Result:
    """Return the result of a statement that writes rows: no rows, but how many there were."""
    return Result((ResultColumn("rows", "bigint", 19),), updated=count, manifest=manifest)


def result_from_rows(rows: Rows) -> Result:
    """Turn the rows of a query into text."""
    names = rows.table.column_names
    columns = tuple(
        _result_column(name, kind, rows.lengths.get(name)) for name, kind in zip(names, rows.types, strict=True)
    )
    texts = [as_text(column, kind) for column, kind in zip(rows.table.columns, rows.types, strict=True)]
    return Result(columns, pa.Table.from_arrays(texts, names=names), headed=True)


def _result_column(name: str, kind: Any, length: int | None) -> ResultColumn:
    if kind.id == "decimal":
        sizes = dict(kind.children)
        return ResultColumn(name, "decimal", sizes["precision"], sizes["scale"])
    if str(kind) == "JSON":
        return ResultColumn(name, "json")
    type_name, precision, scale = _RESULT_TYPES.get(kind.id, ("varchar", _LONGEST, 0))
    if type_name == "varchar" and length is not None:
        precision = length
    return ResultColumn(name, type_name, precision, scale)


def as_text(column: pa.ChunkedArray, kind: Any) -> pa.ChunkedArray:
    """Write a column as Athena's text."""
    arrow = column.type
    if pa.types.is_string(arrow):
        return column
    if pa.types.is_boolean(arrow) or pa.types.is_integer(arrow) or pa.types.is_date(arrow):
        return column.cast(pa.string())
    if pa.types.is_timestamp(arrow):
        return _timestamps(column)
    if pa.types.is_time(arrow):
        return column.cast(pa.time32("ms"), safe=False).cast(pa.string())
    if pa.types.is_null(arrow):
        return pa.chunked_array([pa.nulls(len(column), pa.string())])
    if kind.id == "hugeint":
        _check_bigints(column)
    writer = _writer(kind)
    return pa.chunked_array([pa.array((None if v is None else writer(v) for v in column.to_pylist()), pa.string())])


def _check_bigints(column: pa.ChunkedArray) -> None:
    """DuckDB sums whole numbers in 128 bits, Athena in 64."""
    ends = pc.min_max(column).as_py()
    for end in ends.values():
        if end is not None and not -(2**63) <= end < 2**63:
            raise QueryError(f"NUMERIC_VALUE_OUT_OF_RANGE: bigint addition overflow: {end}", DATA)


def _timestamps(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Write milliseconds, or microseconds where a column has any."""
    zone = column.type.tz
    naive = column.cast(pa.timestamp("us", zone)).cast(pa.timestamp("us")) if zone else column.cast(pa.timestamp("us"))
    floored = pc.floor_temporal(naive, unit="millisecond")
    is_finer = pc.any(pc.not_equal(naive, floored)).as_py()
    text = (naive if is_finer else floored.cast(pa.timestamp("ms"))).cast(pa.string())
    return pc.binary_join_element_wise(text, "UTC", " ") if zone else text


def _writer(kind: Any) -> Callable[[Any], str]:
    """Return what writes one value of a type; used for values inside arrays, maps and rows, too."""
    if kind.id in ("list", "array"):
        item = _nullable(kind.children[0][1])
        return lambda value: "[" + ", ".join(item(member) for member in value) + "]"
    if kind.id == "map":
        key, item = (_nullable(child) for _, child in kind.children)
        return lambda value: "{" + ", ".join(f"{key(k)}={item(v)}" for k, v in _pairs(value)) + "}"
    if kind.id in ("struct", "tuple"):
        members = [
            (name if kind.id == "struct" else f"field{index}", _nullable(child))
            for index, (name, child) in enumerate(_children(kind))
        ]
        return lambda value: (
            "{"
            + ", ".join(
                f"{name}={write(member)}" for (name, write), member in zip(members, value.values(), strict=True)
            )
            + "}"
        )
    return _WRITERS.get(kind.id, str)


def _children(kind: Any) -> list[tuple[str, Any]]:
    return [child if isinstance(child, tuple) else ("", child) for child in kind.children]


def _nullable(kind: Any) -> Callable[[Any], str]:
    write = _writer(kind)
    return lambda value: "null" if value is None else write(value)


def _pairs(value: Any) -> list[tuple[Any, Any]]:
    return list(value.items()) if isinstance(value, dict) else value


def _interval(value: Any) -> str:
    span = timedelta(days=value.months * 30 + value.days, microseconds=value.nanoseconds // 1000)
    seconds, millis = divmod(span.seconds * 1000 + span.microseconds // 1000, 1000)
    return f"{span.days} {seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{millis:03d}"


def _datetime(value: Any) -> str:
    text = value.strftime("%Y-%m-%d %H:%M:%S.") + f"{value.microsecond // 1000:03d}"
    return f"{text} UTC" if value.tzinfo else text


def _decimal(value: Decimal) -> str:
    return format(value, "f")


_WRITERS: dict[str, Callable[[Any], str]] = {
    "boolean": lambda value: "true" if value else "false",
    "double": lambda value: double_text(value) or "",
    "float": lambda value: real_text(value) or "",
    "decimal": _decimal,
    "hugeint": _decimal,
    "blob": lambda value: value.hex(" "),
    "timestamp": _datetime,
    "timestamp with time zone": _datetime,
    "interval": _interval,
}

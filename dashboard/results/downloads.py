"""An Arrow table and chosen columns flow in, CSV and Parquet downloads flow out."""

import datetime as dt
import io
import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from dashboard.results.time_zones import UTC, headings, time_text

_FORMULA = re.compile(
    r"[\t\r\n]|[\s\x00-\x1f\x7f\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]*"
    r"[=+\-@＝＋－＠]"  # noqa: RUF001 - spreadsheets normalise full-width characters
)
"""Beginnings that make a spreadsheet read a text as a formula: an operator, also after blanks and invisible signs."""

BOM: Final = b"\xef\xbb\xbf"
"""Excel reads a CSV file as UTF-8 only where it begins with this mark."""

NULLS: Final = {"": 'Nothing, and "" in quotes', "NULL": "NULL", "\\N": "\\N"}
"""Ways of writing NULL in a CSV file, with their labels."""

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_QUOTED = re.compile(r'[",\r\n]|^\s|\s$')


def csv_batches(
    table: pa.Table,
    columns: Sequence[str] | None = None,
    *,
    formula_safe: bool = True,
    null: str = "",
    byte_order_mark: bool = False,
    zone: str = UTC,
    rows_per_batch: int = 10_000,
) -> Iterator[bytes]:
    r"""Yield a CSV file in pieces: UTF-8, CRLF, a header line, columns in the order given (None: all).

    NULL is written as `null` says, by default as nothing; a text that reads the same is quoted (`""`, `"NULL"`), so
    that the two stay apart for every reader that looks at quotes. With `formula_safe`, a text that a spreadsheet would
    run (it begins with = + - @, also after blanks, or with a tab or a line break, and is not a number) gets a `'` in
    front; numbers stay. With `byte_order_mark`, the file begins with one, which Excel needs to read UTF-8.
    Timestamps are those of a clock in the zone, which their header names.
    """
    chosen = chosen_columns(table, columns)
    if byte_order_mark:
        yield BOM
    yield _line([_text_field(name, null, formula_safe=formula_safe) for name in headings(chosen, zone)])
    for batch in chosen.to_batches(max_chunksize=rows_per_batch):
        fields = [_fields(column, null, zone, formula_safe=formula_safe) for column in batch.columns]
        yield b"".join(_line(row) for row in zip(*fields, strict=True))


def csv_bytes(
    table: pa.Table,
    columns: Sequence[str] | None = None,
    *,
    formula_safe: bool = True,
    null: str = "",
    byte_order_mark: bool = False,
    zone: str = UTC,
) -> bytes:
    """Return a CSV file as one piece; see `csv_batches`."""
    return b"".join(
        csv_batches(table, columns, formula_safe=formula_safe, null=null, byte_order_mark=byte_order_mark, zone=zone)
    )


def parquet_bytes(table: pa.Table, columns: Sequence[str] | None = None) -> bytes:
    """Return a Parquet file with the table's exact types."""
    sink = io.BytesIO()
    pq.write_table(chosen_columns(table, columns), sink, compression="zstd")
    return sink.getvalue()


def chosen_columns(table: pa.Table, columns: Sequence[str] | None) -> pa.Table:
    """Return the columns asked for, in that order; None means all. Raises KeyError for an unknown name."""
    return table if columns is None else table.select(list(columns))


def file_name(dataset: str, query: str, now: dt.datetime, extension: str) -> str:
    """Return `contacts-by_agent-20260216-093000.csv`; only letters, digits, `_` and `-` survive in its parts."""
    parts = (re.sub(r"[^A-Za-z0-9_]+", "-", part).strip("-") for part in (dataset, query))
    return f"{'-'.join(part for part in parts if part)}-{now:%Y%m%d-%H%M%S}.{extension}"


def formula_safe_text(text: str) -> str:
    """Return a text that no spreadsheet runs as a formula: with a `'` in front where needed."""
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text.lstrip(" ")) else text


def _fields(column: pa.Array, null: str, zone: str, *, formula_safe: bool) -> list[str]:
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        return [
            null if value is None else _text_field(value, null, formula_safe=formula_safe)
            for value in column.to_pylist()
        ]
    if pa.types.is_timestamp(column.type):
        return [null if value is None else time_text(value, zone, "milliseconds") for value in column.to_pylist()]
    return [null if value is None else _plain_field(value, null) for value in column.to_pylist()]


def _plain_field(value: object, null: str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format(value, "f")
    return str(value) if isinstance(value, int | float | dt.date) else _text_field(str(value), null, formula_safe=True)


def _text_field(text: str, null: str, *, formula_safe: bool) -> str:
    shown = formula_safe_text(text) if formula_safe else text
    needs_quotes = not shown or shown == null or _QUOTED.search(shown)
    return '"' + shown.replace('"', '""') + '"' if needs_quotes else shown


def _line(fields: Sequence[str]) -> bytes:
    # A single NULL on a line is an empty line, which some readers skip; CSV has no other form for it.
    return (",".join(fields) + "\r\n").encode("utf-8", "surrogatepass")

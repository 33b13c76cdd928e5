"""Files that people take away: CSV, Parquet and Excel of an Arrow table, with the columns they chose. Pure."""

import datetime as dt
from collections.abc import Iterator, Sequence

import pyarrow as pa


def csv_batches(
    table: pa.Table, columns: Sequence[str] | None = None, *, formula_safe: bool = True, rows_per_batch: int = 10_000
) -> Iterator[bytes]:
    r"""Yield a CSV file in pieces: UTF-8, CRLF, a header line, columns in the order given (None: all).

    NULL is an empty field, "" is `""`: they stay apart. With `formula_safe`, a text that a spreadsheet would run
    (it begins with = + - @, a tab or a carriage return, and is not a number) gets a `'` in front; numbers stay.
    """
    raise NotImplementedError


def csv_bytes(table: pa.Table, columns: Sequence[str] | None = None, *, formula_safe: bool = True) -> bytes:
    """Return a CSV file as one piece; see `csv_batches`."""
    raise NotImplementedError


def parquet_bytes(table: pa.Table, columns: Sequence[str] | None = None) -> bytes:
    """Return a Parquet file with the table's exact types."""
    raise NotImplementedError


def file_name(dataset: str, query: str, now: dt.datetime, extension: str) -> str:
    """Return `contacts-by_agent-20260216-093000.csv`; only letters, digits, `_` and `-` survive in its parts."""
    raise NotImplementedError

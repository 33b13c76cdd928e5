"""An Arrow table flows in, an Excel file with typed cells flows out: nothing rounded, no formulas.

Excel stores fifteen digits, so decimals and longer integers are text cells. Texts are string cells, which Excel never
evaluates. NULL and "" are both an empty cell: Excel does not distinguish them.
"""

import datetime as dt
import io
import math
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import xlsxwriter

from dashboard.results.downloads import chosen_columns
from dashboard.results.time_zones import UTC, clock_time, headings

MOST_ROWS: Final = 1_048_575
"""Rows of a sheet without its header; further rows go to another sheet."""
MOST_TEXT: Final = 32_767
CUT: Final = " [cut: a cell of Excel holds 32,767 characters]"
_FIFTEEN_DIGITS: Final = 10**15
_EPOCH: Final = dt.date(1900, 3, 1)
"""Excel counts days from 1900 and includes a 29 February 1900, which did not exist."""

Write = Callable[[Any, int, int, Any], None]


def excel_bytes(
    table: pa.Table, columns: Sequence[str] | None = None, rows_per_sheet: int = MOST_ROWS, *, zone: str = UTC
) -> bytes:
    """Return an .xlsx file, columns in the order given (None: all), timestamps as a clock in the zone shows them."""
    chosen = chosen_columns(table, columns)
    sink = io.BytesIO()
    # Rows are written one by one, so memory does not grow with their number.
    with xlsxwriter.Workbook(sink, {"constant_memory": True}) as book:
        formats = {name: book.add_format(options) for name, options in _FORMATS.items()}
        writes = [_write_of(chosen.column(place), formats, zone) for place in range(chosen.num_columns)]
        for number, first in enumerate(range(0, max(chosen.num_rows, 1), rows_per_sheet), 1):
            sheet = book.add_worksheet(f"Rows {number}" if chosen.num_rows > rows_per_sheet else "Rows")
            _write_header(sheet, headings(chosen, zone), formats)
            _write_rows(sheet, chosen.slice(first, rows_per_sheet), writes)
    return sink.getvalue()


_FORMATS: Final[dict[str, dict[str, Any]]] = {
    "header": {"bold": True, "bottom": 1, "num_format": "@"},
    "text": {"num_format": "@"},
    "digits": {"num_format": "@", "align": "right"},
    "date": {"num_format": "yyyy-mm-dd"},
    "moment": {"num_format": "yyyy-mm-dd hh:mm:ss.000"},
}


def _write_header(sheet: Any, names: Sequence[str], formats: dict[str, Any]) -> None:
    sheet.freeze_panes(1, 0)
    for place, name in enumerate(names):
        sheet.set_column(place, place, min(max(len(name) + 2, 12), 40))
        sheet.write_string(0, place, name, formats["header"])


def _write_rows(sheet: Any, table: pa.Table, writes: Sequence[Write]) -> None:
    row = 0
    for batch in table.to_batches(max_chunksize=5_000):
        for values in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            row += 1
            for place, value in enumerate(values):
                if value is not None:
                    writes[place](sheet, row, place, value)


def _write_of(column: pa.ChunkedArray, formats: dict[str, Any], zone: str) -> Write:
    kind = column.type
    if pa.types.is_boolean(kind):
        return lambda sheet, row, place, value: sheet.write_boolean(row, place, value)
    if pa.types.is_integer(kind) and _fits(column):
        return lambda sheet, row, place, value: sheet.write_number(row, place, value)
    if pa.types.is_floating(kind):
        return lambda sheet, row, place, value: (
            sheet.write_number(row, place, value)
            if math.isfinite(value)
            else sheet.write_string(row, place, str(value), formats["digits"])
        )
    if pa.types.is_date(kind):
        return lambda sheet, row, place, value: _date(sheet, row, place, value, formats["date"])
    if pa.types.is_timestamp(kind):
        return lambda sheet, row, place, value: _time(sheet, row, place, value, formats["moment"], zone)
    shown = formats["digits"] if pa.types.is_integer(kind) or pa.types.is_decimal(kind) else formats["text"]
    return lambda sheet, row, place, value: sheet.write_string(row, place, _text(value), shown)


def _date(sheet: Any, row: int, place: int, value: dt.date, shown: Any) -> None:
    day = value.date() if isinstance(value, dt.datetime) else value
    if day < _EPOCH:
        sheet.write_string(row, place, value.isoformat())
    else:
        sheet.write_datetime(row, place, value, shown)


def _time(sheet: Any, row: int, place: int, value: dt.datetime, shown: Any, zone: str) -> None:
    local, offset = clock_time(value, zone)
    if offset:
        sheet.write_string(row, place, f"{local.isoformat(' ', 'milliseconds')}{offset}")
    else:
        _date(sheet, row, place, local, shown)


def _text(value: object) -> str:
    text = format(value, "f") if isinstance(value, Decimal) else str(value)
    return text if len(text) <= MOST_TEXT else text[: MOST_TEXT - len(CUT)] + CUT


def _fits(column: pa.ChunkedArray) -> bool:
    extent = pc.min_max(column)
    low, high = extent["min"].as_py(), extent["max"].as_py()
    return low is None or (low > -_FIFTEEN_DIGITS and high < _FIFTEEN_DIGITS)

"""Rows of a result on the page: exact, described, and copied by a click."""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import streamlit as st

from dashboard import formats
from dashboard.browsing import Pages
from dashboard.components import component
from dashboard.exact import integers_fit, shown
from dashboard.results import QueryResult
from dashboard.shape import Shape

_ROW: Final = 35
_TALLEST: Final = 12
"""Rows shown before the grid scrolls."""
_MOST_SELECTABLE: Final = 150_000
"""Beyond, the grid fetches its rows as it scrolls, and cannot tell which cell was clicked."""
_MOST_SHOWN: Final = 60


@st.fragment
def grid(found: QueryResult, shape: Shape, columns: Sequence[str], key: str) -> None:
    """Draw the rows; a click on a cell copies its value, and runs no more of the page than this."""
    few = found.row_count <= _MOST_SELECTABLE
    height = (min(found.row_count, _TALLEST) + 1) * _ROW + 2
    rows: Any = shown(found.table.select(list(columns))) if few else Pages(found.rows, columns)
    chosen: Any = st.dataframe(
        rows,
        hide_index=True,
        height=height,
        row_height=_ROW,
        column_config=_column_config(found, shape),
        placeholder="",
        key=f"grid_{key}_{found.query_execution_id}",
        alt=f"Query result, {formats.plural(found.row_count, 'row')}",
        on_select="rerun" if few else "ignore",
        selection_mode="single-cell",
    )
    if few:
        _copied(found, chosen["selection"]["cells"], key)
    else:
        st.caption(
            f"Beyond {_MOST_SELECTABLE:,} rows they are fetched as you scroll. Choose a cell, then Ctrl or Cmd + C."
        )


def cell_text(value: object) -> str:
    """Return a value as it is copied: every digit of a number, nothing for NULL."""
    if value is None:
        return ""
    if isinstance(value, dt.datetime):
        return value.isoformat(" ", "milliseconds" if value.microsecond else "seconds")
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def _copied(found: QueryResult, cells: Sequence[tuple[int, str]], key: str) -> None:
    data = {"key": "", "text": "", "shown": "", "hint": "A click on a cell copies its value."}
    if cells:
        row, column = cells[0]
        text = cell_text(found.table[column][row].as_py())
        shown = text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]} and the rest"
        data |= {"key": f"{found.query_execution_id} {row} {column}", "text": text, "shown": shown or "an empty cell"}
    component("copied")(data=data, key=f"copied_{key}")


def _column_config(found: QueryResult, shape: Shape) -> dict[str, Any]:
    configs: dict[str, Any] = {}
    table = found.table
    for field, column in zip(table.schema, found.columns, strict=True):
        known = shape.column(field.name)
        text = f"{column.type}. {known.description}" if known and known.description else column.type
        if pa.types.is_timestamp(field.type):
            configs[field.name] = st.column_config.DatetimeColumn(help=text, format=_moments(table[field.name]))
        elif pa.types.is_date(field.type):
            configs[field.name] = st.column_config.DateColumn(help=text, format="YYYY-MM-DD")
        elif pa.types.is_decimal(field.type):
            configs[field.name] = st.column_config.TextColumn(help=text, alignment="right")
        elif pa.types.is_integer(field.type):
            big = not integers_fit(table.column(field.name))
            plain = st.column_config.NumberColumn(help=text, format="%d")
            configs[field.name] = st.column_config.TextColumn(help=text, alignment="right") if big else plain
        else:
            configs[field.name] = st.column_config.Column(help=text)
    return configs


def _moments(column: pa.ChunkedArray) -> str:
    """Return the format of a timestamp column: with milliseconds where some value has any."""
    whole = pc.all(pc.equal(pc.floor_temporal(column, unit="second"), column)).as_py()
    return "YYYY-MM-DD HH:mm:ss" if whole in (True, None) else "YYYY-MM-DD HH:mm:ss.SSS"

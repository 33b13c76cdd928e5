"""A result flows in, a grid of exact texts flows out; a click copies a cell."""

from collections.abc import Sequence
from typing import Any, Final

import pyarrow as pa
import streamlit as st

from dashboard.components import component
from dashboard.model import formats
from dashboard.model.result import QueryResult
from dashboard.model.semantic_model import SemanticModel
from dashboard.results.exact_text import is_number, widest_number
from dashboard.results.time_zones import UTC, heading
from dashboard.ui.result.lazy_grid import Pages

NULL: Final = "NULL"
"""Placeholder of a missing value; `static/null_mark.js` draws it unlike the text "NULL"."""

_ROW: Final = 35
_CHARACTER, _PADDING = 9, 22
"""Pixels of a digit and of both margins of a cell."""
_NARROWEST: Final = 80
_LABEL: Final = 20
"""Characters of a header that a column makes room for."""
_TALLEST: Final = 12
"""Rows shown before the grid scrolls."""


def grid(
    found: QueryResult, model: SemanticModel, columns: Sequence[str], key: str, text: str = "", zone: str = UTC
) -> None:
    """Draw the rows, or those that hold a text; a click on a header sorts all of them, one on a cell copies it."""
    pages = Pages(found.rows, columns, text, zone)
    if text:
        st.caption(f"{pages.row_count:,} of {formats.plural(found.row_count, 'row')} hold “{text}”.")
    if not pages.row_count:
        return
    name = f"grid_{key}_{zone}_{found.query_execution_id}"
    st.dataframe(
        pages,
        hide_index=True,
        # A search needs a grid of its own: the rows that the other grid has fetched have other positions.
        key=f"{name}_{text}" if text else name,
        height=(min(pages.row_count, _TALLEST) + 1) * _ROW + 2,
        row_height=_ROW,
        column_config=_column_config(found, model, zone),
        placeholder=NULL,
        alt=f"Query result, {formats.plural(pages.row_count, 'row')}",
        lazy=True,
    )
    component("copied")(data={"header": _ROW}, key=f"copied_{key}")


def _column_config(found: QueryResult, model: SemanticModel, zone: str) -> dict[str, Any]:
    configs: dict[str, Any] = {}
    table = found.table
    for field, column in zip(table.schema, found.columns, strict=True):
        known = model.column(field.name)
        text = f"{column.type}. {known.description}" if known and known.description else column.type
        label = heading(field, zone)
        if is_number(field.type):
            width = _number_width(table.column(field.name), label)
            configs[field.name] = st.column_config.TextColumn(label, help=text, alignment="right", width=width)
        else:
            configs[field.name] = st.column_config.TextColumn(label, help=text)
    return configs


def _number_width(column: pa.ChunkedArray, label: str) -> int:
    """Return the pixels that show every number of a column whole.

    The grid's own width is that of a few rows, and what does not fit it loses its first digits without a mark.
    """
    return max(_NARROWEST, _PADDING + _CHARACTER * max(widest_number(column), min(len(label), _LABEL)))

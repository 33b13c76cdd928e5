"""What SQL may read: tables, their columns, types and meanings."""

import html
from collections.abc import Sequence

import streamlit as st

from dashboard.shape import Shape


def schema_browser(shapes: Sequence[Shape]) -> None:
    """Draw the tables, each with its columns; partition columns are marked, because filtering by them costs less."""
    with st.container(border=True, key="schema", gap="small"):
        for shape in shapes:
            st.subheader(f":material/table: {shape.table}", anchor=False, help=f"In the database {shape.database}")
            st.html(_columns(shape))


def _columns(shape: Shape) -> str:
    items = "".join(
        f"<li{' class=partition' if column.is_partition else ''}><div><code>{html.escape(column.name)}</code>"
        f"<span>{html.escape(str(column.type))}{f', {html.escape(column.unit)}' if column.unit else ''}</span></div>"
        f"{f'<p>{html.escape(column.description)}</p>' if column.description else ''}</li>"
        for column in shape.columns
    )
    return f'<ul class="dash-columns" tabindex="0" aria-label="Columns of {html.escape(shape.table)}">{items}</ul>'

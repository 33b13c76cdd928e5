"""Semantic models flow in, a list of tables and columns with types, meanings and values flows out."""

import html
from collections.abc import Mapping

import streamlit as st

from dashboard.errors import DashboardError
from dashboard.model import formats
from dashboard.model.semantic_model import SemanticModel, TableColumn
from dashboard.overview.document.marks import label
from dashboard.results.sample_values import COUNT, MOST_BYTES, Samples
from dashboard.results.schema_values import known_values
from dashboard.services.service import Service

Values = Mapping[str, tuple[str, ...]]


def schema_browser(service: Service, chosen: str) -> None:
    """Draw the tables with their columns, the chosen dataset first; partition columns are marked: they cost less."""
    with st.container(border=True, key="schema", gap="small"):
        for name in chosen_first(service, chosen):
            model = service.model(name)
            with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
                help_text = f"In the database {model.database}"
                st.subheader(f":material/table: {model.table}", anchor=False, help=help_text, width="content")
                wanted = st.toggle(
                    "Samples",
                    key=f"samples_{name}",
                    help="Sample values: reads the first rows of the newest day's file from S3, at most "
                    f"{formats.size(MOST_BYTES)}, once per export for all users. No query runs. "
                    "Values of small dimensions are always shown.",
                )
            samples = _samples(service, name) if wanted else None
            known = known_values(service.manifest(name), COUNT + 1)
            st.html(columns_list(model, {**known, **(samples.values if samples else {})}))
            if samples:
                st.caption(f"First rows of {formats.day(samples.day)}, {formats.size(samples.fetched)} read from S3.")


def chosen_first(service: Service, chosen: str) -> tuple[str, ...]:
    """Return the names of the datasets, the chosen one before the others."""
    return (chosen, *(name for name in service.names if name != chosen))


def columns_list(model: SemanticModel, values: Values) -> str:
    """Return the columns of a table as HTML."""
    items = "".join(
        f"<li{' class=partition' if column.is_partition else ''}><div><code>{html.escape(column.name)}</code>"
        f"<span>{html.escape(column.type_name)}{f', {html.escape(column.unit)}' if column.unit else ''}"
        f"{', masked' if column.name in model.view.masks else ''}</span></div>"
        f"{f'<p>{html.escape(column.description)}</p>' if column.description else ''}{_values(column, values)}</li>"
        for column in model.columns
    )
    return f'<ul class="dash-columns" tabindex="0" aria-label="Columns of {html.escape(model.table)}">{items}</ul>'


def _values(column: TableColumn, values: Values) -> str:
    found = values.get(column.name)
    if found is None:
        return ""
    shown = " · ".join(f"<q>{html.escape(label(value))}</q>" for value in found[:COUNT]) or "only NULL"
    shown += " · …" if len(found) > COUNT else ""
    return f'<p class="values">{shown}</p>'


def _samples(service: Service, name: str) -> Samples | None:
    try:
        return service.samples(name)
    except DashboardError as error:
        st.caption(f":orange[No samples: {error}]")
        return None

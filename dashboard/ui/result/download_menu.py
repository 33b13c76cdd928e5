"""A result flows in, downloads flow out: files of chosen columns made on a click, or files straight from S3."""

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Final

import streamlit as st

from dashboard.aws.s3 import LINK_SECONDS
from dashboard.errors import DashboardError
from dashboard.model import formats
from dashboard.model.query_types import name_in_words
from dashboard.model.result import QueryResult
from dashboard.results import downloads
from dashboard.results.excel import excel_bytes
from dashboard.services.job import Job
from dashboard.services.service import Service
from dashboard.services.unloading import unload_of
from dashboard.sql.unload import EXTENSIONS, FORMATS, LABELS, MOST_ROWS, UnloadFormat
from dashboard.ui.query import run_status

MOST_LINKS: Final = 20
THESE, ALL = "These rows", "All rows"

File = Callable[[str], str]
"""Names a file, given its extension."""


def download_menu(service: Service, name: str, found: QueryResult, key: str, zone: str) -> Sequence[str]:
    """Draw the choice of columns and the downloads; return the columns chosen, in the result's order.

    Timestamps in CSV and Excel are those of a clock in the zone.
    """
    names = found.names
    query = found.query_execution_id
    with st.container(horizontal=True, width="content", vertical_alignment="center", gap="small"):
        with st.popover("Columns", icon=":material/view_column:", key=f"columns_of_{key}"):
            picked = st.pills(
                "Columns in the table and in files",
                names,
                selection_mode="multi",
                default=names,
                key=f"columns_{query}",
            )
        columns = [column for column in names if column in picked] or names
        if not service.permissions.visible([name], "analyst"):
            # A viewer reads pages; files need the role analyst.
            return columns
        with st.popover("More", icon=":material/download:", key=f"more_{key}"):
            safe, null = _files(found, columns, lambda extension: _file(service, name, found, extension), zone)
            _from_s3(service, name, found, columns)
        st.download_button(
            "CSV",
            lambda: downloads.csv_bytes(
                found.table, columns, formula_safe=safe, null=null, byte_order_mark=True, zone=zone
            ),
            _file(service, name, found, "csv"),
            "text/csv",
            key=f"csv_{query}",
            on_click="ignore",
            icon=":material/download:",
            type="primary",
            disabled=not found.row_count,
        )
    return columns


def _files(found: QueryResult, columns: Sequence[str], named: File, zone: str) -> tuple[bool, str]:
    """Draw the files that are made here; return how CSV is to be written."""
    query = found.query_execution_id
    null = st.selectbox(
        "NULL in CSV is written as",
        downloads.NULLS,
        format_func=lambda text: downloads.NULLS[text],
        key=f"null_{query}",
        help='An empty text stays "" in each of these, so the two stay distinct.',
    )
    safe = st.toggle(
        "Safe in spreadsheets",
        value=True,
        key=f"safe_{query}",
        help="Puts a ' in front of texts that a spreadsheet would run as formulas. Numbers stay as they are.",
    )
    st.download_button(
        "Parquet, exact types",
        lambda: downloads.parquet_bytes(found.table, columns),
        named("parquet"),
        key=f"parquet_{query}",
        on_click="ignore",
        icon=":material/data_object:",
        width="stretch",
    )
    st.download_button(
        "Excel, exact digits",
        lambda: excel_bytes(found.table, columns, zone=zone),
        named("xlsx"),
        key=f"excel_{query}",
        on_click="ignore",
        icon=":material/table_chart:",
        width="stretch",
    )
    return safe, null


def _from_s3(service: Service, name: str, found: QueryResult, columns: Sequence[str]) -> None:
    st.caption("**Straight from S3**, of any size")
    _own_file(service, name, found)
    query = found.query_execution_id
    form = st.segmented_control(
        "Format", FORMATS, default="parquet", required=True, format_func=lambda option: LABELS[option],
        key=f"unload_format_{query}", label_visibility="collapsed",
    )  # fmt: skip
    rows = THESE
    if found.truncated:
        rows = st.segmented_control(
            "Rows", (THESE, ALL), default=ALL, required=True, key=f"unload_rows_{query}", label_visibility="collapsed"
        )
    bound = service.estimate(name, found.statement)
    what = f"Athena writes the chosen columns itself (UNLOAD), at most {MOST_ROWS:,} rows, in no particular order."
    cost = (
        f"Runs the query again: at most {formats.size(bound.bytes)}, {formats.dollars(bound.dollars)}." if bound else ""
    )
    st.button(
        f"Write {formats.plural(len(columns), 'column')} to S3",
        icon=":material/cloud_upload:",
        key=f"unload_{query}",
        width="stretch",
        help=f"{what} {cost}",
        on_click=lambda: _start(service, name, found, columns, form, MOST_ROWS if rows == ALL else None),
    )


@st.fragment(run_every=LINK_SECONDS * 0.8)
def _own_file(service: Service, name: str, found: QueryResult) -> None:
    # Redrawn before the link expires: a page may stay open for longer.
    more = " It has one row more than the page shows." if found.truncated else ""
    st.link_button(
        "Athena's own CSV, all columns",
        service.objects.link(found.output_location, _file(service, name, found, "csv")),
        icon=":material/cloud_download:",
        width="stretch",
        help=f"Every column, as Athena wrote it: without protection against formulas.{more}",
    )


def _start(
    service: Service, name: str, found: QueryResult, columns: Sequence[str], form: UnloadFormat, rows: int | None
) -> None:
    slot = _slot(found)
    try:
        run_status.start(service, name, unload_of(service, found, columns, form, rows), slot)
    except DashboardError as error:
        st.toast(str(error), icon=":material/error:")


def unloaded(service: Service, name: str, found: QueryResult) -> None:
    """Draw what is being written to S3 of this result, and then the links to it."""
    slot = _slot(found)
    if run_status.is_used(slot):
        run_status.show(service, slot, lambda job: _links(service, name, job))


@st.fragment(run_every=LINK_SECONDS * 0.8)
def _links(service: Service, name: str, job: Job) -> None:
    found, form = job.result, next(form for form in FORMATS if form == job.statement.unloads)
    if found is None:
        return
    count = formats.plural(len(found.files), "file")
    st.markdown(f":material/cloud_done: **Written to S3**: {count}, {LABELS[form]}")
    for place, uri in enumerate(found.files[:MOST_LINKS], 1):
        part = "" if len(found.files) == 1 else f"part-{place}."
        file_name = _file(service, name, found, f"{part}{EXTENSIONS[form]}")
        text = f"{file_name} ({formats.size(service.objects.size(uri))})"
        st.link_button(text, service.objects.link(uri, file_name), icon=":material/download:")
    folder = found.files[0].rpartition("/")[0] if found.files else ""
    if len(found.files) > MOST_LINKS:
        st.caption(f"{MOST_LINKS} of {count}; all of them: `aws s3 cp --recursive {folder}/ .`")
    elif not found.files:
        st.caption("The query found no rows, so nothing was written.")


def _slot(found: QueryResult) -> str:
    return f"unload_{found.query_execution_id}"


def _file(service: Service, name: str, found: QueryResult, extension: str) -> str:
    what = name_in_words(found.statement.title, service.model(name)) or "query"
    return downloads.file_name(name, what, dt.datetime.now(dt.UTC), extension)

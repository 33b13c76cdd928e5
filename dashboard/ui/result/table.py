"""A finished query flows in; its row count, cost, grid, chart and downloads flow out."""

import functools
from collections.abc import Callable, Sequence

import streamlit as st

from dashboard.model import formats
from dashboard.model.result import QueryResult
from dashboard.model.selection.filters import Filters
from dashboard.model.statements import Statement, rows_statement, summary_counts
from dashboard.overview.document.marks import label
from dashboard.results.charts.gaps import Published
from dashboard.services.job import Job
from dashboard.services.service import Service
from dashboard.sql.cost.upper_bound import dollars_for
from dashboard.sql.layout import formatted
from dashboard.ui.result.download_menu import download_menu, unloaded
from dashboard.ui.result.grid import grid
from dashboard.ui.result.row_count import count_rows, counted
from dashboard.ui.result.view import rows_view
from dashboard.ui.result.zone_choice import chosen_zone, zone_choice

Draw = Callable[[Sequence[str], str], None]
"""Draws the chosen columns of a result, its timestamps in a zone."""


def result(
    service: Service,
    name: str,
    job: Job,
    *,
    key: str,
    of: int | None = None,
    more: Callable[[], None] | None = None,
) -> None:
    """Draw a finished query: how many rows of how many, what it took, the grid and the downloads.

    `more` draws what else can be done with it, next to the downloads.
    """
    if job.result is not None:
        framed(service, name, job.result, _rows(service, name, job.result, key), key=key, of=of, more=more)


def framed(
    service: Service,
    name: str,
    found: QueryResult,
    draw: Draw,
    *,
    key: str,
    of: int | None = None,
    is_empty: bool | None = None,
    more: Callable[[], None] | None = None,
) -> None:
    """Draw a result within its frame: how many rows of how many, what it took, the downloads; `draw` draws the rows.

    `is_empty` says whether there is nothing to draw, where that is not the same as having no rows.
    """
    with st.container(border=True, key=f"result_{key}"):
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            _how_many(service, name, found, of)
            # The zone is chosen below the columns and the downloads, which need it.
            zone = chosen_zone(name)
            with st.container(horizontal=True, width="content", vertical_alignment="center", gap="small"):
                if more is not None:
                    more()
                columns = download_menu(service, name, found, key, zone)
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.caption(_facts(service, name, found), width="content")
            zone_choice(name, found, columns, service.dataset(name).source.time_zone)
        if not found.row_count if is_empty is None else is_empty:
            st.markdown(":material/search_off: The query found no rows. Try another period or value.")
            return
        draw(columns, zone)
        unloaded(service, name, found)


def _rows(service: Service, name: str, found: QueryResult, key: str) -> Draw:
    def draw(columns: Sequence[str], zone: str) -> None:
        fixed, published = functools.partial(_fixed_values, service, name), _published(service, name, found)
        rows_view(found, service.model(name), columns, key, fixed, zone, published)

    return draw


def _how_many(service: Service, name: str, found: QueryResult, of: int | None) -> None:
    total = counted(service, found) if of is None else of
    with st.container(horizontal=True, vertical_alignment="center", width="content", gap="small"):
        st.subheader(rows_text(found, total), anchor=False, width="content")
        if found.truncated and total is None:
            count_rows(service, name, found)


def _fixed_values(service: Service, name: str, column: str) -> Sequence[str]:
    dimensions = set(service.model(name).dimensions)
    # A result has the values themselves, not the labels of the file.
    return service.of(name).colours(column).labels(label) if column in dimensions else ()


def _published(service: Service, name: str, found: QueryResult) -> Published | None:
    """Return the published days behind a result; None where it may lack rows of them."""
    manifest, statement = service.manifest(name), found.statement
    if manifest is None or found.truncated or statement.dataset != name or len(statement.tables) > 1:
        return None
    counts = () if statement.written else summary_counts(service.model(name))
    return Published(frozenset(manifest.days), frozenset(counts))


def rows_text(found: QueryResult, of: int | None) -> str:
    """Return the row count as text: `12 rows`, `1,000 of 12,345 rows`, `First 1,000 rows, there are more`."""
    if not found.truncated:
        return formats.plural(found.row_count, "row")
    if of is not None and of > found.row_count:
        return f"{found.row_count:,} of {of:,} rows"
    return f"First {found.row_count:,} rows, there are more"


@st.dialog("SQL of these figures", width="large", icon=":material/code:")
def sql_dialog(statements: Sequence[Statement]) -> None:
    """Show statements with their values in place."""
    for statement in statements:
        if statement.title:
            st.caption(statement.title)
        st.code(formatted(statement.shown_sql), language="sql", wrap_lines=True)


@st.dialog("Rows of these figures", width="large", icon=":material/table_rows:")
def rows_dialog(service: Service, name: str, filters: Filters, of: int) -> None:
    """Query the rows that the figures count, `of` them, and show the latest."""
    with st.skeleton(height=320):
        found = service.start(name, rows_statement(service.model(name), filters, 200)).outcome()
    st.caption(f"{rows_text(found, of)} · {formats.size(found.statistics.bytes_scanned)} scanned")
    grid(found, service.model(name), found.names, "drill_down")


def _facts(service: Service, name: str, found: QueryResult) -> str:
    took = found.statistics
    dataset, manifest = service.dataset(name), service.manifest(name)
    cost = f"{formats.size(took.bytes_scanned)} scanned ({formats.dollars(dollars_for(took.bytes_scanned))})"
    facts = ["Nothing scanned, an earlier result was reused"]
    if not took.reused:
        facts = [cost, f"{formats.seconds(took.total_ms / 1000)} in Athena"]
    if manifest is not None:
        facts.append(f"as of {formats.instant(manifest.updated_at, dataset.zone, dataset.source.time_zone)}")
    return " · ".join(facts)

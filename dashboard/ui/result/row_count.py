"""A truncated result flows in, the number of all its rows flows out, counted on request only."""

from dataclasses import replace

import streamlit as st

from dashboard.errors import DashboardError
from dashboard.model import formats
from dashboard.model.result import QueryResult
from dashboard.model.statements import Statement
from dashboard.services.service import Service
from dashboard.services.unloading import longer
from dashboard.sql.unload import MOST_ROWS
from dashboard.ui.query import run_status


def count_statement(service: Service, found: QueryResult) -> Statement:
    """Return the statement that counts the rows of a result's query, at most `MOST_ROWS`; raise RefusedSql."""
    base = longer(service, found, MOST_ROWS)
    return replace(base, sql=f"SELECT count(*) AS row_count FROM ({base.sql}) AS result", limit=1)


def counted(service: Service, found: QueryResult) -> int | None:
    """Return how many rows there are in all, where they have been counted in this session."""
    job = run_status.in_slot(service, _slot(found))
    if job is None or job.result is None:
        return None
    (rows,) = job.result.table.column(0).to_pylist()
    return int(rows)


def count_rows(service: Service, name: str, found: QueryResult) -> None:
    """Draw the button that counts all rows of a truncated result, its progress, or its failure."""
    job = run_status.in_slot(service, _slot(found))
    if job is None:
        bound = service.estimate(name, found.statement)
        cost = f": at most {formats.size(bound.bytes)}, {formats.dollars(bound.dollars)}" if bound else ""
        st.button(
            "Count all rows",
            type="tertiary",
            icon=":material/tag:",
            key=f"count_{found.query_execution_id}",
            help=f"Runs the query once more, to count its rows{cost}.",
            on_click=lambda: _start(service, name, found),
        )
    elif not job.is_over:
        _counting(service, _slot(found))
    elif job.error is not None:
        st.caption(f"The rows could not be counted: {job.error}")


def _start(service: Service, name: str, found: QueryResult) -> None:
    try:
        run_status.start(service, name, count_statement(service, found), _slot(found))
    except DashboardError as error:
        st.toast(str(error), icon=":material/error:")


@st.fragment(run_every=0.4)
def _counting(service: Service, slot: str) -> None:
    job = run_status.in_slot(service, slot)
    if job is None or job.is_over:
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="center", width="content", gap="small"):
        st.caption(f"Counting · {formats.seconds(job.elapsed)}", width="content")
        st.button("Cancel", type="tertiary", key=f"stop_{slot}", on_click=lambda: service.jobs.cancel(job.id))


def _slot(found: QueryResult) -> str:
    return f"counted_{found.query_execution_id}"

"""A running query flows in; elapsed time, Cancel, and then its result or its failure flow out."""

from collections.abc import Callable

import streamlit as st

from dashboard.errors import DashboardError
from dashboard.model import formats
from dashboard.model.statements import Statement
from dashboard.services.job import Job
from dashboard.services.service import Service
from dashboard.ui.page import cached_service
from dashboard.ui.page.states import failure, state

PATIENCE = 0.7
"""Seconds before the running state shows, so a fast query does not flicker."""


def start(service: Service, name: str, statement: Statement, slot: str) -> None:
    """Start a statement in a slot of this session, cancel the previous one, and wait up to `PATIENCE`."""
    if (before := in_slot(service, slot)) is not None and not before.is_over:
        service.jobs.cancel(before.id)
    job = service.start(name, statement, cached_service.session_id())
    st.session_state[_key(slot)] = job.id
    job.wait(PATIENCE)


def forget(slot: str) -> None:
    """Empty a slot."""
    st.session_state.pop(_key(slot), None)


def is_used(slot: str) -> bool:
    """Return whether something was started in a slot."""
    return _key(slot) in st.session_state


def in_slot(service: Service, slot: str) -> Job | None:
    """Return the query of a slot, None where it is empty."""
    job_id = st.session_state.get(_key(slot))
    return service.jobs.get(job_id) if job_id else None


def show(service: Service, slot: str, draw: Callable[[Job], None]) -> None:
    """Draw a slot's query: under way, failed, or its result by `draw`; a hint where nothing was run."""
    job = in_slot(service, slot)
    if job is None:
        state(":material/play_circle:", "No query yet", "Run the query to see its rows here.", key="nothing_run")
    elif not job.is_over:
        _running(service, slot)
    elif job.error is not None:
        _failed(job, job.error)
    else:
        draw(job)


@st.fragment(run_every=0.4)
def _running(service: Service, slot: str) -> None:
    job = in_slot(service, slot)
    if job is None or job.is_over:
        st.rerun()
    stopping = st.session_state.get(f"stopping_{slot}") == job.id
    with st.container(border=True, key=f"running_{slot}"):
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            doing = "Waiting for Athena" if job.state == "queued" else "Running in Athena"
            text = f"{'Stopping in Athena' if stopping else doing} · **{formats.seconds(job.elapsed)}**"
            st.markdown(text, width="content")
            st.button(
                "Cancel",
                icon=":material/stop_circle:",
                key=f"cancel_{slot}",
                disabled=stopping,
                on_click=lambda: _stop(service, slot, job),
            )
        st.skeleton(height=220)


def _stop(service: Service, slot: str, job: Job) -> None:
    st.session_state[f"stopping_{slot}"] = job.id
    service.jobs.cancel(job.id)


def leave(service: Service, page: str) -> None:
    """Stop the queries in Athena that this session started on the previous page: no page shows them."""
    before = st.session_state.get("page_shown")
    st.session_state["page_shown"] = page
    if before is not None and before != page:
        service.jobs.cancel_owner(cached_service.session_id())


def _failed(job: Job, error: DashboardError) -> None:
    failure(error, job.statement)
    if job.query_execution_id:
        st.caption(f"Athena execution {job.query_execution_id} · after {formats.seconds(job.elapsed)}")


def _key(slot: str) -> str:
    return f"job_{slot}"

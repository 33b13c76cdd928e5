"""A person's queries that wait or run flow in, a list with stop buttons flows out."""

import streamlit as st

from dashboard.model import formats
from dashboard.model.query_types import name_in_words
from dashboard.services.service import Service
from dashboard.ui.page import cached_service


def own_queries(service: Service) -> None:
    """Draw the queries of this person; nothing where none waits or runs."""
    own = service.permissions.own(service.jobs.running(), cached_service.session_id())
    if not own:
        return
    with st.popover(formats.plural(len(own), "query", "queries"), icon=":material/pending:", key="own_queries"):
        for job in own:
            with st.container(horizontal=True, vertical_alignment="center", key=f"own_{job.id}"):
                dataset = job.statement.dataset or service.names[0]
                what = name_in_words(job.statement.title or "custom_sql", service.model(dataset))
                st.text(f"{what} · {job.state} · {formats.seconds(job.elapsed)}")
                st.button(
                    "Stop",
                    key=f"stop_{job.id}",
                    icon=":material/stop_circle:",
                    type="tertiary",
                    on_click=service.jobs.cancel,
                    args=(job.id,),
                )

"""Inputs of a ready-made query flow in, its result rows flow out."""

import streamlit as st

from dashboard.model.query_types import available_query_types
from dashboard.services.job import Job
from dashboard.ui.boards.add_to_board import adding
from dashboard.ui.page.page_header import opened
from dashboard.ui.page.url_state import linked, share
from dashboard.ui.query import form, run_status
from dashboard.ui.query.parameter_inputs import parameter_inputs
from dashboard.ui.result import grouped, table

page = opened("Explore", "ready-made queries over the published rows")
service, name = page.service, page.name
kinds = {kind.id: kind for kind in available_query_types(service.model(name))}
link = linked("explore", name)
with st.container(border=True, key="question"):
    query = st.pills(
        "Query",
        tuple(kinds),
        default=link.query if link.query in kinds else next(iter(kinds)),
        required=True,
        format_func=lambda option: kinds[option].title,
        key=f"query_type_{name}",
        label_visibility="collapsed",
    )
    definition = kinds[query]
    st.caption(definition.description)
    slot = f"explore_{name}_{definition.id}"
    values = form.inputs(service, name, definition, page.manifest, link, slot)
    given = parameter_inputs(slot, values["sql"], link.parameters) if "sql" in values else None
    share(service, name, "explore", {field: value for field, value in values.items() if field != "run"}, given)
    form.run_if_asked(service, name, values, slot, given)


def draw_result(job: Job) -> None:
    """Draw a finished query: its rows, or the table of its groups."""
    asked = form.asked_in(slot)
    more = adding(service, name, asked, dict(job.statement.given), slot)
    if asked and asked.group:
        grouped.result(service, name, job, asked, key=slot, more=more)
    else:
        table.result(service, name, job, key=slot, of=st.session_state.get(f"{slot}_of"), more=more)


run_status.show(service, slot, draw_result)

"""Explore: ready queries with their inputs, and the rows they find."""

import streamlit as st

from dashboard import asking, running, tables
from dashboard.page_head import opened
from dashboard.query_types import available_query_types, definition_of
from dashboard.sharing import linked, share

page = opened("Explore", "ready queries over the published rows")
service, name = page.service, page.name
kinds = available_query_types(service.shape(name))
link = linked("explore")
with st.container(border=True, key="question"):
    query = st.pills(
        "Query",
        tuple(kind.id for kind in kinds),
        default=link.query if link.query in {kind.id for kind in kinds} else kinds[0].id,
        required=True,
        format_func=lambda option: definition_of(option).title,
        key="query_type",
        label_visibility="collapsed",
    )
    definition = definition_of(query)
    st.caption(definition.description)
    slot = f"explore_{name}_{definition.id}"
    values = asking.inputs(service, name, definition, page.manifest, link, slot)
    share(service, name, "explore", {field: value for field, value in values.items() if field != "run"})
    asking.run_if_asked(service, name, values, slot)

running.show(
    service,
    slot,
    lambda job: tables.result(service, name, job, key=slot, of=st.session_state.get(f"{slot}_of")),
)

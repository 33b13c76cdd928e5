"""Explore: ready queries with their inputs, and the rows they find."""

import streamlit as st

from dashboard import asking, loaders, running, tables
from dashboard.period import freshness, title_block
from dashboard.query_types import available_query_types, definition_of
from dashboard.sharing import linked, share
from dashboard.states import nothing_exported
from dashboard.visit import chosen_dataset

service = loaders.service()
name = chosen_dataset(service)
dataset, manifest = service.dataset(name), service.manifest(name)
title_block("Explore", f"{dataset.label} · ready queries over the published rows")
if manifest is None or not manifest.days:
    nothing_exported(dataset)
    st.stop()

freshness(dataset, manifest, service.assurances(name))
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
    values = asking.inputs(service, name, definition, manifest, link)
    share(service, name, "explore", {field: value for field, value in values.items() if field != "run"})
    slot = f"explore_{name}_{definition.id}"
    asking.run_if_asked(service, name, values, slot)

running.show(
    service,
    slot,
    lambda job: tables.result(service, name, job, key=slot, of=st.session_state.get(f"{slot}_of")),
)

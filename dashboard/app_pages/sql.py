"""SQL: a SELECT of one's own, checked before it runs, beside the columns that it may read."""

import streamlit as st

from dashboard import asking, loaders, running, tables
from dashboard.errors import RefusedSql
from dashboard.period import freshness, title_block
from dashboard.query_types import QueryRequest
from dashboard.schema_browser import schema_browser
from dashboard.sharing import linked, share
from dashboard.sql_editor import put, sql_editor
from dashboard.states import nothing_exported
from dashboard.visit import chosen_dataset

service = loaders.service()
name = chosen_dataset(service)
dataset, manifest = service.dataset(name), service.manifest(name)
title_block("SQL", f"{dataset.label} · one SELECT over the served tables, checked before it runs")
if manifest is None or not manifest.days:
    nothing_exported(dataset)
    st.stop()

freshness(dataset, manifest, service.assurances(name))
slot = f"sql_{name}"
link = linked("sql")
limits = [rows for rows in (100, 1_000, 5_000) if rows < service.settings.max_fetch_rows]
limits.append(service.settings.max_fetch_rows)
shapes = tuple(service.shape(each) for each in service.names)
written, schema = st.columns([3, 1.25], gap="small")
with written, st.container(border=True, key="question"):
    refused: RefusedSql | None = st.session_state.get(f"{slot}_refused")
    edited = sql_editor(shapes, slot, initial=link.sql or asking.example(service, name), refused=refused)
    with st.container(horizontal=True, vertical_alignment="center"):
        pressed = st.button("Run", type="primary", icon=":material/play_arrow:", key="run", shortcut="Mod+Enter")
        st.button("Example", key="example", on_click=lambda: put(slot, asking.example(service, name)))
        st.button("Clear", key="clear", type="tertiary", on_click=lambda: put(slot, ""))
        limit = st.selectbox(
            "Rows at most",
            limits,
            index=limits.index(link.limit) if link.limit in limits else 1,
            format_func=lambda rows: f"{rows:,} rows at most",
            key="limit",
            label_visibility="collapsed",
            width=190,
        )
    share(service, name, "sql", {"sql": edited.sql, "limit": limit})
    now_refused: RefusedSql | None = None
    if edited.sql.strip():
        try:
            statement = service.prepare(name, QueryRequest("custom_sql", limit, sql=edited.sql))
            asking.estimate(service, name, statement)
            if pressed or edited.run:
                running.start(service, name, statement, slot)
        except RefusedSql as error:
            now_refused = error
            asking.refusal(error)
    else:
        st.caption("Write a SELECT, or take the example. Ctrl or Cmd + Enter runs it.")
    if str(now_refused) != str(refused):
        st.session_state[f"{slot}_refused"] = now_refused
        st.rerun()
with schema:
    schema_browser(shapes)

running.show(service, slot, lambda job: tables.result(service, name, job, key=slot))

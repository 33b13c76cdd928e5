"""A SELECT written by the user flows in, its checked and executed result flows out."""

from collections.abc import Mapping

import streamlit as st

from dashboard.services.job import Job
from dashboard.sql.layout import formatted
from dashboard.ui.boards.add_to_board import adding
from dashboard.ui.page.page_header import opened
from dashboard.ui.page.url_state import linked, share
from dashboard.ui.query import form, run_status
from dashboard.ui.query.parameter_inputs import fill_inputs, parameter_inputs
from dashboard.ui.query.saved_panel import history_panel, remember, saved_panel
from dashboard.ui.query.schema_browser import schema_browser
from dashboard.ui.query.sql_editor import current_text, put
from dashboard.ui.result import table

page = opened("SQL", "one SELECT over the served tables, checked before it runs")
service, name = page.service, page.name
slot = f"sql_{name}"
link = linked("sql", name)
limits = [rows for rows in (100, 1_000, 5_000) if rows < service.settings.max_fetch_rows]
limits.append(service.settings.max_fetch_rows)


def open_query(sql: str, limit: int, given: Mapping[str, str], runs: bool) -> None:
    """Put a saved or past query into the editor; `runs` starts it at once."""
    put(slot, sql)
    fill_inputs(slot, given)
    st.session_state["limit"] = min(limits, key=lambda rows: abs(rows - limit))
    st.session_state[f"{slot}_again"] = runs


def draw_result(job: Job) -> None:
    """Draw a finished query and add it to the histories."""
    remember(service, name, job)
    more = adding(service, name, form.asked_in(slot), dict(job.statement.given), slot)
    table.result(service, name, job, key=slot, more=more)


with st.container(key="workbench"):
    main, side = st.columns([3, 1.25], gap="small")
with main, st.container(border=True, key="question"):
    edited = form.editor(service, name, slot, link.sql)
    given = parameter_inputs(slot, edited.sql, link.parameters)
    with st.container(horizontal=True, vertical_alignment="center"):
        pressed = st.button("Run", type="primary", icon=":material/play_arrow:", key="run", shortcut="Mod+Enter")
        st.button("Format", key="format", on_click=lambda: put(slot, formatted(current_text(slot))))
        st.button("Example", key="example", on_click=lambda: put(slot, form.example(service, name)))
        st.button("Clear", key="clear", type="tertiary", on_click=lambda: put(slot, ""))
        if "limit" not in st.session_state:
            st.session_state["limit"] = link.limit if link.limit in limits else limits[min(1, len(limits) - 1)]
        limit = st.selectbox(
            "Rows at most",
            limits,
            format_func=lambda rows: f"{rows:,} rows at most",
            key="limit",
            label_visibility="collapsed",
            width=215,
        )
    share(service, name, "sql", {"sql": edited.sql, "limit": limit}, given)
    pressed = st.session_state.pop(f"{slot}_again", False) or pressed or edited.run
    if edited.sql.strip():
        asked = {"query": "custom_sql", "sql": edited.sql, "limit": limit, "run": pressed}
        form.run_if_asked(service, name, asked, slot, given)
    else:
        st.caption("Write a SELECT or choose Example. Ctrl or Cmd + Enter runs it.")

with main:
    run_status.show(service, slot, draw_result)
with side:
    schema_tab, saved_tab, history_tab = st.tabs(["Tables", "Saved", "History"])
with schema_tab:
    schema_browser(service, name)
with saved_tab, st.container(border=True, key="saved"):
    saved_panel(service, name, edited.sql, limit, open_query)
with history_tab, st.container(border=True, key="history"):
    history_panel(service, name, open_query)

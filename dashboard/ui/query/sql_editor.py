"""Initial SQL and a fault flow in, the edited SQL flows out; with highlighting, completion and Ctrl/Cmd+Enter."""

from dataclasses import dataclass

import streamlit as st

from dashboard.components import component
from dashboard.errors import RefusedSql
from dashboard.model.semantic_model import SemanticModel


@dataclass(frozen=True)
class Edited:
    """The editor's text; `run` is True if Ctrl/Cmd+Enter was just pressed in it."""

    sql: str
    run: bool


def sql_editor(
    models: tuple[SemanticModel, ...], key: str, *, initial: str, refused: RefusedSql | None = None
) -> Edited:
    """Draw the editor and return its text, which follows typing with a pause of 0.4 s."""
    state = st.session_state.setdefault(f"{key}_text", {"sql": initial, "revision": 0})
    found = component("sql_editor")(
        data={
            "value": state["sql"],
            "words": _words(models),
            "fault": {"line": refused.line, "column": refused.column} if refused and refused.line else None,
            "faulty": state["sql"],
        },
        # A text from the page needs a new mount: the old one would send its own text again.
        key=f"{key}_editor_{state['revision']}",
        on_value_change=lambda: None,
        on_run_change=lambda: None,
    )
    state["sql"] = state["sql"] if (text := found.run or found.value) is None else text
    return Edited(state["sql"], found.run is not None)


def put(key: str, sql: str) -> None:
    """Replace the editor's text."""
    before = st.session_state.get(f"{key}_text", {"revision": 0})
    st.session_state[f"{key}_text"] = {"sql": sql, "revision": before["revision"] + 1}


def faulty(key: str, *now: RefusedSql | None) -> RefusedSql | None:
    """Return the last refusal of the text; with `now`, store a new one and rerun the page.

    The editor is drawn before its text is checked, so a fault reaches it only on the next run.
    """
    before: RefusedSql | None = st.session_state.get(f"{key}_refused")
    if now and str(now[0]) != str(before):
        st.session_state[f"{key}_refused"] = now[0]
        st.rerun()
    return before


def _words(models: tuple[SemanticModel, ...]) -> list[dict[str, str]]:
    tables = [{"name": model.table, "note": "table"} for model in models]
    columns = {column.name: column.type_name for model in models for column in model.columns}
    return tables + [{"name": name, "note": type_} for name, type_ in columns.items()]

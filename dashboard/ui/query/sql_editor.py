"""Initial SQL and a fault flow in, the edited SQL flows out; with highlighting, completion and Ctrl/Cmd+Enter."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

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
            "revision": state["revision"],
            "words": _words(models),
            "fault": {"line": refused.line, "column": refused.column} if refused and refused.line else None,
            "faulty": state["sql"],
        },
        key=f"{key}_editor",
        on_value_change=lambda: None,
        on_run_change=lambda: None,
    )
    started = _text(found.run, state["revision"])
    text = _text(found.value, state["revision"]) if started is None else started
    state["sql"] = state["sql"] if text is None else text
    return Edited(state["sql"], started is not None)


def current_text(key: str) -> str:
    """Return the editor's text in a callback, which runs before the editor is drawn again."""
    state, sent = st.session_state[f"{key}_text"], st.session_state.get(f"{key}_editor")
    text = _text(sent.get("value"), state["revision"]) if sent else None
    return str(state["sql"]) if text is None else text


def _text(sent: Any, revision: int) -> str | None:
    """Return the text that the editor sent; None where it had not yet received the page's last text."""
    is_current = isinstance(sent, Mapping) and sent.get("revision") == revision
    return sent["text"] if is_current and isinstance(sent.get("text"), str) else None


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

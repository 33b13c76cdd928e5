"""The SQL editor: colours, completion, Ctrl/Cmd+Enter, and the place of a fault underlined."""

from dataclasses import dataclass

import streamlit as st

from dashboard.components import component
from dashboard.errors import RefusedSql
from dashboard.model.semantic_model import Shape


@dataclass(frozen=True)
class Edited:
    """What the editor holds; `run` says that Ctrl/Cmd+Enter was pressed in it just now."""

    sql: str
    run: bool


def sql_editor(shapes: tuple[Shape, ...], key: str, *, initial: str, refused: RefusedSql | None = None) -> Edited:
    """Draw the editor and return its text, which follows typing with a pause of 0.4 s."""
    kept = st.session_state.setdefault(f"{key}_text", {"sql": initial, "revision": 0})
    found = component("sql_editor")(
        data={
            "value": kept["sql"],
            "words": _words(shapes),
            "fault": {"line": refused.line, "column": refused.column} if refused and refused.line else None,
            "faulty": kept["sql"],
        },
        # A text that the page puts in comes with a new mount: the old one would send its own text again.
        key=f"{key}_editor_{kept['revision']}",
        on_value_change=lambda: None,
        on_run_change=lambda: None,
    )
    kept["sql"] = kept["sql"] if (text := found.run or found.value) is None else text
    return Edited(kept["sql"], found.run is not None)


def put(key: str, sql: str) -> None:
    """Replace the editor's text."""
    before = st.session_state.get(f"{key}_text", {"revision": 0})
    st.session_state[f"{key}_text"] = {"sql": sql, "revision": before["revision"] + 1}


def faulty(key: str, *now: RefusedSql | None) -> RefusedSql | None:
    """Return why the text was refused when it was last read; with `now`, remember that and draw the page again.

    The editor stands above what reads its text, so that a fault reaches it only on the next run of the page.
    """
    before: RefusedSql | None = st.session_state.get(f"{key}_refused")
    if now and str(now[0]) != str(before):
        st.session_state[f"{key}_refused"] = now[0]
        st.rerun()
    return before


def _words(shapes: tuple[Shape, ...]) -> list[dict[str, str]]:
    tables = [{"name": shape.table, "note": "table"} for shape in shapes]
    columns = {column.name: column.type_name for shape in shapes for column in shape.columns}
    return tables + [{"name": name, "note": type_} for name, type_ in columns.items()]

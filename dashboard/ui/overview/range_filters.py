"""A column of numbers or times flows in, its chosen range flows out: a dialog that sets one, a chip that clears it."""

import streamlit as st

from dashboard.model.selection.filters import Range
from dashboard.model.selection.ranges import range_from, range_text
from dashboard.model.semantic_model import SemanticModel
from dashboard.model.vocabulary import capitalised
from dashboard.ui.page.view_state import View, update_view
from dashboard.ui.query.filter_inputs import range_input


@st.dialog("Filter by range", icon=":material/filter_alt:")
def range_dialog(name: str, view: View, model: SemanticModel, column: str) -> None:
    """Draw the bounds of a column, those chosen filled in, and apply them to everything on the page."""
    before = dict(view.picked.ranges).get(column, Range())
    given = {"from": before.low, "to": before.high, "empty": before.empty}
    wanted = range_input(model, column, given, f"range_{name}_{column}")
    if model.ranged[column].name == "timestamp":
        st.caption(f"Days in {model.time_zone}, both included.")
    with st.container(horizontal=True):
        applied = st.button("Apply", type="primary", key="apply_range")
        cleared = before != Range() and st.button("Clear", key="clear_range")
    if not (applied or cleared):
        return
    try:
        ends = wanted.get("from"), wanted.get("to"), wanted.get("empty")
        found = None if cleared else range_from(*ends, model.ranged[column])
    except ValueError as error:
        st.error(f"Expected {error}.", icon=":material/edit_note:")
        return
    update_view(name, lambda now: now.picking(now.picked.with_range(column, found)))
    st.rerun()


def range_chips(name: str, view: View, model: SemanticModel) -> None:
    """Draw a chip per range that narrows the page; a click clears it. Nothing where there is none."""
    shown = [(column, found) for column, found in view.picked.ranges if column in model.ranged]
    if not shown:
        return
    with st.container(horizontal=True, gap="xsmall", key="range_chips"):
        for column, found in shown:
            unit = getattr(model.column(column), "unit", None)
            text = f"{capitalised(model.words.label(column))}: {range_text(found)}"
            st.button(
                f"{text} {unit}" if unit and found.empty is None else text,
                icon=":material/close:",
                key=f"range_{name}_{column}",
                help="Clears this filter.",
                on_click=_clear,
                args=(name, column),
            )


def _clear(name: str, column: str) -> None:
    update_view(name, lambda now: now.picking(now.picked.with_range(column, None)))

"""The values of a chart flow in, the chosen filter flows out: the keyboard's way to a click on the chart."""

from collections.abc import Sequence
from typing import Final

import streamlit as st

from dashboard.overview import marks
from dashboard.overview.figures import ValueCount
from dashboard.ui.page.view_state import View, update_view

MOST_LISTED: Final = 60


@st.dialog("Filter by value", icon=":material/filter_alt:")
def filter_dialog(name: str, view: View, dimension: str, title: str, counts: Sequence[ValueCount]) -> None:
    """Draw the values with their counts, those picked marked, and apply a choice to everything on the page."""
    labels = {
        marks.key_from_value(count.value): f"{marks.label(count.value)} · {count.rows:,}"
        for count in counts[:MOST_LISTED]
    }
    picked = [key for value in view.picked.values(dimension) if (key := marks.key_from_value(value)) in labels]
    chosen = st.pills(
        title, tuple(labels), selection_mode="multi", default=picked, format_func=lambda key: labels[key], key="values"
    )
    if len(counts) > MOST_LISTED:
        st.caption(f"{MOST_LISTED} of {len(counts):,} values, the ones with the most rows.")
    if st.button("Apply", type="primary", key="apply_values"):
        values = [marks.value_from_key(key) for key in chosen]
        update_view(name, lambda now: now.picking(now.picked.with_values(dimension, values)))
        st.rerun()

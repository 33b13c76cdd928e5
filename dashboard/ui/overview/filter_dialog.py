"""The values of a dimension flow in, the chosen filter flows out: the keyboard's way to a click on a chart."""

from collections.abc import Callable, Sequence
from typing import Final

import streamlit as st

from dashboard.overview.document import marks
from dashboard.overview.figures import ValueCount
from dashboard.ui.page.view_state import View, update_view

MOST_PILLS: Final = 60
MOST_LISTED: Final = 2_000


@st.dialog("Filter by value", icon=":material/filter_alt:")
def filter_dialog(
    name: str,
    view: View,
    dimension: str,
    title: str,
    counts: Sequence[ValueCount],
    label: Callable[[str | None], str] = marks.label,
) -> None:
    """Draw the values with their counts, those picked marked, and apply a choice to everything on the page.

    Many values are searched by typing.
    """
    values = [count.value for count in counts[:MOST_LISTED]]
    # What was picked stays to be given up, whatever the other filters leave of it.
    values += [value for value in view.picked.values(dimension) if value not in values]
    rows = {count.value: count.rows for count in counts}
    labels = {marks.key_from_value(value): f"{label(value)} · {rows.get(value, 0):,}" for value in values}
    picked = [marks.key_from_value(value) for value in view.picked.values(dimension)]
    if len(labels) <= MOST_PILLS:
        chosen = st.pills(
            title,
            tuple(labels),
            selection_mode="multi",
            default=picked,
            format_func=lambda key: labels[key],
            key="values",
        )
    else:
        chosen = st.multiselect(
            title,
            tuple(labels),
            default=picked,
            format_func=lambda key: labels[key],
            key="values",
            placeholder="Type to search",
        )
    if len(counts) > MOST_LISTED:
        st.caption(f"{MOST_LISTED:,} of {len(counts):,} values, the ones with the most rows.")
    if st.button("Apply", type="primary", key="apply_values"):
        update_view(
            name,
            lambda now: now.picking(now.picked.with_values(dimension, [marks.value_from_key(key) for key in chosen])),
        )
        st.rerun()

"""A result flows in, a searchable table or a chart flows out."""

from collections.abc import Callable, Sequence
from typing import Final

import streamlit as st

from dashboard.model.result import QueryResult
from dashboard.model.semantic_model import SemanticModel
from dashboard.results.charts.choice import choices_of, is_drawable, suggested_colour
from dashboard.results.charts.gaps import Published
from dashboard.results.charts.points import chart_of, described
from dashboard.results.charts.spec import vega_lite
from dashboard.results.time_zones import UTC
from dashboard.ui.result.grid import grid

TABLE, CHART = "Table", "Chart"
_ICONS: Final = {TABLE: ":material/table_rows: Table", CHART: ":material/bar_chart: Chart"}
_ONE_COLOUR: Final = "One colour"
_WORTH_SEARCHING: Final = 10
"""Number of rows from which there is a search field; fewer are visible at once."""


@st.fragment
def rows_view(
    found: QueryResult,
    model: SemanticModel,
    columns: Sequence[str],
    key: str,
    fixed: Callable[[str], Sequence[str]],
    zone: str = UTC,
    published: Published | None = None,
) -> None:
    """Draw the rows as table or chart; a change reruns only this fragment.

    `fixed` returns the values of a column, as they are read, that have colours of their own on every page.
    """
    drawable, searchable = is_drawable(found.table.select(list(columns))), found.row_count >= _WORTH_SEARCHING
    view, text = TABLE, ""
    with st.container(horizontal=True, vertical_alignment="center", key=f"rows_bar_{key}"):
        if drawable:
            view = st.segmented_control(
                "View",
                (TABLE, CHART),
                default=TABLE,
                required=True,
                format_func=_ICONS.__getitem__,
                key=f"view_{key}",
                label_visibility="collapsed",
            )
        if searchable and view == TABLE:
            text = st.text_input(
                "Find in these rows",
                placeholder="Find in these rows",
                key=f"find_{key}_{found.query_execution_id}",
                icon=":material/search:",
                label_visibility="collapsed",
                width=260,
            )
    if view == TABLE:
        grid(found, model, columns, key, text.strip(), zone)
    else:
        _chart(found, columns, f"{key}_{'|'.join(columns)}", fixed, zone, published)


def _chart(
    found: QueryResult,
    columns: Sequence[str],
    key: str,
    fixed: Callable[[str], Sequence[str]],
    zone: str,
    published: Published | None,
) -> None:
    # `key` contains the columns, so each query has its own choices.
    table = found.table.select(list(columns))
    choices = choices_of(table)
    with st.container(horizontal=True, key="chart_choices", vertical_alignment="bottom"):
        x = st.selectbox("Along", choices.x, key=f"chart_x_{key}", width=220)
        y = st.selectbox("Measure", choices.y, key=f"chart_y_{key}", width=220)
        colours = (_ONE_COLOUR, *(name for name in choices.colour if name != x))
        suggested = suggested_colour(table, choices, x) or _ONE_COLOUR
        colour = st.selectbox("Colour", colours, colours.index(suggested), key=f"chart_colour_{x}_{key}", width=220)
    chart = chart_of(table, x, y, None if colour == _ONE_COLOUR else colour, zone, published)
    text = described(chart)
    if not chart.points:
        st.caption(f"No row has both {x} and {y}.")
        return
    spec = vega_lite(chart, text, fixed(colour))
    st.vega_lite_chart(spec=spec, width="stretch", theme="streamlit", key="chart", alt=text)
    cut = [f"of the first {found.row_count:,} rows"] if found.truncated else []
    notes = [*cut, *chart.notes, "exact numbers under the pointer"]
    st.caption(" · ".join((notes[0][:1].upper() + notes[0][1:], *notes[1:])))

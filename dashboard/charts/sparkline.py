"""The daily values of a card as a small line; a day without a figure is a gap, not a zero."""

from typing import Final

import altair as alt

from dashboard.charts.registry import drawing
from dashboard.charts.style import MARKS, SERIES, expr, parameters

_HEIGHT: Final = 46


@drawing("sparkline")
def sparkline() -> alt.LayerChart:
    """A line from edge to edge over its faint area."""
    along = alt.X("place:Q", axis=None, scale=alt.Scale(domain=[0, expr("last")], nice=False, range=[0, expr("width")]))
    # Room for the width of the line above and below.
    up = alt.Y(
        "count:Q",
        axis=None,
        stack=None,
        scale=alt.Scale(domain=[expr("low"), expr("high")], nice=False, zero=False, range=[_HEIGHT - 6, 4]),
    )
    base = alt.Chart(MARKS)
    under = base.mark_area(color=SERIES[0], opacity=0.1, aria=False).encode(x=along, y=up, y2=alt.value(_HEIGHT))
    line = (
        base.properties(name="line")
        .mark_line(stroke=SERIES[0], strokeWidth=1.75, strokeJoin="round", aria=False)
        .encode(x=along, y=up)
    )
    return (
        alt.layer(under, line)
        .add_params(*parameters(last=1, low=0, high=1))
        .properties(height=_HEIGHT, autosize="none")
    )

"""Horizontal bars, largest first, each with its label on the left and its exact number on the right."""

from typing import Final

import altair as alt

from dashboard.charts.registry import drawing
from dashboard.charts.style import MARKS, SERIES, band, expr, faded, focus_stroke, parameters

_TALLEST: Final = 44
"""Of a bar with its share of the gap, in pixels."""
_WIDEST_LABEL: Final = 120


@drawing("bars")
def bars() -> alt.LayerChart:
    """A bar per value; a negative one grows to the left of zero."""
    tall = f"min({_TALLEST}, (height - 8) / max(1, length(labels)))"
    top = f"(height - {tall} * length(labels)) / 2"
    labels = alt.Axis(
        labelExpr="labels[datum.value]",
        labelLimit=_WIDEST_LABEL,
        labelOverlap=False,
        grid=False,
    )
    down = alt.Y("place:O", axis=labels, scale=alt.Scale(padding=0, range=[expr(top), expr(f"height - {top}")]))
    along = alt.X(
        "count:Q",
        axis=None,
        scale=alt.Scale(domain=[expr("low"), expr("high")], nice=False, range=[0, expr("max(10, width - room)")]),
    )
    thick = expr("bandwidth('y') * (length(labels) > 4 ? 0.66 : 0.5)")
    base = alt.Chart(MARKS).transform_filter("isValid(datum.count)")
    drawn = (
        base.properties(name="bar")
        .mark_bar(height=thick, cornerRadiusEnd=4, minBandSize=1)
        .encode(
            x=along,
            y=down,
            fill=alt.value(SERIES[0]),
            opacity=faded(),
            stroke=focus_stroke(alt.value(None)),
            strokeWidth=alt.value(2),
        )
    )
    numbers = (
        alt.Chart(MARKS)
        .transform_calculate(end="max(datum.count, 0)")
        .mark_text(align="left", baseline="middle", dx=6)
        .encode(x=alt.X("end:Q"), y=down, text="text:N")
    )
    given = parameters(spanFrom=-1, spanTo=-1, focused=False, labels=[], low=0, high=1, room=40)
    return alt.layer(band(y=down), drawn, numbers).add_params(*given)

"""A heat map: a cell per pair of values, the darker the more. A cell without a figure stays empty."""

from typing import Final

import altair as alt

from dashboard.charts.registry import drawing
from dashboard.charts.style import BORDER, CARD, MARKS, SERIES, TEXT, expr, parameters

_FAINT: Final = 0.06
"""Opacity of the smallest figure."""


@drawing("heat")
def heat() -> alt.LayerChart:
    """Cells in rows and columns, which `rowLabels` and `columnLabels` name."""
    across = alt.X(
        "column:O",
        axis=alt.Axis(
            labelAngle=0,
            labelExpr="columnLabels[datum.value]",
            labelOverlap=True,
            labelSeparation=8,
            labelLimit=expr("max(40, bandwidth('x'))"),
        ),
        scale=alt.Scale(padding=0),
    )
    down = alt.Y("row:O", axis=alt.Axis(labelExpr="rowLabels[datum.value]", labelLimit=120), scale=alt.Scale(padding=0))
    base = alt.Chart(MARKS)
    strength = f"high > low ? {_FAINT} + {1 - _FAINT} * (datum.count - low) / (high - low) : {_FAINT}"
    stands_out = "datum.key === focused || datum.picked"
    cells = (
        base.properties(name="cell")
        .transform_filter("isValid(datum.count)")
        .transform_calculate(strength=strength)
        .mark_rect(fill=SERIES[0], cornerRadius=2)
        .encode(
            x=across,
            y=down,
            fillOpacity=alt.FillOpacity("strength:Q", scale=None, legend=None),
            opacity=alt.condition("datum.faded", alt.value(0.28), alt.value(1)),
            stroke=alt.condition(stands_out, alt.value(TEXT), alt.value(CARD)),
            strokeWidth=alt.condition(stands_out, alt.value(1.5), alt.value(2)),
        )
    )
    empty = (
        base.properties(name="empty")
        .transform_filter("!isValid(datum.count)")
        .mark_rect(fill=CARD, cornerRadius=2, strokeDash=[2, 2])
        .encode(x=across, y=down, stroke=alt.condition("datum.key === focused", alt.value(TEXT), alt.value(BORDER)))
    )
    given = parameters(focused=False, rowLabels=[], columnLabels=[], low=0, high=1)
    return alt.layer(cells, empty).add_params(*given)

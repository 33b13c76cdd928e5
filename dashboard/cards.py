"""The Overview's cards: figures with their change and course, and charts that filter by a click."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa
import streamlit as st

from dashboard import charts, formats
from dashboard.components import component
from dashboard.filter_dialog import filter_dialog
from dashboard.filters import DIMENSIONS, Days, Dimension
from dashboard.overview import CardValue, Overview, ValueCount
from dashboard.service import Service
from dashboard.visit import View, keep
from datasets.definition import Chart

SQL, ROWS, VALUES = "Show the SQL", "Show the rows", "Filter by value"


def stat_cards(overview: Overview) -> None:
    """Draw one card per figure, four in a row where there is room and two on a phone."""
    with st.container(key="chart_names", height=1, border=False):
        component("chart_names")(key="chart_names_of_cards")
    with st.grid(4, min_column_width=150, gap="small", key="stat_cards"):
        for card in overview.cards:
            _stat_card(card, _course(card, overview))


@dataclass(frozen=True)
class Scene:
    """What the charts of one visitor are drawn from."""

    service: Service
    name: str
    view: View
    overview: Overview
    unbrushed: Overview
    """The same without the brush: the chart of days keeps showing those outside it."""


def chart_cards(scene: Scene) -> str | None:
    """Draw the charts, two in a row where there is room; return what was asked of a chart's menu."""
    asked = None
    with st.grid(2, min_column_width=330, gap="small", key="charts") as grid:
        for place, chart in enumerate(scene.service.shape(scene.name).charts):
            drawing = _drawing(scene, chart)
            if drawing is not None:
                with grid.cell(), st.container(border=True, key=f"chart_{place}", height="stretch", gap="xsmall"):
                    asked = _chart_card(scene, chart, drawing) or asked
    return asked


def _stat_card(card: CardValue, series: list[float]) -> None:
    # Two channels more say more than their percentage; two hundred contacts do not.
    few = max(card.value or 0, card.previous or 0) < 100
    delta = formats.change(card.value, card.previous, absolute=few)
    st.metric(
        card.label,
        formats.number(card.value) + (f" {card.unit}" if card.unit and card.value is not None else ""),
        "No earlier period" if delta is None else delta,
        delta_color="blue",
        delta_arrow="off" if delta is None else "auto",
        delta_description=None if delta is None else f"from {formats.number(card.previous)}",
        border=True,
        height="stretch",
        # One day has no course, but the card keeps its height.
        chart_data=series * 2 if len(series) == 1 else series,
        chart_type="area",
    )


def _course(card: CardValue, overview: Overview) -> list[float]:
    """Return a card's figures per day, without the days that are not published yet: those are no zeros."""
    last = overview.last_day
    days = [count.day for count in overview.by_day]
    pairs = zip(days, card.series, strict=False)
    return [float(value or 0) for day, value in pairs if last is None or day <= last]


@dataclass(frozen=True)
class _Drawing:
    spec: charts.Spec
    text: str
    """For those who cannot see it."""
    dimension: Dimension | None
    """What a click filters; None for the chart of days."""
    counts: tuple[ValueCount, ...] = ()
    """What a click picks among."""
    cut: str = ""
    """How many of how many are drawn, where not all are."""


def _drawing(scene: Scene, chart: Chart) -> _Drawing | None:
    """Return how a chart is drawn, or None for a column that the Overview has no figures of."""
    if chart.by == "day":
        counted = scene.unbrushed.by_day
        return _Drawing(charts.day_bars(counted), charts.described_days(chart.title, counted), None)
    shape, seen = scene.service.shape(scene.name), scene.overview
    dimension = next((part for part in DIMENSIONS if shape.of(part) == chart.by), None)
    if dimension is None:
        return None
    counts = {"channel": seen.by_channel, "agent": seen.by_agent, "method": seen.by_method}[dimension]
    picked = scene.view.initial.values(dimension)
    text = charts.described(chart.title, counts)
    if chart.kind == "bar":
        cut = f" :small[:gray[{charts.MOST_BARS} of {len(counts)}]]" if len(counts) > charts.MOST_BARS else ""
        return _Drawing(charts.horizontal_bars(counts, picked=picked), text, dimension, counts, cut)
    draw = charts.doughnut if chart.kind == "doughnut" else charts.pie
    return _Drawing(draw(counts, _categories(scene, dimension, counts), picked=picked), text, dimension, counts)


def _categories(scene: Scene, dimension: Dimension, counts: Sequence[ValueCount]) -> tuple[str | None, ...]:
    """Return every value of the dataset, not of the period, so that a value keeps its colour."""
    known = scene.service.dimension_choices(scene.name, dimension) or ()
    seen = {count.value for count in counts}
    return (*sorted({*known, *(value for value in seen if value is not None)}), *((None,) if None in seen else ()))


def _chart_card(scene: Scene, chart: Chart, drawing: _Drawing) -> str | None:
    name, dimension = scene.name, drawing.dimension
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.subheader(chart.title + drawing.cut, anchor=False, width="content")
        asked = st.menu_button(
            f"Menu of {chart.title}",
            (SQL, ROWS, VALUES) if dimension else (SQL, ROWS),
            key=f"menu_{name}_{chart.by}",
            icon=":material/more_horiz:",
            type="tertiary",
        )
    key = f"{chart.by}_{name}_{scene.view.generation}"
    rows = drawing.spec["data"]["values"]
    # Streamlit would make a DataFrame of the rows on its way to Arrow.
    layout = {part: drawing.spec[part] for part in drawing.spec if part != "data"} if rows else drawing.spec
    st.vega_lite_chart(
        pa.Table.from_pylist(rows) if rows else None,
        layout,
        key=key,
        on_select=lambda: _picked(name, key, dimension) if dimension else _brushed(name, key),
        alt=drawing.text,
    )
    if asked == VALUES and dimension:
        filter_dialog(name, scene.view, dimension, chart.title, drawing.counts)
    return asked


def _selection(key: str, name: str) -> Any:
    return st.session_state[key]["selection"].get(name) or {}


def _picked(name: str, key: str, dimension: Dimension) -> None:
    values = [charts.value_from_key(point["key"]) for point in _selection(key, charts.PICK)]
    keep(name, lambda view: replace(view, picked=view.picked.with_values(dimension, values)))


def _brushed(name: str, key: str) -> None:
    days = sorted(dt.date.fromisoformat(day) for day in _selection(key, charts.BRUSH).get("day", ()))
    keep(name, lambda view: replace(view, picked=view.picked.with_days(Days(days[0], days[-1]) if days else None)))

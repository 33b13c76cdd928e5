"""A finished question by groupings flows in; its pivot table, its rows or its chart flow out."""

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Final

import streamlit as st

from dashboard.model import formats
from dashboard.model.query_types import QueryRequest
from dashboard.model.result import QueryResult
from dashboard.model.semantic_model import SemanticModel
from dashboard.overview.document.chart import value_label
from dashboard.results.charts.points import described
from dashboard.results.charts.spec import vega_lite
from dashboard.results.grouped.answer import GroupedAnswer, groups_alone
from dashboard.results.grouped.chart import grouped_chart
from dashboard.results.grouped.kinds import Drawing
from dashboard.results.grouped.open_days import open_days, open_note, with_open_days
from dashboard.results.grouped.pivot import pivot_of
from dashboard.services.job import Job
from dashboard.services.service import Service
from dashboard.ui.result import table
from dashboard.ui.result.grid import grid
from dashboard.ui.result.pivot_table import pivot_html
from dataset_model.records.manifest import Manifest

PIVOT, ROWS, CHART = "Pivot", "Rows", "Chart"
_ICONS: Final = {
    PIVOT: ":material/pivot_table_chart: Table",
    ROWS: ":material/table_rows: Rows",
    CHART: ":material/bar_chart: Chart",
}


def result(
    service: Service, name: str, job: Job, asked: QueryRequest, *, key: str, more: Callable[[], None] | None = None
) -> None:
    """Draw the answer to `asked`; the rows and the files hold the groups without the totals.

    `more` draws what else can be done with it.
    """
    if job.result is None or asked.group is None:
        return
    model, found, group = service.model(name), job.result, asked.group
    groups = groups_alone(found, group, model, asked.days)

    def draw(columns: Sequence[str], zone: str) -> None:
        _views(service, name, found, groups, asked, columns, zone, key)

    # A limit may leave the totals alone.
    table.framed(service, name, groups, draw, key=key, is_empty=not found.row_count, more=more)


@st.fragment
def _views(
    service: Service,
    name: str,
    found: QueryResult,
    groups: QueryResult,
    asked: QueryRequest,
    columns: Sequence[str],
    zone: str,
    key: str,
) -> None:
    model = service.model(name)
    group = asked.group
    if group is None:
        return
    options = (PIVOT, ROWS, CHART) if group.by else (PIVOT, ROWS)
    view = st.segmented_control(
        "View",
        options,
        default=PIVOT,
        required=True,
        format_func=_ICONS.__getitem__,
        key=f"grouped_view_{key}",
        label_visibility="collapsed",
    )
    if view == ROWS:
        grid(groups, model, columns, key, "", zone)
        return
    answer = GroupedAnswer(found.table, group, model)
    manifest = service.manifest(name)
    opened = open_days(manifest, asked.days)
    note = open_note(answer, model, opened)
    said = (note,) if note else ()
    if view == CHART:
        _chart(service, name, found, answer, model, manifest, opened, said)
        return
    pivot = pivot_of(answer, model, truncated=found.truncated)
    st.html(pivot_html(pivot, answer.title))
    if notes := (*said, *pivot.notes):
        _notes(notes)


def _chart(
    service: Service,
    name: str,
    found: QueryResult,
    answer: GroupedAnswer,
    model: SemanticModel,
    manifest: Manifest | None,
    opened: frozenset[dt.date],
    said: Sequence[str],
) -> None:
    # A group that a limit has cut off is not zero.
    published = frozenset(manifest.days) if manifest and not found.truncated else frozenset()
    drawn = grouped_chart(answer, model, published)
    text = described(drawn.chart)
    if not drawn.chart.points:
        st.caption("No group has a figure to draw.")
        return
    colours = answer.asked.by[1] if len(answer.asked.by) > 1 else None
    fixed = service.of(name).colours(colours).labels(value_label(model, colours)) if colours else ()
    drawing = Drawing(drawn.drawn(vega_lite(drawn.chart, text, fixed)), text, drawn.chart.notes, drawn.chart.unit)
    spec = with_open_days(drawing, answer, model, opened).spec
    st.vega_lite_chart(spec=spec, width="stretch", theme="streamlit", key="chart", alt=text)
    cut = [f"of the first {formats.plural(found.row_count, 'row')}"] if found.truncated else []
    _notes((*cut, *said, *drawn.chart.notes, "exact numbers under the pointer"))


def _notes(notes: Sequence[str]) -> None:
    st.caption(" · ".join((notes[0][:1].upper() + notes[0][1:], *notes[1:])))

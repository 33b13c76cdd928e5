"""The result of a card flows in; its figure, its drawing or its table flows out, the same for page, print and mail."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pyarrow as pa

from dashboard.boards.number_cards import Figure, figure_from
from dashboard.boards.questions import Asked
from dashboard.model import formats
from dashboard.model.boards.card import BoardCard
from dashboard.model.grouping.question import GroupBy
from dashboard.model.result import QueryResult
from dashboard.model.semantic_model import SemanticModel
from dashboard.overview.document.chart import value_label
from dashboard.overview.document.marks import label
from dashboard.results.charts.choice import choices_of, is_drawable, suggested_colour
from dashboard.results.charts.gaps import Published
from dashboard.results.charts.points import ResultChart, chart_of, described
from dashboard.results.charts.spec import vega_lite
from dashboard.results.exact_text import cell_text, is_number
from dashboard.results.grouped.answer import GroupedAnswer
from dashboard.results.grouped.kinds import Drawing, Kind, drawing_of, on_a_card
from dashboard.results.grouped.open_days import open_days, open_note, with_open_days
from dashboard.results.grouped.pivot import Pivot, PivotCell, pivot_of
from dashboard.results.time_zones import heading
from dashboard.services.service import Service

MOST_SHOWN: Final = 100
"""Rows of a table on a board; the others are on Explore."""


@dataclass(frozen=True)
class CardAnswer:
    """What a card shows. One of figure, drawing and table is set; none of them where there is nothing to show."""

    figure: Figure | None = None
    drawing: Drawing | None = None
    table: Pivot | None = None
    measured: str = ""
    """What the table is of, for its name."""
    notes: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to show."""
        return self.figure is None and self.drawing is None and self.table is None


def answer_of(service: Service, card: BoardCard, asked: Asked, found: QueryResult) -> CardAnswer:
    """Return what a card shows of its result, for the person who asks."""
    model = service.model(asked.name)
    if asked.request.group is not None:
        return _of_groups(service, card, asked, found, model, asked.request.group)
    if card.show == "number":
        return _of_one_value(found)
    if not found.row_count:
        return CardAnswer()
    if card.show == "chart" and is_drawable(found.table):
        return _of_chart(service, asked, found)
    return _of_rows(found, model, service.dataset(asked.name).source.time_zone)


def _of_groups(
    service: Service, card: BoardCard, asked: Asked, found: QueryResult, model: SemanticModel, group: GroupBy
) -> CardAnswer:
    if card.show == "number":
        figure = figure_from(model, group, asked.days, asked.manifest, found) if asked.manifest else None
        return CardAnswer(figure)
    answer = GroupedAnswer(found.table, group, model)
    opened = open_days(asked.manifest, asked.days)
    note = open_note(answer, model, opened)
    said = (note,) if note else ()
    if card.show == "table":
        pivot = pivot_of(answer, model, truncated=found.truncated)
        shown = pivot if found.row_count else None
        return CardAnswer(table=shown, measured=answer.title, notes=(*said, *pivot.notes))
    manifest = asked.manifest
    # A group that a limit has cut off is not zero.
    published = frozenset(manifest.days) if manifest and not found.truncated else frozenset[dt.date]()
    colours = group.by[-1]
    is_known = colours in model.dimensions
    fixed = service.of(asked.name).colours(colours).labels(value_label(model, colours)) if is_known else ()
    kind: Kind = card.show
    drawing = drawing_of(answer, model, kind, published, fixed, truncated=found.truncated)
    if drawing is None:
        return CardAnswer()
    cut = (f"of the first {formats.plural(found.row_count, 'row')}",) if found.truncated else ()
    return CardAnswer(drawing=with_open_days(drawing, answer, model, opened), notes=(*cut, *said, *drawing.notes))


def _of_one_value(found: QueryResult) -> CardAnswer:
    if found.row_count != 1 or len(found.columns) != 1 or found.truncated:
        rows, columns = formats.plural(found.row_count, "row"), formats.plural(len(found.columns), "column")
        note = f"a number is one row of one column; this query gave {rows} of {columns}. Show it as a table"
        return CardAnswer(notes=(note,))
    value = found.table.column(0)[0].as_py()
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    text = formats.short(value) if is_number else cell_text(value) or formats.NOTHING
    return CardAnswer(Figure(text, cell_text(value) or "NULL"))


def _of_chart(service: Service, asked: Asked, found: QueryResult) -> CardAnswer:
    table = found.table
    choices = choices_of(table)
    x, y = choices.x[0], choices.y[0]
    colour = suggested_colour(table, choices, x)
    zone = service.dataset(asked.name).source.time_zone
    chart = chart_of(table, x, y, colour, zone, _published(service, asked, found))
    if not chart.points:
        return CardAnswer()
    text = described(chart)
    fixed: Sequence[str] = ()
    if colour and colour in service.model(asked.name).dimensions:
        fixed = service.of(asked.name).colours(colour).labels(label)
    spec = on_a_card(vega_lite(chart, text, fixed), chart)
    cut = (f"of the first {formats.plural(found.row_count, 'row')}",) if found.truncated else ()
    return CardAnswer(drawing=Drawing(spec, text, chart.notes), notes=(*cut, *_open_note(asked, chart), *chart.notes))


def _open_note(asked: Asked, chart: ResultChart) -> tuple[str, ...]:
    """Return what is said of open days next to a chart over time of a person's SQL.

    A time of its result may be of any meaning, and a figure of any days: no mark could be trusted, so none is made.
    """
    opened = open_days(asked.manifest, asked.days)
    if chart.axis != "time" or not opened:
        return ()
    listed = formats.listed(formats.day(day) for day in sorted(opened))
    return (f"still open: {listed}; SQL says by itself what it counts, so nothing is drawn pale",)


def _published(service: Service, asked: Asked, found: QueryResult) -> Published | None:
    manifest = service.manifest(asked.name)
    is_whole = not found.truncated and found.statement.dataset == asked.name and len(found.statement.tables) < 2
    return Published(frozenset(manifest.days)) if manifest and is_whole else None


def _of_rows(found: QueryResult, model: SemanticModel, zone: str) -> CardAnswer:
    shown = found.table.slice(0, MOST_SHOWN)
    heads = [heading(field, zone) for field in shown.schema]
    columns = [_texts(column, zone) for column in shown.columns]
    are_texts = [not is_number(field.type) for field in shown.schema][1:]
    rows = list(zip(*columns, strict=True))
    pivot = Pivot(
        heads[0],
        tuple(heads[1:]),
        tuple((first, tuple(map(PivotCell, others, others, are_texts))) for first, *others in rows),
        foot=None,
        has_totals=False,
        notes=(),
    )
    notes: tuple[str, ...] = ()
    if found.truncated or found.row_count > MOST_SHOWN:
        of = f"more than {found.row_count:,}" if found.truncated else f"{found.row_count:,}"
        notes = (f"the first {min(MOST_SHOWN, found.row_count):,} of {of} rows",)
    return CardAnswer(table=pivot, measured=model.words.rows.many, notes=notes)


def _texts(column: pa.ChunkedArray, zone: str) -> Sequence[str]:
    return ["NULL" if value is None else cell_text(value, zone) for value in column.to_pylist()]

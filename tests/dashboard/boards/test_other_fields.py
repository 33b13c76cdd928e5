"""The Overview as a board, of three datasets of other fields: every figure is the one that the Overview shows."""

import datetime as dt
from collections.abc import Iterator

import pytest
from field_subject import Subject, subject_of
from other_fields import WINDOW

from dashboard.boards.answers import answer_of
from dashboard.boards.questions import asked_by
from dashboard.model.boards.board import card_from
from dashboard.model.boards.declared import declared_board
from dashboard.model.selection.filters import Days, Filters
from dashboard.overview.document.board import card_document
from dashboard.overview.document.chart import Scene, figures_of_chart, value_label

PART = Days(dt.date(2026, 3, 20), WINDOW.last)


@pytest.fixture(scope="module", params=["orders", "sensors", "tickets"])
def subject(
    request: pytest.FixtureRequest, standin_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Subject]:
    with subject_of(request.param, standin_url, tmp_path_factory.mktemp(request.param)) as found:
        yield found


def test_every_figure_of_the_declared_board_is_that_of_the_overview(subject):
    """Numbers and cells of every chart, in every unit and format, over days with an open one: they read the same."""
    service, name, window = subject.service, subject.name, PART
    model, overview = service.model(name), service.overview(name, Filters(window))
    scene = Scene(model, Filters(), overview, overview, {})
    compared = 0

    def answer(card, show):
        document = {**card.document(), "startDate": window.first.isoformat(), "endDate": window.last.isoformat()}
        dated = card_from({**document, "show": show})
        asked = asked_by(service, dated)
        return answer_of(service, dated, asked, service.start(name, asked.statement).outcome())

    board = declared_board(model)
    numbers, charts = board.cards[: len(model.cards)], board.cards[len(model.cards) :]
    for card, figure in zip(numbers, overview.cards, strict=True):
        shown = answer(card, "number").figure
        page = card_document(figure, overview, model.words.rows)
        assert (shown.text, shown.exact, shown.note) == (page["text"], page["exact"], page["note"])
        assert (shown.change.text, shown.change.before) == (page["delta"], page["from"])
        assert [mark["count"] for mark in shown.sparkline["marks"]] == page["series"]
        compared += 1
    for place, (card, chart) in enumerate(zip(charts, model.charts, strict=True)):
        assert answer(card, card.show).drawing is not None or card.show == "table"
        measure, figures = model.measure(chart), figures_of_chart(scene, place, chart)
        label = (lambda value: value) if chart.by == "day" else value_label(model, chart.by)
        rows = dict(answer(card, "table").table.rows)
        for cell in figures.bins:
            if not cell.rows:
                continue
            # The total of a row of two groupings, or its only cell.
            assert rows[label(cell.value)][-1].text == measure.text(cell.amount), (chart.title, cell)
            compared += 1
        assert len(rows) == sum(cell.rows > 0 for cell in figures.bins)
    assert compared > 20

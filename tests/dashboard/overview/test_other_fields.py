"""Every figure of three datasets of other fields, against an independent reading of their Parquet files with DuckDB."""

import datetime as dt
import os
import random
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from duckdb_reading import is_close
from field_subject import Subject, subject_of
from other_fields import HOLES, WINDOW

from dashboard.model.selection.filters import Days, Filters
from dashboard.overview.chart_document import Scene, figures_of_chart
from dashboard.overview.document import board_document
from dashboard.overview.drill_down import drill_down
from dashboard.overview.events import Part, board_request_from
from dataset_model.dashboard.section import Chart

D = dt.date
FIRST, LAST = WINDOW.first, WINDOW.last
WHOLE = set(WINDOW) - HOLES - {LAST}


@pytest.fixture(scope="module", params=["orders", "sensors", "tickets"])
def subject(
    request: pytest.FixtureRequest, standin_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Subject]:
    with subject_of(request.param, standin_url, tmp_path_factory.mktemp(request.param)) as found:
        yield found


PICKS: dict[str, list[dict[str, tuple[str | None, ...]]]] = {
    "orders": [
        {},
        {"region": ("North", None)},
        {"weekday": ("1", "7"), "region": ("South",)},
        {"week": ("2026-03-23", "2026-03-30"), "month": ("2026-03",)},
        {"hour": ("02", "03", "10"), "state": ("PAID",)},
    ],
    "sensors": [
        {},
        {"firmware": ("2.0", "10.0")},
        {"is_alarm": ("true", None), "firmware": (None, "1.9")},
        {"week": ("2026-03-08",), "hour": ("01", "03", "04")},
    ],
    "tickets": [
        {},
        {"topic": ("topic 04", "topic 09", None)},
        {"priority": ("0", "3"), "topic": ("topic 00", "topic 01", "topic 16")},
        {"month": ("2026-02",)},
    ],
}
WINDOWS = [WINDOW, Days(D(2026, 3, 20), LAST), Days(D(2026, 3, 2), D(2026, 3, 4)), Days(LAST, LAST)]


def scene_of(subject: Subject, window: Days, picks: Mapping[str, tuple[str | None, ...]]) -> Scene:
    picked = Filters(None, tuple(picks.items()))
    overview = subject.service.overview(subject.name, picked.with_days(window))
    model = subject.service.model(subject.name)
    choices = {column: subject.service.choices(subject.name, column) or () for column in model.dimensions}
    return Scene(model, picked, overview, overview, choices)


def same(found: Mapping[Any, Any], expected: Mapping[Any, Any]) -> None:
    assert found.keys() == expected.keys()
    for key, figure in expected.items():
        assert is_close(found[key], figure), (key, found[key], figure)


@pytest.mark.parametrize("window", WINDOWS, ids=str)
def test_every_figure_equals_the_files(subject: Subject, window: Days):
    """Cards, bins, parts of splits and cells of heat maps, per window and filter; a chart's own filter stays open."""
    for picks in PICKS[subject.name]:
        _check(subject, window, picks)


def test_every_figure_of_generated_filters_and_days_equals_the_files(subject: Subject):
    """Any days, up to three dimensions with up to three values each; FIGURES says how many. `make soak` draws more."""
    chance = random.Random(f"figures of {subject.name}")
    days = list(WINDOW)
    values = {
        name: sorted(
            (value for (value,) in subject.reading.all(f"SELECT DISTINCT {subject.sql(name)} FROM t")),
            key=lambda value: (value is None, value or ""),
        )
        for name in subject.service.model(subject.name).filters
    }
    for _ in range(int(os.environ.get("FIGURES", "1"))):
        first, last = sorted(chance.choices(days, k=2))
        dimensions = chance.sample(sorted(values), chance.randint(0, 3))
        picks = {name: tuple(chance.sample(values[name], min(3, len(values[name])))) for name in dimensions}
        _check(subject, Days(first, last), picks)


def _check(subject: Subject, window: Days, picks: Mapping[str, tuple[str | None, ...]]) -> None:
    scene = scene_of(subject, window, picks)
    for card in scene.overview.cards:
        assert is_close(card.value, subject.figure(card.measure, window, picks)), (card.label, picks)
    for place, chart in enumerate(scene.model.charts):
        opened = {name: values for name, values in picks.items() if name != chart.by}
        figures = figures_of_chart(scene, place, chart)
        bins = subject.groups(chart, (chart.by,), window, opened)
        found = {(cell.value,): cell.amount for cell in figures.bins if cell.rows or chart.by != "day"}
        same(found, bins)
        if chart.split:
            parts = subject.groups(chart, (chart.by, chart.split), window, opened)
            same({(cell.value, cell.split): cell.amount for cell in figures.parts}, parts)
        _check_marks(subject, board_document(scene, ()), place, chart, bins)


def _check_marks(subject: Subject, document: dict[str, Any], place: int, chart: Chart, bins: Mapping[Any, Any]) -> None:
    """The marks are those figures; a whole day is zero where there is nothing to count, and a hole is a gap."""
    if not document["charts"]:
        return
    drawn = document["charts"][place]
    assert drawn["title"]
    if drawn["kind"] == "heat":
        return
    marks = {mark["key"]: mark for mark in drawn["marks"]}
    for (value,), figure in bins.items():
        mark = marks.get("~" if value is None else value)
        if mark is not None:
            assert is_close(mark["count"], figure), (chart, value)
    for mark in marks.values():
        if drawn["kind"] == "days" and mark.get("parts") and drawn["shape"] == "bar":
            assert is_close(sum(part["count"] or 0 for part in mark["parts"]), mark["count"] or 0)
    if chart.by == "day":
        for day in HOLES & {D.fromisoformat(key) for key in marks}:
            assert (marks[day.isoformat()]["count"], marks[day.isoformat()]["text"]) == (None, "not published")


@pytest.mark.parametrize("subject", ["orders"], indirect=True)
def test_sums_of_decimals_have_every_digit(subject: Subject):
    """Revenue is a decimal, not a double; so is the mean, which says over how many rows it is."""
    scene = scene_of(subject, WINDOW, {})
    revenue, basket = scene.overview.cards[:2]
    assert str(revenue.value) == str(subject.figure("revenue", WINDOW, {}))
    with_amount, rows = subject.reading.all("SELECT count(amount), count(*) FROM t")[0]
    assert with_amount < rows
    assert board_document(scene, ())["cards"][1]["note"] == f"over {with_amount:,} of {rows:,} rows"
    assert basket.written.text(basket.value).startswith("€")


def test_no_word_of_a_contact_centre_is_on_a_board_of_another_field(subject: Subject):
    """Neither in titles, chips, notes and texts, nor in the names of a downloaded file's columns."""
    scene = scene_of(subject, WINDOW, PICKS[subject.name][1])
    document = board_document(scene, ())
    files = [
        drill_down(scene, WINDOW, Part("chart", place)).figures.column_names for place in range(len(document["charts"]))
    ]
    text = f"{document} {files}".lower()
    for word in ("contact", "agent", "channel", "initiation", "firmwares", "deviceids", "by deviceid"):
        assert word not in text, word


def test_titles_are_those_of_the_field(subject: Subject):
    """What the file leaves out is inferred from its nouns, measures and labels."""
    document = board_document(scene_of(subject, WINDOW, {}), ())
    assert [chart["title"] for chart in document["charts"]][:4] == {
        "orders": [
            "Revenue per day and sales region",
            "Revenue by sales region",
            "Mean basket per week",
            "Paid by sales region",
        ],
        "sensors": [
            "Mean temperature per day and firmware",
            "Median temperature by hour",
            "Devices by firmware",
            "Readings by weekday",
        ],
        "tickets": [
            "Tickets per day and topic",
            "Median answer by topic",
            "Tickets by topic",
            "Tickets by priority and topic",
        ],
    }[subject.name]


def test_a_pick_of_every_chart_comes_back_and_filters(subject: Subject):
    """Each drawn value, of a column or of the calendar, is a filter by its key, also from an address."""
    from dashboard.model.selection.filters import filters_from_params, params_from_filters

    scene = scene_of(subject, WINDOW, {})
    for chart, drawn in zip(scene.model.charts, board_document(scene, ())["charts"], strict=True):
        if chart.by == "day" or drawn["kind"] == "heat":
            continue
        key = drawn["marks"][-1]["key"]
        picked = board_request_from({"picked": {"days": None, drawn["dimension"]: [key]}})
        if key == "~others":
            assert picked is None
            continue
        filters = picked.picked.with_days(WINDOW)
        assert filters_from_params(params_from_filters(filters), scene.model.link_names) == filters
        rows = subject.figure("rows", WINDOW, dict(filters.picks))
        assert subject.service.overview(subject.name, filters).total_rows == rows


@pytest.mark.parametrize("subject", ["tickets"], indirect=True)
def test_more_values_than_colours_are_seven_and_others(subject: Subject):
    """Of 27 topics and tickets without one, a stack and a pie have seven and the rest together."""
    charts = board_document(scene_of(subject, WINDOW, {}), ())["charts"]
    assert [entry["label"] for entry in charts[0]["legend"]][7:] == ["21 others"]
    assert len(charts[2]["marks"]) == 8

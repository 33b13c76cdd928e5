"""Every figure of three datasets of other fields, against an independent reading of their Parquet files with DuckDB."""

import datetime as dt
import os
import random
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from duckdb_reading import is_close
from field_subject import Picks, Ranges, Subject, subject_of
from other_fields import HOLES, WINDOW

from dashboard.model.selection.filters import Days, Filters, Range
from dashboard.overview.document.board import board_document
from dashboard.overview.document.chart import Scene, figures_of_chart
from dashboard.overview.drill_down import drill_down
from dashboard.overview.events import Part, board_request_from
from dataset_model.dashboard.section import Chart

D = dt.date
FIRST, LAST = WINDOW.first, WINDOW.last
WHOLE = set(WINDOW) - HOLES - {LAST}
HELD: Counter[str] = Counter()
"""How many figures were held against the files."""


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


def scene_of(subject: Subject, window: Days, picks: Picks, ranges: Ranges = ()) -> Scene:
    picked = Filters(None, tuple(sorted(picks.items())), tuple(sorted(ranges)))
    overview = subject.service.overview(subject.name, picked.with_days(window))
    model = subject.service.model(subject.name)
    choices = {column: subject.service.choices(subject.name, column) or () for column in model.dimensions}
    return Scene(model, picked, overview, overview, choices)


def same(found: Mapping[Any, Any], expected: Mapping[Any, Any], about: object = None) -> None:
    assert found.keys() == expected.keys(), about
    for key, figure in expected.items():
        assert is_close(found[key], figure), (key, found[key], figure, about)
    HELD["figures"] += len(expected)


@pytest.mark.parametrize("window", WINDOWS, ids=str)
def test_every_figure_equals_the_files(subject: Subject, window: Days):
    """Cards, bins, parts of splits and cells of heat maps, per window and filter; a chart's own filter stays open."""
    for picks in PICKS[subject.name]:
        _check(subject, window, picks)


@pytest.mark.parametrize("subject", ["orders", "sensors", "tickets", "contacts"], indirect=True)
def test_every_figure_of_generated_filters_and_days_equals_the_files(subject: Subject, record_testsuite_property: Any):
    """Any days, up to three dimensions with three values each, up to two ranges, and what cards are compared with.

    FIGURES says how many boards; `make soak` draws more. A report in JUnit's form has how many figures were held.
    """
    held = HELD["figures"]
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
        _check(subject, Days(first, last), picks, _ranges(subject, chance))
    record_testsuite_property(f"figures of {subject.name}", HELD["figures"] - held)


def _ranges(subject: Subject, chance: random.Random) -> list[tuple[str, Range]]:
    """Return up to two ranges: bounds that are values of the column, or days, or whether there is a value at all."""
    types = subject.service.model(subject.name).ranged
    found = []
    for column in chance.sample(sorted(types), chance.randint(0, min(2, len(types)))):
        if chance.random() < 0.3:
            found.append((column, Range(empty=chance.random() < 0.5)))
            continue
        if types[column].name == "timestamp":
            bounds = [str(day) for day in sorted(chance.choices(list(WINDOW), k=2))]
        else:
            known = subject.reading.all(f'SELECT DISTINCT "{column}" FROM t WHERE "{column}" IS NOT NULL ORDER BY 1')
            bounds = (
                [str(value) for value in sorted(chance.choices([value for (value,) in known], k=2))] if known else []
            )
        if bounds:
            found.append((column, Range(*bounds)))
    return found


def compared_days(window: Days) -> list[tuple[dt.date, dt.date]]:
    """Return the days that are whole on both sides, with those in their places before; none before the first day."""
    length = dt.timedelta(days=len(window))
    if window.first - length < FIRST:
        return []
    return [(day, day - length) for day in window if {day, day - length} <= WHOLE]


def _check(subject: Subject, window: Days, picks: Picks, ranges: Ranges = ()) -> None:
    scene = scene_of(subject, window, picks, ranges)
    about = (window, picks, ranges)
    before = compared_days(window)
    for card in scene.overview.cards:
        shown = {"now": card.value, "compared": card.compared, "previous": card.previous}
        days = {"now": list(window), "compared": [now for now, _ in before], "previous": [then for _, then in before]}
        expected = {
            when: subject.figure(card.measure, days[when], picks, ranges, card.column) if days[when] else None
            for when in shown
        }
        same(shown, expected, (card.label, about))
    for place, chart in enumerate(scene.model.charts):
        opened = {name: values for name, values in picks.items() if name != chart.by}
        figures = figures_of_chart(scene, place, chart)
        bins = subject.groups(chart, (chart.by,), window, opened, ranges)
        found = {(cell.value,): cell.amount for cell in figures.bins if cell.rows or chart.by != "day"}
        same(found, bins, (chart.title, about))
        if chart.split:
            parts = subject.groups(chart, (chart.by, chart.split), window, opened, ranges)
            same({(cell.value, cell.split): cell.amount for cell in figures.parts}, parts, (chart.title, about))
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
    assert board_document(scene, ())["cards"][1]["note"] == f"over {with_amount:,} of {rows:,} orders"
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
    assert [(entry["text"], entry["share"]) for entry in charts[0]["legend"]][::7] == [("24", "4.1%"), ("424", "72.6%")]
    assert len(charts[2]["marks"]) == 8


def test_a_value_has_one_colour_on_a_page(subject: Subject):
    """Whatever is picked: in rings, stacks and lines of a dimension a value has one colour, and no two are alike."""
    for picks in PICKS[subject.name]:
        found: dict[tuple[str, str], set[int]] = {}
        for chart in board_document(scene_of(subject, WINDOW, picks), ())["charts"]:
            shown = chart.get("legend") or (chart["marks"] if chart["kind"] in {"doughnut", "pie"} else [])
            assert len({each["colour"] for each in shown}) == len(shown) <= 8
            for each in shown:
                found.setdefault((chart.get("split") or chart["dimension"], each["key"]), set()).add(each["colour"])
        assert {key: colours for key, colours in found.items() if len(colours) > 1} == {}
        assert found


@pytest.mark.parametrize("subject", ["sensors"], indirect=True)
def test_a_legend_of_means_has_no_shares(subject: Subject):
    """Mean temperatures per firmware are no parts of a whole."""
    lines = board_document(scene_of(subject, WINDOW, {}), ())["charts"][0]
    assert {frozenset(entry) for entry in lines["legend"]} == {frozenset({"key", "label", "colour", "picked"})}


@pytest.mark.parametrize("subject", ["tickets"], indirect=True)
def test_a_ring_by_weekday_has_a_slice_per_weekday(subject: Subject):
    """A ring is drawn as the file says, of a part of the calendar as of a column."""
    ring = board_document(scene_of(subject, WINDOW, {}), ())["charts"][6]
    assert (ring["title"], ring["kind"], ring["total"]) == ("Tickets by weekday", "doughnut", "584")
    assert {mark["label"]: mark["count"] for mark in ring["marks"]} == {
        "Monday": 78,
        "Tuesday": 56,
        "Wednesday": 72,
        "Thursday": 93,
        "Friday": 116,
        "Saturday": 81,
        "Sunday": 88,
    }
    assert sorted(mark["colour"] for mark in ring["marks"]) == [0, 1, 2, 3, 4, 5, 6]

"""What a drawing must know of all marks: the ends of its axis and how its ticks read."""

import datetime as dt

import pytest

from dashboard.overview.document.drawing import drawing_of


def over_time(*counts: float | None, shape: str = "bar", **fields: object) -> dict:
    marks = [{"short": f"{place + 1} Jan", "count": count} for place, count in enumerate(counts)]
    return {"kind": "days", "shape": shape, "dimension": "days", "marks": marks, **fields}


def params(chart: dict, **axis: str) -> dict:
    return drawing_of(chart, axis)["params"]


@pytest.mark.parametrize(
    ("shape", "legend", "name"),
    [
        ("bar", {}, "columns"),
        ("bar", {"legend": []}, "stack"),
        ("line", {}, "line"),
        ("line", {"legend": []}, "lines"),
    ],
)
def test_a_chart_has_the_drawing_of_its_shape(shape: str, legend: dict, name: str):
    """Bars and lines, whole and in parts."""
    assert drawing_of(over_time(1, shape=shape, **legend), {})["drawing"] == name


def test_a_table_is_no_drawing():
    """It stays rows of text, which the browser lays out."""
    assert drawing_of({"kind": "table", "marks": []}, {}) == {}


@pytest.mark.parametrize(
    ("counts", "ends"),
    [((3, 8), (0, 8)), ((-5, 8), (-5, 8)), ((-5, -2), (-5, 0)), ((0, 0), (0, 1)), ((None, 7), (0, 7)), ((), (0, 1))],
)
def test_zero_is_on_every_axis(counts: tuple, ends: tuple):
    """Also where all figures are zero, below zero, or missing."""
    found = params(over_time(*counts))
    assert (found["low"], found["high"]) == ends


@pytest.mark.parametrize(
    ("axis", "largest", "shown"),
    [
        ({}, 90, (1, "", "", 90)),
        ({"axis": "percent"}, 0.25, (0.01, "", "%", 25)),
        ({"axis": "currency", "symbol": "€"}, 250.5, (1, "€", "", 250.5)),
        ({"axis": "duration"}, 90, (1, "", " s", 90)),
        ({"axis": "duration"}, 600, (60, "", " min", 10)),
        ({"axis": "duration"}, 9000, (3600, "", " h", 2.5)),
        ({"axis": "duration"}, 259_200, (86_400, "", " d", 3)),
    ],
)
def test_ticks_read_as_their_measure(axis: dict, largest: float, shown: tuple):
    """Hours of a duration, hundredths of a share, the symbol of a currency."""
    found = params(over_time(largest), **axis)
    assert (found["unit"], found["prefix"], found["suffix"], found["high"]) == shown


@pytest.mark.parametrize(("counts", "least"), [((3, 8), 1), ((0.5, 8), 0)])
def test_whole_figures_have_no_half_ticks(counts: tuple, least: int):
    """A count of two and a half does not exist."""
    assert params(over_time(*counts))["least"] == least


def test_an_axis_holds_the_sum_of_stacked_parts_and_the_highest_line():
    """Seven and five are a bar of twelve, and lines up to seven."""
    marks = [{"short": "1 Jan", "count": 12, "parts": [{"count": 7}, {"count": 5}, {"count": None}]}]
    stack = {"kind": "days", "shape": "bar", "dimension": "days", "legend": [], "marks": marks}
    assert params(stack)["high"] == 12
    assert params(stack | {"shape": "line"})["high"] == 7


def test_long_labels_are_fitted_and_days_leave_out_their_neighbours():
    """Twenty agents' names are cut to their bars; of thirty days every fourth is named."""
    names = {"kind": "days", "shape": "bar", "dimension": "agent", "marks": [{"short": "Grace Kimball", "count": 1}]}
    assert params(names)["isFitted"] is True
    assert params(over_time(1, 2))["isFitted"] is False


@pytest.mark.parametrize(
    ("count", "first_weekday", "labelled"),
    [
        (14, 1, []),
        (21, 1, ["2026-02-23", "2026-03-02", "2026-03-09"]),
        (21, 7, ["2026-02-22", "2026-03-01", "2026-03-08"]),
        (121, 1, ["2026-03-01", "2026-04-01", "2026-05-01", "2026-06-01"]),
    ],
)
def test_days_are_labelled_by_weeks_and_many_by_months(count: int, first_weekday: int, labelled: list):
    """From Friday 20 February on: the days that begin a week, by the dataset's own first weekday."""
    days = [(dt.date(2026, 2, 20) + dt.timedelta(days=place)).isoformat() for place in range(count)]
    marks = [{"key": day, "short": day, "count": 1} for day in days]
    chart = {"kind": "days", "shape": "bar", "dimension": "days", "marks": marks}
    found = drawing_of(chart, {}, first_weekday)["params"]["ticks"]
    assert [days[place] for place in found] == labelled

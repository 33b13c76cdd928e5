"""What cards of a board show of days that are open: never compared, never drawn as whole, and said."""

import datetime as dt

import pytest

from dashboard.boards.standing import standing_of
from dashboard.model.access.requester import acting_for
from dashboard.model.selection.filters import Days

from .cards import DAYS, OWNER, marks_of, shown


def test_a_number_of_an_open_day_is_not_compared(ruled, monkeypatch):
    """A day that more rows may come to is neither a fall against the day before nor the end of the line."""
    manifest = ruled.manifest("contacts")
    last = {DAYS.last: manifest.days[DAYS.last].model_copy(update={"state": "open"})}
    monkeypatch.setattr(ruled, "manifest", lambda _: manifest.model_copy(update={"days": {**manifest.days, **last}}))
    figure = shown(ruled, OWNER, show="number", startDate="2026-01-03", endDate="2026-01-03").figure
    assert figure.change.text == "No whole days to compare"
    assert {mark["count"] for mark in figure.sparkline["marks"]} == {None}


@pytest.mark.parametrize(("show", "by"), [("bar", ["day"]), ("stacked", ["day", "channel"]), ("line", ["day"])])
def test_an_open_day_is_never_drawn_as_whole(ruled, monkeypatch, show, by):
    """Its bars are pale, a line ends before it, and the card names it; other days stay as they are."""
    manifest = ruled.manifest("contacts")
    last = {DAYS.last: manifest.days[DAYS.last].model_copy(update={"state": "open"})}
    monkeypatch.setattr(ruled, "manifest", lambda _: manifest.model_copy(update={"days": {**manifest.days, **last}}))
    answer = shown(ruled, OWNER, show=show, by=by)
    assert "still open: 3 Jan 2026" in answer.notes
    drawn = [(mark["x"][:10], mark.get("open", False), mark["y"] is not None) for mark in marks_of(answer)]
    whole = {("2026-01-01", False, True), ("2026-01-02", False, True)}
    assert set(drawn) == {*whole, ("2026-01-03", show != "line", show != "line")}
    assert ("opacity" in answer.drawing.spec["encoding"]) is (show != "line")


@pytest.mark.parametrize(
    ("show", "by", "pale", "whole"),
    [
        ("bar", ["week"], {("2026-01-05",)}, {("2025-12-29",)}),
        ("line", ["week"], {("2026-01-05",)}, {("2025-12-29",)}),
        ("bar", ["month"], {("2026-01-01",)}, set()),
        ("line", ["month"], {("2026-01-01",)}, set()),
        ("stacked", ["month", "channel"], {("2026-01-01",)}, set()),
        ("bar", ["weekday"], {("Tuesday",)}, {("Monday",), ("Wednesday",), ("Sunday",)}),
        ("doughnut", ["week"], {("Week of 5 Jan 2026",)}, {("Week of 29 Dec 2025",)}),
        ("heatmap", ["weekday", "channel"], {("Tuesday",)}, {("Monday",), ("Sunday",)}),
        ("heatmap", ["channel", "week"], {("Week of 5 Jan 2026",)}, {("Week of 29 Dec 2025",)}),
        ("heatmap", ["weekday", "week"], {("Tuesday", "Week of 5 Jan 2026")}, {("Monday", "Week of 5 Jan 2026")}),
        ("bar", ["channel", "week"], {("Week of 5 Jan 2026",)}, {("Week of 29 Dec 2025",)}),
    ],
)  # fmt: skip
def test_a_week_or_a_month_with_an_open_day_is_never_drawn_as_whole(weeks, monkeypatch, show, by, pale, whole):
    """Whatever holds the open day is pale, or ends a line, and the card says it; what does not stays as it is."""
    manifest, last = weeks.manifest("contacts"), dt.date(2026, 1, 6)
    opened = {**manifest.days, last: manifest.days[last].model_copy(update={"state": "open"})}
    monkeypatch.setattr(weeks, "manifest", lambda _: manifest.model_copy(update={"days": opened}))
    answer = shown(weeks, OWNER, show=show, by=by)
    part = next(name for name in by if name != "channel")
    assert f"still open: 6 Jan 2026; a {part} that holds such a day is not whole" in answer.notes
    mark = answer.drawing.spec["mark"]["type"]
    fields = {"bar": ("x", "colour"), "line": ("x", "colour"), "rect": ("row", "column"), "arc": ("name",)}[mark]
    places = [place for place, name in enumerate(by) if name != "channel"]

    def is_marked(value):
        return value["y"] is None if mark == "line" else value.get("open", False)

    def group(value):
        return tuple(value[fields[place]].partition("T00:")[0] for place in places)

    assert {group(value) for value in marks_of(answer) if is_marked(value)} == pale
    assert {group(value) for value in marks_of(answer) if not is_marked(value)} >= whole
    assert ("opacity" in answer.drawing.spec["encoding"]) is (mark != "line")


@pytest.mark.parametrize(
    ("show", "by"),
    [
        ("bar", ["hour"]),
        ("line", ["hour"]),
        ("stacked", ["hour", "channel"]),
        ("doughnut", ["hour"]),
        ("heatmap", ["channel", "hour"]),
    ],
)
def test_an_open_day_leaves_no_hour_whole(weeks, monkeypatch, show, by):
    """Each hour holds a part of the open day, so each is pale, and the card says why; before, none is."""
    whole = shown(weeks, OWNER, show=show, by=by)
    assert (any(mark.get("open") for mark in marks_of(whole)), "opacity" in whole.drawing.spec["encoding"]) == (
        False,
    ) * 2
    manifest, last = weeks.manifest("contacts"), dt.date(2026, 1, 6)
    opened = {**manifest.days, last: manifest.days[last].model_copy(update={"state": "open"})}
    monkeypatch.setattr(weeks, "manifest", lambda _: manifest.model_copy(update={"days": opened}))
    answer = shown(weeks, OWNER, show=show, by=by)
    assert "still open: 6 Jan 2026; each hour holds a part of such a day, so none is whole" in answer.notes
    assert {mark["open"] for mark in marks_of(answer)} == {True}
    assert "opacity" in answer.drawing.spec["encoding"]
    by_weekday = shown(weeks, OWNER, show="heatmap", by=["weekday", "hour"])
    assert {mark["row"] for mark in marks_of(by_weekday) if mark.get("open")} == {"Tuesday"}


def test_a_long_chart_by_day_marks_the_month_that_holds_an_open_day(ruled, monkeypatch):
    """Days that do not fit are added up per month: the month of an open day is pale then."""
    manifest = ruled.manifest("contacts")
    last = {DAYS.last: manifest.days[DAYS.last].model_copy(update={"state": "open"})}
    monkeypatch.setattr(ruled, "manifest", lambda _: manifest.model_copy(update={"days": {**manifest.days, **last}}))
    monkeypatch.setattr("dashboard.results.charts.points.MOST_TIMES", 2)
    marks = marks_of(shown(ruled, OWNER, show="bar", by=["day"]))
    assert [(mark["x"][:10], mark["y"], mark["open"]) for mark in marks] == [("2026-01-01", 84, True)]


def test_a_chart_of_sql_says_which_days_are_open(ruled, monkeypatch):
    """What its times mean is not known, so no bar is pale: the card says which days may still grow, over time alone."""
    by_day = "SELECT CAST(report_date AS date) AS d, count(*) AS n FROM contacts GROUP BY 1"
    assert not shown(ruled, OWNER, show="chart", sql=by_day).notes
    manifest = ruled.manifest("contacts")
    last = {DAYS.last: manifest.days[DAYS.last].model_copy(update={"state": "open"})}
    monkeypatch.setattr(ruled, "manifest", lambda _: manifest.model_copy(update={"days": {**manifest.days, **last}}))
    answer = shown(ruled, OWNER, show="chart", sql=by_day)
    assert answer.notes == ("still open: 3 Jan 2026; SQL says by itself what it counts, so nothing is drawn pale",)
    assert "opacity" not in answer.drawing.spec["encoding"]
    channels = "SELECT channel, count(*) AS n FROM contacts GROUP BY 1"
    assert not shown(ruled, OWNER, show="chart", sql=channels).notes


def test_an_open_day_is_said(ruled, monkeypatch):
    """A day that more rows may come to is named, with what that means, where a card asks it and nowhere else."""
    with acting_for(OWNER):
        manifest = ruled.manifest("contacts")
        last = {DAYS.last: manifest.days[DAYS.last].model_copy(update={"state": "open"})}
        monkeypatch.setattr(
            ruled, "manifest", lambda _: manifest.model_copy(update={"days": {**manifest.days, **last}})
        )
        found = {badge.text: badge.help for badge in standing_of(ruled, "contacts", [DAYS]).badges}
        assert "3 Jan 2026. Figures of these days will grow." in found["1 day still open"]
        before = Days(DAYS.first, DAYS.first)
        assert "still open" not in standing_of(ruled, "contacts", [before]).text

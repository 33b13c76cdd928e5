"""Ranges and empty values filter every figure of the Overview, and stand in its address."""

import datetime as dt
from decimal import Decimal

import pytest

from dashboard.model.selection.filters import Days, Filters, Range, params_from_filters
from dashboard.model.selection.ranges import range_text, with_linked_ranges

WINDOW = Days(dt.date(2026, 1, 10), dt.date(2026, 1, 19))


@pytest.mark.parametrize(
    ("column", "range_", "holds"),
    [
        ("queue_duration", Range("2.5", "20"), lambda row: 2.5 <= row["queue_duration"] <= 20),
        ("sentiment_score", Range("", "-0.01"), lambda row: row["sentiment_score"] <= Decimal("-0.01")),
        ("number_of_holds", Range("9007199254740993"), lambda row: row["number_of_holds"] >= 9007199254740993),
        ("handle_duration", Range(empty=True), lambda row: row.get("handle_duration") is None),
        ("handle_duration", Range(empty=False), lambda row: row.get("handle_duration") is not None),
        ("report_date", Range("2026-01-12", "2026-01-13"), lambda row: row["report_date"].day in {12, 13}),
        (
            "initiation_timestamp",
            Range("2026-01-15", "2026-01-15"),
            lambda row: row["initiation_timestamp"].date() == dt.date(2026, 1, 15),
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_range_narrows_cards_days_and_charts(service, published, column, range_, holds):
    """Each figure counts the rows within the range, both ends included; the manifest does not count them."""
    rows = [row for row in published.on(*WINDOW) if holds(row)]
    overview = service.overview("contacts", Filters(WINDOW, (), ((column, range_),)))
    assert overview.total_rows == len(rows)
    assert sum(day.rows for day in overview.by_day) == len(rows)
    assert sum(count.rows for count in overview.by("channel")) == len(rows)
    assert overview.differences == ()


def test_a_range_and_a_pick_hold_together(service, published):
    """The chart of the picked dimension leaves its own filter open, and never the range."""
    filters = Filters(WINDOW, (("channel", ("VOICE",)),), (("queue_duration", Range("10")),))
    overview = service.overview("contacts", filters)
    within = [row for row in published.on(*WINDOW) if row["queue_duration"] >= 10]
    assert overview.total_rows == len([row for row in within if row["channel"] == "VOICE"])
    assert sum(count.rows for count in overview.by("channel")) == len(within)


def test_the_address_holds_ranges(service):
    """An address gives the same ranges back; what is no range of a column is left out."""
    model = service.model("contacts")
    ranges = (("queue_duration", Range("2.5")), ("report_date", Range("2026-01-01", "2026-01-31")))
    filters = Filters(WINDOW, (), (*ranges, ("handle_duration", Range(empty=False))))
    params = params_from_filters(filters)
    assert params["queue_duration.from"] == ["2.5"]
    assert params["handle_duration.empty"] == ["no"]
    assert with_linked_ranges(Filters(WINDOW), params, model.ranged) == filters
    wrong = {"queue_duration.from": "many", "channel.from": "1", "report_date.to": "2026-13-01", "nothing.empty": "yes"}
    assert with_linked_ranges(Filters(WINDOW), wrong, model.ranged) == Filters(WINDOW)


def test_a_range_reads_as_what_it_is():
    """Two ends, one of them, one value, or a word."""
    found = [Range("1", "2"), Range("1", "1"), Range("1"), Range("", "2"), Range(empty=True), Range(empty=False)]
    assert [range_text(each) for each in found] == ["1 to 2", "1", "from 1", "up to 2", "empty", "not empty"]


def test_a_click_reads_the_values_of_drawn_dimensions_alone(service, monkeypatch):
    """Of eight dimensions three are drawn, each read over every published day: once, whatever is clicked again."""
    contacts, asked = service.of("contacts"), []
    choices = contacts.choices
    monkeypatch.setattr(contacts, "choices", lambda column: asked.append(column) or choices(column))
    contacts.forget()
    first = service.board("contacts", Filters(), WINDOW)
    assert service.board("contacts", Filters(), WINDOW) is first
    assert sorted(asked) == ["agent_name", "channel", "initiation_method"]
    assert len(service.model("contacts").dimensions) == 8

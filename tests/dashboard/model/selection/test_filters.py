"""Days, presets and cross-filters, and their way through a URL."""

import datetime as dt
from urllib.parse import parse_qs, urlencode
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from publishing import picking

from dashboard.model.selection.filters import (
    Days,
    Filters,
    column_from_key,
    day_from_text,
    days_of_preset,
    dimension_key,
    filters_from_params,
    params_from_filters,
    today_in,
)

D = dt.date
days = st.builds(
    lambda first, length: Days(first, first + dt.timedelta(length)),
    st.dates(D(1970, 1, 1), D(2100, 1, 1)),
    st.integers(0, 1000),
)
values = st.lists(st.none() | st.text(), max_size=4).map(tuple)
COLUMNS = ("channel", "agent_name", "from", "to", "days", "dataset", "theme", "f")
picks = st.lists(st.tuples(st.sampled_from(COLUMNS), values), max_size=5, unique_by=lambda pick: pick[0]).map(tuple)
filters = st.builds(Filters, st.none() | days, picks)
LINK = {dimension_key(column): column for column in COLUMNS}


@given(filters)
def test_a_link_brings_back_the_same_filter(wanted):
    """Filters survive the address bar, with nulls, empty texts and any character."""
    address = urlencode(params_from_filters(wanted), doseq=True, errors="surrogatepass")
    assert filters_from_params(parse_qs(address, keep_blank_values=True, errors="surrogatepass"), LINK) == wanted


@given(filters, st.sampled_from(COLUMNS), values)
def test_clearing_a_dimension_leaves_the_others(before, dimension, values):
    """Values set and cleared again leave the filter of the other dimensions, whatever the columns are called."""
    after = before.with_values(dimension, values).with_values(dimension, ())
    assert after == Filters(before.days, tuple(pick for pick in before.picks if pick[0] != dimension))
    assert column_from_key(dimension_key(dimension)) == dimension


def test_links_of_earlier_versions_still_narrow():
    """They name the role, not the column: `agent` and `method`."""
    names = {"agent": "agent_name", "method": "initiation_method", "agent_name": "agent_name"}
    params = {"agent": ["Ana Lima"], "method": ["~"]}
    assert filters_from_params(params, names) == picking(agent_name=("Ana Lima",), initiation_method=(None,))


def test_the_order_of_clicks_does_not_matter():
    """The same choice is the same filter, so that it is the same cache key and the same SQL."""
    assert picking(channel=("b", "a", None, "a")) == picking(channel=(None, "a", "b"))


@pytest.mark.parametrize(
    "params",
    [
        {},
        {"from": "yesterday", "to": "today"},
        {"from": "2026-01-02", "to": "2026-01-01"},
        {"from": "2026-01-02"},
        {"from": "20260102", "to": "20260103"},
        {"from": "0001-01-01", "to": "2026-01-01"},
        {"something": "else"},
    ],
)
def test_an_old_or_broken_link_opens_the_page(params):
    """What cannot be read is left out."""
    assert filters_from_params(params, LINK) == Filters()


@pytest.mark.parametrize(
    ("preset", "first", "last"),
    [
        ("today", "2026-03-01", "2026-03-01"),
        ("yesterday", "2026-02-28", "2026-02-28"),
        ("last_7_days", "2026-02-23", "2026-03-01"),
        ("last_30_days", "2026-01-31", "2026-03-01"),
        ("this_month", "2026-03-01", "2026-03-31"),
        ("last_month", "2026-02-01", "2026-02-28"),
    ],
)
def test_presets_mean_calendar_days(preset, first, last):
    """On 1 March 2026, across the end of February."""
    assert days_of_preset(preset, D(2026, 3, 1)) == Days(D.fromisoformat(first), D.fromisoformat(last))


@pytest.mark.parametrize(
    ("preset", "first_weekday", "first", "last"),
    [
        ("last_90_days", 1, "2025-12-02", "2026-03-01"),
        ("this_week", 1, "2026-02-23", "2026-03-01"),
        ("this_week", 7, "2026-03-01", "2026-03-07"),
        ("last_week", 1, "2026-02-16", "2026-02-22"),
        ("last_week", 6, "2026-02-21", "2026-02-27"),
        ("this_quarter", 1, "2026-01-01", "2026-03-31"),
        ("last_quarter", 1, "2025-10-01", "2025-12-31"),
        ("this_year", 1, "2026-01-01", "2026-12-31"),
        ("last_year", 1, "2025-01-01", "2025-12-31"),
        ("month_to_date", 1, "2026-03-01", "2026-03-01"),
        ("quarter_to_date", 1, "2026-01-01", "2026-03-01"),
        ("year_to_date", 1, "2026-01-01", "2026-03-01"),
    ],
)
def test_weeks_quarters_and_years_are_those_of_the_calendar(preset, first_weekday, first, last):
    """On Sunday, 1 March 2026; a week begins on the day that the dataset says."""
    assert days_of_preset(preset, D(2026, 3, 1), first_weekday) == Days(D.fromisoformat(first), D.fromisoformat(last))


def test_last_month_of_january_is_december():
    """A preset crosses the year's end."""
    assert days_of_preset("last_month", D(2026, 1, 31)) == Days(D(2025, 12, 1), D(2025, 12, 31))


@pytest.mark.parametrize(
    ("today", "preset", "first", "last"),
    [
        ("2026-01-01", "yesterday", "2025-12-31", "2025-12-31"),
        ("2026-01-03", "last_7_days", "2025-12-28", "2026-01-03"),
        ("2028-03-01", "yesterday", "2028-02-29", "2028-02-29"),
        ("2028-02-29", "this_month", "2028-02-01", "2028-02-29"),
        ("2026-12-31", "this_month", "2026-12-01", "2026-12-31"),
        ("2026-03-31", "last_month", "2026-02-01", "2026-02-28"),
        # Clocks change on 29 March and 25 October 2026 in Berlin: a day of 23 or 25 hours is one day all the same.
        ("2026-03-30", "yesterday", "2026-03-29", "2026-03-29"),
        ("2026-10-26", "last_7_days", "2026-10-20", "2026-10-26"),
    ],
)
def test_presets_cross_ends_of_months_and_years(today, preset, first, last):
    """Leap days, New Year and the days on which clocks change are days like any other."""
    assert days_of_preset(preset, D.fromisoformat(today)) == Days(D.fromisoformat(first), D.fromisoformat(last))


@pytest.mark.parametrize(
    ("instant", "day"),
    [
        ("2026-03-28T23:30+00:00", "2026-03-29"),
        ("2026-03-29T21:30+00:00", "2026-03-29"),
        ("2026-03-29T22:30+00:00", "2026-03-30"),
        ("2026-10-25T22:30+00:00", "2026-10-25"),
        ("2026-10-25T23:30+00:00", "2026-10-26"),
    ],
)
def test_today_follows_the_clocks(instant, day):
    """The day that a preset counts from begins at midnight of the zone, an hour earlier or later in UTC by season."""
    assert today_in(ZoneInfo("Europe/Berlin"), dt.datetime.fromisoformat(instant)) == D.fromisoformat(day)


def test_today_is_the_datasets_today():
    """At 23:30 UTC it is tomorrow in Berlin and still today in New York."""
    now = dt.datetime(2026, 1, 31, 23, 30, tzinfo=dt.UTC)
    assert today_in(ZoneInfo("Europe/Berlin"), now) == D(2026, 2, 1)
    assert today_in(ZoneInfo("America/New_York"), now) == D(2026, 1, 31)


@given(days)
def test_the_previous_days_are_as_many_and_end_where_these_begin(window):
    """No day is compared with itself and none is left out between."""
    assert len(window.previous) == len(window)
    assert window.previous.last + dt.timedelta(1) == window.first


def test_days_do_not_run_backwards():
    """A last day before the first is an error where it is made, not later."""
    with pytest.raises(ValueError, match="is before"):
        Days(D(2026, 1, 2), D(2026, 1, 1))


@pytest.mark.parametrize("text", ["2026-1-1", "20260101", "2026-02-30", "", "1969-12-31", "9999-12-31", "2026-W01-1"])
def test_a_day_is_written_one_way(text):
    """Only YYYY-MM-DD between 1970 and 9998 is a day."""
    assert day_from_text(text) is None

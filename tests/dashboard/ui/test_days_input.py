"""Presets of the days that a question is about."""

import datetime as dt

import pytest
from streamlit.testing.v1 import AppTest


def script(first, today, needed):
    """Draw the input and say what it returned."""
    import datetime as dt

    import streamlit as st

    from dashboard.ui.query.days_input import days_input

    ends = tuple(dt.date.fromisoformat(day) for day in first)
    st.text(str(days_input("days", ends, dt.date.fromisoformat(today), "Europe/Berlin", needed=needed)))


def drawn(*first: str, today: str = "2026-03-01", needed: bool = False) -> AppTest:
    return AppTest.from_function(script, kwargs={"first": first, "today": today, "needed": needed}).run()


@pytest.mark.parametrize(
    ("first", "said"),
    [((), "All days"), (("2026-02-01", "2026-02-28"), "Last month"), (("2026-02-01", "2026-02-27"), "Presets")],
)
def test_the_menu_says_what_the_dates_mean(first: tuple[str, ...], said: str):
    """Dates that are a preset's go by its name, however they came about."""
    app = drawn(*first)
    assert not app.exception
    assert any(said in str(element.proto) for element in app.main), said


def test_typed_dates_are_taken_as_they_are():
    """Both ends are returned, included; while the second is missing, the first alone is."""
    app = drawn("2026-02-01", "2026-02-02")
    app.date_input[0].set_value((dt.date(2026, 2, 5), dt.date(2026, 2, 9))).run()
    assert app.text[0].value == "(datetime.date(2026, 2, 5), datetime.date(2026, 2, 9))"
    app.date_input[0].set_value((dt.date(2026, 2, 5),)).run()
    assert app.text[0].value == "(datetime.date(2026, 2, 5),)"


def test_the_time_zone_is_named():
    """The help of the dates names the zone and the current day there."""
    assert drawn().date_input[0].help == "Days in Europe/Berlin, where it is 2026-03-01 now."

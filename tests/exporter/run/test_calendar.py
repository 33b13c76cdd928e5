"""Days on which clocks go back over midnight, and days that the calendar leaves out, are whole."""

import datetime as dt

import pytest


@pytest.mark.parametrize(("first", "last"), [("06", "06"), ("07", "07"), ("06", "07")])
@pytest.mark.parametrize("date_format", ["EPOCH", "ISO"])
def test_a_clock_that_goes_back_over_midnight_splits_a_day(scene, first, last, date_format):
    """St John's, 2010-11-07 00:01 becomes 23:01 of the 6th: one-day exports hold the hour that comes after."""
    kind = "N" if date_format == "EPOCH" else "S"
    table = scene(sort_type=kind, DATE_FORMAT=date_format, TIME_ZONE="America/St_Johns", GSI_PK_VALUE="A")
    begin = dt.datetime(2010, 11, 7, 1, 0, tzinfo=dt.UTC)  # 22:30 of the 6th
    for number in range(8):
        at = begin + dt.timedelta(minutes=30 * number, seconds=30)
        table.put(f"{number}", f"{int(at.timestamp())}" if kind == "N" else f"{at:%Y-%m-%dT%H:%M:%SZ}")
    expected = {
        "2010-11-06": ["0", "1", "2", "4"],
        "2010-11-07": ["3", "5", "6", "7"],
    }
    table.export(start=f"2010-11-{first}", end=f"2010-11-{last}")
    assert table.days() == {day: found for day, found in expected.items() if first <= day[-2:] <= last}


@pytest.mark.parametrize(("first", "last"), [("29", "29"), ("30", "30"), ("31", "31"), ("29", "31")])
def test_a_day_that_the_calendar_leaves_out(scene, first, last):
    """Apia had no 30 December 2011: its export is empty, and its neighbours hold all their items."""
    table = scene(sort_type="N", DATE_FORMAT="EPOCH", TIME_ZONE="Pacific/Apia", GSI_PK_VALUE="A")
    for number in range(6):
        table.put(f"{number}", str(int(dt.datetime(2011, 12, 29, 10, tzinfo=dt.UTC).timestamp()) + number * 28_800))
    table.export(start=f"2011-12-{first}", end=f"2011-12-{last}")
    expected = {"2011-12-29": ["0", "1", "2"], "2011-12-31": ["3", "4", "5"]}
    assert table.days() == {day: found for day, found in expected.items() if first <= day[-2:] <= last}

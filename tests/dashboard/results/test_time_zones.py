"""Timestamps name their zone: in the grid, charts, CSV and Excel."""

import csv
import datetime as dt
import io
import re
import zipfile
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.results.charts.points import chart_of
from dashboard.results.downloads import csv_bytes
from dashboard.results.exact_text import shown
from dashboard.results.excel import excel_bytes
from dashboard.results.search import rows_holding
from dashboard.results.time_zones import clock_time, has_times, in_zone, time_text

ZONES = ("Pacific/Auckland", "Europe/Berlin", "America/St_Johns", "Asia/Kathmandu", "Pacific/Apia", "UTC")
EVENING = dt.datetime(2026, 11, 27, 15, 58, 0, 123000)
TABLE = pa.table({"at": pa.array([EVENING, None], pa.timestamp("ms")), "day": [dt.date(2026, 11, 28)] * 2, "n": [1, 2]})


def csv_rows(**options):
    return list(csv.reader(io.StringIO(csv_bytes(TABLE, **options).decode(), newline="")))


def test_csv_names_the_zone_of_its_timestamps():
    """15:58 in UTC is 04:58 of the next day in Auckland; dates and numbers have no zone."""
    assert csv_rows()[:2] == [["at (UTC)", "day", "n"], ["2026-11-27 15:58:00.123", "2026-11-28", "1"]]
    assert csv_rows(zone="Pacific/Auckland")[:2] == [
        ["at (Pacific/Auckland)", "day", "n"],
        ["2026-11-28 04:58:00.123", "2026-11-28", "1"],
    ]


@pytest.mark.parametrize(("zone", "number"), [("UTC", 46353.66527920139), ("Pacific/Auckland", 46354.20694586806)])
def test_excel_names_the_zone_and_its_cells_stay_times(zone, number):
    """The header names the zone; the cell is Excel's number for the clock time (46353 is 2026-11-27)."""
    book = zipfile.ZipFile(io.BytesIO(excel_bytes(TABLE, zone=zone)))
    sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert f"<t>at ({zone})</t>" in sheet
    (cell,) = re.findall(r'<c r="A2"[^>]*><v>([0-9.]+)</v>', sheet)
    assert float(cell) == pytest.approx(number, abs=1e-8)


def test_the_grid_shows_and_finds_clock_times():
    """What is searched is what is shown."""
    assert shown(TABLE, "Pacific/Auckland")["at"].to_pylist() == ["2026-11-28 04:58:00.123", None]
    assert rows_holding(TABLE, "28 04:58", ["at"], "Pacific/Auckland").to_pylist() == [0]
    assert rows_holding(TABLE, "28 04:58", ["at"]).to_pylist() == []


def test_a_chart_names_the_zone_and_draws_days_of_it():
    """The point is on the day of the zone, and the axis says which zone that is."""
    chart = chart_of(TABLE, "at", "n", None, "Pacific/Auckland")
    assert (chart.x, chart.points[0].x) == ("at (Pacific/Auckland)", "2026-11-28T04:58:00.123")
    assert chart_of(TABLE, "day", "n", None, "Pacific/Auckland").x == "day"


@pytest.mark.parametrize(
    ("instant", "text"),
    [
        (dt.datetime(2026, 10, 25, 0, 30), "2026-10-25 02:30:00+02:00"),
        (dt.datetime(2026, 10, 25, 1, 30), "2026-10-25 02:30:00+01:00"),
        (dt.datetime(2026, 10, 25, 2, 30), "2026-10-25 03:30:00"),
        (dt.datetime(2026, 3, 29, 1, 30), "2026-03-29 03:30:00"),
    ],
)
def test_the_repeated_hour_has_its_offset(instant, text):
    """In Berlin 02:30 happens twice on 25 October 2026, and 02:30 never on 29 March."""
    assert time_text(instant, "Europe/Berlin", "seconds") == text


@given(st.datetimes(dt.datetime(1970, 1, 2), dt.datetime(2100, 1, 1)), st.sampled_from(ZONES))
def test_clock_times_lead_back_to_their_instant(instant, zone):
    """The clock time, with its offset where there is one, is the instant again; charts show the same time."""
    instant = instant.replace(microsecond=instant.microsecond // 1000 * 1000)
    local, offset = clock_time(instant, zone)
    if offset:
        back = dt.datetime.fromisoformat(f"{local.isoformat()}{offset}").astimezone(dt.UTC)
    else:
        back = local.replace(tzinfo=ZoneInfo(zone)).astimezone(dt.UTC)
    assert back.replace(tzinfo=None) == instant
    table = pa.table({"at": pa.array([instant], pa.timestamp("ms"))})
    assert in_zone(table, zone)["at"].to_pylist() == [local]


def test_only_timestamps_have_a_zone():
    """A date is a day of the dataset's zone already."""
    assert has_times(TABLE, ["at", "n"])
    assert not has_times(TABLE, ["day", "n"])

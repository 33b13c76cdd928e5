"""Which days are compared with which."""

import datetime as dt

import pytest

from dashboard.model.selection.filters import Days
from dashboard.model.selection.period import LeftOut, period_from, runs_of
from dataset_model.records.manifest import DayRecord, Manifest

NOW = dt.datetime(2026, 2, 1, tzinfo=dt.UTC)


def january(day: int) -> dt.date:
    return dt.date(2026, 1, day)


def manifest_of(*days: int, still_open: tuple[int, ...] = ()) -> Manifest:
    records = {
        january(day): DayRecord(
            day=january(day), objects=(), state="open" if day in still_open else "closed", read_at=NOW
        )
        for day in days
    }
    return Manifest(dataset="contacts", location="s3://b/p/", time_zone="UTC", updated_at=NOW, days=records)


def week(first: int) -> Days:
    return Days(january(first), january(first + 6))


def test_whole_days_are_compared_with_the_week_before():
    """Fourteen closed days: seven are compared with seven, and none is left out."""
    period = period_from(week(8), manifest_of(*range(1, 15)))
    assert (period.before, period.compared_days) == (week(1), 7)
    assert (period.not_compared, period.not_compared_before, period.left_out) == ((), (), ())
    assert period.read == Days(january(1), january(14))


def test_an_open_day_is_not_compared():
    """At 11 a.m. the last day is open: six days are compared with six, and the open one is named."""
    period = period_from(week(8), manifest_of(*range(1, 15), still_open=(14,)))
    assert period.before == Days(january(1), january(6))
    assert (period.compared_days, period.not_compared) == (6, (january(14),))
    assert period.left_out == (LeftOut(january(14), "open"),)


def test_holes_before_leave_their_counterparts_out():
    """Two days never exported in the week before are no growth: the days in their places are not compared."""
    period = period_from(week(8), manifest_of(1, 2, 5, 6, 7, *range(8, 15)))
    assert period.compared_days == 5
    assert period.not_compared == (january(10), january(11))
    assert period.not_compared_before == (january(3), january(4))
    assert period.left_out == (LeftOut(january(3), "not published"), LeftOut(january(4), "not published"))


def test_holes_now_leave_their_counterparts_out():
    """A hole in the week shown leaves its day before out as well."""
    period = period_from(week(8), manifest_of(*range(1, 10), 11, 12, 13, 14))
    assert (period.not_compared, period.not_compared_before) == ((january(10),), (january(3),))
    assert period.left_out == (LeftOut(january(10), "not published"),)


def test_a_hole_at_the_edge_shortens_what_is_read():
    """Days before that are not compared are not read where they are at the edge."""
    period = period_from(week(8), manifest_of(1, *range(3, 8), *range(9, 15)))
    assert (period.before, period.not_compared_before) == (Days(january(3), january(7)), ())
    assert period.not_compared == (january(8), january(9))


@pytest.mark.parametrize(
    ("days", "published", "still_open", "left_out"),
    [
        (None, range(1, 15), (), 0),
        (week(8), range(3, 15), (), 0),
        (week(20), range(1, 15), (), 0),
        (week(8), (), (), 0),
        (Days(january(14), january(14)), range(1, 15), (14,), 1),
    ],
)
def test_nothing_is_compared(days, published, still_open, left_out):
    """No days asked, an earlier period that begins before the first published day, days to come, only an open day."""
    period = period_from(days, manifest_of(*published, still_open=still_open))
    assert (period.before, period.compared_days, period.is_partly_compared) == (None, 0, False)
    assert (period.read, len(period.left_out)) == (days, left_out)


def test_runs_of_days():
    """Neighbours are one run, across the end of a month; the order does not matter."""
    days = [dt.date(2026, 2, 1), january(3), january(31), january(30)]
    assert runs_of(days) == (Days(january(3), january(3)), Days(january(30), dt.date(2026, 2, 1)))
    assert runs_of(()) == ()


def days_of(year: int, month: int, first: int, last: int) -> Days:
    return Days(dt.date(year, month, first), dt.date(year, month, last))


def manifest_over(*runs: Days, without: tuple[dt.date, ...] = ()) -> Manifest:
    days = [day for run in runs for day in run if day not in without]
    records = {day: DayRecord(day=day, objects=(), state="closed", read_at=NOW) for day in days}
    return Manifest(dataset="contacts", location="s3://b/p/", time_zone="UTC", updated_at=NOW, days=records)


def test_the_same_days_of_last_year_are_compared():
    """March with March: two runs are read, and nothing between them; a hole of last year leaves its day out."""
    now, then = days_of(2026, 3, 1, 31), days_of(2025, 3, 1, 31)
    period = period_from(now, manifest_over(now, then), "last_year")
    assert (period.before, period.compared_days, period.runs) == (then, 31, (then, now))
    hole = dt.date(2025, 3, 9)
    period = period_from(now, manifest_over(now, then, without=(hole,)), "last_year")
    assert (period.compared_days, period.not_compared) == (30, (dt.date(2026, 3, 9),))
    assert period.left_out == (LeftOut(hole, "not published"),)


def test_a_leap_day_has_no_day_in_last_year():
    """29 February is named as not compared; against the days after a leap year, last year's is read and not counted."""
    now, then = Days(dt.date(2024, 2, 27), dt.date(2024, 3, 2)), Days(dt.date(2023, 2, 27), dt.date(2023, 3, 2))
    period = period_from(now, manifest_over(now, then), "last_year")
    assert (period.before, period.not_compared) == (then, (dt.date(2024, 2, 29),))
    assert period.left_out == (LeftOut(dt.date(2024, 2, 29), "not in last year"),)
    now, then = Days(dt.date(2025, 2, 27), dt.date(2025, 3, 2)), Days(dt.date(2024, 2, 27), dt.date(2024, 3, 2))
    period = period_from(now, manifest_over(now, then), "last_year")
    assert (period.before, period.not_compared_before) == (then, (dt.date(2024, 2, 29),))
    assert period.compared_days == 4


def test_more_than_a_year_is_not_compared_with_last_year():
    """A day would be on both sides."""
    now = Days(dt.date(2025, 1, 1), dt.date(2026, 1, 31))
    assert period_from(now, manifest_over(Days(dt.date(2024, 1, 1), now.last)), "last_year").before is None


def test_without_last_year_nothing_is_compared():
    """Published days that begin later than the other days."""
    now = days_of(2026, 3, 1, 31)
    assert period_from(now, manifest_over(now, days_of(2025, 3, 2, 31)), "last_year").before is None

"""Which days a run is about."""

import datetime as dt
import itertools
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataset_model.records.manifest import DayRecord, Manifest
from exporter.planning.window import DayStride, Window, day_start, is_closed, owed_days, spans, window_of_mode

UTC = ZoneInfo("UTC")
NEW_YORK = ZoneInfo("America/New_York")
BERLIN = ZoneInfo("Europe/Berlin")

days = st.dates(dt.date(2000, 1, 2), dt.date(2035, 12, 30))
zones = st.sampled_from(["UTC", "America/New_York", "Asia/Kolkata", "Pacific/Apia", "America/Sao_Paulo", "Asia/Beirut"])


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("mode", "hours", "zone", "now", "first", "last"),
    [
        ("PREVIOUS_DAY", 24, UTC, "2026-03-01T00:30:00", "2026-02-28", "2026-02-28"),
        ("PREVIOUS_DAY", 24, NEW_YORK, "2026-03-01T00:30:00", "2026-02-27", "2026-02-27"),
        ("PREVIOUS_WEEK", 24, UTC, "2026-11-20T01:00:00", "2026-11-09", "2026-11-15"),
        ("PREVIOUS_WEEK", 24, UTC, "2026-11-16T01:00:00", "2026-11-09", "2026-11-15"),
        ("PREVIOUS_WEEK", 24, UTC, "2026-11-15T23:00:00", "2026-11-02", "2026-11-08"),
        ("LAST_N_HOURS", 5, UTC, "2026-11-20T04:00:00", "2026-11-19", "2026-11-20"),
        ("LAST_N_HOURS", 5, UTC, "2026-11-20T12:00:00", "2026-11-20", "2026-11-20"),
        ("LAST_N_HOURS", 48, BERLIN, "2026-11-20T23:30:00", "2026-11-19", "2026-11-21"),
    ],
)
def test_a_mode_means_these_days(mode, hours, zone, now, first, last):
    """A schedule's range is whole days in the dataset's zone; only LAST_N_HOURS includes today."""
    window = window_of_mode(mode, at(now), zone, hours)
    assert (window.first.isoformat(), window.last.isoformat()) == (first, last)


def test_a_window_spans_the_zones_own_midnights():
    """A day in New York is 24 hours from 05:00 UTC, and 23 on the day that clocks go forward."""
    window = Window(dt.date(2026, 3, 8), dt.date(2026, 3, 8), NEW_YORK)
    assert window.start == at("2026-03-08T05:00:00")
    assert window.end == at("2026-03-09T04:00:00")


@given(days, zones)
def test_days_follow_one_another_without_gap(day, zone_name):
    """Every instant is in exactly one day, in every zone, also where midnight is skipped or a date left out."""
    zone = ZoneInfo(zone_name)
    start, end = day_start(day, zone), day_start(day + dt.timedelta(days=1), zone)
    assert dt.timedelta(0) <= end - start <= dt.timedelta(hours=25)
    if end > start:
        assert start.astimezone(zone).date() <= day <= (end - dt.timedelta(seconds=1)).astimezone(zone).date()


@given(st.sets(days, max_size=60))
def test_spans_hold_exactly_the_days(wanted):
    """Splitting days into windows loses none and adds none, and no two windows touch."""
    found = spans(wanted, UTC)
    assert [day for window in found for day in window.days()] == sorted(wanted)
    for before, after in itertools.pairwise(found):
        assert (after.first - before.last).days > 1


def test_a_window_cannot_end_before_it_starts():
    """A reversed window is refused where it is made."""
    with pytest.raises(ValueError, match="before it starts"):
        Window(dt.date(2026, 1, 2), dt.date(2026, 1, 1), UTC)


@pytest.mark.parametrize(("read_at", "closed"), [("2026-02-17T00:59:59", False), ("2026-02-17T01:00:00", True)])
def test_a_day_closes_an_hour_after_its_end(read_at, closed):
    """With SETTLE_MINUTES=60 a day read before 01:00 of the next is open."""
    assert is_closed(dt.date(2026, 2, 16), at(read_at), UTC, 60) is closed


def manifest_of(records: dict[str, str]) -> Manifest:
    return Manifest(
        dataset="d",
        location="s3://b/p/",
        time_zone="UTC",
        updated_at=at("2026-11-01T00:00:00"),
        days={
            dt.date.fromisoformat(day): DayRecord(day=day, objects=(), state=state, read_at=at("2026-11-01T00:00:00"))
            for day, state in records.items()
        },
    )


def test_a_scheduled_run_owes_open_and_forgotten_days():
    """Open days are owed however old; days without a record are owed for a week back, and today never is."""
    manifest = manifest_of({"2026-10-01": "open", "2026-11-14": "closed", "2026-11-17": "closed", "2026-11-20": "open"})
    owed = owed_days(manifest, at("2026-11-20T09:00:00"), UTC)
    assert [day.isoformat() for day in owed] == [
        "2026-10-01", "2026-11-13", "2026-11-15", "2026-11-16", "2026-11-18", "2026-11-19",
    ]  # fmt: skip


def test_the_first_run_owes_nothing():
    """Days before the first one ever read are not owed: no schedule covered them."""
    assert owed_days(manifest_of({}), at("2026-11-20T09:00:00"), UTC) == ()
    assert owed_days(manifest_of({"2026-11-19": "closed"}), at("2026-11-20T09:00:00"), UTC) == ()


def test_the_stride_grows_over_small_days_and_shrinks_over_large_ones():
    """Small days are read many at a time, heavy ones one by one, and never more than remain."""
    stride = DayStride(target_bytes=1000)
    taken = []
    for _ in range(4):
        taken.append(stride.next_days(1000))
        stride.learn(taken[-1], taken[-1])
    assert taken == [1, 4, 16, 64]
    stride.learn(64, 64 * 2000)
    assert stride.next_days(1000) == 1
    stride.learn(1, 10)
    assert stride.next_days(3) == 3


def test_a_gap_is_taken_to_be_as_long_again():
    """Years without an item take few stretches, and the days after a short gap are not read in a long stretch."""
    stride = DayStride(target_bytes=1000)
    taken = []
    while sum(taken) < 9000:
        taken.append(stride.next_days(9000 - sum(taken), 5000.0))
        stride.learn(taken[-1], 0)
    assert taken[:10] == [1] * 7 + [7, 14, 28]
    assert len(taken) < 40
    stride.learn(1, 5000)
    assert stride.next_days(1000, 5000.0) == 1


def test_days_known_to_be_large_are_read_one_by_one_whatever_lay_before():
    """Empty days at the edge of a window do not make the first stretch of full ones a long one."""
    stride = DayStride(target_bytes=1000)
    stride.learn(4, 0)
    assert stride.next_days(1000, 5000.0) == 1
    assert stride.next_days(1000, 500.0) == 2
    assert stride.next_days(1000, 0.0) == 4

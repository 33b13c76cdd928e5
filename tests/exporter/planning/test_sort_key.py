"""A sort key's text becomes an instant and a day; a window becomes ranges of keys."""

import datetime as dt
import itertools
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from exporter.errors import UnreadableDate
from exporter.planning.sort_key import SLACK, KeyRange, SortKey

UTC = dt.UTC
CORPUS = [
    [part.strip() for part in line.split(" | ")]
    for line in (Path(__file__).parents[1] / "corpus" / "dates.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Apia", "America/Goose_Bay")


def key(date_format: str = "ISO", zone: str = "UTC", attribute_type: Any = "S") -> SortKey:
    return SortKey(date_format, ZoneInfo(zone), attribute_type, 2027)


def day(year: int, month: int, day_of_month: int) -> dt.datetime:
    return dt.datetime(year, month, day_of_month, tzinfo=UTC)


@pytest.mark.parametrize("case", CORPUS, ids=lambda case: f"{case[0]} {case[3]}")
def test_every_date_of_the_corpus_is_read_as_it_says(case):
    """A value has exactly one instant and one day, or a readable reason."""
    date_format, zone, attribute_type, text, *expected = case
    sort_key = key(date_format, zone, attribute_type)
    if len(expected) == 1:
        with pytest.raises(UnreadableDate) as raised:
            sort_key.instant(text)
        assert raised.value.reason == expected[0]
        assert sort_key.days(pa.array([text])).to_pylist() == [None]
        return
    instant = dt.datetime.fromisoformat(expected[0]).replace(tzinfo=UTC)
    assert sort_key.instant(text) == instant
    assert sort_key.instant(text).tzinfo is UTC
    assert sort_key.days(pa.array([None, text])).to_pylist() == [None, dt.date.fromisoformat(expected[1])]


moments = st.datetimes(dt.datetime(1999, 12, 30), dt.datetime(2028, 1, 2))
offsets = st.sampled_from(["", "Z", "+00:00", "-08:00", "+05:30", "+0530", "-03", "+14:00", "+15:00", " +01:00", "z"])
fractions = st.sampled_from(["", ".1", ".123", ".123456", ".999999999", ",5"])


@st.composite
def iso_texts(draw):
    moment = draw(moments | st.sampled_from([dt.datetime(2011, 12, 30, 5), dt.datetime(2011, 11, 6, 0, 0, 30)]))
    text = moment.strftime(draw(st.sampled_from(["%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M"])))
    text += draw(fractions) if text.count(":") == 2 else ""
    text += draw(offsets)
    cut = draw(st.integers(0, len(text)))
    return text[:cut] if draw(st.integers(0, 9)) == 0 else text


@st.composite
def epoch_texts(draw):
    number = draw(st.decimals(-(10**10), 10**11, places=draw(st.integers(0, 7))))
    return draw(st.sampled_from([f"{number:f}", f"{number:E}", f"{int(number)}"]))


@st.composite
def human_texts(draw):
    spellings = ["%B %d, %Y %I:%M:%S %p", "%B %d, %Y %H:%M", "%b %d, %Y %I:%M %p", "%B %d, %Y %H:%M:%S %p", "%d %b %Y"]
    zones = st.sampled_from(["", " EST", " IST", " XYZ", " UTC", " AM", " +0530"])
    return draw(moments).strftime(draw(st.sampled_from(spellings))) + draw(zones)


TEXTS = {
    "HUMAN_READABLE": human_texts(),
    "ISO": iso_texts(),
    "EPOCH": epoch_texts(),
    "EPOCH_MILLIS": epoch_texts().map(lambda text: text + "000"),
}


@given(st.data(), st.sampled_from(sorted(TEXTS)), st.sampled_from(ZONES), st.sampled_from("SN"))
def test_days_in_bulk_are_the_days_one_by_one(data, date_format, zone, attribute_type):
    """A page's days do not depend on what else is in the page."""
    texts = data.draw(st.lists(st.none() | TEXTS[date_format] | st.text(max_size=5), max_size=12))
    sort_key = key(date_format, zone, attribute_type)
    assert sort_key.days(pa.array(texts, pa.string())).to_pylist() == [_day_or_none(sort_key, text) for text in texts]


def _day_or_none(sort_key: SortKey, text: str | None) -> dt.date | None:
    try:
        return None if text is None else sort_key.day(text)
    except UnreadableDate:
        return None


def _holds(ranges: tuple[KeyRange, ...], text: str, attribute_type: str) -> int:
    # DynamoDB compares N by value and S by its UTF-8 bytes.
    axis: Any = Decimal if attribute_type == "N" else lambda value: value.encode()
    return sum(
        (found.low is None or axis(found.low) <= axis(text)) and (found.high is None or axis(text) <= axis(found.high))
        for found in ranges
    )


windows = st.lists(st.integers(-10, 10_500), min_size=3, max_size=3, unique=True).map(sorted)
WRITTEN = {
    "ISO": ("S", ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%dT%H:%M+05:30"]),
    "%Y/%m/%d %H:%M": ("S", ["%Y/%m/%d %H:%M"]),
    "D%Y%j-%H": ("S", ["D%Y%j-%H"]),
    "%Y%m%d": ("N", ["%Y%m%d"]),
    "%Y%m%d%H%M%S": ("N", ["%Y%m%d%H%M%S"]),
}


@given(windows, moments, st.sampled_from(sorted(WRITTEN)), st.data())
def test_windows_of_text_keys_share_no_key_and_leave_none_out(days, moment, date_format, data):
    """Windows that meet hold each key exactly once, and the window of its text holds it."""
    attribute_type, ways = WRITTEN[date_format]
    text = moment.strftime(data.draw(st.sampled_from(ways)))
    sort_key = key(date_format, attribute_type=attribute_type)
    a, b, c = (day(2000, 1, 1) + dt.timedelta(days=offset) for offset in days)
    position = moment.replace(tzinfo=UTC)
    for start, end in ((None, a), (a, b), (b, c), (c, None)):
        inside = (start is None or start <= position) and (end is None or position < end)
        assert _holds(sort_key.key_ranges(start, end), text, attribute_type) == inside


@given(st.lists(st.integers(0, 72), min_size=3, max_size=3, unique=True).map(sorted), st.integers(-1, 74), st.data())
def test_cuts_at_hours_divide_the_keys_of_a_day(hours, hour, data):
    """Pieces of a day read side by side hold each key once, whether its time follows T, t, a space or nothing."""
    moment = dt.datetime(2026, 2, 16) + dt.timedelta(hours=hour, minutes=data.draw(st.integers(0, 59)))
    ways = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d %H:%M", "%Y-%m-%dt%H:%M", "%Y-%m-%dT%H:%M-08:00"]
    text = moment.strftime(data.draw(st.sampled_from(ways)))
    a, b, c = (day(2026, 2, 16) + dt.timedelta(hours=bound) for bound in hours)
    found = [_holds(key().key_ranges(*bounds), text, "S") for bounds in ((None, a), (a, b), (b, c), (c, None))]
    assert sum(found) == 1


@given(
    st.lists(
        st.datetimes(dt.datetime(1998, 8, 1), dt.datetime(2060, 1, 1)).map(lambda moment: moment.replace(tzinfo=UTC))
        | st.sampled_from([dt.datetime(2001, 9, 9, 1, 46, 40, tzinfo=UTC), day(2026, 2, 16)]),
        min_size=4,
        max_size=4,
    ),
    st.sampled_from("SN"),
    st.sampled_from(["EPOCH", "EPOCH_MILLIS"]),
    st.sampled_from(["", ".9999999", ".0000001", ".5"]),
)
@example([day(2026, 2, 15), day(2026, 2, 16), day(2026, 2, 17), day(2026, 2, 16)], "N", "EPOCH", ".9999999999")
def test_windows_of_epoch_keys_share_no_key_and_leave_none_out(times, attribute_type, date_format, fraction):
    """The end of a window is not in it, with any fraction, also where keys gain a digit."""
    *bounds, moment = times
    a, b, c = sorted(bounds)
    per_second = 1000 if date_format == "EPOCH_MILLIS" else 1
    text = f"{int(moment.timestamp()) * per_second}{fraction}"
    number = Decimal(text)
    sort_key = key(date_format, attribute_type=attribute_type)
    for start, end in ((None, a), (a, b), (b, c), (c, None), (None, None)):
        inside = (start is None or _units(start, per_second) <= number) and (
            end is None or number < _units(end, per_second)
        )
        assert _holds(sort_key.key_ranges(start, end), text, attribute_type) == inside


def _units(moment: dt.datetime, per_second: int) -> Decimal:
    return Decimal((moment - day(1970, 1, 1)) // dt.timedelta(microseconds=1)) * per_second / 1_000_000


@given(
    st.lists(st.integers(10_958, 20_820), min_size=3, max_size=3, unique=True).map(sorted),  # 2000 to 2027
    st.sampled_from([("ISO", "S"), ("%Y/%m/%d %H:%M", "S"), ("EPOCH", "S"), ("EPOCH_MILLIS", "S"), ("%Y%m%d", "N")]),
    st.from_regex(r"[0-9]{1,4}[-/0-9 T:.]{0,12}", fullmatch=True) | st.text(max_size=12),
)
@example([20_481, 20_512, 20_513], ("ISO", "S"), "2026-02-00T")  # between the last day of a month and the next
@example([20_481, 20_512, 20_513], ("EPOCH", "S"), "17722")  # as text between 1772236799 and 1772236800
@example([20_481, 20_512, 20_513], ("%Y%m%d", "N"), "20260200")
def test_no_key_lies_between_two_ranges(days, written, text):
    """A key without a time belongs to exactly one of the windows that meet, so reading everything finds it."""
    date_format, attribute_type = written
    if attribute_type == "N" and not text.isdecimal():
        return
    sort_key = key(date_format, attribute_type=attribute_type)
    bounds = [None, *(day(1970, 1, 1) + dt.timedelta(days=number) for number in days), None]
    ranges = [found for start, end in itertools.pairwise(bounds) for found in sort_key.key_ranges(start, end)]
    assert _holds(tuple(ranges), text, attribute_type) == 1
    assert [found.place_of(text, attribute_type) for found in ranges].count(0) == 1


@pytest.mark.parametrize(
    ("low", "high", "key", "attribute_type", "place"),
    [
        (None, None, "x", "S", 0),
        ("b", "d", "a", "S", -1),
        ("b", "d", "b", "S", 0),
        ("b", "d", "d", "S", 0),
        ("b", "d", "da", "S", 1),
        (None, "\uffff", "\U0001f3a7", "S", 1),  # by UTF-8 bytes, where UTF-16 has it the other way round
        ("9", "10", "9.5", "N", 0),
        ("9", "10", "1E+1", "N", 0),
        ("9", "10", "011", "N", 1),
        ("9", None, "-1", "N", -1),
    ],
)
def test_a_key_lies_before_in_or_behind_a_range(low, high, key, attribute_type, place):
    """As DynamoDB compares: texts by their bytes, numbers by value."""
    assert KeyRange(low, high).place_of(key, attribute_type) == place


def test_one_day_of_iso_keys_is_one_range_for_every_way_to_write_them():
    """A date is a prefix of all its times."""
    ranges = key().key_ranges(day(2026, 2, 16), day(2026, 2, 18))
    assert ranges == (KeyRange("2026-02-16", "2026-02-17\U0010ffff"),)


@pytest.mark.parametrize("date_format", ["ISO", "%Y-%m-%d %H:%M"])
def test_a_text_window_that_cuts_an_hour_is_refused(date_format):
    """A part of an hour has no bounds that hold for every way to write a time."""
    with pytest.raises(ValueError, match="UTC as bounds"):
        key(date_format).key_ranges(day(2026, 2, 16), day(2026, 2, 17) + dt.timedelta(minutes=90))


def test_an_epoch_number_range_ends_just_below_the_window():
    """The high bound is the largest 38-digit number below the window's end."""
    ranges = key("EPOCH", attribute_type="N").key_ranges(day(2026, 2, 16), day(2026, 2, 17))
    assert ranges == (KeyRange("1771200000", "1771286399.9999999999999999999999999999"),)


def test_epoch_texts_of_two_lengths_take_two_ranges():
    """As text, 999999999 comes after 1000000000."""
    ranges = key("EPOCH").key_ranges(day(2001, 9, 9), day(2001, 9, 10))
    assert ranges == (KeyRange("999993600", None), KeyRange("1", "100008000/\U0010ffff"))


@pytest.mark.parametrize(
    ("date_format", "attribute_type", "sorts", "slack"),
    [
        ("ISO", "S", True, SLACK),
        ("ISO", "N", False, dt.timedelta()),
        ("EPOCH", "S", True, dt.timedelta()),
        ("EPOCH", "N", True, dt.timedelta()),
        ("EPOCH_MILLIS", "N", True, dt.timedelta()),
        ("HUMAN_READABLE", "S", False, dt.timedelta()),
        ("%Y-%m-%d %H:%M", "S", True, SLACK),
        ("%F %T", "S", True, SLACK),
        ("%Y/%j", "S", True, SLACK),
        ("%Y%m%d", "N", True, SLACK),
        ("%Y-%m-%d", "N", False, dt.timedelta()),
        ("%d/%m/%Y", "S", False, dt.timedelta()),
        ("%Y-%d-%m", "S", False, dt.timedelta()),
        ("%Y-%b-%d", "S", False, dt.timedelta()),
        ("%y%m%d", "S", False, dt.timedelta()),
        ("%H:%M %Y-%m-%d", "S", False, dt.timedelta()),
    ],
)
def test_what_sorts_and_by_how_much_order_may_differ(date_format, attribute_type, sorts, slack):
    """Only a key in the order of time, within 14 hours, is read by ranges; any other is read whole."""
    sort_key = key(date_format, attribute_type=attribute_type)
    assert (sort_key.sorts, sort_key.slack) == (sorts, slack)
    if not sorts:
        assert sort_key.key_ranges(day(2026, 2, 16), day(2026, 2, 17)) == (KeyRange(None, None),)


@pytest.mark.parametrize("date_format", ["ISO", "HUMAN_READABLE", "EPOCH", "%a %b %d %H:%M:%S %Z %Y"])
def test_a_very_long_text_is_refused_at_once(date_format):
    """A value of 400 KB is no date, and costs no more than another."""
    with pytest.raises(UnreadableDate, match=r"^no readable date: 'Mon Feb .*\.\.\.'$"):
        key(date_format).instant("Mon Feb " * 50_000)


@given(iso_texts(), st.sampled_from(ZONES))
def test_every_readable_key_is_found_in_the_window_of_its_day(text, zone):
    """With 14 hours of slack on each side a day's ranges hold all its keys, for all offsets."""
    sort_key = key("ISO", zone)
    found = _day_or_none(sort_key, text)
    if found is None:
        return
    start = dt.datetime.combine(found, dt.time(), ZoneInfo(zone)).astimezone(UTC) - SLACK
    end = dt.datetime.combine(found + dt.timedelta(days=1), dt.time(), ZoneInfo(zone)).astimezone(UTC) + SLACK
    floor = start.replace(hour=0, minute=0, second=0, microsecond=0)
    ceiling = (end + dt.timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    assert _holds(sort_key.key_ranges(floor, ceiling), text, "S") == 1

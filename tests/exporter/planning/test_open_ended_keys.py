"""Sort keys that continue after their time, as in single-table designs: `2026-02-16T10:00:00Z#c-1`."""

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.planning.sort_key import SortKey

SPELLINGS = {
    "ISO*": "%Y-%m-%dT%H:%M:%SZ",
    "EPOCH*": "%s",
    "%Y-%m-%d#*": "%Y-%m-%d#",
    "%Y/%m/%d %H:%M:%S*": "%Y/%m/%d %H:%M:%S",
    "%Y%m%d%H%M%S*": "%Y%m%d%H%M%S",
}


def key(date_format: str, attribute_type: Any = "S") -> SortKey:
    return SortKey(date_format, ZoneInfo("UTC"), attribute_type, 2027)


def written(moment: dt.datetime, spelling: str) -> str:
    return str(int(moment.timestamp())) if spelling == "%s" else moment.strftime(spelling)


@given(
    st.sampled_from(sorted(SPELLINGS)),
    st.datetimes(dt.datetime(2002, 1, 1), dt.datetime(2027, 1, 1)).map(lambda at: at.replace(microsecond=0)),
    st.from_regex(r"(?:[#/|_a-zA-Zé\n -][^\x00\ud800-\udfff]{0,20})?", fullmatch=True),
)
def test_what_follows_a_time_changes_neither_instant_nor_day(date_format, moment, ending):
    """A key with an ending has the instant and the day of the key without, alone and in a column."""
    sort_key = key(date_format)
    plain = written(moment.replace(tzinfo=dt.UTC), SPELLINGS[date_format])
    expected = sort_key.day(plain)
    assert sort_key.instant(plain + ending) == sort_key.instant(plain)
    assert sort_key.days(pa.array([plain + ending, plain])).to_pylist() == [expected, expected]


@given(
    st.sampled_from(sorted(SPELLINGS)),
    st.datetimes(dt.datetime(2020, 1, 1), dt.datetime(2026, 1, 1)).map(lambda at: at.replace(microsecond=0)),
    st.sampled_from(["", "#c-1", "/x", " z", "~", "\U0010ffff"]),
)
def test_a_key_with_an_ending_is_in_the_range_of_its_day(date_format, moment, ending):
    """Ranges still apply: of three days that follow one another, the day of the key alone holds it."""
    sort_key = key(date_format)
    text = written(moment.replace(tzinfo=dt.UTC), SPELLINGS[date_format]) + ending
    midnight = moment.replace(hour=0, minute=0, second=0, tzinfo=dt.UTC)
    days = [midnight + dt.timedelta(days=offset) for offset in (-1, 0, 1)]
    found = [
        sum(keys.place_of(text, "S") == 0 for keys in sort_key.key_ranges(start, start + dt.timedelta(days=1)))
        for start in days
    ]
    assert sort_key.sorts
    assert found == [0, 1, 0]


@pytest.mark.parametrize(("date_format", "sorts"), [("ISO*", True), ("%d/%m/%Y#*", False), ("EPOCH_MILLIS*", True)])
def test_a_star_does_not_change_whether_keys_sort(date_format, sorts):
    """ISO* is read by ranges as ISO is; a key that begins with the day of the month is read whole."""
    assert key(date_format).sorts is sorts

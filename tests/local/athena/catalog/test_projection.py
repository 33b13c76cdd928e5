"""Projected partition values and their places, without any server."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.athena.catalog.glue import Column, Table
from local.athena.catalog.projection import LocationTemplate, location_template, moved, projection
from local.athena.errors import QueryError

NOW = dt.datetime(2026, 3, 15, 10, 30, tzinfo=dt.UTC)


def values_of(limit=10_000, **properties):
    settings = {f"projection.c.{name.replace('__', '.')}": value for name, value in properties.items()}
    return projection("c", settings, NOW).values(limit)


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ({"type": "integer", "range": "1,3"}, ["1", "2", "3"]),
        ({"type": "integer", "range": "8,11", "digits": "2"}, ["08", "09", "10", "11"]),
        ({"type": "integer", "range": "0,10", "interval": "5"}, ["0", "5", "10"]),
        ({"type": "integer", "range": "-1,1"}, ["-1", "0", "1"]),
        ({"type": "enum", "values": "VOICE, CHAT"}, ["VOICE", "CHAT"]),
        ({"type": "date", "range": "2026-02-27,2026-03-01", "format": "yyyy-MM-dd"},
         ["2026-02-27", "2026-02-28", "2026-03-01"]),
        ({"type": "date", "range": "2025/12,2026/02", "format": "yyyy/MM"}, ["2025/12", "2026/01", "2026/02"]),
        ({"type": "date", "range": "NOW-2DAYS,NOW", "format": "yyyyMMdd"}, ["20260313", "20260314", "20260315"]),
        ({"type": "date", "range": "NOW-1MONTHS,NOW", "format": "yyyy-MM", "interval": "1", "interval__unit": "MONTHS"},
         ["2026-02", "2026-03"]),
        ({"type": "date", "range": "2026-01-01,2026-01-15", "format": "yyyy-MM-dd", "interval": "7"},
         ["2026-01-01", "2026-01-08", "2026-01-15"]),
        ({"type": "date", "range": "2026-01-01-22,2026-01-02-01", "format": "yyyy-MM-dd-HH"},
         ["2026-01-01-22", "2026-01-01-23", "2026-01-02-00", "2026-01-02-01"]),
        ({"type": "date", "range": "2026-01-01T05,2026-01-01T06", "format": "yyyy-MM-dd'T'HH"},
         ["2026-01-01T05", "2026-01-01T06"]),
    ],
)  # fmt: skip
def test_values(properties, expected):
    """Each kind of projection lists its values in order and in the spelling of keys."""
    assert values_of(**properties) == expected


def test_injected_has_no_values_of_its_own():
    """An injected column takes its values from the query alone."""
    assert values_of(type="injected") is None


@pytest.mark.parametrize(
    ("properties", "outside"),
    [
        ({"type": "integer", "range": "2020,2030"}, ["2019", "2031", "x", "02025", ""]),
        ({"type": "integer", "range": "1,12", "digits": "2"}, ["1", "13", "001"]),
        ({"type": "enum", "values": "a,b"}, ["c", "A"]),
        ({"type": "date", "range": "2026-01-01,2026-01-31", "format": "yyyy-MM-dd"}, ["2025-12-31", "2026-02-01", "1"]),
        ({"type": "date", "range": "2026-01-01,2026-01-31", "format": "yyyy-MM-dd", "interval": "2"}, ["2026-01-02"]),
    ],
)
def test_values_outside_are_not_held(properties, outside):
    """A value outside the range, off the interval or in another spelling does not belong to a projection."""
    settings = {f"projection.c.{name}": value for name, value in properties.items()}
    projected = projection("c", settings, NOW)
    assert [value for value in outside if projected.holds(value)] == []


@pytest.mark.parametrize(
    "properties",
    [
        {},
        {"type": "integer"},
        {"type": "integer", "range": "NOW-3,NOW"},
        {"type": "date", "range": "2026-01-01,2026-02-01"},
        {"type": "date", "range": "yesterday,NOW", "format": "yyyy-MM-dd"},
        {"type": "enum"},
        {"type": "season", "values": "spring"},
    ],
)
def test_wrong_properties_are_named(properties):
    """Properties that make no projection fail with the column's or the range's name in the message."""
    with pytest.raises(QueryError, match=r"INVALID_TABLE_PROPERTY: .*('c'|yesterday)"):
        values_of(**properties)


@given(low=st.integers(-50, 3000), size=st.integers(0, 60), step=st.integers(1, 9), digits=st.integers(0, 6))
def test_integer_values_and_membership_agree(low, size, step, digits):
    """Exactly the listed integers are held."""
    settings = {
        "projection.c.type": "integer",
        "projection.c.range": f"{low},{low + size}",
        "projection.c.interval": str(step),
        "projection.c.digits": str(digits),
    }
    projected = projection("c", settings, NOW)
    listed = projected.values(1000)
    around = [f"{number:0{digits}d}" for number in range(low - 2, low + size + 3)]
    assert listed == [text for text in around if projected.holds(text)]


@given(
    first=st.dates(dt.date(2000, 1, 1), dt.date(2030, 1, 1)),
    days=st.integers(0, 80),
    step=st.integers(1, 5),
    pattern=st.sampled_from(["yyyy-MM-dd", "yyyy/MM/dd", "yyyyMMdd", "dd.MM.yyyy"]),
)
def test_date_values_and_membership_agree(first, days, step, pattern):
    """Exactly the listed dates are held, in every format."""
    spelled = {"yyyy-MM-dd": "%Y-%m-%d", "yyyy/MM/dd": "%Y/%m/%d", "yyyyMMdd": "%Y%m%d", "dd.MM.yyyy": "%d.%m.%Y"}
    out = spelled[pattern]
    last = first + dt.timedelta(days=days)
    settings = {
        "projection.c.type": "date",
        "projection.c.range": f"{first.strftime(out)},{last.strftime(out)}",
        "projection.c.format": pattern,
        "projection.c.interval": str(step),
    }
    projected = projection("c", settings, NOW)
    around = [(first + dt.timedelta(days=count)).strftime(out) for count in range(-3, days + 4)]
    assert projected.values(1000) == [text for text in around if projected.holds(text)]


@given(
    year=st.integers(2000, 2999),
    month=st.integers(1, 12),
    channel=st.text(st.characters(exclude_characters="/", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12),
    template=st.sampled_from(
        [
            "s3://b/t/year=${year}/month=${month}/channel=${channel}/",
            "s3://b/${channel}/${year}-${month}/",
            "s3://b/t.x/(${year})/${month}/${channel}/${year}/",
        ]
    ),
)
def test_location_and_values_are_inverses(year, month, channel, template):
    """Values put into a template come back from the URI of any object below it."""
    values = {"year": str(year), "month": f"{month:02d}", "channel": channel}
    place = LocationTemplate(template)
    assert place.values(place.location(values) + "data.parquet") == values


def test_default_template_follows_the_keys():
    """Without a template of its own a table uses Hive's folders."""
    table = Table("d", "t", (), (Column("year", "int"), Column("day", "int")), "s3://b/t")
    assert location_template(table).text == "s3://b/t/year=${year}/day=${day}/"


@pytest.mark.parametrize(
    ("known", "prefix"),
    [({}, "s3://b/t/year="), ({"year": "2026"}, "s3://b/t/year=2026/day="), ({"day": "1"}, "s3://b/t/year=")],
)
def test_known_prefix_stops_at_the_first_open_column(known, prefix):
    """A listing starts as deep as single values allow."""
    assert LocationTemplate("s3://b/t/year=${year}/day=${day}/").known_prefix(known) == prefix


@pytest.mark.parametrize(
    ("start", "count", "unit", "expected"),
    [
        (dt.datetime(2024, 1, 31), 1, "MONTHS", dt.datetime(2024, 2, 29)),
        (dt.datetime(2024, 2, 29), -1, "YEARS", dt.datetime(2023, 2, 28)),
        (dt.datetime(2025, 12, 15), 1, "MONTH", dt.datetime(2026, 1, 15)),
        (dt.datetime(2026, 1, 1), -1, "WEEKS", dt.datetime(2025, 12, 25)),
        (dt.datetime(2026, 1, 1), 36, "HOURS", dt.datetime(2026, 1, 2, 12)),
    ],
)
def test_calendar_arithmetic(start, count, unit, expected):
    """NOW-1MONTHS and its like move by the calendar."""
    assert moved(start, count, unit) == expected

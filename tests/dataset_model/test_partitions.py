"""Days, their partitions and object keys."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataset_model.targets.partitions import (
    day_from_key,
    day_from_partition,
    days_between,
    object_key,
    partition_from_day,
    projection_parameters,
)

prefixes = st.lists(st.text("abcXYZ019-_.=", min_size=1, max_size=8), min_size=1, max_size=3).map("/".join)
run_ids = st.text("0123456789abcdefTZ_-", min_size=1, max_size=30)


@given(st.dates())
def test_day_and_partition_are_inverse(day: dt.date) -> None:
    """Every day has one partition, and the partition gives the day back."""
    assert day_from_partition(partition_from_day(day)) == day


@given(st.dates(), st.dates())
def test_partitions_sort_like_days(one: dt.date, other: dt.date) -> None:
    """A listing of a prefix is in the order of time."""
    assert (partition_from_day(one) < partition_from_day(other)) == (one < other)


@given(prefixes, st.dates(), run_ids)
def test_day_and_key_are_inverse(prefix: str, day: dt.date, run_id: str) -> None:
    """A key gives its day, for a day's one object and for a run's own."""
    assert day_from_key(prefix, object_key(prefix, day)) == day
    assert day_from_key(prefix, object_key(prefix, day, f"data-{run_id}.parquet")) == day


def test_layout() -> None:
    """The layout is the one that the table's projection computes."""
    assert object_key("exports/contacts", dt.date(2026, 2, 6)) == (
        "exports/contacts/year=2026/month=02/day=06/data.parquet"
    )


@pytest.mark.parametrize(
    "text",
    [
        "year=2026/month=2/day=06",
        "year=2026/month=02/day=06/",
        "/year=2026/month=02/day=06",
        "year=2026/month=02/day=30",
        "year=2026/month=00/day=01",
        "year=0000/month=01/day=01",
        "year=26/month=02/day=06",
        "YEAR=2026/month=02/day=06",
        "year=2026/month=02/day=06\n",
        "",
    ],
)
def test_other_texts_are_not_partitions(text: str) -> None:
    """Nothing but an existing day in exactly this spelling is a partition."""
    with pytest.raises(ValueError, match=r".+"):
        day_from_partition(text)


@pytest.mark.parametrize(
    "key",
    [
        "exports/_manifest.json",
        "exports/_quarantine/year=2026/month=02/day=06/data.parquet",
        "exports/year=2026/month=02/day=06/data.parquet.tmp",
        "exports/year=2026/month=02/day=06/other.parquet",
        "exports/year=2026/month=02/day=06/more/data.parquet",
        "exports/year=2026/month=02/day=31/data.parquet",
        "exports2/year=2026/month=02/day=06/data.parquet",
        "other/exports/year=2026/month=02/day=06/data.parquet",
    ],
)
def test_other_keys_are_not_data(key: str) -> None:
    """Records, quarantine, leftovers and neighbours below a similar prefix are not taken for data."""
    assert day_from_key("exports", key) is None


@pytest.mark.parametrize("digits", ["\u0662\u0660\u0662\u0666", "\uff12\uff10\uff12\uff16"])
def test_digits_of_other_scripts_are_not_a_year(digits: str) -> None:
    """A key is compared byte by byte elsewhere, so only ASCII digits make a day."""
    assert day_from_key("exports", f"exports/year={digits}/month=02/day=06/data.parquet") is None


@given(st.dates(dt.date(2000, 1, 1), dt.date(2040, 1, 1)), st.integers(0, 800))
def test_days_between_counts_both_ends(first: dt.date, extra: int) -> None:
    """Every day once, in order, both ends included; nothing if the end is before the start."""
    days = list(days_between(first, first + dt.timedelta(days=extra)))
    assert len(days) == extra + 1
    assert days[0] == first
    assert sorted(set(days)) == days
    assert list(days_between(first, first - dt.timedelta(days=1))) == []


def test_projection_parameters() -> None:
    """The projection has the years of the data, two digits for month and day, and the location of a day."""
    assert projection_parameters("s3://bucket/exports/", 2024, 2026) == {
        "projection.enabled": "true",
        "projection.year.type": "integer",
        "projection.year.range": "2024,2026",
        "projection.year.digits": "4",
        "projection.month.type": "integer",
        "projection.month.range": "1,12",
        "projection.month.digits": "2",
        "projection.day.type": "integer",
        "projection.day.range": "1,31",
        "projection.day.digits": "2",
        "storage.location.template": "s3://bucket/exports/year=${year}/month=${month}/day=${day}/",
    }


@given(st.dates(dt.date(1000, 1, 1)))
def test_projection_template_and_partition_agree(day: dt.date) -> None:
    """Where the projection looks for a day is where its object is."""
    parameters = projection_parameters("s3://bucket/exports/", 2024, 2026)
    place = parameters["storage.location.template"]
    for column in ("year", "month", "day"):
        number = str(getattr(day, column)).zfill(int(parameters[f"projection.{column}.digits"]))
        place = place.replace(f"${{{column}}}", number)
    assert place + "data.parquet" == f"s3://bucket/{object_key('exports', day)}"

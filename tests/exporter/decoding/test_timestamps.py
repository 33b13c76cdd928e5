"""Digits and texts in timestamp and date columns: which date they are, and which are none."""

import datetime as dt
import json
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataset_model import Column, Dataset, IndexSource
from dataset_model.columns.types import ColumnType
from exporter.decoding.decoder import PageDecoder
from exporter.decoding.schema import initial_schema
from exporter.decoding.timestamps import Clock
from exporter.errors import UnreadableDate
from exporter.planning.sort_key import SortKey

NOW = dt.datetime(2026, 2, 16, tzinfo=dt.UTC)


def clock(dataset_format: str = "ISO", column_format: str | None = None, zone: str = "UTC") -> Clock:
    return Clock(SortKey(dataset_format, ZoneInfo(zone), "S", 2027), date_format=column_format)


def read(found: Clock, kind: str, text: str) -> str | None:
    """Return a text's instant as the first characters that say it, or None where it is refused."""
    try:
        return f"{found.instant(kind, text):%Y-%m-%d %H:%M:%S}".removesuffix(" 00:00:00")
    except UnreadableDate:
        return None


@pytest.mark.parametrize(
    ("dataset", "column", "kind", "text", "expected"),
    [
        ("%Y%m%d", None, "N", "20260217", "2026-02-17"),
        ("ISO", None, "N", "20260217", "2026-02-17"),
        ("EPOCH", None, "N", "20260217", "2026-02-17"),
        ("ISO", None, "S", "20260217", "2026-02-17"),
        ("ISO", None, "N", "18650412", "1865-04-12"),
        ("ISO", None, "N", "99991231", "9999-12-31"),
        ("ISO", None, "N", "20261301", "1970-08-23 12:08:21"),
        ("ISO", "EPOCH", "N", "20260217", "1970-08-23 11:50:17"),
        ("ISO", None, "N", "99999999999", None),
        ("ISO", None, "N", "7258118399", "2199-12-31 23:59:59"),
        ("ISO", None, "N", "7258118400", None),
        ("ISO", None, "N", "7258118399999", "2199-12-31 23:59:59"),
        ("ISO", None, "N", "7258118400000", None),
        ("ISO", None, "N", "-2208988800", "1900-01-01"),
        ("ISO", None, "N", "-2208988801", None),
        ("ISO", None, "N", "-157766400", "1965-01-01"),
        ("ISO", None, "N", "1E+30", None),
        ("EPOCH", None, "S", "99999999999", None),
        ("ISO", "EPOCH_MILLIS", "N", "63072000000", "1972-01-01"),
        ("ISO", "EPOCH_MILLIS", "S", "-157766400000", "1965-01-01"),
        ("ISO", "EPOCH_MILLIS", "N", "7258118400000", None),
        ("ISO", "EPOCH", "N", "1771236000000", None),
        ("ISO", "%d%m%Y", "N", "17022026", "2026-02-17"),
        ("ISO", "%d%m%Y", "N", "1771236000", None),
        ("ISO", "%d/%m/%Y", "S", "03/04/2026", "2026-04-03"),
        ("ISO", "%d/%m/%Y", "S", "2026-04-03", "2026-04-03"),
        ("%m/%d/%Y", "%d/%m/%Y", "S", "03/04/2026", "2026-04-03"),
        ("%d/%m/%Y", None, "N", "1771236000", "2026-02-16 10:00:00"),
        ("%d/%m/%Y", None, "N", "20260217", "2026-02-17"),
        ("%Y%m%d%H%M", None, "N", "1764120000", "2025-11-26 01:20:00"),
        ("ISO", None, "S", "3026-01-01", "3026-01-01"),
        ("ISO", None, "S", "0826-01-01", "826-01-01"),
        ("ISO", None, "S", "12345678", None),
        ("ISO", None, "S", "\u0662\u0660\u0662\u0666\u0660\u0662\u0661\u0667", None),
        ("ISO", None, "N", "20260230", "1970-08-23 11:50:30"),
    ],
)
def test_digits_are_read_by_the_columns_format_then_by_their_form(dataset, column, kind, text, expected):
    """Eight digits that form a day are that day, a declared format decides, and an epoch is from 1900 to 2199."""
    assert read(clock(dataset, column), kind, text) == expected


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Pacific/Apia", "Asia/Kolkata"])
@pytest.mark.parametrize(("kind", "text"), [("N", "20260217"), ("S", "20260217"), ("S", "2026-02-17")])
def test_a_written_day_is_that_day_in_every_zone(zone, kind, text):
    """A date column has the day as it is written; a timestamp column has the midnight of it in the dataset's zone."""
    found = clock(zone=zone)
    assert found.date(kind, text) == dt.date(2026, 2, 17)
    assert found.instant(kind, text).astimezone(ZoneInfo(zone)).replace(tzinfo=None) == dt.datetime(2026, 2, 17)


@pytest.mark.parametrize("column_type", ["date", "timestamp"])
def test_a_declared_format_reaches_its_column_alone(column_type):
    """Two columns of one page are read by their own formats; a value outside 1900 to 2199 is null and quarantined."""
    dataset = Dataset(
        name="orders",
        source=IndexSource(table="orders", index="by-time", partition_key="K", partition_values=("A",), sort_key="At"),
        columns=[
            Column(name="us", attribute="Us", type=ColumnType.parse(column_type), format="%m/%d/%Y"),
            Column(name="eu", attribute="Eu", type=ColumnType.parse(column_type), format="%d/%m/%Y"),
            Column(name="plain", attribute="Plain", type=ColumnType.parse(column_type)),
        ],
    )
    decoder = PageDecoder(
        initial_schema(dataset, None, NOW), dataset, SortKey("ISO", ZoneInfo("UTC"), "S", 2027), ("Id",)
    )
    item = {"At": {"S": "2026-02-16"}, "Us": {"S": "03/04/2026"}, "Eu": {"S": "03/04/2026"}}
    body = json.dumps({"Items": [item | {"Plain": {"N": "20260217"}}, item | {"Plain": {"N": "99999999999"}}]})
    page = decoder.decode(body.encode())
    days = {name: [str(value)[:10] for value in page.rows.column(name).to_pylist()] for name in ("us", "eu", "plain")}
    assert days == {
        "us": ["2026-03-04", "2026-03-04"],
        "eu": ["2026-04-03", "2026-04-03"],
        "plain": ["2026-02-17", "None"],
    }
    (nulled,) = page.nulled
    assert nulled.reason == f"plain: expected a {column_type}; found N 99999999999"


numbers = (
    st.integers(-(10**14), 10**14)
    | st.dates().map(lambda day: int(f"{day:%Y%m%d}"))
    | st.sampled_from([7258118399, 7258118400, 10**11 - 1, 10**11, 7258118399999, 7258118400000])
)


@given(st.lists(numbers, max_size=6), st.sampled_from([None, "EPOCH", "%Y%m%d"]))
def test_numbers_in_bulk_are_the_numbers_one_by_one(cells: list[int], column_format: Any):
    """A number's instant and date do not depend on what else is in its column."""
    found, texts = clock(column_format=column_format), [str(cell) for cell in cells]
    values, refused = found.instants(["N"] * len(texts), pa.array(texts, pa.string()))
    expected = [read(found, "N", text) for text in texts]
    shown = [value and f"{value:%Y-%m-%d %H:%M:%S}".removesuffix(" 00:00:00") for value in values.to_pylist()]
    assert shown == expected
    assert refused == [row for row, instant in enumerate(expected) if instant is None]

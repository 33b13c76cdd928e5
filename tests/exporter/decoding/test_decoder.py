"""Bytes of a Query response become rows: what each type holds, what is quarantined and why."""

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataset_model import Column, Dataset, IndexSource
from dataset_model.columns.types import STRING, ColumnType
from exporter.decoding.decoder import DAY, ITEM, PageDecoder
from exporter.decoding.late_columns import kinds_of_late, late_column
from exporter.decoding.schema import initial_schema
from exporter.decoding.timestamps import Clock
from exporter.errors import UnreadableDate
from exporter.planning.sort_key import SortKey

NUMBERS = [
    line.split(" | ")
    for line in (Path(__file__).parents[1] / "corpus" / "numbers.txt").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
]
NOW = dt.datetime(2026, 2, 16, tzinfo=dt.UTC)
AT = {"S": "2026-02-16T09:58:00Z"}


def decoder(columns: dict[str, str], undeclared: Any = "add", date_format="ISO", zone="UTC", kind: Any = "S"):
    described = Dataset(
        name="orders",
        source=IndexSource(
            table="orders",
            index="by-time",
            partition_key="Kind",
            partition_values=("A",),
            sort_key="At",
            date_format=date_format,
            time_zone=zone,
        ),
        columns=[
            Column(name=f"c_{attribute.lower()}", attribute=attribute, type=ColumnType.parse(column_type))
            for attribute, column_type in columns.items()
        ],
        undeclared=undeclared,
    )
    schema = initial_schema(described, None, NOW)
    return PageDecoder(schema, described, SortKey(date_format, ZoneInfo(zone), kind, 2027), ("Id",))


def body_of(*items: dict[str, Any], **more: Any) -> bytes:
    return json.dumps({"Items": [{"At": AT} | item for item in items], **more}).encode()


def column(page, name: str) -> list[Any]:
    return page.rows.column(name).to_pylist()


def test_an_empty_page_has_the_columns_of_any_other():
    """A page without items still has a schema, a continuation and a cost."""
    page = decoder({"A": "double", "B": "decimal(5,2)"}).decode(b'{"Count": 0, "Items": []}')
    assert page.rows.schema.names == ["c_a", "c_b", "_day", "_sort", "_key"]
    assert page.rows.schema.types == [
        pa.float64(),
        pa.decimal128(5, 2),
        pa.date32(),
        pa.string(),
        pa.binary(16),
    ]
    assert (page.items, page.last_evaluated_key, page.read_units) == (0, None, 0.0)


def test_the_continuation_is_what_the_client_takes_back():
    """ExclusiveStartKey takes DynamoDB JSON with binary as bytes; the page's cost is its capacity units."""
    key = {"Id": {"B": "AP8="}, "Seq": {"N": "12345678901234567890123456789012345678"}, "At": AT}
    page = decoder({}).decode(
        body_of(LastEvaluatedKey=key, ConsumedCapacity={"TableName": "t", "CapacityUnits": 128.5})
    )
    assert page.last_evaluated_key == {"Id": {"B": b"\x00\xff"}, "Seq": key["Seq"], "At": AT}
    assert page.read_units == 128.5
    parsed = {"Items": [], "LastEvaluatedKey": page.last_evaluated_key, "ConsumedCapacity": {"CapacityUnits": 3}}
    again = decoder({}).decode(msgspec.json.encode(parsed))
    assert (again.last_evaluated_key, again.read_units) == (page.last_evaluated_key, 3.0)


def test_a_body_that_is_no_response_is_an_error():
    """A torn body is never taken for an empty page."""
    with pytest.raises(msgspec.DecodeError):
        decoder({}).decode(body_of({"Id": {"S": "a"}})[:-20])


@pytest.mark.parametrize(("text", "double", "whole", "exact"), NUMBERS, ids=[row[0] for row in NUMBERS])
def test_every_number_of_the_corpus_is_exact_counted_or_nulled(text, double, whole, exact):
    """Promise 4: doubles that are not exact are counted; integers and decimals are exact or null."""
    used = decoder({"D": "double", "I": "bigint", "X": "decimal(38,10)", "T": "string", "J": "json"})
    for kind in ("N", "S"):
        page = used.decode(body_of({name: {kind: text} for name in "DIXTJ"}))
        assert column(page, "c_d") == [float(text)]
        counted = {place: found.count for place, found in page.inexact.items()}
        assert counted == ({(dt.date(2026, 2, 16), "c_d"): 1} if double == "inexact" else {})
        assert column(page, "c_i") == [None if whole == "-" else int(whole)]
        assert column(page, "c_x") == [None if exact == "-" else Decimal(exact)]
        assert column(page, "c_t") == [text]
        assert column(page, "c_j") == [text if kind == "N" else f'"{text}"']
        expected = [
            reason
            for reason, refused in (
                (f"c_i: expected a whole number of 64 bits; found N {text}", whole == "-"),
                (f"c_x: expected a number that decimal(38,10) holds exactly; found N {text}", exact == "-"),
            )
            if refused
        ]
        assert [found.reason for found in page.nulled] == expected


@pytest.mark.parametrize(
    ("column_type", "value", "cell"),
    [
        ("string", {"S": ""}, ""),
        ("string", {"N": "1E+2"}, "1E+2"),
        ("string", {"BOOL": False}, "false"),
        ("string", {"B": "AP8="}, "AP8="),
        ("string", {"M": {"b": {"N": "1"}, "a": {"S": "ä"}}}, '{"a":"ä","b":1}'),
        ("string", {"SS": ["b", "a"]}, '["a","b"]'),
        ("string", {"NULL": True}, None),
        ("json", {"NULL": True}, None),
        ("json", {"S": ""}, '""'),
        ("json", {"B": "AP8="}, '"AP8="'),
        ("json", {"BOOL": True}, "true"),
        ("json", {"L": [{"NULL": True}, {"L": []}, {"M": {}}]}, "[null,[],{}]"),
        ("json", {"N": "12345678901234567890123456789012345678"}, "12345678901234567890123456789012345678"),
        ("json", {"NS": ["10", "-1", "9"]}, "[-1,9,10]"),
        ("json", {"BS": ["/w==", "AA=="]}, '["/w==","AA=="]'),
        ("json", {"M": {"n": {"N": ".5"}, "p": {"N": "+7"}}}, '{"n":0.5,"p":7}'),
        ("boolean", {"BOOL": False}, False),
        ("boolean", {"NULL": True}, None),
        ("timestamp", {"S": "2026-02-16T10:00:00.123456+01:00"}, dt.datetime(2026, 2, 16, 9, 0, 0, 123456)),
        ("timestamp", {"S": "1969-12-31"}, dt.datetime(1969, 12, 31)),
        ("timestamp", {"N": "1771235880"}, dt.datetime(2026, 2, 16, 9, 58)),
        ("timestamp", {"N": "1771235880123"}, dt.datetime(2026, 2, 16, 9, 58, 0, 123000)),
        ("timestamp", {"N": "-1.5"}, dt.datetime(1969, 12, 31, 23, 59, 58, 500000)),
        ("date", {"S": "2026-02-16"}, dt.date(2026, 2, 16)),
        ("date", {"S": "2026-02-16T23:30:00-08:00"}, dt.date(2026, 2, 17)),
        ("date", {"N": "1771235880"}, dt.date(2026, 2, 16)),
    ],
)
def test_what_a_column_takes(column_type, value, cell):
    """Promise 4: text stays text, documents become JSON with their numbers intact, NULL is null and "" is ""."""
    for neighbour in ({}, {"A": {"NS": ["1"]}}):  # a value of another type changes the way through the page
        page = decoder({"A": column_type}).decode(body_of({"A": value}, neighbour))
        assert column(page, "c_a")[0] == cell
        assert not [found for found in page.nulled if found.row == 0]


@pytest.mark.parametrize(
    ("column_type", "value", "reason"),
    [
        ("double", {"S": "n/a"}, "expected a number; found S 'n/a'"),
        ("double", {"S": "1E126"}, "expected a number; found S '1E126'"),
        ("double", {"S": " 1"}, "expected a number; found S ' 1'"),
        ("double", {"S": "1_0"}, "expected a number; found S '1_0'"),
        ("double", {"S": "1" * 39}, f"expected a number; found S '{'1' * 39}'"),
        ("double", {"BOOL": True}, "expected a number; found BOOL true"),
        ("bigint", {"N": "1.5"}, "expected a whole number of 64 bits; found N 1.5"),
        ("decimal(3,1)", {"N": "100"}, "expected a number that decimal(3,1) holds exactly; found N 100"),
        ("decimal(3,1)", {"M": {"a": {"N": "1"}}}, 'expected a number; found M {"a":1}'),
        ("boolean", {"S": "true"}, "expected a boolean; found S 'true'"),
        ("boolean", {"N": "1"}, "expected a boolean; found N 1"),
        ("timestamp", {"S": "yesterday"}, "expected a timestamp; found S 'yesterday'"),
        ("timestamp", {"N": "1E+30"}, "expected a timestamp; found N 1E+30"),
        ("timestamp", {"BOOL": True}, "expected a timestamp; found BOOL true"),
        ("date", {"S": "2026-02-30"}, "expected a date; found S '2026-02-30'"),
        ("date", {"L": []}, "expected a date; found L []"),
    ],
)
def test_what_a_column_refuses_is_null_and_quarantined_with_its_item(column_type, value, reason):
    """Promise 3: the row stays, the value is null, the whole item and the reason are quarantined."""
    page = decoder({"A": column_type}).decode(body_of({}, {"A": value}))
    assert column(page, "c_a") == [None, None]
    (found,) = page.nulled
    assert (found.reason, found.attribute, found.day, found.row) == (f"c_a: {reason}", "A", dt.date(2026, 2, 16), 1)
    assert json.loads(found.item) == {"At": AT, "A": value}


@pytest.mark.parametrize(
    ("at", "reason"),
    [
        ({"S": "n/a"}, "At: no readable date: 'n/a'"),
        ({"S": "1970-01-01"}, "At: year 1970 is outside 2000 to 2027"),
        ({"S": "2026-02-16T00:00:00+15:00"}, "At: offset outside -14:00 to +14:00: '+15:00'"),
        ({"N": "5"}, "At: expected S; found N"),
        ({"NULL": True}, "At: expected S; found NULL"),
    ],
)
def test_an_item_without_a_readable_day_is_withheld(at, reason):
    """Promise 3: it is no row, and nothing of it is lost or counted elsewhere."""
    item = {"At": at, "A": {"S": "x"}, "New": {"N": "12345678901234567890123456789012345678"}}
    page = decoder({"A": "double"}).decode(body_of({}, item, {"A": {"N": "1"}}))
    assert (page.items, column(page, "c_a"), page.nulled) == (3, [None, 1.0], ())
    assert page.rows.schema.names == ["c_a", "late:At", "_item", "_day", "_sort", "_key"]
    (found,) = page.withheld
    assert (found.reason, found.attribute, found.day, found.row) == (reason, "At", None, None)
    assert json.loads(found.item) == item


@pytest.mark.parametrize(
    ("date_format", "zone", "kind", "text", "timestamp", "day"),
    [
        ("ISO", "America/New_York", "S", "2026-02-16T03:00:00Z", dt.datetime(2026, 2, 16, 3), 15),
        ("EPOCH", "Asia/Kolkata", "N", "1771180200", dt.datetime(2026, 2, 15, 18, 30), 16),
        ("EPOCH_MILLIS", "UTC", "S", "1771235880123", dt.datetime(2026, 2, 16, 9, 58, 0, 123000), 16),
        ("HUMAN_READABLE", "UTC", "S", "Feb 15, 2026 9:58 PM EST", dt.datetime(2026, 2, 16, 2, 58), 16),
        ("%Y-%d-%m", "UTC", "S", "2026-02-03", dt.datetime(2026, 3, 2), 2),
        ("%Y%m%d", "UTC", "N", "20260216", dt.datetime(2026, 2, 16), 16),
    ],
)
def test_the_sort_keys_own_column_has_the_datasets_format_and_zone(date_format, zone, kind, text, timestamp, day):
    """The column of the sort key agrees with the day of its row, and stays text where declared so."""
    for column_type, cell in (("timestamp", timestamp), ("date", timestamp.date().replace(day=day)), ("string", text)):
        used = decoder({"At": column_type}, "add", date_format, zone, kind)
        page = used.decode(body_of({"At": {kind: text}}))
        assert column(page, "c_at") == [cell]
        assert page.rows.column(DAY)[0].as_py().day == day


def test_the_types_of_a_late_column_are_those_of_its_values():
    """Each of the ten types of DynamoDB is found by how a value's text begins, in slices and chunks as well."""
    values = [
        {"S": '{"N":"1"}'}, {"N": "1"}, {"BOOL": True}, {"NULL": True}, {"B": "YQ=="}, {"M": {"S": {"S": "x"}}},
        {"L": [{"N": "1"}]}, {"SS": ["a"]}, {"NS": ["1"]}, {"BS": ["YQ=="]},
    ]  # fmt: skip
    raw = decoder({}).decode(body_of(*({"V": value} for value in values), {})).rows.column("late:V")
    assert [kinds_of_late(raw.slice(row, 1)) for row in range(11)] == [*({*value} for value in values), set()]
    assert kinds_of_late(pa.chunked_array([raw.slice(0, 2), raw.slice(8)])) == {"S", "N", "NS", "BS"}


def test_late_columns_keep_what_was_stored_until_their_day_is_closed():
    """A late attribute is raw JSON together with its items; a value that its type refuses is reported with its row."""
    page = decoder({}).decode(body_of({"N": {"N": "1"}}, {}, {"N": {"S": "x"}}))
    raw = page.rows.column("late:N")
    assert raw.to_pylist() == ['{"N":"1"}', None, '{"S":"x"}']
    assert [json.loads(item)["At"] for item in column(page, ITEM)] == [AT, AT, AT]
    assert kinds_of_late(raw) == {"N", "S"}
    typed = late_column(pa.chunked_array([raw, raw.slice(0, 0)]), ColumnType.parse("double"))
    assert typed.values.to_pylist() == [1.0, None, None]
    assert typed.contradictions == ((2, "expected a number; found S 'x'"),)
    assert late_column(raw, STRING).values.to_pylist() == ["1", None, "x"]


def test_attributes_that_vanish_again_leave_no_empty_late_column():
    """A page shows the late attributes that its own rows have, whatever the decoder met before."""
    used = decoder({"At": "timestamp"})
    assert "late:New" in used.decode(body_of({"New": {"S": "x"}})).rows.schema.names
    assert used.decode(body_of({})).rows.schema.names == ["c_at", "_day", "_sort", "_key"]


def test_thousands_of_made_up_attribute_names_are_read_all_the_same():
    """A table with a new attribute name in every item costs time, not rows."""
    used = decoder({"At": "timestamp"}, "ignore")
    for start in range(0, 2500, 500):
        page = used.decode(body_of(*({f"a{number}": {"S": "x"}} for number in range(start, start + 500))))
        assert page.rows.num_rows == 500
        assert page.ignored == {(dt.date(2026, 2, 16), f"a{number}"): 1 for number in range(start, start + 500)}


moments = st.datetimes(dt.datetime(1, 1, 2), dt.datetime(9999, 12, 30))
iso = st.builds(
    lambda moment, spelling, tail: f"{moment:{spelling}}{tail}".rjust(len(f"{moment:{spelling}}{tail}"), "0"),
    moments,
    st.sampled_from(["%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%dT%H:%M", "%Y-%m-%d"]),
    st.sampled_from(["", "Z", "+01:00", "-14:00", "+0530", "1", "Z ", "+15:00"]),
)
hostile = st.sampled_from(["0000-01-01T00:00:00Z", "2026-02-16T24:00Z", "2016-12-31T23:59:60Z", "", "x", "٢٠٢٦-02-16"])
counts = st.integers(-(10**16), 10**16).map(str) | st.sampled_from(["1E+9", "99999999999", "100000000000", "1.5"])


@given(
    st.lists(st.tuples(st.just("S"), iso | hostile) | st.tuples(st.just("N"), counts), max_size=8),
    st.booleans(),
    st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Pacific/Apia"]),
)
def test_times_in_bulk_are_the_times_one_by_one(cells, one_kind, zone):
    """A timestamp does not depend on what else is in its column."""
    cells = [cell for cell in cells if not one_kind or cell[0] == cells[0][0]]
    kinds, texts = [kind for kind, _ in cells], [text for _, text in cells]
    clock = Clock(SortKey("ISO", ZoneInfo(zone), "S", 2027))
    values, refused = clock.instants(kinds, pa.array(texts, pa.string()))
    expected = [_instant_or_none(clock, *cell) for cell in cells]
    assert values.to_pylist() == expected
    assert refused == [row for row, instant in enumerate(expected) if instant is None]


@given(
    st.lists(
        st.datetimes(dt.datetime(1969, 12, 30), dt.datetime(2040, 1, 1))
        | st.sampled_from(
            [dt.datetime(2026, 3, 8, 2, 30), dt.datetime(2026, 11, 1, 1, 30), dt.datetime(2011, 12, 30, 9)]
        ),
        max_size=5,
    ),
    st.sampled_from(["Europe/Berlin", "America/New_York", "Pacific/Apia", "Africa/Casablanca", "Australia/Lord_Howe"]),
)
def test_local_times_in_bulk_are_the_local_times_one_by_one(moments, zone):
    """A time without a zone is in the dataset's, also where clocks were changed."""
    texts = [f"{moment:%Y-%m-%dT%H:%M:%S.%f}" for moment in moments]
    clock = Clock(SortKey("ISO", ZoneInfo(zone), "S", 2027))
    values, refused = clock.instants(["S"] * len(texts), pa.array(texts, pa.string()))
    assert not refused
    assert values.to_pylist() == [
        moment.replace(tzinfo=ZoneInfo(zone)).astimezone(dt.UTC).replace(tzinfo=None) for moment in moments
    ]


def _instant_or_none(clock: Clock, kind: str, text: str) -> dt.datetime | None:
    try:
        return clock.instant(kind, text).replace(tzinfo=None)
    except UnreadableDate:
        return None

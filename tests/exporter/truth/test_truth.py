"""What is published equals what a plain boto3 reader finds, value for value, or is in quarantine with its reason."""

import base64
import datetime as dt
import json
from decimal import Decimal
from typing import Any

import boto3
import pytest
from boto3.dynamodb.types import Binary

DIGITS_38 = "12345678901234567890123456789012345678"

ADVERSARIAL: list[dict[str, Any]] = [
    {"Text": {"S": ""}, "Number": {"N": "0"}, "Flag": {"BOOL": False}},
    {"Text": {"S": 'Grüße, 世界 🎧\n"quoted", \\ and \u0000'}, "Number": {"N": "-1E-130"}, "Flag": {"BOOL": True}},
    {"Text": {"NULL": True}, "Number": {"N": "9.9999999999999999999999999999999999999E+125"}},
    {"Number": {"N": DIGITS_38}, "Exact": {"N": "0.1"}},
    {"Number": {"N": "-" + DIGITS_38}, "Exact": {"N": "1E-130"}},
    {"Map": {"M": {"a": {"M": {"b": {"L": [{"N": DIGITS_38}, {"NULL": True}, {"S": ""}]}}}, "z": {"BOOL": True}}}},
    {"List": {"L": []}, "Map": {"M": {}}},
    {"Strings": {"SS": ["b", "a"]}, "Numbers": {"NS": ["1", DIGITS_38]}, "Blobs": {"BS": [b"\x00\xff", b"x"]}},
    {"Blob": {"B": b"\x00\x01\xfe\xff"}},
    {"with space": {"S": "1"}, "with.dot": {"S": "2"}, "with-dash": {"S": "3"}, "UPPER": {"S": "4"}},
    {"year": {"S": "5"}, "Month": {"N": "6"}, "DAY": {"S": "7"}, "select": {"S": "8"}, "table": {"S": "9"}},
    {"Same": {"S": "10"}, "same": {"S": "11"}, "SAME": {"S": "12"}, "same_2": {"S": "13"}},
    {
        'quo"te': {"S": "14"},
        "back\\slash": {"S": "15"},
        "Ümläut": {"S": "16"},
        "late:x": {"S": "17"},
        "_day": {"S": "18"},
    },
    {"Mixed": {"S": "text"}},
    {"Mixed": {"N": "42"}},
    {"Mixed": {"L": [{"N": "1"}]}},
]


def plain(value: Any) -> Any:
    """Return a deserialised value as JSON would hold it, numbers kept as Decimal."""
    match value:
        case Binary():
            return base64.b64encode(value.value).decode()
        case bytes() | bytearray():
            return base64.b64encode(value).decode()
        case set():
            return sorted((plain(item) for item in value), key=str)
        case list():
            return [plain(item) for item in value]
        case dict():
            return {key: plain(item) for key, item in value.items()}
        case _:
            return value


def same(published: Any, stored: Any, column_type: str) -> bool:
    """Return whether a cell says the same as the stored value, read independently of the exporter."""
    value = plain(stored)
    if value is None:
        return published is None
    if column_type == "json":
        found = json.loads(published, parse_float=Decimal, parse_int=Decimal)
        return (sorted(found, key=str) if isinstance(stored, set) else found) == value
    if column_type == "double":
        return published == float(value)
    if column_type == "string" and isinstance(value, Decimal):
        return Decimal(published) == value
    if column_type == "string" and not isinstance(value, str):
        return json.loads(published, parse_float=Decimal, parse_int=Decimal) == value
    return published == value


def test_adversarial_items_come_back_value_for_value(scene):
    """All types, 38 digits, 1E-130, empty and nested values and hostile names equal an independent reading."""
    table = scene()
    for number, attributes in enumerate(ADVERSARIAL):
        table.put(f"{number:02}", f"2026-02-16T10:00:{number:02}Z", "AB"[number % 2], **attributes)
    entry = table.export(start="2026-02-16", end="2026-02-16")
    assert entry.rows == len(ADVERSARIAL)
    schema = json.loads(table.read("_schema.json"))["columns"]
    columns = {column["attribute"]: (column["name"], column["type"]) for column in schema}
    assert len({name for name, _ in columns.values()}) == len(columns)
    rows = table.rows()
    for item in boto3.resource("dynamodb").Table(table.table).scan()["Items"]:
        row = rows[item["Id"]]
        seen = {columns[attribute][0] for attribute in item}
        for attribute, stored in item.items():
            name, column_type = columns[attribute]
            assert same(row[name], stored, column_type), (attribute, column_type, row[name], stored)
        assert all(value is None for name, value in row.items() if name not in seen | {"_day"})


def test_names_that_cannot_be_columns_get_free_ones(scene):
    """Reserved and colliding names get `_2`, `_3`; partition columns stay the exporter's own."""
    table = scene()
    table.put("1", "2026-02-16T10:00:00Z", year={"S": "a"}, Same={"S": "b"}, same={"S": "c"}, SAME={"S": "d"})
    table.export(start="2026-02-16", end="2026-02-16")
    row = table.rows()["1"]
    assert row["year_2"] == "a"
    assert [row["same"], row["same_2"], row["same_3"]] == ["d", "b", "c"]


@pytest.fixture
def declared(scene, tmp_path):
    """A scene with a dataset file that declares exact and temporal columns."""

    def make(columns: str) -> Any:
        table = scene()
        file = tmp_path / "declared.yaml"
        file.write_text(
            f"name: declared\nsource: {{table: {table.table}, index: by-kind, partition_key: Kind, "
            f"partition_values: [A, B], sort_key: At}}\ncolumns:\n"
            "  - {name: id, attribute: Id, type: string, role: key}\n"
            "  - {name: at, attribute: At, type: timestamp}\n" + columns
        )
        table.variables = {
            name: value for name, value in table.variables.items() if not name.startswith(("DYNAMO", "GSI"))
        } | {"DATASET": str(file)}
        return table

    return make


def test_declared_numbers_are_exact_or_nulled(declared):
    """decimal(p,s) and bigint hold a number exactly or not at all, and what they cannot hold is in quarantine."""
    table = declared(
        "  - {name: big, attribute: Big, type: bigint}\n  - {name: price, attribute: Price, type: 'decimal(38,2)'}\n"
    )
    numbers = {
        "fits": ("9223372036854775807", "123456789012345678901234567890123456.78"),
        "over": ("9223372036854775808", "0.001"),
        "part": ("1.5", "1E+36"),
        "text": ("007", "1.10"),
    }
    for minute, (identity, (big, price)) in enumerate(numbers.items()):
        table.put(identity, f"2026-02-16T10:0{minute}:00Z", Big={"N": big}, Price={"N": price})
    entry = table.export(start="2026-02-16", end="2026-02-16")
    found = {identity: (row["big"], row["price"]) for identity, row in table.rows().items()}
    assert found == {
        "fits": (9223372036854775807, Decimal("123456789012345678901234567890123456.78")),
        "over": (None, None),
        "part": (None, None),
        "text": (7, Decimal("1.10")),
    }
    assert (entry.rows, entry.nulled) == (4, 2)
    assert {line["item"]["Id"]["S"] for line in table.quarantine()} == {"over", "part"}


def test_inexact_doubles_are_counted_and_named(scene):
    """A number that a double cannot hold is published as the nearest one; the report counts them and names a type."""
    table = scene()
    inexact = {
        "Whole": {"N": "9007199254740993"},
        "Long": {"N": DIGITS_38},
        "Part": {"N": "0.12345678901234567890"},
        "Wide": {"N": "1E-30"},
    }
    table.put("1", "2026-02-16T10:00:00Z", Amount={"N": "0.1"}, **inexact)
    table.put("2", "2026-02-16T11:00:00Z", Part={"N": "-12345678901.5"}, Wide={"N": "12345678901234567890.5"})
    entry = table.export(start="2026-02-16", end="2026-02-16")
    holds = "which holds them and those read with them"
    span = "20 digits before the point and 30 after it"
    assert [warning for warning in entry.warnings if "not exact" in warning] == [
        f"column long: 1 number is not exact as double; declare it decimal(38,0), {holds}",
        f"column part: 1 number is not exact as double; declare it decimal(30,19), {holds}",
        f"column whole: 1 number is not exact as double; declare it bigint, {holds}",
        f"column wide: 1 number is not exact as double; declare it string, because no decimal holds {span}",
    ]


def test_the_advised_type_holds_what_was_counted(declared):
    """Declared as the report advised, the same numbers are published exactly and none is nulled."""
    numbers = ["0.12345678901234567890", "-12345678901.5", "100", "0.50"]
    table = declared("  - {name: part, attribute: Part, type: 'decimal(30,19)'}\n")
    for at, number in enumerate(numbers):
        table.put(str(at), f"2026-02-16T1{at}:00:00Z", Part={"N": number})
    entry = table.export(start="2026-02-16", end="2026-02-16")
    assert entry.nulled == 0
    assert [table.rows()[str(at)]["part"] for at in range(4)] == [Decimal(number) for number in numbers]


def test_late_columns_are_advised_as_well(scene):
    """An attribute that appears in the middle of a run has its numbers counted when its day is written."""
    table = scene(GSI_PK_VALUE="A")
    for day in range(1, 12):
        late = {"Late": {"N": "1234567890123456.25"}} if day == 6 else {}
        table.put(f"{day:02}", f"2026-02-{day:02}T10:00:00Z", Padding={"S": "x" * 330_000}, **late)
    entry = table.export(everything=True)
    (warning,) = (warning for warning in entry.warnings if "not exact" in warning)
    assert warning.startswith("column late: 1 number is not exact as double; declare it decimal(18,2), which holds")


def test_timestamps_are_instants_in_utc(declared):
    """A declared timestamp is the instant of its text, at any offset; an unreadable one is nulled."""
    table = declared("  - {name: ended, attribute: Ended, type: timestamp}\n")
    table.put("1", "2026-02-16T10:00:00+02:00", Ended={"S": "2026-02-16T23:30:00.123456-05:00"})
    table.put("2", "2026-02-16T10:00:00Z", Ended={"N": "1771200000"})
    table.put("3", "2026-02-16T11:00:00Z", Ended={"S": "soon"})
    entry = table.export(start="2026-02-16", end="2026-02-16")
    rows = table.rows()
    assert rows["1"]["at"] == dt.datetime(2026, 2, 16, 8)
    assert rows["1"]["ended"] == dt.datetime(2026, 2, 17, 4, 30, 0, 123456)
    assert rows["2"]["ended"] == dt.datetime(2026, 2, 16)
    assert rows["3"]["ended"] is None
    assert entry.nulled == 1


def test_the_policy_for_undeclared_attributes_is_kept(declared):
    """`extra` gathers undeclared attributes in one JSON column; `ignore` leaves them out and counts them."""
    table = declared("undeclared: extra\n")
    table.put("1", "2026-02-16T10:00:00Z", Foo={"N": "1"}, Bar={"S": "x"})
    table.export(start="2026-02-16", end="2026-02-16")
    assert json.loads(table.rows()["1"]["extra"]) == {"Foo": 1, "Bar": "x", "Kind": "A"}
    table = declared("undeclared: ignore\n")
    table.put("1", "2026-02-16T10:00:00Z", Foo={"N": "1"})
    table.put("2", "2026-02-17T10:00:00Z", Foo={"N": "1"})  # read with the day before, and none of its rows
    entry = table.export(start="2026-02-16", end="2026-02-16")
    assert set(table.rows()["1"]) == {"id", "at", "_day"}
    assert "attribute Foo is not declared and was left out of 1 items" in entry.warnings

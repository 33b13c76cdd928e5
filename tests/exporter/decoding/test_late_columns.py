"""Attributes without a column, as workers hand them on: by kind, until the types of all of them are known."""

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from dataset_model import Dataset, IndexSource
from dataset_model.columns.types import ColumnType
from exporter.decoding.decoder import DAY, PageDecoder
from exporter.decoding.late_columns import holds, late_attribute, late_kinds, with_types
from exporter.decoding.schema import extended_schema, initial_schema
from exporter.planning.sort_key import SortKey
from exporter.values.numbers import Digits, InexactDoubles

NOW = dt.datetime(2026, 2, 16, tzinfo=dt.UTC)
SOURCE = IndexSource(table="orders", index="by-time", partition_key="Kind", partition_values=("A",), sort_key="At")
DATASET = Dataset(name="orders", source=SOURCE)
SCHEMA = initial_schema(DATASET, None, NOW)


def decoder() -> PageDecoder:
    return PageDecoder(SCHEMA, DATASET, SortKey("ISO", DATASET.zone, "S", 2027), ("Id",), late_by_kind=True)


def body_of(*items: dict[str, Any]) -> bytes:
    at = {"S": "2026-02-16T09:58:00Z"}
    return json.dumps({"Items": [{"Id": {"S": str(n)}, "At": at} | item for n, item in enumerate(items)]}).encode()


def late(rows: pa.RecordBatch) -> dict[str, list[Any]]:
    """Return the late columns except those of the keys."""
    found = {name: rows.column(name).to_pylist() for name in rows.schema.names if late_attribute(name)}
    return {name: cells for name, cells in found.items() if name not in {"late-S:Id", "late-S:At"}}


@pytest.mark.parametrize(
    ("values", "name", "cells"),
    [
        ([{"S": "a"}, {"S": ""}], "late-S:V", ["a", ""]),
        ([{"N": "1.50"}, {"N": "1E+2"}], "late-N:V", ["1.50", "1E+2"]),
        ([{"BOOL": True}, {"BOOL": False}], "late-BOOL:V", [True, False]),
        ([{"M": {"b": {"N": "1"}, "a": {"S": "x"}}}, {"M": {}}], "late-M:V", ['{"a":"x","b":1}', "{}"]),
        ([{"L": [{"S": "x"}]}, {"L": []}], "late-L:V", ['["x"]', "[]"]),
        ([{"S": "a"}, {"NULL": True}], "late-S:V", ["a", None]),
        ([{"S": "a"}, {"N": "1"}], "late:V", ['{"S": "a"}', '{"N": "1"}']),
        ([{"SS": ["a"]}, {"SS": ["b"]}], "late:V", ['{"SS": ["a"]}', '{"SS": ["b"]}']),
    ],
)  # fmt: skip
def test_an_attribute_travels_as_plain_values_where_all_have_one_kind(values, name, cells):
    """A third of the bytes of AttributeValue JSON, and nothing to parse again; mixed kinds and sets travel as sent."""
    used = decoder()
    for _ in range(2):  # the first page teaches the reader what there is, and is read like the second
        rows = used.decode(body_of(*({"V": value} for value in values))).rows
        assert late(rows) == {name: cells}
        assert "_item" not in rows.schema.names
    assert late_kinds(rows)["V"] >= {kind for value in values for kind in value} - {"NULL"}


def test_a_kind_that_was_wrong_is_corrected_once_and_then_given_up():
    """Numbers after texts travel as numbers; texts again after that travel as sent, with all that follows."""
    used = decoder()
    pages = [{"S": "a"}, {"N": "1"}, {"S": "b"}, {"S": "c"}]
    found = [late(used.decode(body_of({"V": value})).rows) for value in pages]
    assert [[*one] for one in found] == [["late-S:V"], ["late-N:V"], ["late:V"], ["late:V"]]


def test_pages_of_several_forms_become_one_column_of_the_type_that_holds_them():
    """A text, a number, a map and a set of one attribute are a column of texts, as in a run that knew them all."""
    used = decoder()
    parts = [{"S": "a"}, {"N": "1.50"}, {"M": {"k": {"N": "1"}}}, {"NS": ["2", "10"]}, {"NULL": True}]
    pages = [pa.Table.from_batches([used.decode(body_of({"V": value})).rows]) for value in parts]
    (rows,) = pa.concat_tables(pages, promote_options="default").combine_chunks().to_batches()
    schema = extended_schema(SCHEMA, DATASET, late_kinds(rows), NOW)
    typed, inexact = with_types(rows, schema)
    assert typed.column("v").to_pylist() == ["a", "1.50", '{"k":1}', "[2,10]", None]
    assert typed.schema.names == ["at", "id", "v", "_day", "_sort", "_key"]
    assert (typed.column(DAY).to_pylist(), inexact) == ([dt.date(2026, 2, 16)] * 5, {})


def test_numbers_become_doubles_and_those_that_are_not_exact_are_counted():
    """As in a run with the column; the count and the digits are those of its values."""
    rows = decoder().decode(body_of({"V": {"N": "0.1"}}, {"V": {"N": "12345678901234567.1"}}, {})).rows
    typed, inexact = with_types(rows, extended_schema(SCHEMA, DATASET, late_kinds(rows), NOW))
    assert typed.column("v").to_pylist() == [0.1, 12345678901234567.1, None]
    assert inexact == {"v": InexactDoubles(1, Digits(17, 1, is_long=False))}
    assert Decimal("12345678901234567.1") != Decimal(repr(12345678901234567.1))


def test_an_attribute_that_is_null_in_all_rows_has_no_column():
    """It has no type, so nothing of it is published, here or by any other way."""
    rows = decoder().decode(body_of({"V": {"NULL": True}}, {})).rows
    assert late_kinds(rows)["V"] == {"NULL"}
    typed, _ = with_types(rows, extended_schema(SCHEMA, DATASET, late_kinds(rows), NOW))
    assert typed.schema.names == ["at", "id", "_day", "_sort", "_key"]


@pytest.mark.parametrize(
    ("column_type", "kinds", "held"),
    [
        ("double", {"N", "NULL"}, True), ("double", {"N", "S"}, False), ("boolean", {"BOOL"}, True),
        ("boolean", {"S"}, False), ("string", {"S", "M", "B"}, True), ("json", {"N"}, True),
        ("bigint", {"N"}, False), ("timestamp", {"S"}, False),
    ],
)  # fmt: skip
def test_a_column_holds_kinds_of_which_no_value_can_contradict_it(column_type, kinds, held):
    """A text may be a number and may not; a number may have a fraction and may not: neither is sure to fit."""
    assert holds(ColumnType.parse(column_type), kinds) is held

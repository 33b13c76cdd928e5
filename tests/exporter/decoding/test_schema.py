"""Which attribute becomes which column: decided once, for the life of the table."""

import datetime as dt
import json

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataset_model import Column, Dataset, IndexSource, Target
from dataset_model.columns.types import ColumnType
from exporter.decoding.schema import (
    arrow_schema,
    extended_schema,
    glue_columns,
    initial_schema,
    kinds_in_page,
    type_of_kinds,
)
from exporter.errors import SchemaConflict

NOW = dt.datetime(2026, 2, 16, tzinfo=dt.UTC)
LATER = dt.datetime(2026, 2, 17, tzinfo=dt.UTC)


def column(name: str, attribute: str, column_type: str, description: str = "") -> Column:
    return Column(name=name, attribute=attribute, type=ColumnType.parse(column_type), description=description)


def dataset(*columns: Column, undeclared="add", extra=None, zone="UTC", table="orders") -> Dataset:
    return Dataset(
        name="orders",
        source=IndexSource(
            table=table, index="by-time", partition_key="Kind", partition_values=("A",), sort_key="At", time_zone=zone
        ),
        columns=columns,
        undeclared=undeclared,
        target=Target(extra_date_column=extra),
    )


def described(schema) -> list[str]:
    return [f"{column.name} {column.type} {column.attribute}" for column in schema.columns]


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        ({"S"}, "string"),
        ({"N"}, "double"),
        ({"N", "NULL"}, "double"),
        ({"BOOL"}, "boolean"),
        ({"B"}, "string"),
        ({"M"}, "json"),
        ({"M", "L"}, "json"),
        ({"SS"}, "json"),
        ({"NS"}, "json"),
        ({"BS"}, "json"),
        ({"S", "N"}, "string"),
        ({"M", "S"}, "string"),
        ({"B", "S"}, "string"),
        ({"BOOL", "N"}, "string"),
        ({"NULL"}, "None"),
        (set(), "None"),
    ],
)
def test_one_type_fixes_a_column_and_several_make_it_text(kinds, expected):
    """Promise 5: one type fixes it, several give string, NULL alone gives no column yet."""
    assert str(type_of_kinds(kinds)) == expected


def test_a_page_tells_the_types_of_its_attributes():
    """Every type tag that an attribute has in a page is seen."""
    items = [{"a": {"S": "x"}, "m": {"M": {"a": {"N": "1"}}}}, {"a": {"N": "1"}, 'q"': {"NULL": True}}]
    body = json.dumps({"Count": 2, "Items": items, "LastEvaluatedKey": {"a": {"S": "x"}}}).encode()
    assert kinds_in_page(body) == {"a": {"S", "N"}, "m": {"M"}, 'q"': {"NULL"}}
    assert kinds_in_page(b'{"Count": 0, "Items": []}') == {}


def test_a_new_table_begins_with_the_declared_columns_in_their_order():
    """Declared columns come first, then the extra date column, then what undeclared attributes share."""
    declared = dataset(column("b", "B", "bigint"), column("a", "A", "json"), undeclared="extra", extra="report_date")
    schema = initial_schema(declared, None, NOW)
    assert described(schema) == ["b bigint B", "a json A", "report_date string None", "extra json None"]
    assert [column.declared for column in schema.columns] == [True, True, False, False]
    assert initial_schema(declared, schema, LATER) is schema


def test_undeclared_attributes_are_added_in_the_order_of_their_names():
    """Reserved names and collisions get a number; what is assigned keeps its name whatever comes later."""
    source = dataset(column("total", "Total", "double"), extra="report_date")
    schema = initial_schema(source, None, NOW)
    observed = {"year": {"N"}, "TOTAL": {"S"}, "Report Date": {"S"}, "extra": {"M"}, "_day": {"S"}, "nil": {"NULL"}}
    schema = extended_schema(schema, source, observed, NOW)
    assert described(schema) == [
        "total double Total",
        "report_date string None",
        "report_date_2 string Report Date",
        "total_2 string TOTAL",
        "_day_2 string _day",
        "extra json extra",
        "year_2 double year",
    ]
    again = extended_schema(schema, source, {"nil": {"NULL", "S"}, "TotaL": {"N"}, "year": {"S"}}, LATER)
    assert described(again)[:7] == described(schema)
    assert described(again)[7:] == ["total_3 double TotaL", "nil string nil"]
    assert again.updated_at == LATER
    assert extended_schema(again, source, {"year": {"S"}}, LATER) is again


@pytest.mark.parametrize("policy", ["extra", "ignore"])
def test_other_policies_add_no_columns(policy):
    """Under `extra` and `ignore` the table keeps its declared columns."""
    source = dataset(undeclared=policy)
    schema = initial_schema(source, None, NOW)
    assert extended_schema(schema, source, {"new": {"S"}}, NOW) is schema


def test_a_learned_column_can_be_declared_as_it_is_and_new_ones_come_behind():
    """A dataset file refines a table that was exported without one."""
    source = dataset()
    learned = extended_schema(initial_schema(source, None, NOW), source, {"Total": {"N"}}, NOW)
    refined = dataset(column("new", "New", "string"), column("total", "Total", "double", "What was paid."))
    schema = initial_schema(refined, learned, LATER)
    assert described(schema) == ["total double Total", "new string New"]
    assert schema.columns[0].description == "What was paid."
    assert schema.columns[0].declared
    without_file = initial_schema(source, schema, LATER)
    assert described(without_file) == described(schema)


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        (column("total", "Total", "bigint"), "bigint of attribute 'Total', but total is published as double"),
        (column("sum", "Total", "double"), "column sum is declared as double of attribute 'Total', but total is pub"),
        (column("total", "Sum", "double"), "double of attribute 'Sum', but total is published as double of attribut"),
        (column("report_date", "Day", "date"), "but report_date is published as string of a column without attribute"),
        (column("_day", "Day", "date"), "column _day: the exporter uses this name itself"),
    ],
)
def test_a_declaration_that_contradicts_the_table_is_refused(declared, message):
    """No column is dropped, renamed or retyped."""
    source = dataset(extra="report_date")
    published = extended_schema(initial_schema(source, None, NOW), source, {"Total": {"N"}}, NOW)
    with pytest.raises(SchemaConflict, match=message):
        initial_schema(dataset(declared), published, LATER)


def test_an_extra_column_never_takes_the_place_of_an_attribute():
    """A policy or an extra date column that comes later does not overwrite what is published."""
    source = dataset()
    observed = {"extra": {"S"}, "report_date": {"S"}}
    published = extended_schema(initial_schema(source, None, NOW), source, observed, NOW)
    with pytest.raises(SchemaConflict, match="column extra would be filled by the exporter"):
        initial_schema(dataset(undeclared="extra"), published, LATER)
    with pytest.raises(SchemaConflict, match="column report_date would be filled by the exporter"):
        initial_schema(dataset(extra="report_date"), published, LATER)


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (dataset(table="visits"), "table 'orders', now 'visits'"),
        (dataset(zone="Europe/Berlin"), "time zone 'UTC', now 'Europe/Berlin'"),
    ],
)
def test_another_source_on_the_same_prefix_is_refused(other, message):
    """Rows of two sources, or days of two zones, never mix."""
    with pytest.raises(SchemaConflict, match=message):
        initial_schema(other, initial_schema(dataset(), None, NOW), LATER)


def test_every_type_has_its_arrow_and_glue_type():
    """What the file holds is what the catalogue says."""
    names = ["string", "double", "bigint", "decimal(38,10)", "boolean", "timestamp", "date", "json"]
    source = dataset(*(column(f"c{number}", f"C{number}", name) for number, name in enumerate(names)))
    schema = initial_schema(source, None, NOW)
    assert arrow_schema(schema).types == [
        pa.string(), pa.float64(), pa.int64(), pa.decimal128(38, 10), pa.bool_(), pa.timestamp("us"), pa.date32(),
        pa.string(),
    ]  # fmt: skip
    assert [found["Type"] for found in glue_columns(schema)] == [
        "string", "double", "bigint", "decimal(38,10)", "boolean", "timestamp", "date", "string",
    ]  # fmt: skip


def test_comments_are_one_line_that_glue_takes():
    """A comment has at most 255 characters and no line break; without a description it names the attribute."""
    source = dataset(column("a", "A\nB", "string"), column("b", "b", "string"), column("c", "C", "string", "x\n" * 200))
    comments = [found["Comment"] for found in glue_columns(initial_schema(source, None, NOW))]
    assert comments[:2] == ["Attribute A B.", ""]
    assert comments[2] == ("x " * 128)[:255]


@given(
    st.lists(st.dictionaries(st.text(min_size=1, max_size=8), st.sets(st.sampled_from(["S", "N", "M"]), min_size=1)))
)
def test_column_names_are_unique_and_never_change(batches):
    """However attributes arrive, each has one column, and its name and type stay."""
    source = dataset(extra="report_date")
    schema = initial_schema(source, None, NOW)
    for observed in batches:
        grown = extended_schema(schema, source, observed, NOW)
        assert grown.columns[: len(schema.columns)] == schema.columns
        assert set(observed) <= set(grown.names)
        schema = grown
    names = [column.name for column in schema.columns]
    assert len(names) == len(set(names))
    assert not {"year", "month", "day", "_day", "_sort", "_key", "_item"} & set(names)


@pytest.mark.parametrize(
    ("declared", "published", "expected"),
    [
        (None, None, "string"),
        ("date", None, "date"),
        ("string", None, "string"),
        (None, "date", "date"),
        ("date", "date", "date"),
    ],
)
def test_the_extra_date_column_is_text_unless_declared_or_published_as_date(declared, published, expected):
    """A new table has text, so that WHERE report_date BETWEEN '2026-01-01' AND ... is legal; no column is retyped."""
    source = dataset(extra="report_date")
    before = initial_schema(_with_extra_type(source, published), None, NOW) if published else None
    (column_,) = initial_schema(_with_extra_type(source, declared), before, LATER).columns
    assert str(column_.type) == expected


def test_another_type_of_the_extra_date_column_is_refused():
    """A declared type that differs from the published one is a conflict: the files hold the other."""
    source = dataset(extra="report_date")
    before = initial_schema(_with_extra_type(source, "date"), None, NOW)
    with pytest.raises(SchemaConflict, match="report_date would be filled by the exporter, but is published as date"):
        initial_schema(_with_extra_type(source, "string"), before, LATER)


def _with_extra_type(source, name):
    return source.model_copy(update={"target": source.target.model_copy(update={"extra_date_type": name})})

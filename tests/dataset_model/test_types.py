"""Column types as files write them and as Glue calls them."""

import re
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataset_model.columns.engine_types import ENGINE_TYPES
from dataset_model.columns.types import TYPE_EXAMPLES, TYPE_PATTERN, TYPES, ColumnType, TypeName

decimals = st.integers(1, 38).flatmap(
    lambda precision: st.builds(ColumnType, st.just("decimal"), st.just(precision), st.integers(0, precision))
)
column_types = st.sampled_from([ColumnType(name) for name in get_args(TypeName) if name != "decimal"]) | decimals


@given(column_types)
def test_text_and_type_are_inverse(column_type: ColumnType) -> None:
    """`parse` reads the text of every type back as the same type, in capitals and with spaces too."""
    assert ColumnType.parse(str(column_type)) == column_type
    assert ColumnType.parse(f"  {str(column_type).upper().replace(',', ' , ')} ") == column_type


@given(st.text(max_size=30))
def test_anything_else_is_refused_in_words(text: str) -> None:
    """No text crashes the parser: it is a type or a ValueError that names the choices."""
    try:
        parsed = ColumnType.parse(text)
    except ValueError as error:
        assert "decimal(p,s)" in str(error)  # noqa: PT017 - which texts are types is the other test's matter
    else:
        assert ColumnType.parse(str(parsed)) == parsed


@pytest.mark.parametrize("text", ["decimal", "decimal(0,0)", "decimal(39,0)", "decimal(5,6)", "decimal(5)", "int", ""])
def test_types_that_athena_lacks_are_refused(text: str) -> None:
    """A decimal has 1 to 38 digits, at most that many after the point; other names are refused."""
    with pytest.raises(ValueError, match=r"decimal\(p,s\)"):
        ColumnType.parse(text)


def test_glue_types() -> None:
    """JSON is text to Glue; every other type has the same name there."""
    assert ColumnType.parse("json").glue == "string"
    assert ColumnType.parse("decimal(38, 10)").glue == "decimal(38,10)"
    assert ColumnType.parse("bigint").glue == "bigint"


def test_numbers() -> None:
    """Sums and means make sense of numbers alone."""
    assert [name for name in get_args(TypeName) if ColumnType(name).is_number] == ["double", "bigint", "decimal"]


def test_every_type_has_a_name_in_every_system():
    """One row states a type for Arrow, Glue, Athena and DynamoDB; here is the whole table."""
    types = [(row, ColumnType(row.name, 38, 10)) for row in TYPES.values()]
    assert [(row.text, row.engine.arrow, each.glue, each.athena, row.dynamo) for row, each in types] == [
        ("string", "string", "string", "varchar", "S"),
        ("double", "float64", "double", "double", "N"),
        ("bigint", "int64", "bigint", "bigint", "N"),
        ("decimal({p},{s})", "decimal128", "decimal(38,10)", "decimal(38,10)", "N"),
        ("boolean", "bool", "boolean", "boolean", "BOOL"),
        ("timestamp", "timestamp[us]", "timestamp", "timestamp(3)", "S"),
        ("date", "date32", "date", "date", "S"),
        ("json", "string", "string", "varchar", None),
    ]


def test_editors_accept_what_the_model_accepts():
    """The pattern of the JSON Schema matches every type that `parse` reads, and no other word."""
    assert all(re.match(TYPE_PATTERN, text) and ColumnType.parse(text) for text in TYPE_EXAMPLES)
    assert not re.match(TYPE_PATTERN, "decimal")
    assert not re.match(TYPE_PATTERN, "varchar")


def test_every_type_of_athena_has_one_row():
    """Its names in Glue, in SQL, in DuckDB and in Arrow, and Arrow's type in a result file where that differs."""
    rows = dict.fromkeys(ENGINE_TYPES.values())
    assert [(row.hive, row.trino, row.duckdb, row.arrow, row.in_results) for row in rows] == [
        ("boolean", "boolean", "BOOLEAN", "bool", ""),
        ("tinyint", "tinyint", "TINYINT", "int8", ""),
        ("smallint", "smallint", "SMALLINT", "int16", ""),
        ("int", "integer", "INTEGER", "int32", ""),
        ("bigint", "bigint", "BIGINT", "int64", ""),
        ("float", "real", "FLOAT", "float32", ""),
        ("double", "double", "DOUBLE", "float64", ""),
        ("decimal", "decimal", "DECIMAL", "decimal128", ""),
        ("string", "varchar", "VARCHAR", "string", ""),
        ("date", "date", "DATE", "date32", ""),
        ("timestamp", "timestamp(3)", "TIMESTAMP", "timestamp[us]", "timestamp[ms]"),
        ("binary", "varbinary", "BLOB", "binary", "string"),
    ]

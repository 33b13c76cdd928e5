"""Scalar types of Athena: one row for each, with its name in Glue, in SQL, in DuckDB and in Arrow.

A column type of a dataset (`types`) is stored as one of these. A query's result and a table that others made have all
of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class EngineType:
    """One scalar type. A `sized` one takes precision and scale everywhere."""

    hive: str
    """As the Glue catalogue names it."""
    trino: str
    """As Athena's SQL names it, for casts and views."""
    duckdb: str
    arrow: str
    """Arrow's name, as `pyarrow.type_for_alias` reads it; decimal128 takes precision and scale."""
    in_results: str = ""
    """Arrow's type for values of a result file where it differs: those have milliseconds, and binary as text."""
    spellings: tuple[str, ...] = ()
    """Further names that catalogue and results use; varchar and char may have a length."""
    sized: bool = False


_ROWS = (
    EngineType("boolean", "boolean", "BOOLEAN", "bool"),
    EngineType("tinyint", "tinyint", "TINYINT", "int8"),
    EngineType("smallint", "smallint", "SMALLINT", "int16"),
    EngineType("int", "integer", "INTEGER", "int32"),
    EngineType("bigint", "bigint", "BIGINT", "int64", spellings=("long",)),
    EngineType("float", "real", "FLOAT", "float32"),
    EngineType("double", "double", "DOUBLE", "float64"),
    EngineType("decimal", "decimal", "DECIMAL", "decimal128", sized=True),
    EngineType("string", "varchar", "VARCHAR", "string", spellings=("char",)),
    EngineType("date", "date", "DATE", "date32"),
    EngineType("timestamp", "timestamp(3)", "TIMESTAMP", "timestamp[us]", in_results="timestamp[ms]"),
    EngineType("binary", "varbinary", "BLOB", "binary", in_results="string"),
)

ENGINE_TYPES: Mapping[str, EngineType] = {
    name: row for row in _ROWS for name in (row.hive, row.trino.partition("(")[0], *row.spellings)
}
"""By every name in lower case, without sizes."""

"""Which attribute becomes which column. Pure: it reads pages and records, and touches no service."""

import datetime as dt
from collections.abc import Collection, Mapping

import pyarrow as pa

from datasets import Dataset
from datasets.table_schema import TableSchema
from datasets.types import ColumnType


def kinds_in_page(body: bytes) -> dict[str, set[str]]:
    """Return attribute -> type tags ("S", "N", "M" ...) seen in a Query response."""
    raise NotImplementedError


def type_of_kinds(kinds: Collection[str]) -> ColumnType | None:
    """Return the column type that fits these type tags; None where only NULL was seen."""
    raise NotImplementedError


def initial_schema(dataset: Dataset, published: TableSchema | None, now: dt.datetime) -> TableSchema:
    """Return the schema that a run starts from; raise SchemaConflict."""
    raise NotImplementedError


def extended_schema(
    schema: TableSchema, dataset: Dataset, observed: Mapping[str, Collection[str]], now: dt.datetime
) -> TableSchema:
    """Return the schema with a column for every undeclared attribute in `observed` (attribute -> type tags)."""
    raise NotImplementedError


def arrow_type(column_type: ColumnType) -> pa.DataType:
    """Return the Arrow type of a column."""
    raise NotImplementedError


def arrow_schema(schema: TableSchema) -> pa.Schema:
    """Return the Arrow schema of a file: every column, in catalogue order."""
    raise NotImplementedError


def glue_columns(schema: TableSchema) -> list[dict[str, str]]:
    """Return the Glue table's columns (Name, Type, Comment), without the partition columns."""
    raise NotImplementedError

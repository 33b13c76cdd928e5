"""Bytes of a Query response to Arrow, without a dict per item."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from datasets import Dataset
from datasets.table_schema import TableSchema
from datasets.types import ColumnType
from exporter.sort_key import SortKey

DAY = "_day"
KEY = "_key"
LATE = "late:"
ITEM = "_item"
"""Present where a page has late columns: the whole item as DynamoDB JSON in rows with a late value, null elsewhere."""


@dataclass(frozen=True)
class SetAside:
    """An item that is not, or not wholly, in the rows, and why."""

    reason: str
    item: str
    """The whole item as DynamoDB JSON, its numbers as DynamoDB wrote them."""
    attribute: str | None
    day: dt.date | None
    """The day of its row; None where it has none and is withheld."""
    row: int | None = None
    """Its row in the page's batch; None where it is withheld."""


@dataclass(frozen=True)
class DecodedPage:
    """One Query response."""

    rows: pa.RecordBatch
    items: int
    withheld: tuple[SetAside, ...]
    nulled: tuple[SetAside, ...]
    inexact: Mapping[tuple[dt.date, str], int]
    """(day, column) -> DOUBLEs that are not exactly the number stored."""
    ignored: Mapping[str, int]
    """Undeclared attribute -> items that carried it, under the policy `ignore`."""
    last_evaluated_key: dict[str, Any] | None
    read_units: float


class PageDecoder:
    """Decodes the pages of one dataset under one schema."""

    def __init__(
        self, schema: TableSchema, dataset: Dataset, sort_key: SortKey, key_attributes: tuple[str, ...]
    ) -> None:
        raise NotImplementedError

    def decode(self, body: bytes) -> DecodedPage:
        """Return a response's body as rows."""
        raise NotImplementedError

    def decode_items(
        self, items: list[dict[str, Any]], last_evaluated_key: dict[str, Any] | None, read_units: float
    ) -> DecodedPage:
        """Return the items that boto3's low-level client parsed as rows; the same as `decode` of their body."""
        raise NotImplementedError


@dataclass(frozen=True)
class LateColumn:
    """A late attribute's values in their type."""

    values: pa.Array
    contradictions: tuple[tuple[int, str], ...]
    """(row, reason) of values that the type cannot hold; null in `values`."""
    inexact: int


def late_column(raw: pa.Array | pa.ChunkedArray, column_type: ColumnType) -> LateColumn:
    """Return a `late:` column in the type that its attribute was given."""
    raise NotImplementedError


def kinds_of_late(raw: pa.Array | pa.ChunkedArray) -> set[str]:
    """Return the type tags in a `late:` column."""
    raise NotImplementedError

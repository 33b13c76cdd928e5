"""Result of decoding one page: rows, withheld items and nulled values."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from exporter.values.numbers import InexactDoubles

DAY = "_day"
"""date32: the day of the row, in the dataset's time zone."""
KEY = "_key"
"""16 bytes: hash of the item's primary key."""
SORT = "_sort"
"""Sort order of the rows: the text of a text sort key, the double of a number."""
LATE = "late:"
"""Prefix of a column of raw AttributeValue JSON, for an attribute that has no column yet."""
ITEM = "_item"
"""Present where a page has late columns: the whole item as DynamoDB JSON in rows with a late value, null elsewhere."""


@dataclass(frozen=True)
class QuarantinedItem:
    """An item that is withheld, or has a value that became null, and the reason."""

    reason: str
    item: str
    """The whole item as DynamoDB JSON, its numbers as DynamoDB wrote them."""
    attribute: str | None
    day: dt.date | None
    """The day of its row; None where it has none and is withheld."""
    row: int | None = None
    """Its row in the page's batch. A row has one entry per value that became null. None where it has no row: it is
    withheld, or it has a day and the list that is exploded is not readable."""


@dataclass(frozen=True)
class AwaitedItem:
    """An item with a derived value that is not there yet."""

    row: int
    day: dt.date
    item: str
    """The whole item as DynamoDB JSON."""


@dataclass(frozen=True)
class DecodedPage:
    """One Query response."""

    rows: pa.RecordBatch
    """In the order read. Columns: the schema's (without those that the export fills from the day), `late:` columns by
    attribute name, `_item` where there are any, `_day`, `_sort`, `_key`."""
    items: int
    """Items read: rows + withheld, and those that the decoder leaves out as not asked for."""
    withheld: tuple[QuarantinedItem, ...]
    nulled: tuple[QuarantinedItem, ...]
    """By row, then by column."""
    inexact: Mapping[tuple[dt.date, str], InexactDoubles]
    """(day, column) -> DOUBLEs that are not exactly the number stored."""
    ignored: Mapping[tuple[dt.date, str], int]
    """(day, undeclared attribute) -> rows that carried it, under the policy `ignore`."""
    awaited: tuple["AwaitedItem", ...]
    """By row, those with a derived value that may come later."""
    last_evaluated_key: dict[str, Any] | None
    """As the low-level client takes it for ExclusiveStartKey: DynamoDB JSON, binary as bytes."""
    read_units: float
    items_by_day: Mapping[dt.date, int] | None = None
    """Where a row is an element of an item: items with a readable day, those without a row as well. None: a row is an
    item."""
    partition_value: str | None = None
    """Value of all its items, from a source with splits of several; None: the split's."""

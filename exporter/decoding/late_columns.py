"""Attributes without a column flow in as they travel, columns in the types that they were given flow out.

A late attribute travels in one of two forms. `late:name` is AttributeValue JSON, which holds values of any kinds.
`late-S:name` is the texts of values that all have the kind S (or N), their truth (BOOL), or plain JSON of them (M, L):
a third of the size, and nothing has to be parsed again. A page has one form of an attribute; pages of one day may
have several, each null where a row came in another.
"""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from dataset_model.columns.types import ColumnType
from dataset_model.records.table_schema import TableSchema
from exporter.decoding.batch import LATE
from exporter.decoding.columns import Cells, cells_from_texts, cells_from_values
from exporter.decoding.timestamps import Clock
from exporter.planning.sort_key import SortKey
from exporter.values.attribute_values import KINDS, kind_of, values_from_texts
from exporter.values.numbers import InexactDoubles

OF_KIND = "late-"
"""Prefix of a column of values of one kind: `late-S:name`; a column of a dataset has no dash in its name."""

DOCUMENTS = frozenset({"M", "L"})
"""Kinds that travel as plain JSON, which is what a column of type json or string holds of them."""

TRAVELLING = frozenset({"S", "N", "BOOL"}) | DOCUMENTS
"""Kinds with a form of their own."""

_CLOCK = Clock(SortKey("ISO", ZoneInfo("UTC"), "S", dt.MAXYEAR))
_BEGINNING_BYTES = 4
_KIND_BY_BEGINNING = {f'{{"{kind}":'.encode()[:_BEGINNING_BYTES]: kind for kind in KINDS}
_ONLY = {"double": {"N", "NULL"}, "boolean": {"BOOL", "NULL"}, "string": {*KINDS}, "json": {*KINDS}}


@dataclass(frozen=True)
class LateColumn:
    """A late attribute's values in their type."""

    values: pa.Array
    contradictions: tuple[tuple[int, str], ...]
    """(row, reason) of values that the type cannot hold; null in `values`."""
    inexact: InexactDoubles


def late_name(attribute: str, kind: str | None) -> str:
    """Return the name of a column of a late attribute; None for values of any kinds."""
    return f"{LATE}{attribute}" if kind is None else f"{OF_KIND}{kind}:{attribute}"


def late_attribute(name: str) -> tuple[str, str | None] | None:
    """Return attribute and kind (None: any) of a column of that name, or None where it is of no late attribute."""
    if name.startswith(LATE):
        return name.removeprefix(LATE), None
    if name.startswith(OF_KIND):
        kind, _, attribute = name.removeprefix(OF_KIND).partition(":")
        return attribute, kind
    return None


def late_kinds(rows: pa.RecordBatch) -> dict[str, set[str]]:
    """Return late attribute -> type tags of its values; a NULL has none where the others have all the same kind."""
    found: dict[str, set[str]] = {}
    for name, column in zip(rows.schema.names, rows.columns, strict=True):
        late = late_attribute(name)
        if late is not None:
            attribute, kind = late
            of_it = found.setdefault(attribute, set())
            if kind is None:
                of_it.update(kinds_of_late(column))
            elif column.null_count < len(column):
                of_it.add(kind)
    return found


def kinds_of_late(raw: pa.Array | pa.ChunkedArray) -> set[str]:
    """Return the type tags in a `late:` column."""
    # A text begins with its type, {"S":, so a few beginnings stand for all texts.
    texts = pc.drop_null(raw).cast(pa.binary())
    beginnings = pc.unique(pc.binary_slice(texts, 0, _BEGINNING_BYTES)).to_pylist()
    if not _KIND_BY_BEGINNING.keys() >= set(beginnings):  # JSON with spaces
        return {kind_of(value) for value in values_from_texts(texts.to_pylist()) if value is not None}
    return {_KIND_BY_BEGINNING[beginning] for beginning in beginnings}


def holds(column_type: ColumnType, kinds: Collection[str]) -> bool:
    """Whether a column holds every value of these kinds: none can contradict it."""
    return _ONLY.get(column_type.name, set()) >= set(kinds)


def late_column(raw: pa.Array | pa.ChunkedArray, column_type: ColumnType) -> LateColumn:
    """Return a `late:` column in the type that its attribute was given, as `decode` would have done."""
    return _late_column(cells_from_values(values_from_texts(raw.cast(pa.binary()).to_pylist()), column_type, _CLOCK))


def with_types(rows: pa.RecordBatch, schema: TableSchema) -> tuple[pa.RecordBatch, dict[str, InexactDoubles]]:
    """Return rows with their late attributes in the columns of a schema, and the doubles that are not exact by column.

    The columns `hold` every value. An attribute without a column has been NULL in all rows of the table.
    """
    columns = {column.whole_attribute: column for column in schema.columns if column.whole_attribute}
    arrays: dict[str, list[pa.Array]] = {}
    inexact: dict[str, InexactDoubles] = {}
    for name, cells in zip(rows.schema.names, rows.columns, strict=True):
        late = late_attribute(name)
        if late is None:
            arrays[name] = [cells]
        elif (column := columns.get(late[0])) is not None:
            typed = _typed(cells, late[1], column.type)
            arrays.setdefault(column.name, []).append(typed.values)
            if typed.inexact.count:
                inexact[column.name] = inexact.get(column.name, InexactDoubles()) + typed.inexact
    # No row has an attribute in two forms.
    whole = [found[0] if len(found) == 1 else pc.coalesce(*found) for found in arrays.values()]
    return pa.RecordBatch.from_arrays(whole, [*arrays]), inexact


def _typed(cells: pa.Array, kind: str | None, column_type: ColumnType) -> LateColumn:
    if kind is None:
        return late_column(cells, column_type)
    return _late_column(_cells_of_kind(kind, cells, column_type))


def _late_column(cells: Cells) -> LateColumn:
    return LateColumn(cells.values, tuple(cells.contradictions), InexactDoubles(len(cells.inexact), cells.digits))


def _cells_of_kind(kind: str, cells: pa.Array, column_type: ColumnType) -> Cells:
    if kind in DOCUMENTS:
        return Cells(cells)
    if kind == "BOOL":
        return Cells(cells if column_type.name == "boolean" else cells.cast(pa.string()))
    return cells_from_texts(kind, cells, column_type, _CLOCK)

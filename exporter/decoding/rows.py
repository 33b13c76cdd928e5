"""The cells of a page's columns flow in; one record batch, and what contradicts a column, flow out."""

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence

import pyarrow as pa

from dataset_model.records.table_schema import SchemaColumn
from exporter.decoding.batch import DAY, ITEM, KEY, LATE, SORT, AwaitedItem, QuarantinedItem
from exporter.decoding.columns import Cells
from exporter.decoding.late_columns import late_name
from exporter.decoding.page import item_texts
from exporter.decoding.page_values import ANY, Values
from exporter.values.attribute_values import dynamo_text
from exporter.values.numbers import InexactDoubles


class ItemTexts:
    """The items of a page as text, written out only when one is quarantined."""

    def __init__(self, body: bytes, positions: Sequence[int]) -> None:
        self._body = body
        self._positions = positions

    def of(self, rows: Sequence[int]) -> list[str]:
        """Return the items of some rows."""
        return item_texts(self._body, [self._positions[row] for row in rows]) if rows else []


class Rows:
    """The columns of a batch while they are filled, and the values that contradict their column."""

    def __init__(self, days: pa.Date32Array, texts: ItemTexts) -> None:
        self._days = days
        self._texts = texts
        self._names: list[str] = []
        self._arrays: list[pa.Array] = []
        self._contradictions: list[tuple[int, int, str, str]] = []
        self._awaited: set[int] = set()
        self.inexact: dict[tuple[dt.date, str], InexactDoubles] = {}

    def add(self, column: SchemaColumn, cells: Cells, awaited: Sequence[int] = ()) -> None:
        """Add a column with its contradictions; `awaited` are rows with a derived value that may come later."""
        self._awaited.update(awaited)
        origin = column.derive or column.attribute or ""
        for row, reason in cells.contradictions:
            self._contradictions.append((row, len(self._names), f"{column.name}: {reason}", origin))
        if cells.inexact:
            for day, count in Counter(self._days[row].as_py() for row in cells.inexact).items():
                self.inexact[day, column.name] = InexactDoubles(count, cells.digits)
        self.append(column.name, cells.values)

    def add_late(self, undeclared: Mapping[str, Values]) -> None:
        """Add a `late:` column for each attribute that has none yet, and the items that carry one."""
        if not undeclared:
            return
        present: set[int] = set()
        for name, values in undeclared.items():
            texts = [None if value is None else dynamo_text(value) for value in values.parsed()]
            present.update(row for row, text in enumerate(texts) if text is not None)
            self.append(f"{LATE}{name}", pa.array(texts, pa.string()))
        rows = sorted(present)
        texts_by_row = dict(zip(rows, self._texts.of(rows), strict=True))
        self.append(ITEM, pa.array([texts_by_row.get(row) for row in range(len(self._days))], pa.string()))

    def add_late_by_kind(self, undeclared: Mapping[str, Values]) -> None:
        """Add a column for each attribute that has none yet: of plain values where they have one kind in this page."""
        for name, values in undeclared.items():
            if values.kind is None:
                texts = [None if value is None else dynamo_text(value) for value in values.parsed()]
                self.append(late_name(name, None), pa.array(texts, pa.string()))
            elif values.kind == ANY:
                self.append(late_name(name, None), values.cells.cast(pa.string()))
            else:
                self.append(late_name(name, values.kind), values.cells)

    def nulled(self) -> tuple[QuarantinedItem, ...]:
        """Return the values that became null, by row and then by column."""
        found = sorted(self._contradictions)
        texts = self._texts.of([row for row, *_ in found])
        return tuple(
            QuarantinedItem(reason, item, attribute, self._days[row].as_py(), row)
            for (row, _, reason, attribute), item in zip(found, texts, strict=True)
        )

    def awaited(self) -> tuple[AwaitedItem, ...]:
        """Return the rows with a derived value that may come later."""
        rows = sorted(self._awaited)
        return tuple(
            AwaitedItem(row, self._days[row].as_py(), item)
            for row, item in zip(rows, self._texts.of(rows), strict=True)
        )

    def batch(self, sorts: pa.Array, keys: pa.Array) -> pa.RecordBatch:
        """Return all columns, with those that the export needs."""
        self.append(DAY, self._days)
        self.append(SORT, sorts)
        self.append(KEY, keys)
        return pa.RecordBatch.from_arrays(self._arrays, self._names)

    def append(self, name: str, values: pa.Array) -> None:
        """Add a column without contradictions."""
        self._names.append(name)
        self._arrays.append(values)

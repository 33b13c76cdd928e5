"""The bytes of a Query response flow in; one record batch and the quarantined items flow out.

A batch has the schema's columns, then a string column per late attribute, then the helper columns of the export. The
rows of an index do not depend on how it was cut into pages.
"""

import datetime as dt
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from hashlib import blake2b
from itertools import compress
from typing import TYPE_CHECKING, Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from dataset_model import Dataset, FilesSource
from dataset_model.columns.attribute_paths import ELEMENT, AttributePath
from dataset_model.definition import FILE_DATE, FILE_LINE
from dataset_model.records.table_schema import SchemaColumn, TableSchema
from exporter.decoding.batch import DAY, ITEM, KEY, LATE, SORT, DecodedPage, QuarantinedItem
from exporter.decoding.columns import Cells, cells_from_texts, cells_from_values
from exporter.decoding.key_hash import row_key
from exporter.decoding.late_columns import TRAVELLING
from exporter.decoding.nested.paths import values_at
from exporter.decoding.page import PageReader
from exporter.decoding.page_values import ANY, Values
from exporter.decoding.rows import ItemTexts, Rows
from exporter.decoding.timestamps import Clock
from exporter.errors import UnreadableDate
from exporter.native.library import library
from exporter.planning.sort_key import SortKey
from exporter.values.attribute_values import (
    AttributeValue,
    json_object,
    key_part,
    key_text,
)

if TYPE_CHECKING:
    from exporter.decoding.derivations import Deriver
    from exporter.decoding.nested.elements import Elements, Exploded
    from exporter.decoding.nested.exploded_items import ExplodedItems

__all__ = [
    "DAY",
    "ITEM",
    "KEY",
    "LATE",
    "SORT",
    "DecodedPage",
    "PageDecoder",
    "QuarantinedItem",
]

_KEY_TYPE = pa.binary(16)


class PageDecoder:
    """Decodes the pages of one dataset under one schema, for any number of threads."""

    def __init__(
        self,
        schema: TableSchema,
        dataset: Dataset,
        sort_key: SortKey,
        key_attributes: tuple[str, ...],
        between: tuple[dt.datetime, dt.datetime] | None = None,
        deriver: "Deriver | None" = None,
        *,
        late_by_kind: bool = False,
    ) -> None:
        """`key_attributes` are those of the table's primary key, which identify an item.

        `deriver` has the functions of the derived columns that the dataset declares.
        With `between`, items with an instant outside `[first, second)` are left out as if they had not been read.
        With `late_by_kind`, late attributes travel as texts of one kind where they have one, without their items.
        """
        self._late_by_kind = late_by_kind and dataset.undeclared == "add"
        self._between = between
        self.schema = schema
        self._undeclared = dataset.undeclared
        self._given = {FILE_DATE, FILE_LINE} if isinstance(dataset.source, FilesSource) else set()
        self._sort_key = sort_key
        self._sort_attribute = dataset.source.sort_key
        self._key_attributes = key_attributes = row_key(dataset, key_attributes)
        self._clock = Clock(sort_key)
        self._clocks = {
            column.name: Clock(sort_key, date_format=column.format) for column in dataset.columns if column.format
        }
        self._sort_clock = Clock(sort_key, is_sort_key=True)
        # The columns without attribute are filled from the day, except the one of JSON, which holds the undeclared.
        # A derived column that the file does not declare any more stays null.
        derived = {column.name for column in dataset.columns if column.derive}
        self._deriver = deriver
        self._constants = {column.name: column.constant for column in dataset.columns if column.constant}
        self._columns = [
            column
            for column in schema.columns
            if (column.name in derived if column.derive else column.attribute or column.type.name == "json")
        ]
        self._inputs = {
            column.name: tuple(AttributePath.parse(text).steps for text in column.inputs) for column in self._columns
        }
        whole = {column.whole_attribute: column.type for column in self._columns if column.whole_attribute}
        kinds = {attribute: column_type.row.dynamo for attribute, column_type in whole.items()}
        # Values inside an attribute are looked for in the attribute as it was sent, whatever column it has itself.
        paths = itertools.chain((column.path for column in self._columns), *self._inputs.values())
        self._roots = {str(path[0]) for path in paths if path}
        undeclared = self._roots if self._undeclared != "ignore" else set()
        self._without_column = sorted({*key_attributes, self._sort_attribute, *undeclared} - kinds.keys())
        without: dict[str, str | None] = dict.fromkeys(self._without_column)
        if self._late_by_kind:
            without |= dict.fromkeys({*key_attributes} & {*self._without_column}, "S")  # as most are
        if dataset.exploded:
            without[key_attributes[-1]] = "N"
        read_as_values = {*key_attributes, self._sort_attribute, *self._roots}
        self._elements: Elements | None = None
        if dataset.exploded:
            from exporter.decoding.nested import elements

            needed = {*kinds, *key_attributes, self._sort_attribute, *self._roots}
            self._elements = elements.Elements(dataset.exploded, needed, library())
        # A plain element is a contradiction where columns read members of maps, and none reads elements themselves.
        element = f"{dataset.exploded}{ELEMENT}"
        self._reads_maps = element not in {*whole, *self._roots}
        self._reader = PageReader(
            kinds | without | dict.fromkeys(self._roots) | {self._sort_attribute: sort_key.attribute_type},
            {attribute: column_type for attribute, column_type in whole.items() if attribute not in read_as_values},
            library(),
            TRAVELLING if self._late_by_kind else (),
        )

    def decode(self, body: bytes) -> DecodedPage:
        """Return a response's body as rows; raise msgspec.DecodeError where it is no Query response."""
        exploded = self._elements.explode(body) if self._elements else None
        page = self._reader.read(exploded.body if exploded else body)
        days = self._days(page.expected[self._sort_attribute])
        expected, others, finished = dict(page.expected), dict(page.others), dict(page.finished)
        origins: Sequence[int] = exploded.origins if exploded else range(page.items)
        texts = ItemTexts(body, origins)
        withheld: tuple[QuarantinedItem, ...] = ()
        items: ExplodedItems | None = None
        if days.null_count or self._between or exploded:
            withheld = tuple(self._withheld(days, texts, exploded))
            kept = self._kept(expected[self._sort_attribute], days)
            if exploded:
                from exporter.decoding.nested import exploded_items

                items = exploded_items.ExplodedItems(exploded, days, kept, texts.of)
                kept = items.rows
            if not all(kept):
                expected = {name: values.where(kept) for name, values in expected.items()}
                others = {name: values.where(kept) for name, values in others.items()}
                mask = pa.array(kept, pa.bool_())
                finished = {name: values.filter(mask) for name, values in finished.items()}
                days, texts = days.filter(mask), ItemTexts(body, list(compress(origins, kept)))
        undeclared = {name: values for name, values in self._undeclared_values(expected, others) if values.any}
        rows = Rows(days, texts)
        for column in self._columns:
            whole = finished.get(column.whole_attribute or "")
            if column.name in self._constants:
                rows.append(column.name, pa.repeat(pa.scalar(self._constants[column.name], pa.string()), len(days)))
            elif column.derive:
                rows.add(column, *self._derived_cells(column, expected))
            elif whole is None:
                rows.add(column, self._cells(column, expected, undeclared, days))
            else:
                rows.append(column.name, whole)
        if self._late_by_kind:
            rows.add_late_by_kind(undeclared)
        elif self._undeclared == "add":
            rows.add_late(undeclared)
        return DecodedPage(
            rows=rows.batch(self._sorts(expected[self._sort_attribute]), self._keys(expected, len(days))),
            items=(origins[-1] + 1 if origins else 0) if exploded else page.items,
            items_by_day=items.by_day if items else None,
            withheld=withheld,
            nulled=self._nulled(rows, items),
            inexact=rows.inexact,
            ignored=self._ignored(undeclared, days),
            awaited=rows.awaited(),
            last_evaluated_key=page.last_evaluated_key,
            read_units=page.read_units,
        )

    def _ignored(self, undeclared: Mapping[str, Values], days: pa.Date32Array) -> dict[tuple[dt.date, str], int]:
        if self._undeclared != "ignore":
            return {}
        return _ignored({name: values for name, values in undeclared.items() if name not in self._given}, days)

    def _key_texts(self, values: Values) -> pa.StringArray:
        kind = self._sort_key.attribute_type
        if values.kind == kind:
            return values.cells
        return pa.array([None if value is None else getattr(value, kind) for value in values.parsed()], pa.string())

    def _days(self, values: Values) -> pa.Date32Array:
        return self._sort_key.days(self._key_texts(values))

    def _kept(self, values: Values, days: pa.Date32Array) -> list[bool]:
        kept: list[bool] = days.is_valid().to_pylist()
        if self._between is None:
            return kept
        start, end = self._between
        texts = self._key_texts(values)
        return [
            readable and text is not None and start <= self._sort_key.instant(text) < end
            for readable, text in zip(kept, texts.to_pylist(), strict=True)
        ]

    def _nulled(self, rows: Rows, items: "ExplodedItems | None") -> tuple[QuarantinedItem, ...]:
        if items is None or self._elements is None:
            return rows.nulled()
        plain = items.plain(self._elements.attribute) if self._reads_maps else ()
        nulled = sorted((*plain, *rows.nulled()), key=lambda entry: entry.row or 0)
        return (*items.refused(self._elements.attribute), *nulled)

    def _withheld(
        self, days: pa.Date32Array, texts: ItemTexts, exploded: "Exploded | None"
    ) -> Iterator[QuarantinedItem]:
        unreadable = pc.indices_nonzero(days.is_null()).to_pylist()
        if exploded:  # an item is withheld once, however many elements it has
            unreadable = [row for row in unreadable if exploded.numbers[row] <= 1]
        for item in texts.of(unreadable):
            stored = msgspec.json.decode(item).get(self._sort_attribute, {})
            reason = f"{self._sort_attribute}: {self._reason(stored)}"
            yield QuarantinedItem(reason, item, self._sort_attribute, None)

    def _reason(self, stored: dict[str, Any]) -> str:
        kind = self._sort_key.attribute_type
        if kind not in stored:
            return f"expected {kind}; found {next(iter(stored), 'nothing')}"
        try:
            self._sort_key.day(stored[kind])
        except UnreadableDate as error:
            return error.reason
        raise AssertionError(f"{stored} is readable by itself but was not in its page")

    def _undeclared_values(
        self, expected: Mapping[str, Values], others: Mapping[str, Values]
    ) -> Iterator[tuple[str, Values]]:
        made = self._elements.number if self._elements else None
        for name in sorted({*self._without_column, *others} - {made}):
            yield name, expected[name] if name in expected else others[name]

    def _cells(
        self, column: SchemaColumn, expected: Mapping[str, Values], undeclared: Mapping[str, Values], days: pa.Array
    ) -> Cells:
        if column.attribute is None:
            return Cells(_extra(undeclared if self._undeclared == "extra" else {}, len(days)))
        if column.path:
            return self._nested_cells(column, expected[str(column.path[0])])
        is_sort_key = column.attribute == self._sort_attribute
        if is_sort_key and column.type.name == "date":
            return Cells(days)
        values = expected[column.attribute]
        clock = self._sort_clock if is_sort_key else self._clocks.get(column.name, self._clock)
        if values.kind in {None, ANY}:
            return cells_from_values(values.parsed(), column.type, clock)
        if values.kind == "BOOL":
            return Cells(values.cells)
        return cells_from_texts(values.kind or "", values.cells, column.type, clock)

    def _nested_cells(self, column: SchemaColumn, values: Values) -> Cells:
        found, refused = values_at(values.parsed(), column.path)
        cells = cells_from_values(found, column.type, self._clocks.get(column.name, self._clock))
        inside = [(row, f"{column.attribute}: {reason}") for row, reason in (*cells.contradictions, *refused)]
        return replace(cells, contradictions=sorted(inside))

    def _derived_cells(self, column: SchemaColumn, expected: Mapping[str, Values]) -> tuple[Cells, Sequence[int]]:
        if self._deriver is None:
            raise AssertionError(f"column {column.name} is derived, and the decoder was made without functions")
        inputs: list[list[AttributeValue | None]] = []
        refused: list[tuple[int, str]] = []
        for path, text in zip(self._inputs[column.name], column.inputs, strict=True):
            found, wrong = values_at(expected[str(path[0])].parsed(), path)
            inputs.append(found)
            refused += [(row, f"{text}: {reason}") for row, reason in wrong]
        derived = self._deriver.derived(column.derive, list(zip(*inputs, strict=True)))
        cells = cells_from_values(derived.values, column.type, self._clock)
        unfit = [(row, f"derivation {column.derive}: {reason}") for row, reason in cells.contradictions]
        return replace(cells, contradictions=sorted([*unfit, *refused, *derived.failures])), derived.awaited

    def _sorts(self, values: Values) -> pa.Array:
        texts = self._key_texts(values)
        return texts if self._sort_key.attribute_type == "S" else texts.cast(pa.float64())

    def _keys(self, expected: Mapping[str, Values], rows: int) -> pa.Array:
        keys = [expected[attribute] for attribute in self._key_attributes]
        compiled = library()
        if compiled is not None and keys and all(values.kind in {"S", "N"} for values in keys):
            hashes = compiled.key_hashes([(values.kind or "", values.cells) for values in keys], rows)
            if hashes is not None:
                return hashes
        parts = [_key_parts(values) for values in keys]
        texts = parts[0] if len(parts) == 1 else map("".join, zip(*parts, strict=True)) if parts else [""] * rows
        return pa.array([blake2b(text.encode(), digest_size=16).digest() for text in texts], _KEY_TYPE)


def _key_parts(values: Values) -> list[str]:
    if values.kind == "S":
        return ["-" if text is None else f"S{len(text)}:{text}" for text in values.cells.to_pylist()]
    if values.kind == "N":
        return ["-" if text is None else key_part("N", text) for text in values.cells.to_pylist()]
    return [key_text(value) for value in values.parsed()]


def _extra(undeclared: Mapping[str, Values], rows: int) -> pa.StringArray:
    parsed = {name: values.parsed() for name, values in undeclared.items()}
    cells: list[str | None] = []
    for row in range(rows):
        held = {name: value for name, values in parsed.items() if (value := values[row]) is not None}
        cells.append(json_object(held) if held else None)
    return pa.array(cells, pa.string())


def _ignored(undeclared: Mapping[str, Values], days: pa.Date32Array) -> dict[tuple[dt.date, str], int]:
    one_day = days[0].as_py() if len(days) and len(days.unique()) == 1 else None
    if one_day is not None:  # as on most pages
        return {(one_day, name): values.count for name, values in undeclared.items()}
    found: dict[tuple[dt.date, str], int] = {}
    for name, values in undeclared.items():
        is_there = [cell is not None for cell in values.cells] if values.kind is None else values.cells.is_valid()
        for counted in days.filter(pa.array(is_there, pa.bool_())).value_counts().to_pylist():
            found[counted["values"], name] = counted["counts"]
    return found

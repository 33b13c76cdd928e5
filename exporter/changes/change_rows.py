"""Stream records flow in, rows of change files flow out: the item on its day, a tombstone on a day that it has left."""

import datetime as dt
from array import array
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pyarrow as pa

from dataset_model import Dataset
from dataset_model.records.changes import CHANGE_COLUMNS, Operation
from dataset_model.records.table_schema import TableSchema
from exporter.changes.carried import CarriedRecords
from exporter.changes.decoded_images import DecodedImages, decoded_images, place_decoder
from exporter.decoding.batch import DAY, KEY, DecodedPage, QuarantinedItem
from exporter.decoding.decoder import PageDecoder
from exporter.decoding.late_columns import late_kinds
from exporter.decoding.schema import arrow_schema, extended_schema
from exporter.errors import ExportError
from exporter.planning.sort_key import SortKey
from exporter.sources.description import SourceDescription
from exporter.targets.day_file import typed_rows
from exporter.targets.stamps import key_texts

if TYPE_CHECKING:
    from exporter.decoding.derivations import Deriver


@dataclass(frozen=True)
class DatasetOfStream:
    """A dataset, and what is known of its table."""

    dataset: Dataset
    sort_key: SortKey
    description: SourceDescription
    deriver: "Deriver | None" = None
    """The functions of its derived columns."""


@dataclass(frozen=True)
class GoneItems:
    """Items that are not on a day any more, of which no record of a change says so."""

    keys: pa.Array
    """Hashes of their keys, 16 bytes each."""
    at: pa.Array
    """Milliseconds since 1970, int64."""
    sequences: pa.Array
    """Sequence numbers of 40 digits."""

    def rows(self, schema: TableSchema) -> pa.Table:
        """Return their tombstones in the columns of a change file."""
        arrow, gone = arrow_schema(schema), self.keys
        operation: Operation = "D"
        change = (key_texts(gone), self.at, self.sequences, pa.repeat(pa.scalar(operation), len(gone)))
        nulls = {column.name: pa.nulls(len(gone), column.type) for column in arrow}
        return pa.table(nulls | dict(zip(CHANGE_COLUMNS, change, strict=True)))


@dataclass
class ChangeRows:
    """What some records have changed."""

    schema: TableSchema
    """With a column for every attribute that the records brought."""
    days: dict[dt.date, pa.Table] = field(default_factory=dict)
    """Day -> rows in the columns of a change file."""
    quarantined: list[Sequence[QuarantinedItem]] = field(default_factory=list)
    """By page."""
    poison: dict[int, str] = field(default_factory=dict)
    """Number of a record that cannot be decoded -> reason."""
    expired: int = 0
    """Removals that are no deletions: by time to live, or all of them where the dataset keeps what is deleted."""
    awaited: set[int] = field(default_factory=set)
    """Numbers of the records with a derived value that may come later."""

    @property
    def rows(self) -> int:
        """Rows of all days."""
        return sum(rows.num_rows for rows in self.days.values())


class ChangeDecoder:
    """Decodes the records of one table's stream for one dataset under one schema."""

    def __init__(self, source: DatasetOfStream, schema: TableSchema) -> None:
        dataset, description = source.dataset, source.description
        self._dataset = dataset
        self._schema = schema
        self._rows = PageDecoder(schema, dataset, source.sort_key, description.table_key, deriver=source.deriver)
        self._places = place_decoder(dataset, source.sort_key, description.table_key, schema)

    def decode(self, records: CarriedRecords, now: dt.datetime) -> ChangeRows:
        """Return the rows of records; those that cannot be decoded are named and give none."""
        try:
            return self._decoded(records, now)
        except ExportError:
            raise
        except Exception:
            refused = self._refused(records, range(records.count), now)
            if not refused:
                raise
        found = self._decoded(records.only([n for n in range(records.count) if n not in refused]), now)
        found.poison |= refused
        return found

    def _refused(self, records: CarriedRecords, numbers: range, now: dt.datetime) -> dict[int, str]:
        """Return the records that no decoder takes, as a retry would meet them again: number -> reason."""
        try:
            self._decoded(records.only(numbers), now)
        except ExportError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever a record does to the decoder
            if len(numbers) == 1:
                return {numbers[0]: f"record: {error}"}
            middle = len(numbers) // 2
            halves = (numbers[:middle], numbers[middle:])
            return {number: why for half in halves for number, why in self._refused(records, half, now).items()}
        return {}

    def _decoded(self, records: CarriedRecords, now: dt.datetime) -> ChangeRows:
        found = ChangeRows(self._schema, expired=len(records.expired))
        items, left = decoded_images(self._rows, records.new), decoded_images(self._places, records.old)
        found.poison = records.refused | items.poison | left.poison
        rows = _Rows(records, found)
        rows.add_items(items, self._dataset, now)
        if len(records.old):
            rows.add_tombstones(left, dict(_days(items)))
        found.days = rows.tables()
        return found


class _Rows:
    """The rows of some records while they are collected."""

    def __init__(self, records: CarriedRecords, found: ChangeRows) -> None:
        self._by_ttl, self._found = records.by_ttl, found
        self._at = pa.Array.from_buffers(pa.int64(), records.count, [None, pa.py_buffer(records.at)])
        self._sequences = records.sequences
        self._parts: dict[dt.date, list[pa.Table]] = defaultdict(list)

    def add_items(self, images: DecodedImages, dataset: Dataset, now: dt.datetime) -> None:
        """Add a row for each item on its day."""
        found = self._found
        found.schema = extended_schema(found.schema, dataset, _late_kinds(images), now)
        arrow = arrow_schema(found.schema)
        for page, numbers in images.pages:
            found.quarantined.append((*page.withheld, *page.nulled))
            found.awaited |= {numbers[one.row] for one in page.awaited}
            rows = typed_rows(page.rows, found.schema, arrow, found.quarantined.append)
            changed: Operation = "U"
            operations = pa.repeat(pa.scalar(changed), len(numbers))
            poison = found.poison.keys() & set(numbers) if found.poison else ()
            self._add(rows, page, numbers, operations, [number not in poison for number in numbers] if poison else None)

    def add_tombstones(self, images: DecodedImages, days: Mapping[int, dt.date]) -> None:
        """Add a tombstone for each item that is not on its old day any more; `days` are those of the new items."""
        empty = arrow_schema(self._found.schema)
        for page, numbers in images.pages:
            left = page.rows.column(DAY).to_pylist()
            gone = [
                days.get(number) != day and number not in self._found.poison
                for number, day in zip(numbers, left, strict=True)
            ]
            operations: list[Operation] = ["T" if number in self._by_ttl else "D" for number in numbers]
            nulls = pa.RecordBatch.from_arrays([pa.nulls(len(left), kind) for kind in empty.types], schema=empty)
            self._add(nulls, page, numbers, pa.array(operations, pa.string()), gone)

    def _add(
        self,
        rows: pa.RecordBatch,
        page: DecodedPage,
        numbers: "array[int]",
        operations: pa.Array,
        wanted: Sequence[bool] | None,
    ) -> None:
        """Add the wanted ones of a page's rows to their days; None: all."""
        about = pa.Array.from_buffers(pa.int32(), len(numbers), [None, pa.py_buffer(numbers)])
        change: dict[str, pa.Array] = dict(zip(CHANGE_COLUMNS, (
            key_texts(page.rows.column(KEY)),
            self._at.take(about),
            self._sequences.take(about).cast(pa.binary()).cast(pa.string()),
            operations,
        ), strict=True))  # fmt: skip
        table = pa.table(dict(zip(rows.schema.names, rows.columns, strict=True)) | change)
        days = page.rows.column(DAY)
        if wanted is not None and not all(wanted):
            chosen = pa.array(wanted, pa.bool_())
            table, days = table.filter(chosen), days.filter(chosen)
        found = days.unique().to_pylist()
        if len(found) == 1:  # as in most batches
            self._parts[found[0]].append(table)
            return
        of_day: dict[dt.date, list[int]] = defaultdict(list)
        for row, day in enumerate(days.to_pylist()):
            of_day[day].append(row)
        for day, of_it in of_day.items():
            self._parts[day].append(table.take(pa.array(of_it, pa.int64())))

    def tables(self) -> dict[dt.date, pa.Table]:
        """Return the rows by day."""
        return {day: pa.concat_tables(parts).combine_chunks() for day, parts in sorted(self._parts.items())}


def _days(images: DecodedImages) -> Iterator[tuple[int, dt.date]]:
    """Yield each decoded image's number and day."""
    for page, numbers in images.pages:
        yield from zip(numbers, page.rows.column(DAY).to_pylist(), strict=True)


def _late_kinds(images: DecodedImages) -> dict[str, set[str]]:
    kinds: dict[str, set[str]] = {}
    for page, _ in images.pages:
        for attribute, of_it in late_kinds(page.rows).items():
            kinds.setdefault(attribute, set()).update(of_it)
    return kinds

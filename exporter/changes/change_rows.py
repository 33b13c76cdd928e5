"""Stream records flow in, rows of change files flow out: the item on its day, a tombstone on a day that it has left."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pyarrow as pa

from dataset_model import Dataset
from dataset_model.records.changes import CHANGE_COLUMNS, Operation
from dataset_model.records.table_schema import TableSchema
from exporter.changes.decoded_images import DecodedImages, NumberedImages, decoded_images, place_decoder
from exporter.changes.membership import Membership, part_of
from exporter.changes.stream_record import StreamRecord
from exporter.decoding.batch import DAY, KEY, LATE, DecodedPage, QuarantinedItem
from exporter.decoding.decoder import PageDecoder, kinds_of_late
from exporter.decoding.schema import arrow_schema, extended_schema
from exporter.errors import ExportError
from exporter.planning.sort_key import SortKey
from exporter.sources.description import SourceDescription
from exporter.targets.day_file import typed_rows
from exporter.targets.stamps import key_texts
from exporter.values.attribute_values import Image

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

    @property
    def places(self) -> tuple[str, ...]:
        """The attributes by which the source holds an item, and on which day; its key never changes."""
        source = self.dataset.source
        return (source.sort_key, *source.partition_attributes)


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
        self._dataset, self._place = dataset, source.places
        self._schema = schema
        self._membership = Membership(
            dataset, description.partition_key_types, description.sort_key_type, description.projected
        )
        self._rows = PageDecoder(schema, dataset, source.sort_key, description.table_key, deriver=source.deriver)
        # Of an old image only its place matters: the day that the item leaves, and its key.
        self._placed_by, self._places = place_decoder(dataset, source.sort_key, description.table_key, schema)

    def decode(self, records: Sequence[StreamRecord], now: dt.datetime) -> ChangeRows:
        """Return the rows of records; those that cannot be decoded are named and give none."""
        try:
            return self._decoded(records, now)
        except ExportError:
            raise
        except Exception:
            refused = self._refused(records, range(len(records)), now)
            if not refused:
                raise
        numbers = [number for number in range(len(records)) if number not in refused]
        found = self._decoded([records[number] for number in numbers], now)
        found.poison = {numbers[number]: reason for number, reason in found.poison.items()} | refused
        found.awaited = {numbers[number] for number in found.awaited}
        return found

    def _refused(self, records: Sequence[StreamRecord], numbers: Sequence[int], now: dt.datetime) -> dict[int, str]:
        """Return the records that no decoder takes, as a retry would meet them again: number -> reason."""
        try:
            self._decoded([records[number] for number in numbers], now)
        except ExportError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever a record does to the decoder
            if len(numbers) == 1:
                return {numbers[0]: f"record: {error}"}
            middle = len(numbers) // 2
            halves = (numbers[:middle], numbers[middle:])
            return {number: why for half in halves for number, why in self._refused(records, half, now).items()}
        return {}

    def _decoded(self, records: Sequence[StreamRecord], now: dt.datetime) -> ChangeRows:
        found = ChangeRows(self._schema)
        new, old = self._carried(records, found)
        items, left = decoded_images(self._rows, new), decoded_images(self._places, old)
        found.poison |= items.poison | left.poison
        rows = _Rows(records, found)
        rows.add_items(items, self._dataset, now)
        if len(old):
            rows.add_tombstones(left, dict(_days(items)))
        found.days = rows.tables()
        return found

    def _carried(self, records: Sequence[StreamRecord], found: ChangeRows) -> tuple[NumberedImages, NumberedImages]:
        """Return the images that the source holds by record number: new ones, and the places that items have left."""
        retention, carried = self._dataset.retention, self._membership.carried
        is_final = retention.expires_after_days is None and not retention.keep_deleted
        new, old = NumberedImages(), NumberedImages()
        for number, record in enumerate(records):
            if not is_final and (record.by_ttl or (retention.keep_deleted and record.new is None)):
                found.expired += 1  # the source forgets what the dataset keeps
                continue
            try:
                after = None if record.new is None else carried(record.new)
                if after is not None:
                    new.add(number, after)
                if record.old is None or (after is not None and self._is_in_place(record.old, record.new)):
                    continue
                before = carried(record.old)
                if before is not None:
                    old.add(number, part_of(before, self._placed_by))
            except Exception as error:  # noqa: BLE001 - as where it is decoded: a retry would meet it again
                found.poison[number] = f"record: {error}"
        return new, old

    def _is_in_place(self, old: Image, new: Image | None) -> bool:
        """Whether an item that the source holds has not moved: then its old image says nothing new."""
        return new is not None and [*map(old.get, self._place)] == [*map(new.get, self._place)]


class _Rows:
    """The rows of some records while they are collected."""

    def __init__(self, records: Sequence[StreamRecord], found: ChangeRows) -> None:
        self._records, self._found = records, found
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
            self._add(rows, page, numbers, ["U"] * len(numbers), [number not in found.poison for number in numbers])

    def add_tombstones(self, images: DecodedImages, days: Mapping[int, dt.date]) -> None:
        """Add a tombstone for each item that is not on its old day any more; `days` are those of the new items."""
        empty = arrow_schema(self._found.schema)
        for page, numbers in images.pages:
            left = page.rows.column(DAY).to_pylist()
            gone = [
                days.get(number) != day and number not in self._found.poison
                for number, day in zip(numbers, left, strict=True)
            ]
            operations: list[Operation] = ["T" if self._records[number].by_ttl else "D" for number in numbers]
            nulls = pa.RecordBatch.from_arrays([pa.nulls(len(left), kind) for kind in empty.types], schema=empty)
            self._add(nulls, page, numbers, operations, gone)

    def _add(
        self,
        rows: pa.RecordBatch,
        page: DecodedPage,
        numbers: Sequence[int],
        operations: Sequence[Operation],
        wanted: Sequence[bool],
    ) -> None:
        """Add the wanted ones of a page's rows to their days."""
        about = [self._records[number] for number in numbers]
        change: dict[str, pa.Array] = dict(zip(CHANGE_COLUMNS, (
            key_texts(page.rows.column(KEY)),
            pa.array([record.at for record in about], pa.int64()),
            pa.array([record.sequence for record in about], pa.string()),
            pa.array(operations, pa.string()),
        ), strict=True))  # fmt: skip
        table = pa.table(dict(zip(rows.schema.names, rows.columns, strict=True)) | change)
        days = page.rows.column(DAY)
        if not all(wanted):
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
        for name in page.rows.schema.names:
            if name.startswith(LATE):
                kinds.setdefault(name.removeprefix(LATE), set()).update(kinds_of_late(page.rows.column(name)))
    return kinds

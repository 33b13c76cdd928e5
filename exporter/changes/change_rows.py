"""Stream records flow in, rows of change files flow out: the item on its day, a tombstone on a day that it has left."""

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pyarrow as pa

from dataset_model import Dataset
from dataset_model.records.changes import CHANGE_COLUMNS, Operation
from dataset_model.records.table_schema import TableSchema
from exporter.changes.decoded_images import DecodedImages, decoded_images, place_decoder
from exporter.changes.membership import Membership
from exporter.changes.stream_record import StreamRecord
from exporter.decoding.batch import DAY, KEY, LATE, QuarantinedItem
from exporter.decoding.decoder import PageDecoder, kinds_of_late
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

    @property
    def places(self) -> frozenset[str]:
        """The attributes that matter of an old image: whether the source held the item, on which day, and its key."""
        source = self.dataset.source
        return frozenset({source.sort_key, *source.partition_attributes, *self.description.table_key})


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
        self._membership = Membership(
            dataset, description.partition_key_types, description.sort_key_type, description.projected
        )
        self._rows = PageDecoder(schema, dataset, source.sort_key, description.table_key, deriver=source.deriver)
        # Of an old image only its place matters: the day that the item leaves, and its key.
        self._place, self._places = place_decoder(dataset, source.sort_key, description.table_key, schema)

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
        kept = self._kept(records, found)
        new, new_of = self._carried(kept, [record.new for _, record in kept], found)
        old, old_of = self._carried(kept, [record.old for _, record in kept], found)
        items = decoded_images(self._rows, new)
        left = decoded_images(self._places, list(map(self._place.of, old)))
        for images, numbers in ((items, new_of), (left, old_of)):
            found.poison |= {numbers[number]: reason for number, reason in images.poison.items()}
        rows = _Rows(records, found)
        days = rows.add_items(items, new_of, self._dataset, now)
        rows.add_tombstones(left, old_of, days)
        found.days = rows.tables()
        return found

    def _kept(self, records: Sequence[StreamRecord], found: ChangeRows) -> list[tuple[int, StreamRecord]]:
        """Return the numbered records without those by which a source forgets what the dataset keeps."""
        retention = self._dataset.retention
        if retention.expires_after_days is None and not retention.keep_deleted:
            return list(enumerate(records))
        is_deletion = (record.by_ttl or (retention.keep_deleted and record.new is None) for record in records)
        kept = [both for both, deleted in zip(enumerate(records), is_deletion, strict=True) if not deleted]
        found.expired = len(records) - len(kept)
        return kept

    def _carried(
        self, kept: Sequence[tuple[int, StreamRecord]], images: Sequence[bytes | None], found: ChangeRows
    ) -> tuple[list[bytes], list[int]]:
        """Return those images that the source holds, and the number of each one's record."""
        carried: list[bytes] = []
        numbers: list[int] = []
        for (number, _), image in zip(kept, images, strict=True):
            if image is None:
                continue
            try:
                part = self._membership.carried(image)
            except Exception as error:  # noqa: BLE001 - as where it is decoded: a retry would meet it again
                found.poison[number] = f"record: {error}"
                continue
            if part is not None:
                carried.append(part)
                numbers.append(number)
        return carried, numbers


class _Rows:
    """The rows of some records while they are collected."""

    def __init__(self, records: Sequence[StreamRecord], found: ChangeRows) -> None:
        self._records, self._found = records, found
        self._parts: dict[dt.date, list[pa.Table]] = defaultdict(list)

    def add_items(
        self, images: DecodedImages, number_of: Sequence[int], dataset: Dataset, now: dt.datetime
    ) -> Mapping[int, dt.date]:
        """Add a row for each item on its day; return record number -> day."""
        found = self._found
        found.schema = extended_schema(found.schema, dataset, _late_kinds(images), now)
        arrow = arrow_schema(found.schema)
        days: dict[int, dt.date] = {}
        for page, of_rows in images.pages:
            numbers = [number_of[image] for image in of_rows]
            found.quarantined.append((*page.withheld, *page.nulled))
            found.awaited |= {numbers[one.row] for one in page.awaited}
            whole = [number not in found.poison for number in numbers]
            rows = typed_rows(page.rows, found.schema, arrow, found.quarantined.append)
            page_days = page.rows.column(DAY).to_pylist()
            days |= dict(zip(numbers, page_days, strict=True))
            self._add(rows, page_days, page.rows.column(KEY), numbers, ["U"] * len(numbers), whole)
        return days

    def add_tombstones(self, images: DecodedImages, number_of: Sequence[int], days: Mapping[int, dt.date]) -> None:
        """Add a tombstone for each item that is not on its old day any more."""
        empty = arrow_schema(self._found.schema)
        for page, of_rows in images.pages:
            numbers = [number_of[image] for image in of_rows]
            left = page.rows.column(DAY).to_pylist()
            gone = [
                days.get(number) != day and number not in self._found.poison
                for number, day in zip(numbers, left, strict=True)
            ]
            if not any(gone):  # as where items change and stay on their days
                continue
            operations: list[Operation] = ["T" if self._records[number].by_ttl else "D" for number in numbers]
            nulls = pa.RecordBatch.from_arrays([pa.nulls(len(left), kind) for kind in empty.types], schema=empty)
            self._add(nulls, left, page.rows.column(KEY), numbers, operations, gone)

    def _add(
        self,
        rows: pa.RecordBatch,
        days: Sequence[dt.date],
        keys: pa.Array,
        numbers: Sequence[int],
        operations: Sequence[Operation],
        wanted: Sequence[bool],
    ) -> None:
        about = [self._records[number] for number in numbers]
        change: dict[str, pa.Array] = dict(zip(CHANGE_COLUMNS, (
            key_texts(keys),
            pa.array([record.at for record in about], pa.int64()),
            pa.array([record.sequence for record in about], pa.string()),
            pa.array(operations, pa.string()),
        ), strict=True))  # fmt: skip
        table = pa.table(dict(zip(rows.schema.names, rows.columns, strict=True)) | change)
        of_day: dict[dt.date, list[int]] = defaultdict(list)
        for row, (day, is_wanted) in enumerate(zip(days, wanted, strict=True)):
            if is_wanted:
                of_day[day].append(row)
        for day, chosen in of_day.items():
            self._parts[day].append(table if len(chosen) == len(table) else table.take(pa.array(chosen, pa.int64())))

    def tables(self) -> dict[dt.date, pa.Table]:
        """Return the rows by day."""
        return {day: pa.concat_tables(parts).combine_chunks() for day, parts in sorted(self._parts.items())}


def _late_kinds(images: DecodedImages) -> dict[str, set[str]]:
    kinds: dict[str, set[str]] = {}
    for page, _ in images.pages:
        for name in page.rows.schema.names:
            if name.startswith(LATE):
                kinds.setdefault(name.removeprefix(LATE), set()).update(kinds_of_late(page.rows.column(name)))
    return kinds

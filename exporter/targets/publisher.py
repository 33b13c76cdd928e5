"""Spooled days flow in, published objects, schema, catalogue and manifest flow out, in an order that is safe to stop.

The catalogue gains a column or a year before any file uses it. The object follows in one put, the manifest comes last.
A run that dies in between leaves the old day or the new one, and the next run corrects the record.
"""

import datetime as dt
import functools
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

import pyarrow as pa
import structlog

from dataset_model import Dataset
from dataset_model.records.manifest import DayRecord, ObjectRecord
from dataset_model.records.masked_columns import masked_columns
from dataset_model.records.runs import PublishedPartition
from dataset_model.records.table_schema import TableSchema
from dataset_model.targets.partitions import data_file, day_from_key, object_key, partition_from_day
from exporter.decoding.schema import extended_schema, initial_schema
from exporter.errors import Interrupted, RowsUnaccounted
from exporter.planning.window import is_closed
from exporter.runtime.memory import WRITTEN_BYTES, LongWork
from exporter.storage.glue_catalog import Catalog
from exporter.storage.object_store import Store, StoredObject
from exporter.storage.parquet_footers import read_footers
from exporter.storage.records import Records
from exporter.targets.day_file import KeptOf, WrittenDay, write_day
from exporter.targets.day_targets import DayTargets
from exporter.targets.formats.registry import FILE_FORMATS
from exporter.targets.manifest_writer import ManifestWriter
from exporter.targets.published import Published, Run
from exporter.targets.quarantine import Quarantine
from exporter.targets.spool import Spool, SpooledDay
from exporter.values.numbers import InexactDoubles

if TYPE_CHECKING:
    from exporter.targets.change_log import ChangeLog

_log = structlog.get_logger()


class DeletedRows(Protocol):
    """Finds published rows of deleted items."""

    def can_tell(self, day: dt.date, objects: Sequence[StoredObject], schema: TableSchema) -> bool:
        """Return whether deleted items of a day can be distinguished from others."""

    def rows(
        self, day: dt.date, objects: Sequence[StoredObject], schema: TableSchema, read: Sequence[pa.Array]
    ) -> Iterator[tuple[pa.Array, pa.RecordBatch]]:
        """Yield the hashes of the keys and the rows of deleted items; `read` are the hashes of the keys read."""


class Publisher:
    """Publishes the days of one run."""

    def __init__(
        self,
        run: Run,
        dataset: Dataset,
        published: TableSchema | None,
        *,
        store: Store,
        records: Records,
        catalog: Catalog,
        quarantine: Quarantine,
        folder: Path,
        fence: Callable[[], None] = lambda: None,
        lookback: "ChangeLog | None" = None,
        key_attributes: tuple[str, ...] = (),
        stop: threading.Event | None = None,
        observe: Callable[[dt.date, pa.Array], None] = lambda _day, _keys: None,
        mark_empty: Callable[[dt.date], None] = lambda _day: None,
        kept: DeletedRows | None = None,
        items_of: Callable[[dt.date], Mapping[str, int]] = lambda _day: {},
    ) -> None:
        """`fence` is called before each publication, and raises if this run may no longer publish.

        `lookback` compares days that are read again; None if none are. `key_attributes` are the table's primary key.
        `items_of` gives a day's items by partition value, where a row is an element of an item.
        `observe` is given the keys of every day that is written, `mark_empty` every day that was read and is empty.
        `kept` finds the rows that stay although their items are deleted; None: none stay.
        """
        self._run = run
        self._dataset = dataset
        self._stored_schema = published
        self.schema = initial_schema(dataset, published, run.started_at)
        self._store = store
        self._records = records
        self._catalog = catalog
        self._quarantine = quarantine
        self.folder = folder
        self._fence = fence
        self._observe = observe
        self._mark_empty = mark_empty
        self._items_of = items_of
        self._lookback = lookback
        self._kept = kept
        self._key_attributes = key_attributes
        self._stop = stop or threading.Event()
        self._format = FILE_FORMATS[dataset.target.format]
        self._memory = LongWork(WRITTEN_BYTES)
        self._file = folder / f"day{self._format.storage.extension}"
        self._prefix = dataset.target.prefix
        self._append = dataset.target.overwrite_mode == "APPEND"
        self._seen: dict[dt.date, list[StoredObject]] = {}
        self._years: set[int] = set()
        self._writer = ManifestWriter(
            records, dataset, f"s3://{store.bucket}/{self._prefix}/", run.started_at, run.scheduled_from, fence,
            run.reports_prefix,
        )  # fmt: skip
        self._targets = DayTargets(dataset, store, folder, fence)
        self.done = Published(targets=self._targets.done)

    def look(self, years: Iterable[int] | None) -> None:
        """Remember the objects of these years (None: all) as they are now; publishing later requires them unchanged."""
        roots = [f"{self._prefix}/year="] if years is None else [f"{self._prefix}/year={year:04}/" for year in years]
        for root in roots:
            for found in self._store.objects(root):
                day = day_from_key(self._prefix, found.key)
                if day is not None:
                    self._seen.setdefault(day, []).append(found)
        self._targets.look()

    @property
    def published_days(self) -> set[dt.date]:
        """Days that had an object when the run looked."""
        return set(self._seen)

    def etags(self, day: dt.date) -> set[str]:
        """Return the ETags of a day's objects as they were when the run looked."""
        return {found.etag for found in self._seen.get(day, ())}

    def keeps_deleted_rows(self, day: dt.date) -> bool:
        """Return whether a day's rows of deleted items stay when its file is replaced."""
        return self._kept is not None and self._kept.can_tell(day, self._seen.get(day, ()), self.schema)

    def rows_in_objects(self, day: dt.date) -> int:
        """Return the rows of a day's objects by their own footers; 0 for an object that has none."""
        footers = read_footers(self._store, [found.key for found in self._seen.get(day, ())])
        return sum(footer.rows for footer in footers.values() if footer)

    def start(self, schema: TableSchema, years: tuple[int, int]) -> None:
        """Publish the schema and the table before any day, so that even an empty dataset can be queried."""
        self._adopt(schema, years)

    def publish(self, days: Iterable[dt.date], spool: Spool) -> None:
        """Publish complete days in order, and record them; the days' spool is freed.

        After a stop the day under way is finished, and recorded with those before it; then Interrupted is raised.
        """
        self._quarantine.flush()
        published: dict[dt.date, DayRecord] = {}
        waiting = [day for day in sorted(days) if spool.day(day) is not None]
        while waiting and not self._stop.is_set():
            day = waiting.pop(0)
            spooled = spool.day(day)
            if spooled is not None:
                published[day] = self._publish_day(day, spooled, spool)
                spool.drop(day)
        self._record(published)
        if waiting:
            raise Interrupted("stopped on request; days published before stay published")

    def reopen(self, days: Iterable[dt.date]) -> None:
        """Mark published days as open, and so as owed, because they have turned out to be incomplete."""
        wanted = set(days)
        self.done.days -= wanted
        self.done.manifest = self._writer.reopen(wanted) or self.done.manifest

    def renew_targets(self) -> list[str]:
        """Write the files of further targets that are missing or outdated, and their manifests; return what to warn of.

        They are of days that another run published and died, or of a target or column that the dataset file has gained.
        """
        manifest = self._writer.manifest() if self._targets.targets else None
        if manifest is None:
            return []
        renewed, warnings = self._targets.renew(manifest, self.schema, self._stop)
        if renewed:
            self.done.manifest = manifest = self._writer.record_targets(renewed)
        self._targets.publish_manifests(manifest)
        return [*warnings, *self._targets.line_break_warnings()]

    def confirm_catalog(self) -> None:
        """Look at the table again, and extend it if its years or columns no longer cover what was published."""
        if self.done.file_rows and self.schema.columns:
            self._catalog.look_again()
            self._catalog.publish(self.schema, (min(self.done.file_rows).year, max(self.done.file_rows).year))

    def record_empty(self, days: Iterable[dt.date]) -> None:
        """Record days that were read and hold nothing, so that they do not count as missing."""
        empty = [day for day in days if day not in self._seen]
        for day in empty:
            self._mark_empty(day)
        self._record({day: self._empty(day) for day in empty})

    def remove(self, days: Iterable[dt.date]) -> None:
        """Remove the objects of days that have become empty, and record that."""
        removed: dict[dt.date, DayRecord] = {}
        for day in sorted(days):
            self._fence()
            self._compare(day, next(iter(self._seen[day])), None)
            self._targets.remove(day)
            for found in self._seen.pop(day):
                self._store.remove(found.key, found.etag)
            self._mark_empty(day)
            removed[day] = self._empty(day)
            self.done.removed.append(partition_from_day(day))
            _log.info("removed", day=day.isoformat(), reason="no item of this day is left in the index")
        self._record(removed)

    def _publish_day(self, day: dt.date, spooled: SpooledDay, spool: Spool) -> DayRecord:
        late = {name: kinds for name, kinds in spooled.late_kinds.items() if name not in self.schema.names}
        schema = extended_schema(self.schema, self._dataset, late, self._run.started_at) if late else self.schema
        if day.year not in self._years:  # the table may have been changed since the run began
            self._catalog.look_again()
            self._years.add(day.year)
        self._adopt(schema, (day.year, day.year))
        late_nulled: list[int] = []  # the quarantine's own count grows by what is read meanwhile
        with self._memory.apart(spooled.bytes), spool.open(day) as rows:
            written = write_day(
                rows,
                schema,
                self._file,
                self._dimensions(),
                lambda quarantined: late_nulled.append(self._quarantine.add(quarantined)),
                self._format,
                lambda keys: self._observe(day, keys),
                self._run.as_of,
                self._kept_of(day, schema),
            )
        self._quarantine.flush()
        in_file = self._format.row_count(self._file) - written.kept
        if in_file != spooled.rows:
            raise RowsUnaccounted({day: (spooled.rows, in_file)})
        name = data_file(self._format.storage, self._run.run_id if self._append else None)
        key = object_key(self._prefix, day, name)
        seen = {found.key: found for found in self._seen.get(day, [])}
        self._compare(day, seen.get(key), self._file)
        self._fence()
        etag = self._store.replace_with_file(
            key, self._file, seen[key].etag if key in seen else None, content_type=self._format.storage.content_type
        )
        self._settle(day, key, StoredObject(key, etag, written.bytes), seen)
        others = self._targets.publish(day, self._seen[day], self.schema, {etag: self._file})
        self.done.file_rows[day] = in_file
        if written.kept:
            self.done.kept[day] = written.kept
        uri = f"s3://{self._store.bucket}/{key}"
        partition = partition_from_day(day)
        self.done.partitions.append(
            PublishedPartition(partition=partition, rows=written.rows, bytes=written.bytes, uri=uri)
        )
        for column, found in written.inexact.items():
            self.done.inexact[column] = self.done.inexact.get(column, InexactDoubles()) + found
        record = ObjectRecord(key=key, etag=etag, run_id=self._run.run_id, rows=written.rows, bytes=written.bytes)
        published = self._day_record(day, record, spooled, written, spooled.nulled + sum(late_nulled))
        return published.model_copy(update={"targets": others})

    def _kept_of(self, day: dt.date, schema: TableSchema) -> KeptOf | None:
        if self._kept is None or not self.keeps_deleted_rows(day):
            return None
        return functools.partial(self._kept.rows, day, self._seen[day], schema)

    def _settle(self, day: dt.date, key: str, stored: StoredObject, seen: dict[str, StoredObject]) -> None:
        others = [found for found in seen.values() if found.key != key]
        if self._append:
            if others:
                self.done.overlaps.append(day)
            self._seen[day] = [*others, stored]
            return
        # Leftovers of APPEND, or of a changed mode, would be counted twice.
        for found in others:
            self._store.remove(found.key, found.etag)
        self._seen[day] = [stored]

    def _compare(self, day: dt.date, published: StoredObject | None, file: Path | None) -> None:
        if self._lookback is not None:
            self.done.changes += self._lookback.compare(day, published, file, self.schema)

    def _adopt(self, schema: TableSchema, years: tuple[int, int]) -> None:
        if schema != self._stored_schema:
            self._fence()
            self._records.write_schema(schema)
            self._stored_schema = schema
            self.schema = schema
        if schema.columns:
            self._catalog.publish(schema, years)
            self._catalog.publish_answers(schema, self._key_attributes)

    def _dimensions(self) -> list[str]:
        """Return the columns of which the manifest lists values: everyone who sees the dataset reads those."""
        masked = masked_columns(self._dataset, self.schema)
        declared = [column.name for column in self._dataset.columns if column.role == "dimension"]
        if declared or self._dataset.columns:
            return [name for name in declared if name not in masked]
        of_items = (column for column in self.schema.columns if column.attribute or column.derive)
        return [column.name for column in of_items if column.type.name == "string"]

    def _day_record(
        self,
        day: dt.date,
        record: ObjectRecord,
        spooled: SpooledDay,
        written: WrittenDay,
        nulled: int,
    ) -> DayRecord:
        return DayRecord(
            day=day,
            objects=(record,),
            state=self._state(day),
            read_at=self._run.started_at,
            as_of=self._run.as_of,
            nulled=nulled,
            rows_by_partition_value=spooled.rows_by_partition_value,
            partition_values=self._dataset.source.partition_values,
            column_bytes=written.column_bytes,
            values=written.values,
            kept_rows=written.kept,
            key_hash="" if self._dataset.exploded else written.key_hash,  # which is of items
            items_by_partition_value=self._items(day),
        )

    def _empty(self, day: dt.date) -> DayRecord:
        return DayRecord(
            day=day,
            objects=(),
            state=self._state(day),
            read_at=self._run.started_at,
            as_of=self._run.as_of,
            partition_values=self._dataset.source.partition_values,
            items_by_partition_value=self._items(day),
        )

    def _items(self, day: dt.date) -> dict[str, int] | None:
        return dict(self._items_of(day)) if self._dataset.exploded else None

    def _state(self, day: dt.date) -> Literal["open", "closed"]:
        closed = is_closed(day, self._run.started_at, self._dataset.zone, self._dataset.source.settle_minutes)
        return "closed" if closed else "open"

    def _record(self, days: dict[dt.date, DayRecord]) -> None:
        if not days:
            return
        self.done.manifest = self._writer.write(days)
        self.done.days |= days.keys()

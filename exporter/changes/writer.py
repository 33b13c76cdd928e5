"""Events of a stream flow in, change files and quarantined items flow out, in an order that is safe to stop.

Columns come first, then quarantined items, then tables, then files. A batch that ends in between is handled again as a
whole: what it has written already is written again, or counted once by key and sequence number.
"""

import datetime as dt
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from types import MappingProxyType
from typing import Any

import msgspec
import pyarrow as pa

from dataset_model.records.changes import Feed, milliseconds
from dataset_model.records.table_schema import TableSchema
from exporter.changes.carried import CarriedRecords, RecordReader
from exporter.changes.catalog import LiveCatalog
from exporter.changes.change_files import write_changes
from exporter.changes.change_rows import ChangeDecoder, ChangeRows, DatasetOfStream, GoneItems
from exporter.changes.state import begin_changes
from exporter.changes.stream_record import PoisonRecord, StreamRecord, record_text, stream_record
from exporter.clients import Clients
from exporter.decoding.batch import QuarantinedItem
from exporter.decoding.schema import initial_schema
from exporter.derivations.awaited import AwaitedList, Entry, is_settled, tried
from exporter.derivations.opening import open_deriver
from exporter.errors import StaleRun, UsageError
from exporter.planning.sort_key import SortKey
from exporter.runtime.clock import utc_now
from exporter.runtime.memory import steady_memory
from exporter.settings import Settings
from exporter.sources.description import describe_source
from exporter.storage.object_store import Store
from exporter.storage.records import Records
from exporter.targets.quarantine import Quarantine

_ATTEMPTS = 8

_AT_ONCE = 1000
"""Rows that are derived again in one page."""

_NOTHING: Mapping[dt.date, GoneItems] = MappingProxyType({})


@dataclass(frozen=True)
class Handled:
    """What a batch was."""

    records: int
    rows: int
    """Rows of change files: more or fewer than records, because a move is two and a change outside the source none."""
    files: int
    quarantined: int
    expired: int
    """Removals that are no deletions for the dataset."""
    newest_at: int | None
    """Latest write in the batch, in milliseconds since 1970; None without a readable record."""


@dataclass
class Again:
    """What another attempt to derive rows has found."""

    changed: int = 0
    waiting: int = 0
    settled: int = 0
    """Rows that stay as they are: nothing came in time."""


class ChangeWriter:
    """Writes the changes of one dataset; a process makes one and uses it for every batch."""

    def __init__(
        self, settings: Settings, clients: Clients, clock: Callable[[], dt.datetime] = utc_now, fed_by: Feed = "stream"
    ) -> None:
        """Raise UsageError for a dataset with files of partial days, or with several rows for an item."""
        if settings.dataset.target.overwrite_mode == "APPEND":
            raise UsageError(
                f"dataset {settings.dataset.name} is in overwrite mode APPEND, where a day is several files of "
                "which none is the whole day. Changes need OVERWRITE_MODE=OVERWRITE."
            )
        if settings.dataset.exploded:
            raise UsageError(
                f"dataset {settings.dataset.name} has `explode: {settings.dataset.explode}`: one change of an item "
                "changes many rows, which change files do not hold. Its rows come with exports; leave the stream out."
            )
        self._settings, self._dataset, self._clock = settings, settings.dataset, clock
        self._clients, self._fed_by = clients, fed_by
        self._store = Store(clients.s3, settings.bucket)
        self._records = Records(self._store, settings.prefix)
        self._catalog = LiveCatalog(clients.glue, self._dataset, settings.location)
        self._stored: TableSchema | None = None
        self._published: tuple[TableSchema, set[int]] | None = None
        self._decoder: ChangeDecoder | None = None
        self._begun = False
        self._deriver = open_deriver(self._dataset, clients)

    def begin(self) -> None:
        """Let every export from now on state in its files since when changes count."""
        if not self._begun:
            begin_changes(self._store, self._settings.prefix, self._dataset, self._clock(), self._fed_by)
            self._begun = True

    def write(self, events: Iterable[Mapping[str, Any]], gone: Mapping[dt.date, GoneItems] = _NOTHING) -> Handled:
        """Write what the events have changed, and tombstones of items that are gone from some days without an event.

        Raises StoreError or CatalogError where S3 or Glue does not take it: then the batch is to be handled again.
        Raises SourceError where the stream does not carry both images of an item.
        """
        with steady_memory():
            return self._write(list(events), gone)

    def _write(self, given: Sequence[Mapping[str, Any]], gone: Mapping[dt.date, GoneItems]) -> Handled:
        now = self._clock()
        if self._deriver is not None:
            self._deriver.forget()
        records = self._reader.read(given)
        self.begin()
        rows = self._decoded(records, now)
        for day, items in gone.items():
            known = [rows.days[day]] if day in rows.days else []
            rows.days[day] = pa.concat_tables([*known, items.rows(rows.schema)]).combine_chunks()
        poison = list(records.poison.values())
        poison += [PoisonRecord(reason, record_text(given[number])) for number, reason in sorted(rows.poison.items())]
        newest = records.newest_at
        quarantined = self._quarantine(rows.quarantined, poison, newest)
        self._publish(rows)
        files = write_changes(self._store, self._settings.prefix, rows.days)
        self._list_awaited(given, rows.awaited)
        return Handled(len(given), rows.rows, len(files), quarantined, rows.expired, newest)

    def derive_again(self) -> Again:
        """Derive the listed rows again that are due, and write those with values that have come."""
        now, done = self._clock(), Again()
        if self._deriver is None:
            return done
        listed = AwaitedList(self._store, self._settings.prefix)
        entries, objects = listed.read()
        waiting = [entry for entry in entries if not is_settled(entry, now)]
        done.settled = len(entries) - len(waiting)
        due = [entry for entry in waiting if entry.due <= milliseconds(now)]
        if due or done.settled:
            self._deriver.forget()
            found: set[Entry] = set()
            for start in range(0, len(due), _AT_ONCE):
                found |= self._write_again(due[start : start + _AT_ONCE], now)
            done.changed = len(found)
            missing = set(due) - found
            left = [tried(entry, now) if entry in missing else entry for entry in waiting if entry not in found]
            listed.replace(objects, left)
        done.waiting = len(waiting) - done.changed
        return done

    def _write_again(self, due: Sequence[Entry], now: dt.datetime) -> set[Entry]:
        """Write the rows of entries with values that have come; return these entries."""
        items = [msgspec.json.decode(one.item) for one in due]
        records = [
            StreamRecord(one.next_sequence, one.at, item, None, by_ttl=False)
            for one, item in zip(due, items, strict=True)
        ]
        carried = self._reader.read_again(records)
        missing = self._decoded(carried, now).awaited if records else set()
        found = [number for number in range(len(due)) if number not in missing]
        if found:
            rows = self._decoded(carried.only(found), now)
            self._quarantine(rows.quarantined, (), max(due[number].at for number in found))
            self._publish(rows)
            write_changes(self._store, self._settings.prefix, rows.days)
        return {due[number] for number in found}

    def _list_awaited(self, given: Sequence[Mapping[str, Any]], awaited: Collection[int]) -> None:
        """List rows to derive again, in a part that a batch that comes again overwrites."""
        listed = AwaitedList(self._store, self._settings.prefix)
        wanted = [stream_record(given[number]) for number in sorted(awaited)]
        listed.add(
            Entry(msgspec.json.encode(one.new).decode(), one.at, one.sequence, one.at)
            for one in wanted
            if isinstance(one, StreamRecord)
        )
        listed.flush()

    def _decoded(self, records: CarriedRecords, now: dt.datetime) -> ChangeRows:
        """Return the rows of records when their new columns are stored; another writer may store some meanwhile."""
        for attempt in range(1, _ATTEMPTS + 1):
            if self._decoder is None:
                self._stored = self._records.schema()
                self._decoder = ChangeDecoder(self._source, initial_schema(self._dataset, self._stored, now))
            rows = self._decoder.decode(records, now)
            if rows.schema == self._stored:
                return rows
            try:
                self._records.write_schema(rows.schema)
            except StaleRun:
                if attempt == _ATTEMPTS:
                    raise
                self._decoder = None
                continue
            self._stored, self._decoder = rows.schema, ChangeDecoder(self._source, rows.schema)
            return rows
        raise AssertionError  # the last attempt has returned or raised

    def _quarantine(
        self, pages: Iterable[Sequence[QuarantinedItem]], poison: Iterable[PoisonRecord], newest_at: int | None
    ) -> int:
        """Quarantine items under a name made of them, so that a batch that comes again overwrites what it wrote."""
        groups = [*pages, [QuarantinedItem(record.reason, record.text, None, None) for record in poison]]
        items = [entry.item for group in groups for entry in group]
        if not items:
            return 0
        moment = dt.datetime.fromtimestamp((newest_at or 0) / 1000, dt.UTC)
        digest = blake2b("\n".join(items).encode(), digest_size=6).hexdigest()
        label = "stream" if self._fed_by == "stream" else "changes"
        quarantine = Quarantine(self._store, self._settings.prefix, f"{moment:%Y%m%dT%H%M%SZ}-{label}-{digest}")
        for group in groups:
            quarantine.add(group)
        quarantine.flush()
        return quarantine.items

    def _publish(self, rows: ChangeRows) -> None:
        """Let the tables have every column and year before a file needs it."""
        years = {day.year for day in rows.days}
        known = self._published
        if not years or (known is not None and known[0] is rows.schema and years <= known[1]):
            return
        before = known[1] if known is not None else set()
        self._catalog.look_again()
        self._catalog.publish(rows.schema, (min(years | before), max(years | before)))
        self._published = (rows.schema, years | before)

    @cached_property
    def _reader(self) -> RecordReader:
        return RecordReader(self._dataset, self._source.description)

    @cached_property
    def _source(self) -> DatasetOfStream:
        description = describe_source(self._clients.dynamodb, self._dataset)
        source = self._dataset.source
        sort_key = SortKey(source.date_format, self._dataset.zone, description.sort_key_type, self._clock().year + 1)
        return DatasetOfStream(self._dataset, sort_key, description, self._deriver)

"""Published days flow in; the items that their files hold too much, and their keys to keep, flow out."""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from dataset_model import Dataset
from dataset_model.records.manifest import DayRecord, Manifest
from dataset_model.records.table_schema import TableSchema
from exporter.changes.present_keys import present_keys
from exporter.run.incremental.changed_days import ChangedDays
from exporter.run.incremental.known_keys import ASKED_FOLDER, KnownKeys
from exporter.run.incremental.leftover_items import Leftovers, LeftoverSearch, objects_of
from exporter.run.incremental.outdated_days import RUNS_BACK, Readings, outdated_days
from exporter.run.incremental.placement import Placement
from exporter.run.incremental.window_state import PendingWindow
from exporter.run.kept_rows import PublishedKeys
from exporter.sources.description import SourceDescription
from exporter.sources.partial_reads.item_lookup import ItemLookup
from exporter.sources.rate_limiter import RateLimiter
from exporter.storage.object_store import Store
from exporter.storage.records import Records

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

EXPECTED_WITHIN = dt.timedelta(days=7)
"""A day that was never exported is expected to be so long after it: a scheduled run reads no older one."""

_DIGEST = pa.binary(16)


@dataclass
class DaysOfWindow:
    """The days of one dataset as one window finds them."""

    records: Records
    store: Store
    prefix: str
    client: "DynamoDBClient"
    dataset: Dataset
    description: SourceDescription
    manifest: Manifest
    window: PendingWindow
    folder: Path
    limiter: RateLimiter

    def leftovers(self, changed: ChangedDays, items: pa.Table, placement: Placement, schema: TableSchema) -> Leftovers:
        """Return what the files of days that were read in the window hold although it is not on them."""
        table, key = self.dataset.source.table, self.description.table_key
        lookup = ItemLookup(self.client, table, key, placement.attributes, self.limiter)
        keeps = self.dataset.retention.keep_deleted
        search = LeftoverSearch(
            items, self.manifest, schema, self._published, self._known, self._asked, lookup, placement, keeps
        )
        with_rows = {day for day, record in self.manifest.days.items() if record.objects and day >= changed.oldest}
        within = [day for day in self._within(changed) if day in with_rows]
        again = [day for day in self._asked.days(self.window.start) if day in with_rows - {*within}]
        return search.run(within, again, self.window.start)

    def outdated(self, changed: ChangedDays) -> set[dt.date]:
        """Return the published days of which some row may be another one by what was written in the window."""
        within = {*self._within(changed)}
        rewritten = {day: at for day, at in changed.rewritten.items() if day in within}
        return outdated_days(changed.touched, self.manifest) | outdated_days(rewritten, self.manifest)

    def keep_known(
        self, changed: ChangedDays, opened: Collection[dt.date], schema: TableSchema, leftovers: Leftovers
    ) -> None:
        """Keep the keys of the days that the next export will read, as they were when the window ended.

        Those that the table was asked for are kept as well: it was asked later than that.
        """
        known = {day: keys for day in self._expected(changed, opened) if (keys := self._keys(day, schema)) is not None}
        self._known.keep(self.window.end, known)
        self._asked.keep(self.window.end, leftovers.present)

    def _expected(self, changed: ChangedDays, opened: Collection[dt.date]) -> list[dt.date]:
        days = self.manifest.days
        is_open = {day for day, record in days.items() if record.state == "open"}
        waiting = {*changed.touched, *self._known.days(self.window.start)} - days.keys()
        recent = {day for day in waiting if day >= self.window.end.date() - EXPECTED_WITHIN}
        return sorted(day for day in {*opened, *is_open, *recent} if day >= changed.oldest)

    def _keys(self, day: dt.date, schema: TableSchema) -> pa.Array | None:
        """Return the keys of a day, or None where its file may show what is later than the window's end."""
        record = self.manifest.days.get(day)
        held = pa.array([], _DIGEST)
        if record is not None:
            objects = objects_of(record)
            if not self._readings.is_over(record, self.window.end):
                return None
            if objects:
                if not self._published.are_known(day, objects, schema):
                    return None
                held = pa.concat_arrays([self._published.digests(found, schema) for found in objects])
        return present_keys(self.store, self.prefix, day, held, _as_of(record))

    def _within(self, changed: ChangedDays) -> list[dt.date]:
        """Return the days that were being read in the window."""
        return self._readings.within(self.window.start, self.window.end, changed.oldest)

    @cached_property
    def _readings(self) -> Readings:
        return Readings(self.manifest, self.records.runs_since(self.window.start - RUNS_BACK))

    @cached_property
    def _published(self) -> PublishedKeys:
        key = dict(zip(self.description.table_key, self.description.table_key_types, strict=True))
        return PublishedKeys(self.store, self.folder, key)

    @cached_property
    def _known(self) -> KnownKeys:
        return KnownKeys(self.store, self.prefix)

    @cached_property
    def _asked(self) -> KnownKeys:
        return KnownKeys(self.store, self.prefix, ASKED_FOLDER)


def _as_of(record: DayRecord | None) -> dt.datetime | None:
    return record.as_of if record is not None else None

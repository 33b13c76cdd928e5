"""Change files flow in, fewer ones flow out; those that no day needs any more are removed.

It may run at any time, be killed at any instant, and run twice at once. A merged file is complete before its record is
written, and its sources are removed by a later compaction, when no query can still be reading the day as it listed it
before. Until then a change is in two files, which counts once: key and sequence number decide.
"""

import datetime as dt
import io
import itertools
import secrets
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import structlog
from pydantic import ValidationError

from dataset_model.records.changes import (
    AT_COLUMN,
    CHANGES_FOLDER,
    KEY_COLUMN,
    MERGES_FOLDER,
    SEQUENCE_COLUMN,
    MergeRecord,
    change_file,
    merge_key,
    milliseconds,
)
from dataset_model.records.manifest import Manifest
from dataset_model.targets.partitions import day_from_key, partition_from_day
from exporter.changes.change_files import write_merged
from exporter.errors import StaleRun, StoreError
from exporter.runtime.clock import utc_now
from exporter.storage.object_store import Store, StoredObject

GRACE = dt.timedelta(minutes=60)
"""How long replaced files stay: Athena stops a statement after 30 minutes, so none that listed them still runs."""

MERGED_BYTES = 16 << 20
"""A merged file is about as large at most; it is some ten times as large in memory."""

SKEW = dt.timedelta(minutes=1)
"""Times of a key's writes may be out of order by seconds. While the latest is kept, an earlier one that seems later
does not count."""

_log = structlog.get_logger()


@dataclass
class Compacted:
    """What a compaction has done."""

    days: int = 0
    """Days that have change files."""
    files: int = 0
    """Change files that it found, without those that wait for their removal."""
    merged: int = 0
    """Of them, files that are in a merged one now."""
    written: int = 0
    """Merged files."""
    outdated: int = 0
    """Files that it removed because their days have been read since."""
    removed: int = 0
    """Files that it removed because an earlier compaction has merged them."""


class Compaction:
    """Compacts the change files of one dataset."""

    def __init__(
        self,
        store: Store,
        prefix: str,
        manifest: Manifest | None,
        *,
        grace: dt.timedelta = GRACE,
        clock: Callable[[], dt.datetime] = utc_now,
    ) -> None:
        self._store, self._prefix, self._manifest = store, prefix, manifest
        self._grace, self._clock = grace, clock
        self.done = Compacted()

    def run(self, days: Collection[dt.date] | None = None) -> Compacted:
        """Compact these days (None: all) and return what was done; raise StoreError where S3 does not take it."""
        waiting = self._settle_merges()
        for day, files in self._files(days):
            live = [found for found in files if found.key not in waiting]
            self.done.days += 1
            self.done.files += len(live)
            bound = self._bound(day)
            outdated = [found for found in live if bound is not None and self._last_at(found) < bound]
            for found in outdated:
                self._remove(found.key, found.etag)
            self.done.outdated += len(outdated)
            for group in _groups([found for found in live if found not in outdated]):
                self._merge(day, group, bound)
        return self.done

    def _settle_merges(self) -> set[str]:
        """Remove what earlier compactions have merged, once they are old enough; return the keys that still wait."""
        waiting: set[str] = set()
        for found in list(self._store.objects(f"{self._prefix}/{MERGES_FOLDER}/")):
            read = self._store.read(found.key)
            if read is None:  # another compaction has settled it
                continue
            record = self._record(found.key, read[0])
            if record.merged_at + self._grace > self._clock():
                waiting.update(key for key, _ in record.sources)
                continue
            for key, etag in record.sources:
                self._remove(key, etag)
            self.done.removed += len(record.sources)
            self._remove(found.key, found.etag)
        return waiting

    def _record(self, key: str, body: bytes) -> MergeRecord:
        try:
            return MergeRecord.model_validate_json(body)
        except ValidationError:
            raise StoreError(
                f"s3://{self._store.bucket}/{key} is not readable. Remove it: the files that it names are merged again."
            ) from None

    def _files(self, days: Collection[dt.date] | None) -> Iterator[tuple[dt.date, list[StoredObject]]]:
        folder = f"{self._prefix}/{CHANGES_FOLDER}/"
        roots = ["year="] if days is None else [f"{partition_from_day(day)}/" for day in sorted(days)]
        for root in roots:
            named = ((change_file(self._prefix, found.key), found) for found in self._store.objects(folder + root))
            # Keys are in order, so the files of a day follow one another.
            for day, group in itertools.groupby(
                ((about[0], found) for about, found in named if about is not None), key=lambda pair: pair[0]
            ):
                yield day, [found for _, found in group]

    def _last_at(self, found: StoredObject) -> int:
        about = change_file(self._prefix, found.key)
        assert about is not None  # noqa: S101 - only change files are listed
        return about[1]

    def _bound(self, day: dt.date) -> int | None:
        """Return the instant before which no query needs a day's changes; None while one may read an older file.

        What the manifest says counts only while the file is the one that it says it of.
        """
        record = self._manifest.days.get(day) if self._manifest else None
        if record is None or record.as_of is None or not record.objects:
            return None
        partition = f"{self._prefix}/{partition_from_day(day)}/"
        objects = [found for found in self._store.objects(partition) if day_from_key(self._prefix, found.key)]
        recorded = {(entry.key, entry.etag) for entry in record.objects}
        if {(found.key, found.etag) for found in objects} != recorded:
            return None
        newest = max((found.modified for found in objects if found.modified), default=None)
        if newest is None or newest + self._grace > self._clock():
            return None
        return milliseconds(record.as_of - SKEW)

    def _merge(self, day: dt.date, files: list[StoredObject], bound: int | None) -> None:
        """Write the rows of several files as one, and the record by which they are removed later."""
        read = [(found.key, self._store.read(found.key)) for found in files]
        sources = [(key, body) for key, body in read if body is not None]
        if len(sources) < 2:  # another compaction has removed the others
            return
        tables = [pq.read_table(io.BytesIO(body)) for _, (body, _) in sources]
        rows = latest_changes(pa.concat_tables(tables, promote_options="default"), bound)
        token = secrets.token_hex(12)
        merged = write_merged(self._store, self._prefix, day, rows, token) if rows.num_rows else None
        record = MergeRecord(
            merged=merged, sources=tuple((key, etag) for key, (_, etag) in sources), merged_at=self._clock()
        )
        self._store.write(merge_key(self._prefix, token), record.model_dump_json().encode())
        self.done.merged += len(sources)
        self.done.written += merged is not None
        _log.info("merged changes", day=day.isoformat(), files=len(sources), rows=rows.num_rows)

    def _remove(self, key: str, etag: str) -> None:
        try:
            self._store.remove(key, etag)
        except StaleRun:
            _log.info("kept a change file that was written again", key=key)


def latest_changes(rows: pa.Table, bound: int | None) -> pa.Table:
    """Return of each key the change with the highest sequence number, in the order of keys.

    Changes before `bound` are left out: the day's file holds what they did.
    """
    order = pc.sort_indices(rows, sort_keys=[(KEY_COLUMN, "ascending"), (SEQUENCE_COLUMN, "descending")])
    ordered = rows.take(order).combine_chunks()
    if ordered.num_rows:
        keys = ordered.column(KEY_COLUMN).combine_chunks()
        first = pc.not_equal(keys.slice(1), keys.slice(0, len(keys) - 1))
        ordered = ordered.filter(pa.concat_arrays([pa.array([True]), first]))
    return ordered if bound is None else ordered.filter(pc.greater_equal(ordered.column(AT_COLUMN), bound))


def _groups(files: Iterable[StoredObject]) -> Iterator[list[StoredObject]]:
    """Yield files to merge into one; a file that is large already stays as it is."""
    group: list[StoredObject] = []
    size = 0
    for found in files:
        if found.bytes > MERGED_BYTES // 2:
            continue
        if group and size + found.bytes > MERGED_BYTES:
            if len(group) > 1:
                yield group
            group, size = [], 0
        group.append(found)
        size += found.bytes
    if len(group) > 1:
        yield group

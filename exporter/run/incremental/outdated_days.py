"""What a window has changed and the published days flow in; the days that have to be read again flow out.

An export shows an item at the two ends of its window. A day that was read inside the window may hold an item that came
to it and left it in between, of which no image is on that day. So the keys in the files of these days are compared with
those of the window: a day that holds an item which was written after the day was read is owed as well.
"""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from dataset_model.records.changes import MARGIN
from dataset_model.records.manifest import DayRecord, Manifest
from dataset_model.records.runs import RunEntry
from dataset_model.records.table_schema import TableSchema
from exporter.run.incremental.changed_days import ChangedDays
from exporter.run.kept_rows import PublishedKeys
from exporter.storage.object_store import StoredObject

RUNS_BACK = dt.timedelta(days=7)
"""A window is compared with the days of runs that began at most so long before it."""

LONGEST_RUN = dt.timedelta(days=1)
"""Assumed longest duration of a run that is not among the newest of the ledger any more."""


def outdated_days(changed: ChangedDays, manifest: Manifest) -> set[dt.date]:
    """Return the published days that an item was on, or is on, and that were read before it was last written."""
    return {
        day
        for day, at in changed.touched.items()
        if (record := manifest.days.get(day)) is not None and at >= _sure_until(record)
    }


def days_read_within(
    manifest: Manifest, runs: Collection[RunEntry], start: dt.datetime, oldest: dt.date, skipped: Collection[dt.date]
) -> list[dt.date]:
    """Return the days with rows, from `oldest` on and but for `skipped`, that were being read after `start`."""
    over = {run.run_id: run.finished_at for run in runs}

    def was_read_within(record: DayRecord) -> bool:
        ends = [over.get(found.run_id, record.read_at + LONGEST_RUN) for found in record.objects]
        return any(end is None or end >= start - MARGIN for end in ends)

    return [
        day
        for day, record in sorted(manifest.days.items())
        if day >= oldest and day not in skipped and was_read_within(record)
    ]


def days_holding(
    changed: ChangedDays, days: Sequence[dt.date], manifest: Manifest, schema: TableSchema, published: PublishedKeys
) -> tuple[set[dt.date], set[dt.date]]:
    """Return the days that hold an item which was written after they were read, and those of which that is unknown.

    It is unknown where a day's file has not the table's key in a form that holds it exactly.
    """
    keys, written = _joined(changed)
    holding: set[dt.date] = set()
    unknown: set[dt.date] = set()
    for day in days:
        record = manifest.days[day]
        later = keys.filter(pc.greater_equal(written, _sure_until(record)))
        objects = [StoredObject(found.key, found.etag, found.bytes) for found in record.objects]
        if not len(later):
            continue
        if not published.can_tell(day, objects, schema):
            unknown.add(day)
        elif any(pc.any(pc.is_in(published.digests(found, schema), value_set=later)).as_py() for found in objects):
            holding.add(day)
    return holding, unknown


def _joined(changed: ChangedDays) -> tuple[pa.Array, pa.Array]:
    empty: Mapping[str, pa.Array] = {"keys": pa.array([], pa.binary(16)), "written": pa.array([], pa.int64())}
    return (
        pa.concat_arrays([empty["keys"], *changed.keys]),
        pa.concat_arrays([empty["written"], *changed.written]),
    )


def _sure_until(record: DayRecord) -> int:
    """Return the instant, in microseconds since 1970, before which every write is in what was read of a day."""
    return (record.read_at - MARGIN - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // dt.timedelta(microseconds=1)

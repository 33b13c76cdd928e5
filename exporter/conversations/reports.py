"""Days that a run has published flow in, one CSV file with their rows flows out, with the time in its name.

A file states its own key. So the exporter knows its own files from those that people put into the folder. The manifest
names the file of each day: where a run died before it had written the file of a day, the next run writes it.
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pyarrow as pa

from dataset_model.records.manifest import DayRecord, DayReport, Manifest, ObjectRecord
from dataset_model.records.runs import PublishedReport, RunEntry
from dataset_model.targets.file_formats import CSV, PARQUET
from dataset_model.targets.partitions import day_from_partition
from exporter.clients import Clients
from exporter.decoding.schema import arrow_schema, target_columns
from exporter.errors import StoreError
from exporter.runtime.workspace import workspace
from exporter.settings import Settings
from exporter.storage.object_store import Store, StoredObject
from exporter.storage.records import Records
from exporter.targets.day_targets import target_tables
from exporter.targets.formats.registry import FILE_FORMATS


def report_key(prefix: str, dataset: str, started_at: dt.datetime) -> str:
    """Return the key of a file: `reports/etl-process1/conversations_2026-02-17T04-30-00.csv`."""
    return f"{prefix}/{dataset}_{started_at:%Y-%m-%dT%H-%M-%S}{CSV.extension}"


def write_report(settings: Settings, entry: RunEntry, prefix: str, started_at: dt.datetime) -> str | None:
    """Write the rows of the days that a run has published, and of days that lack a file; return the file's address.

    Manifest and ledger entry name it from then on. None where there is no row to write.
    """
    store = Store(Clients(settings.region).s3, settings.bucket)
    records = Records(store, settings.prefix)
    manifest, schema = records.manifest(), records.schema()
    if manifest is None or schema is None or not (days := _days_to_write(manifest, entry)):
        return None
    objects = [found for record in days.values() for found in record.objects]
    wanted = arrow_schema(schema.model_copy(update={"columns": target_columns(settings.dataset, schema)}))
    key = report_key(prefix, settings.dataset.name, started_at)
    with workspace() as folder:
        file, writer = folder / f"report{CSV.extension}", FILE_FORMATS["csv"]
        writer.write(_rows(store, objects, wanted, folder), wanted, file)
        if (rows := writer.row_count(file)) != (expected := sum(found.rows for found in objects)):
            raise StoreError(f"{key} would have {rows:,} rows, and its days have {expected:,}. Run again")
        etag = store.replace_with_file(key, file, None, content_type=CSV.content_type, owner=key)
        size = file.stat().st_size
    _record(records, days, key, etag)
    written = PublishedReport(uri=f"s3://{settings.bucket}/{key}", rows=rows, bytes=size, days=tuple(days))
    records.write_run(entry.model_copy(update={"reports": (written,)}))
    return written.uri


def record_published(records: Records, entry: RunEntry, file: StoredObject) -> None:
    """Name a file that was put by hand in the records of the days that a run has published from it."""
    manifest = records.manifest()
    days = {day_from_partition(found.partition) for found in entry.partitions}
    if manifest is not None:
        published = {day: record for day, record in manifest.days.items() if day in days}
        _record(records, published, file.key, file.etag)


def _record(records: Records, days: Mapping[dt.date, DayRecord], key: str, etag: str) -> None:
    """Name a file in the records of days that still have the objects of which it has the rows."""

    def changed(current: Manifest | None) -> Manifest:
        if current is None:
            raise StoreError(f"the manifest is not there any more, so {key} is not recorded in it. Run again")
        found = {
            day: base.model_copy(update={"report": DayReport(key=key, etag=etag, rows=base.rows)})
            for day, record in days.items()
            if (base := current.days.get(day)) is not None and base.objects == record.objects
        }
        return current.model_copy(update={"version": current.version + 1, "days": current.days | found})

    records.change_manifest(changed)


def _days_to_write(manifest: Manifest, entry: RunEntry) -> dict[dt.date, DayRecord]:
    """Return the days in order: those of the run, and those of earlier runs that died before they wrote their file."""
    published = {day_from_partition(found.partition) for found in entry.partitions}
    return {
        day: record
        for day, record in sorted(manifest.days.items())
        if record.objects and (day in published or manifest.lacks_report(record))
    }


def _rows(store: Store, objects: Sequence[ObjectRecord], wanted: pa.Schema, folder: Path) -> Iterator[pa.Table]:
    """Yield the rows of days, one file after the other on the local disk."""
    file = folder / f"day{PARQUET.extension}"
    for found in objects:
        store.download(StoredObject(found.key, found.etag, found.bytes), file)
        yield from target_tables([file], wanted)

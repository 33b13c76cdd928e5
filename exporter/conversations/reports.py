"""Days that a run has published flow in, one CSV file with their rows flows out, with the time in its name.

A file states its own key. So the exporter knows its own files from those that people put into the folder.
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa

from dataset_model.records.manifest import ObjectRecord
from dataset_model.records.runs import RunEntry
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
    """Write the rows of the days that a run has published; return the file's address, None where there are none."""
    store = Store(Clients(settings.region).s3, settings.bucket)
    records = Records(store, settings.prefix)
    manifest, schema = records.manifest(), records.schema()
    if manifest is None or schema is None or not entry.partitions:
        return None
    days = sorted(day_from_partition(found.partition) for found in entry.partitions)
    objects = [found for day in days if day in manifest.days for found in manifest.days[day].objects]
    wanted = arrow_schema(schema.model_copy(update={"columns": target_columns(settings.dataset, schema)}))
    key = report_key(prefix, settings.dataset.name, started_at)
    with workspace() as folder:
        file, writer = folder / f"report{CSV.extension}", FILE_FORMATS["csv"]
        writer.write(_rows(store, objects, wanted, folder), wanted, file)
        if (rows := writer.row_count(file)) != (expected := sum(found.rows for found in objects)):
            raise StoreError(f"{key} would have {rows:,} rows, and its days have {expected:,}. Run again")
        store.replace_with_file(key, file, None, content_type=CSV.content_type, owner=key)
    return f"s3://{settings.bucket}/{key}"


def _rows(store: Store, objects: Sequence[ObjectRecord], wanted: pa.Schema, folder: Path) -> Iterator[pa.Table]:
    """Yield the rows of days, one file after the other on the local disk."""
    file = folder / f"day{PARQUET.extension}"
    for found in objects:
        store.download(StoredObject(found.key, found.etag, found.bytes), file)
        yield from target_tables([file], wanted)

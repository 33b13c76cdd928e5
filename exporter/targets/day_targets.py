"""Parquet objects of a day flow in, the day's files of the other targets flow out, each replaced in one put.

A file is made from the Parquet objects themselves, so it has their rows, and can be made again at any time without the
source. A run that dies between two targets leaves files that do not fit the day's ETags: the next run renews them.
"""

import datetime as dt
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import structlog

from dataset_model import Dataset, Target
from dataset_model.records.manifest import DayRecord, Manifest, TargetObject
from dataset_model.records.runs import PublishedTarget
from dataset_model.records.table_schema import TableSchema
from dataset_model.targets.file_formats import PARQUET
from dataset_model.targets.partitions import partition_from_day
from exporter.decoding.schema import arrow_schema, target_columns
from exporter.errors import RowsUnaccounted, StaleRun, StoreError
from exporter.storage.object_store import Store, StoredObject
from exporter.targets.formats.registry import FILE_FORMATS
from exporter.targets.formats.text import has_records_of_several_lines

MOST_RENEWED = 400
"""Days of which one run writes missing or outdated files, besides its own days."""

_BATCH_ROWS = 4096
_log = structlog.get_logger()


@dataclass
class DayTargets:
    """The files of a dataset's targets other than Parquet."""

    dataset: Dataset
    store: Store
    folder: Path
    fence: Callable[[], None]
    """Called before each put and deletion; raises if the run may no longer publish."""
    done: list[PublishedTarget] = field(default_factory=list)
    """What has been written."""
    _seen: dict[str, StoredObject] = field(default_factory=dict)
    _broken: dict[str, list[dt.date]] = field(default_factory=dict)
    """Table -> days with records of which Athena makes several."""

    @property
    def targets(self) -> tuple[Target, ...]:
        """The targets."""
        return self.dataset.file_targets

    def look(self) -> None:
        """Remember the files as they are now; publishing later requires them unchanged.

        Raises StoreError where a target's folder holds files of another dataset: each would replace the other's.
        """
        for target in self.targets:
            found = {found.key: found for found in self.store.objects(f"{target.folder(self.dataset.name)}/")}
            for key in {min(found), max(found)} if found else ():
                self._require_own(target, key)
            self._seen |= found

    def publish(
        self, day: dt.date, objects: Sequence[StoredObject], schema: TableSchema, local: Mapping[str, Path]
    ) -> tuple[TargetObject, ...]:
        """Write a day's file of each target from the day's Parquet objects; `local` has those that need no download.

        Raises RowsUnaccounted where a file has other rows than its sources.
        """
        if not self.targets:
            return ()
        sources = [local.get(found.etag) or self._downloaded(found, at) for at, found in enumerate(objects)]
        made_from = tuple(sorted(found.etag for found in objects))
        return tuple(self._publish(day, target, sources, made_from, schema) for target in self.targets)

    def remove(self, day: dt.date) -> None:
        """Remove the files of a day that has no rows."""
        for target in self.targets:
            found = self._seen.pop(target.key(self.dataset.name, day), None)
            if found is not None:
                self._require_own(target, found.key)
                self.fence()
                self.store.remove(found.key, found.etag)

    def renew(
        self, manifest: Manifest, schema: TableSchema, stop: threading.Event
    ) -> tuple[dict[dt.date, DayRecord], list[str]]:
        """Write files that are missing or outdated, newest day first; return the new records and what to warn of."""
        outdated = [
            record for _, record in sorted(manifest.days.items(), reverse=True) if self._is_outdated(record, schema)
        ]
        renewed: dict[dt.date, DayRecord] = {}
        warnings: list[str] = []
        for record in outdated[:MOST_RENEWED]:
            if stop.is_set():
                break
            self.fence()
            if not record.rows:
                self.remove(record.day)
                continue
            objects = [StoredObject(found.key, found.etag, found.bytes) for found in record.objects]
            try:
                files = self.publish(record.day, objects, schema, {})
            except (StaleRun, StoreError) as failure:  # the day itself is not as recorded: `doctor` explains it
                warnings.append(f"{record.day}: its files of other targets could not be written: {failure}")
                continue
            renewed[record.day] = record.model_copy(update={"targets": files})
        left = len(outdated) - MOST_RENEWED
        if left > 0:
            warnings.append(f"{left} days still lack a file of a target; the next runs write them")
        return renewed, warnings

    def line_break_warnings(self) -> Iterator[str]:
        """Yield a warning for each CSV table that Athena does not read as it was written."""
        for table, days in self._broken.items():
            named = f"{min(days)} and {len(days) - 1} other days" if len(days) > 1 else str(days[0])
            yield (
                f"table {table} counts too many rows for {named}: a text holds a line break, and Athena reads CSV by "
                "lines. Query the Parquet table, or take format ndjson for this one"
            )

    def publish_manifests(self, manifest: Manifest) -> None:
        """Write the QuickSight manifest of each target that has one."""
        for target in self.targets:
            if target.manifest == "quicksight":
                from exporter.targets.quicksight_manifest import QuickSightManifest

                QuickSightManifest(self.dataset, target, self.store, self.folder, self.fence).publish(manifest)

    def _is_outdated(self, record: DayRecord, schema: TableSchema) -> bool:
        """Return whether a file of a recorded day is missing, or is not as recorded, or does not fit the day's rows."""
        recorded = {found.key: found for found in record.targets}
        for target in self.targets:
            key = target.key(self.dataset.name, record.day)
            seen, known = self._seen.get(key), recorded.get(key)
            if record.rows == 0:
                if seen is not None:
                    return True
                continue
            columns = tuple(column.name for column in target_columns(self.dataset, schema))
            if seen is None or known is None or (known.etag, known.made_from) != (seen.etag, record.etags):
                return True
            if known.columns != columns:
                return True
        return False

    def _publish(
        self, day: dt.date, target: Target, sources: Sequence[Path], made_from: tuple[str, ...], schema: TableSchema
    ) -> TargetObject:
        writer = FILE_FORMATS[target.format]
        wanted = arrow_schema(schema.model_copy(update={"columns": target_columns(self.dataset, schema)}))
        file = self.folder / f"target{target.storage.extension}"
        writer.write(target_tables(sources, wanted), wanted, file)
        rows, expected = writer.row_count(file), sum(pq.read_metadata(source).num_rows for source in sources)
        if rows != expected:
            raise RowsUnaccounted({day: (expected, rows)})
        if target.table and target.format == "csv" and has_records_of_several_lines(file, rows):
            self._broken.setdefault(target.table, []).append(day)
        key = target.key(self.dataset.name, day)
        seen = self._seen.get(key)
        if seen:
            self._require_own(target, key)
        self.fence()
        etag = self.store.replace_with_file(
            key,
            file,
            seen.etag if seen else None,
            content_type=target.storage.content_type,
            owner=self.dataset.name,
        )
        size = file.stat().st_size
        self._seen[key] = StoredObject(key, etag, size)
        uri = f"s3://{self.store.bucket}/{key}"
        self.done.append(
            PublishedTarget(partition=partition_from_day(day), rows=rows, bytes=size, uri=uri, format=target.format)
        )
        _log.debug("published a file of a target", day=day.isoformat(), uri=uri, rows=rows)
        columns = tuple(wanted.names)
        return TargetObject(
            format=target.format, key=key, etag=etag, rows=rows, bytes=size, columns=columns, made_from=made_from
        )

    def _require_own(self, target: Target, key: str) -> None:
        owner = self.store.owner(key)
        if owner and owner != self.dataset.name:
            raise StoreError(
                f"s3://{self.store.bucket}/{key} is a file of dataset {owner}, and the {target.format} target of "
                f"dataset {self.dataset.name} writes to the same folder. Give one of them another prefix or path, for "
                "example with {dataset} in it."
            )

    def _downloaded(self, found: StoredObject, number: int) -> Path:
        file = self.folder / f"source-{number}{PARQUET.extension}"
        self.store.download(found, file)
        return file


def target_tables(sources: Sequence[Path], wanted: pa.Schema) -> Iterator[pa.Table]:
    """Yield the rows of Parquet files in the wanted columns; one that a file lacks is null, as Athena reads it."""
    for source in sources:
        with pq.ParquetFile(source) as parquet:
            present = set(parquet.schema_arrow.names)
            names = [name for name in wanted.names if name in present]
            for batch in parquet.iter_batches(_BATCH_ROWS, columns=names):
                columns = [
                    batch.column(one.name) if one.name in present else pa.nulls(batch.num_rows, one.type)
                    for one in wanted
                ]
                yield pa.Table.from_arrays(columns, schema=wanted)

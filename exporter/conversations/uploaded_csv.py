"""A CSV file that a person has put into the folder of reports flows in, the days of its rows are published from it.

A day that has a row in the file has the file's rows alone from then on, until it is read from the table again. Nothing
of a file that cannot be used is published.
"""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

import structlog

from dataset_model import Column, Dataset, FilesSource
from dataset_model.definition import Retention
from dataset_model.records.table_schema import SchemaColumn, SourceIdentity, TableSchema
from exporter.clients import Clients
from exporter.conversations.normalize import WAIT_MINUTES
from exporter.conversations.reports import record_published
from exporter.conversations.settings import ConversationSettings
from exporter.decoding.schema import initial_schema
from exporter.errors import ExportError, SourceError, StoreError
from exporter.planning.window import spans
from exporter.run.job import ExportJob
from exporter.run.reporting.progress import Lines
from exporter.run.reporting.report import report
from exporter.run.request import ExportRequest
from exporter.runtime.workspace import workspace
from exporter.settings import Settings
from exporter.sources.files.csv_days import day_column, rows_by_day
from exporter.sources.files.csv_rows import CsvFile, CsvRows, attribute_of
from exporter.sources.files.substitute import Substitute
from exporter.storage.object_store import Store, StoredObject
from exporter.storage.records import Records

_log = structlog.get_logger()


def keys_of_event(event: Mapping[str, Any]) -> list[tuple[str, str]] | None:
    """Return (bucket, key) of the objects that an event of S3 names; None where it is no event of S3."""
    if event.get("Event") == "s3:TestEvent":
        return []
    records = event.get("Records")
    if not isinstance(records, list) or not all(isinstance(one, dict) and "s3" in one for one in records):
        return None
    return [(one["s3"]["bucket"]["name"], unquote_plus(one["s3"]["object"]["key"])) for one in records]


def publish_all(
    settings: ConversationSettings, keys: Sequence[tuple[str, str]], clock: Callable[[], dt.datetime]
) -> list[dict[str, Any]]:
    """Publish each file; return the reports of all runs. Raises ExportError with the failures after the last file."""
    runs: list[dict[str, Any]] = []
    failures = []
    for bucket, key in keys:
        try:
            runs += publish_upload(settings, bucket, key, clock)
        except ExportError as failure:
            failures.append(str(failure))
    if failures:
        raise ExportError("; ".join(failures))
    return runs


def publish_upload(
    settings: ConversationSettings, bucket: str, key: str, clock: Callable[[], dt.datetime]
) -> list[dict[str, Any]]:
    """Publish the days of a file; return the reports of the runs, none for a file that the exporter has written."""
    store = Store(Clients(settings.region).s3, settings.bucket)
    named = f"s3://{bucket}/{key}"
    if bucket != settings.bucket or not key.startswith(f"{settings.clean_prefix}/"):
        raise SourceError(
            f"{named} is not below s3://{settings.bucket}/{settings.clean_prefix}/, where CSV files are put by hand"
        )
    if store.owner(key) == key:
        return []
    one = _dataset_of(settings, key)
    records = Records(store, one.prefix)
    published = records.schema()
    if published is None:
        raise SourceError(
            f"{named}: nothing of {one.dataset.name} is published yet. Run the export once, then put it again"
        )
    now = clock()
    with workspace() as folder:
        found, file = _downloaded(store, key, folder)
        upload = _Upload(one, published, CsvFile(file, named), now)
        reports = []
        for window in spans(upload.days(), one.dataset.zone):
            request = ExportRequest(window, wait_minutes=WAIT_MINUTES)
            settings_of_run, substitute = upload.settings, upload.substitute(named)
            job = ExportJob(
                settings_of_run, request, progress=Lines(), clock=clock, substitute=substitute,
                reports_prefix=settings.clean_prefix,
            )  # fmt: skip
            entry = job.run()
            if entry.error:
                raise ExportError(f"{named}: export {entry.status}: {entry.error}")
            record_published(records, entry, found)
            reports.append(report(entry))
    _log.info("published a file that was put by hand", file=named, runs=len(reports))
    return reports


def _dataset_of(settings: ConversationSettings, key: str) -> Settings:
    """Return the dataset with which a file's name begins."""
    name = key.rpartition("/")[2]
    found = [one for one in settings.datasets if name.startswith((f"{one.dataset.name}_", f"{one.dataset.name}."))]
    if found and name.endswith(".csv"):
        return found[0]
    names = " or ".join(f"{one.dataset.name}_NAME.csv" for one in settings.datasets)
    raise SourceError(
        f"s3://{settings.bucket}/{key}: expected a name such as {names}. Rename the file; nothing was published"
    )


def _downloaded(store: Store, key: str, folder: Path) -> tuple[StoredObject, Path]:
    found = next((one for one in store.objects(key) if one.key == key), None)
    if found is None:
        raise StoreError(f"s3://{store.bucket}/{key} is not there any more; nothing was published")
    file = folder / "handed-in.csv"
    store.download(found, file)
    return found, file


class _Upload:
    """A file, and the dataset with columns as the file names them."""

    def __init__(self, settings: Settings, published: TableSchema, file: CsvFile, now: dt.datetime) -> None:
        declared = settings.dataset
        self._file, self._declared, self._now = file, declared, now
        self._day_column = self._checked(published)
        source = FilesSource(
            kind="files",
            path=f"{declared.name}/{{date}}.csv",
            time_zone=declared.source.time_zone,
            settle_minutes=declared.source.settle_minutes,
        )
        columns = tuple(_plain(column) for column in declared.columns)
        self._dataset = declared.model_copy(
            update={
                "source": source,
                "columns": columns,
                "explode": None,
                "undeclared": "ignore",
                "retention": Retention(),
            }
        )
        self.settings = Settings(dataset=self._dataset, bucket=settings.bucket, region=settings.region)
        self._schema = _renamed(published, self._dataset)
        if initial_schema(self._dataset, self._schema, now) is not self._schema:
            raise self._fault("its dataset file has changed since it was exported. Run the export, then put it again")

    def days(self) -> set[dt.date]:
        """Return the days of the file's rows; raise SourceError where no row has one."""
        self._require_single()
        found = set(rows_by_day(self._file, self._declared, self._day_column, self._now))
        if not found:
            raise self._fault(
                f"no row has a readable time in the column {self._day_column}, such as 2026-02-16T10:00:00Z"
            )
        return found

    def _require_single(self) -> None:
        """Raise SourceError where an item is in the file twice: it would be counted twice."""
        key = next((column.name for column in self._declared.columns if column.role == "key"), None)
        if key is None or self._declared.exploded:  # an element is identified by its place
            return
        seen: set[str] = set()
        for texts in self._file.texts(key):
            for text in texts.drop_null().to_pylist():
                if text in seen:
                    raise self._fault(f"{key} {text} is there twice, and identifies a row")
                seen.add(text)

    def substitute(self, named: str) -> Substitute:
        """Return the file's rows for a run."""
        present = set(self._file.columns)
        types = {column.name: column.type for column in self._dataset.columns if column.name in present}
        return Substitute(
            schema=self._schema,
            rows=lambda limiter: CsvRows(self._file, types, self._day_column, limiter),
            note=f"the rows of these days are those of {named}, which was put by hand",
        )

    def _checked(self, published: TableSchema) -> str:
        """Return the column that places rows on their days; raise SourceError where the header is not the dataset's."""
        declared, header = self._declared, self._file.columns
        places = day_column(declared)
        if places is None:
            raise self._fault(
                f"no column of the dataset has the attribute {declared.source.sort_key}, which places rows on days"
            )
        known = {column.name for column in published.columns}
        unknown = [name for name in header if name not in known]
        missing = [column.name for column in declared.columns if column.name not in header]
        if unknown or missing or len(set(header)) < len(header):
            parts = [f"unknown {', '.join(unknown)}"] if unknown else []
            parts += [f"missing {', '.join(missing)}"] if missing else []
            expected = ",".join(column.name for column in declared.columns)
            raise self._fault(f"expected the header {expected}; found {'; '.join(parts) or 'a name twice'}")
        return places

    def _fault(self, what: str) -> SourceError:
        return SourceError(f"{self._file.named}: {what}. Nothing was published")


def _plain(column: Column) -> Column:
    """Return a column with the file's value of that name, whatever its own origin."""
    origin = {"attribute": attribute_of(column.name), "derive": "", "inputs": (), "constant": None, "format": None}
    return column.model_copy(update=origin)


def _renamed(published: TableSchema, dataset: Dataset) -> TableSchema:
    """Return the published schema with attributes as the file's rows have them."""
    declared = {column.name: column for column in dataset.columns}
    columns = []
    for column in published.columns:
        known = declared.get(column.name)
        if known is None:
            columns.append(column)
            continue
        columns.append(
            SchemaColumn(
                name=column.name,
                attribute=known.attribute,
                type=column.type,
                declared=True,
                description=known.description,
            )
        )
    return published.model_copy(update={"source": SourceIdentity.of(dataset), "columns": tuple(columns)})

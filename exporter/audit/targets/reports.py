"""Recorded CSV files of runs flow in, the rows of each day, counted in them, and what disagrees flow out."""

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from dataset_model import Dataset
from dataset_model.records.manifest import DayRecord, DayReport, Manifest
from exporter.audit.inspection import Finding, Inspection
from exporter.errors import SourceError
from exporter.planning.window import Window
from exporter.runtime.workspace import workspace
from exporter.sources.files.csv_days import day_column, rows_by_day
from exporter.sources.files.csv_rows import CsvFile
from exporter.storage.object_store import Store, StoredObject


@dataclass(frozen=True)
class CountedReport:
    """A CSV file as it is in the bucket."""

    etag: str
    rows: Mapping[dt.date, int] | None
    """By day; None where it cannot be read as CSV, or was not read."""


def present_reports(store: Store, manifest: Manifest) -> dict[str, StoredObject]:
    """Return key -> object, for the recorded files that exist."""
    folders = {report.key.rpartition("/")[0] for report in _recorded(manifest, None).values()}
    return {found.key: found for folder in folders for found in store.objects(f"{folder}/")}


def count_reports(
    store: Store, dataset: Dataset, manifest: Manifest, window: Window | None, now: dt.datetime
) -> dict[str, CountedReport]:
    """Return key -> file, for the recorded files of a window's days that exist, with their rows counted."""
    column, present = day_column(dataset), present_reports(store, manifest)
    counted: dict[str, CountedReport] = {}
    with workspace() as scratch:
        for report in _recorded(manifest, window).values():
            found = present.get(report.key)
            if found is None or report.key in counted:
                continue
            if column is None:  # the file does not say which row is of which day
                counted[report.key] = CountedReport(found.etag, None)
                continue
            file = scratch / "counted.csv"
            store.download(found, file)
            rows: Counter[dt.date] | None
            try:
                rows = rows_by_day(CsvFile(file, report.key), dataset, column, now)
            except (SourceError, KeyError):  # another header is another file than the one recorded
                rows = None
            counted[report.key] = CountedReport(found.etag, rows)
    return counted


def report_disagreements(
    manifest: Manifest, record: DayRecord, counted: Mapping[str, CountedReport], *, counts: bool = True
) -> Iterator[str]:
    """Yield where a day's rows are not in the CSV file that is recorded; without `counts` its rows are not compared."""
    if manifest.lacks_report(record) and manifest.reports:
        yield (
            f"no CSV file in {manifest.reports.prefix}/ has the day's rows; the next `exporter normalize` writes one"
        )
    report = record.report
    if report is None:
        return
    again = f"`exporter normalize --start {record.day} --end {record.day}` writes another"
    found = counted.get(report.key)
    if found is None:
        yield f"{report.key} is not in the bucket; {again}"
        return
    if found.etag != report.etag:
        yield f"{report.key} has changed since the manifest was written: another ETag; {again}"
    if not counts:
        return
    if found.rows is None:
        yield f"{report.key} is no CSV file with the dataset's columns; {again}"
    elif (rows := found.rows.get(record.day, 0)) != record.rows:
        yield f"{report.key} holds {rows:,} rows of the day, the manifest says {record.rows:,}"


def report_findings(around: Inspection, manifest: Manifest) -> Iterator[Finding]:
    """Yield the days with a CSV file that is missing or another one; no file is read."""
    counted = {key: CountedReport(found.etag, None) for key, found in around.reports.items()}
    for day, record in sorted(manifest.days.items()):
        for text in report_disagreements(manifest, record, counted, counts=False):
            yield Finding("report", str(day), text, "run `exporter normalize`")


def _recorded(manifest: Manifest, window: Window | None) -> dict[dt.date, DayReport]:
    return {
        day: record.report
        for day, record in manifest.days.items()
        if record.report is not None and (window is None or day in window)
    }

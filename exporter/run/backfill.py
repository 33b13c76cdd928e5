"""`exporter backfill`: many days flow in, one run per chunk of days flows out, oldest first."""

import datetime as dt
import itertools
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dataset_model.records.manifest import Manifest
from dataset_model.records.runs import RunEntry
from exporter.clients import Clients
from exporter.errors import UsageError
from exporter.planning.owed_days import RESUMABLE_DAYS, days_lacking_values, incomplete_days
from exporter.planning.sort_key import SortKey
from exporter.planning.window import Window, day_of, spans
from exporter.run.job import ExportJob
from exporter.run.preflight import preflight
from exporter.run.reporting.progress import Progress, Quiet
from exporter.run.reporting.report import report
from exporter.run.request import ExportRequest
from exporter.run.table_export.exporting import export_to_read
from exporter.runtime.clock import utc_now
from exporter.settings import Settings
from exporter.sources.opening import SourceName, way_of
from exporter.sources.rate_limiter import RateLimiter
from exporter.storage.glue_catalog import Catalog
from exporter.storage.object_store import Store
from exporter.storage.records import Records

if TYPE_CHECKING:
    from exporter.run.table_export.scan_conversion import ScanRecord


@dataclass(frozen=True)
class BackfillRequest:
    """What is exported."""

    window: Window
    chunk_days: int | None = None
    """Days of a chunk; None: calendar months, or all where keys do not sort by time."""
    force: bool = False
    """Export days again that are closed in the manifest."""
    source: SourceName | None = None
    """What is read; None: the cheapest, or what the dataset declares. A scan and a table export are of the whole table,
    so that all days are one run."""
    segments: int | None = None
    """Segments of a scan; None: as many as the table's size asks for."""
    export_arn: str | None = None
    """The table export that is read; None: a new one is started."""
    workers: int | None = None
    """How many convert an export's files, or a scan's segments, before the run; None: the run reads them itself."""
    ranges: int = 8
    max_read_units: float | None = None
    wait_minutes: float = 0.0
    """How long each run waits for another run of the dataset to end."""


@dataclass
class BackfillReport:
    """Runs done and days that remain."""

    planned: int
    """Runs that the stretch takes."""
    skipped_days: int
    """Closed before this began."""
    entries: list[RunEntry] = field(default_factory=list)
    remaining: list[Window] = field(default_factory=list)
    scanned_units: float = 0.0
    """Read units of the segments that workers have read before the run."""

    @property
    def error(self) -> str | None:
        """Why the last run did not succeed, or None."""
        return self.entries[-1].error if self.entries else None

    def plain(self) -> dict[str, Any]:
        """Return the report as plain values."""
        return {
            "status": "interrupted" if self.remaining and not self.error else "failed" if self.error else "succeeded",
            "rows": sum(entry.rows for entry in self.entries),
            "quarantined": sum(entry.quarantined for entry in self.entries),
            "read_units": round(self.scanned_units + sum(entry.read_units for entry in self.entries), 1),
            "skipped_days": self.skipped_days,
            "runs": [report(entry) for entry in self.entries],
            "remaining": [{"start": str(window.first), "end": str(window.last)} for window in self.remaining],
        }

    def text(self) -> str:
        """Return the report for people."""
        rows = sum(entry.rows for entry in self.entries)
        days = sum(len(entry.partitions) for entry in self.entries)
        runs = f"{len(self.entries)} of {self.planned} runs"
        lines = [f"{rows:,} rows in {days:,} days, {runs}; {self.skipped_days:,} days were closed already"]
        if self.remaining:
            first, last = self.remaining[0].first, self.remaining[-1].last
            lines.append(f"{first} to {last} remain; run the same command again to continue")
        return "\n".join(lines)


class Backfill:
    """One backfill of one dataset."""

    def __init__(
        self,
        settings: Settings,
        request: BackfillRequest,
        *,
        progress: Progress | None = None,
        stop: threading.Event | None = None,
        clock: Callable[[], dt.datetime] = utc_now,
        choose: Callable[[tuple[Window, ...]], SourceName | None] = lambda _: None,
    ) -> None:
        """`choose` names the way to read some days where none was asked for; None for what the dataset declares."""
        self._settings, self._request, self._clock = settings, request, clock
        self._choose = choose
        self._progress = progress or Quiet()
        self._stop = stop or threading.Event()
        if request.force and settings.dataset.target.overwrite_mode == "APPEND":
            raise UsageError("--force would add days in APPEND a second time; leave it out, or use OVERWRITE")
        today = day_of(clock(), settings.dataset.zone)
        if request.window.last > today:
            raise UsageError(f"--end {request.window.last} is in the future; today is {today}")

    def run(self, on_run: Callable[[RunEntry, int, int], None] = lambda *_: None) -> BackfillReport:
        """Export chunk by chunk; end after the first run that does not succeed, or at a stop.

        `on_run` is called with each run that has ended, its number and the number of runs.
        """
        clients = Clients(self._settings.region)
        store = Store(clients.s3, self._settings.bucket)
        store.check()
        records, dataset = Records(store, self._settings.prefix), self._settings.dataset
        manifest = records.manifest()
        days, closed = set(self._request.window.days()), self._closed(records, manifest)
        windows = list(chunks(days - closed, self._request))
        source = self._source(days - closed)
        way, arn = way_of(dataset, source), self._request.export_arn
        if way == "index" and self._request.chunk_days is None and not self._sorts:
            windows = list(spans(days - closed, self._request.window.zone))
        if way != "index" and windows:
            windows = [Window(windows[0].first, windows[-1].last, self._request.window.zone)]
        if self._request.workers is not None and windows:
            self._require_publishable(clients, records)
        if way == "table-export" and windows:
            arn = self._exported(clients, arn)
        done = BackfillReport(planned=len(windows), skipped_days=len(closed))
        scan = self._scanned(clients, store, manifest, days - closed, done) if way == "scan" and windows else None
        for number, window in enumerate(windows, start=1):
            if self._stop.is_set():
                done.remaining = windows[number - 1 :]
                break
            entry = self._export(window, source, arn)
            done.entries.append(entry)
            on_run(entry, number, len(windows))
            if entry.error:
                done.remaining = windows[number - 1 :]
                break
        if scan is not None and not done.remaining:
            scan()
        return done

    def begin_scan(self) -> "ScanRecord":
        """Begin the scan of the days that are left, or go on with one that is under way, and list its segments.

        They are converted elsewhere, and `run` then merges them. Raises UsageError where no day is left.
        """
        from exporter.run.table_export.scan_conversion import Scans

        clients = Clients(self._settings.region)
        store = Store(clients.s3, self._settings.bucket)
        store.check()
        way_of(self._settings.dataset, "scan")
        records, window = Records(store, self._settings.prefix), self._request.window
        manifest = records.manifest()
        days = set(window.days()) - self._closed(records, manifest)
        self._require_publishable(clients, records)
        if not days:
            raise UsageError(f"all days from {window.first} to {window.last} are closed, so there is nothing to scan")
        record = self._begun(clients, store, manifest, days)
        Scans(store, self._settings.prefix).listed(record)
        return record

    def _require_publishable(self, clients: Clients, records: Records) -> None:
        """Raise what would prevent the run, before workers read the whole table for it."""
        dataset = self._settings.dataset
        catalog = Catalog(clients.glue, dataset, self._settings.location)
        preflight(clients, dataset, catalog, records.schema(), self._clock())

    def _closed(self, records: Records, manifest: Manifest | None) -> set[dt.date]:
        """Return the days that need not be read."""
        days, dataset = set(self._request.window.days()), self._settings.dataset
        closed = set() if self._request.force else closed_days(days, manifest)
        if dataset.target.overwrite_mode == "OVERWRITE":
            closed -= set(itertools.chain(*days_lacking_values(manifest, dataset.source.partition_values).values()))
            for entry in records.runs_since(self._clock() - dt.timedelta(days=RESUMABLE_DAYS)):
                closed -= incomplete_days(entry, manifest)
        return closed

    @property
    def _sorts(self) -> bool:
        """Whether days can be read alone. If not, every run reads the whole key, so there are as few as possible."""
        declared = self._settings.dataset
        return SortKey(declared.source.date_format, declared.zone, "S", self._clock().year + 1).sorts

    def _exported(self, clients: Clients, arn: str | None) -> str:
        """Return the ARN of a completed export, of which workers have converted the files where there are any."""
        export = export_to_read(clients, self._settings, arn, self._stop)
        if self._request.workers is not None:
            from exporter.run.table_export.workers import convert_missing

            convert_missing(self._settings, export, self._request.workers, self._stop, self._progress)
        return export.arn

    def _scanned(
        self, clients: Clients, store: Store, manifest: Manifest | None, days: set[dt.date], done: BackfillReport
    ) -> Callable[[], None] | None:
        """Convert the segments of a scan that are left, where there are workers; return what removes all of them."""
        request, settings = self._request, self._settings
        if request.workers is None:
            return None
        from exporter.run.table_export.scan_conversion import ScanConversion, Scans

        record, limiter = (
            self._begun(clients, store, manifest, days),
            RateLimiter(request.workers, request.max_read_units),
        )
        conversion = ScanConversion(settings, record, limiter, self._stop, clients)
        conversion.convert_missing(request.workers, self._progress)
        done.scanned_units = limiter.units
        return lambda: Scans(store, settings.prefix).remove(record)

    def _begun(self, clients: Clients, store: Store, manifest: Manifest | None, days: set[dt.date]) -> "ScanRecord":
        from exporter.run.table_export.export_conversion import not_converted
        from exporter.run.table_export.scan_conversion import Scans, segment_count

        settings = self._settings
        if settings.dataset.exploded:
            raise not_converted(settings.dataset, "scan")
        segments = segment_count(settings, clients, self._request.segments, self._request.workers or 1)
        scans = Scans(store, settings.prefix)
        return scans.begun(settings.dataset.source.table, segments, self._clock(), manifest, days)

    def _source(self, days: set[dt.date]) -> SourceName | None:
        """Return what is read; a chunk of days is one of an index query."""
        if self._request.source or self._request.chunk_days or not days:
            return self._request.source
        return self._choose(spans(days, self._request.window.zone))

    def _export(self, window: Window, source: SourceName | None, export_arn: str | None) -> RunEntry:
        request = ExportRequest(
            window,
            source=source,
            segments=self._request.segments,
            export_arn=export_arn,
            converted=self._request.workers is not None,
            ranges=self._request.ranges,
            max_read_units=self._request.max_read_units,
            wait_minutes=self._request.wait_minutes,
        )
        return ExportJob(self._settings, request, progress=self._progress, stop=self._stop, clock=self._clock).run()


def closed_days(days: Iterable[dt.date], manifest: Manifest | None) -> set[dt.date]:
    """Return the days that have been read after they had settled."""
    records = manifest.days if manifest else {}
    return {day for day in days if (record := records.get(day)) is not None and record.state == "closed"}


def chunks(days: Iterable[dt.date], request: BackfillRequest) -> Iterator[Window]:
    """Yield windows that together hold exactly these days, oldest first, none longer than a chunk."""
    for span in spans(days, request.window.zone):
        if request.chunk_days is None:
            parts = [tuple(month) for _, month in itertools.groupby(span.days(), key=lambda day: (day.year, day.month))]
        else:
            days_of_span, length = tuple(span.days()), request.chunk_days
            parts = [days_of_span[at : at + length] for at in range(0, len(days_of_span), length)]
        for part in parts:
            yield Window(part[0], part[-1], request.window.zone)

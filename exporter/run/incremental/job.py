"""A dataset flows in; what has changed in it since it was read is in its change files, window by window.

The days that have changed are open again, so that the next export reads them. A window is exported, read, and recorded
as read when all of this is stored. Killed in between, the next run does the rest: the export is found by its window,
lines and rows are written over, and a day that is open already stays open.
"""

import datetime as dt
import secrets
import threading
from collections.abc import Callable, Iterator, Sequence

import structlog

from dataset_model.records.changes import MARGIN
from dataset_model.records.manifest import Manifest
from dataset_model.records.table_schema import TableSchema
from exporter.changes.change_files import days_changed_before
from exporter.changes.compaction import Compaction
from exporter.changes.state import stream_state
from exporter.clients import Clients
from exporter.decoding.schema import initial_schema
from exporter.errors import ExportError, SourceError, UsageError
from exporter.planning.export_windows import first_instant, next_window
from exporter.planning.sort_key import SortKey
from exporter.run.incremental.change_feed import ChangeFeed, Fed, can_be_fed
from exporter.run.incremental.changed_days import ChangedDays, WindowReader, oldest_day
from exporter.run.incremental.days_of_window import DaysOfWindow
from exporter.run.incremental.item_log import ItemLog
from exporter.run.incremental.known_keys import ASKED_FOLDER, KEYS_FOLDER, KnownKeys
from exporter.run.incremental.placement import Placement
from exporter.run.incremental.report import ChangesReport, ReadWindow
from exporter.run.incremental.warnings import beginning_warnings, continuing_warnings, range_of, window_warnings
from exporter.run.incremental.window_export import EXPORTS_TARGET, WindowExport
from exporter.run.incremental.window_state import LastWindow, PendingWindow, WindowRecord, WindowState
from exporter.run.lease import Lease
from exporter.run.reporting.metrics import emit_changes_metrics
from exporter.runtime.clock import utc_now
from exporter.runtime.memory import steady_memory
from exporter.runtime.workspace import workspace
from exporter.settings import Settings
from exporter.sources.description import SourceDescription, describe_source
from exporter.sources.rate_limiter import RateLimiter
from exporter.sources.table_export.changed_items import ChangedItem, changed_items
from exporter.sources.table_export.exporting import CompletedExport
from exporter.sources.table_export.incremental import INCREMENTAL, require_window
from exporter.sources.table_export.manifests import ExportFile, Summary, read_files
from exporter.sources.table_export.recovery import recovery_of
from exporter.storage.object_store import Store
from exporter.storage.records import Records
from exporter.targets.manifest_writer import ManifestWriter
from exporter.targets.quarantine import Quarantine

_log = structlog.get_logger()


class ChangesJob:
    """Reads the changes of one dataset's table since the last time."""

    def __init__(
        self,
        settings: Settings,
        *,
        wait_minutes: float = 180.0,
        keeps_closed: bool = False,
        max_read_units: float | None = None,
        stop: threading.Event | None = None,
        clock: Callable[[], dt.datetime] = utc_now,
    ) -> None:
        """Wait so long for an export to end; raise UsageError for a dataset that cannot have changes.

        `keeps_closed`: no day is opened again where change files show what has changed in it. `max_read_units` bounds
        what look-ups of items read in a second.
        """
        dataset = settings.dataset
        if not dataset.source.is_table or dataset.target.overwrite_mode == "APPEND":
            raise UsageError(
                f"`changes` reads days of a table again; dataset {dataset.name} is "
                + ("in overwrite mode APPEND" if dataset.source.is_table else "read from files")
                + ". Leave `changes` out for it"
            )
        self._settings, self._dataset, self._clock = settings, dataset, clock
        self._stop = stop or threading.Event()
        self._clients = clients = Clients(settings.region)
        self._store = Store(clients.s3, settings.bucket)
        self._records = Records(self._store, settings.prefix)
        self._record = WindowRecord(self._store, settings.prefix)
        target = (settings.bucket, f"{settings.prefix}/{EXPORTS_TARGET}")
        self._exports = WindowExport(
            clients.dynamodb, dataset.source.table, target, self._record, self._stop, wait_minutes * 60, clock
        )
        self._wait_minutes, self._keeps_closed, self._max_read_units = wait_minutes, keeps_closed, max_read_units

    def run(self) -> ChangesReport:
        """Read every window up to now; the report has the error that ended it, if one did."""
        report = ChangesReport(self._dataset.name)
        try:
            with steady_memory():
                self._read_windows(report)
        except ExportError as failure:
            report.error = str(failure)
        emit_changes_metrics(report, self._clock())
        return report

    def _read_windows(self, report: ChangesReport) -> None:
        self._store.check()
        recovery = recovery_of(self._clients.dynamodb, self._dataset.source.table)
        state = self._begun(recovery.earliest, report)
        report.read_to = state.read_to
        description = describe_source(self._clients.dynamodb, self._dataset)
        self._feed(initial_schema(self._dataset, self._records.schema(), self._clock()))  # exports stamp from now on
        while window := self._window(state, min(recovery.latest, self._clock())):
            state, export = self._exports.completed(state, window)
            state = self._read(state, export, description, report)
            report.read_to = state.read_to

    def _begun(self, earliest: dt.datetime, report: ChangesReport) -> WindowState:
        """Return the record, the first time a new one; raise SourceError where changes cannot be had any more."""
        state, source = self._record.read(), self._dataset.source
        manifest = self._records.manifest() or _NO_DAYS
        if state is None:
            closed = [record.read_at for record in manifest.days.values() if record.state == "closed"]
            begin = first_instant(min(closed, default=None), earliest, self._clock(), MARGIN)
            changed = days_changed_before(self._store, self._settings.prefix, begin)
            report.warnings += beginning_warnings(manifest, begin, changed)
            begun = WindowState(dataset=self._dataset.name, table=source.table, read_to=begin, begun_at=begin)
            return self._record.replace(begun)
        report.warnings += continuing_warnings(manifest, state.begun_at)
        if state.table != source.table:
            raise SourceError(
                f"{self._record.place} is of table {state.table}, and the dataset reads {source.table}. Use another "
                "S3_PREFIX, or remove the record and export the published days again"
            )
        if state.read_to < earliest and (state.pending is None or state.pending.arn is None):
            again = f" {range_of(manifest.days)}" if manifest.days else ""
            raise SourceError(
                f"the changes from {state.read_to:%Y-%m-%d %H:%M} to {earliest:%Y-%m-%d %H:%M} UTC cannot be exported "
                "any more: point-in-time recovery goes back no further. Read the published days again by `exporter "
                f"backfill --force{again}`, then remove {self._record.place}: `changes` begins again from there"
            )
        return state

    def _window(self, state: WindowState, until: dt.datetime) -> PendingWindow | None:
        if state.pending is not None:
            return state.pending
        found = next_window(state.read_to, until)
        if found is None:
            return None
        return PendingWindow(start=found[0], end=found[1], token=secrets.token_hex(16), asked_at=self._clock())

    def _read(
        self, state: WindowState, export: CompletedExport, description: SourceDescription, report: ChangesReport
    ) -> WindowState:
        """Read a window's export, write what it has changed, open its days again, and record it as read."""
        window = state.pending
        assert window is not None  # noqa: S101 - the export is that of the pending window
        name = f"{window.end:%Y%m%dT%H%M%SZ}-changes"
        quarantine = Quarantine(self._store, self._settings.prefix, name)
        schema = initial_schema(self._dataset, self._records.schema(), window.end)
        feed = self._feed(schema)
        with workspace() as folder:
            log = ItemLog(folder, name)
            reader = self._reader(window, description, schema, log, None if feed else quarantine)
            try:
                summary, files = self._files(window, export)
                for items in self._items(export, files):
                    reader.add(items)
            except SourceError as error:
                given_up = {"pending": None, "unusable": (*state.unusable, export.arn)}
                self._record.replace(state.model_copy(update=given_up))
                raise SourceError(f"{error}: the next run of `exporter changes` does so") from None
            changed = reader.found
            quarantine.flush()
            logged = log.store(self._store, self._settings.prefix)
            owner = f"{name}-{secrets.token_hex(3)}"
            lease = Lease(self._store, self._settings.prefix, owner, clock=self._clock, stop=self._stop)
            with lease.held(self._wait_minutes):  # no run is under way that has read these days and not recorded it
                state = self._record.replace(state)  # or another run has read the window meanwhile
                manifest = self._records.manifest() or _NO_DAYS
                days = DaysOfWindow(
                    self._records, self._store, self._settings.prefix, self._clients.dynamodb, self._dataset,
                    description, manifest, window, folder, RateLimiter(1, self._max_read_units),
                )  # fmt: skip
                table = changed.table()
                leftovers = days.leftovers(changed, table, reader.placement, schema)
                fed = Fed(quarantined=quarantine.items)
                if feed:
                    fed = feed.write(self._items(export, files), table, leftovers, window.end)
                oldest = oldest_day(self._dataset, self._clock())  # an older day cannot be read again as it was
                owed = {day for day in days.outdated(changed) | leftovers.days if day >= oldest}
                if feed and self._keeps_closed:  # what a file without stamps holds, its change files cannot correct
                    owed = {day for day in owed if manifest.days[day].as_of is None}
                writer = ManifestWriter(
                    self._records, self._dataset, self._settings.location, self._clock(), None, lease.require
                )
                writer.reopen(owed)
                if feed:
                    days.keep_known(changed, owed, schema, leftovers)
                read = {
                    "read_to": window.end,
                    "pending": None,
                    "unusable": (),
                    "done_at": self._clock(),
                    "last": _last(window, summary),
                }
                state = self._record.replace(state.model_copy(update=read))
            if feed:
                self._tidy(changed, manifest, window, report)
        self._remove(export, files)
        report.warnings += window_warnings(changed, manifest, leftovers, description.table_key)
        report.windows.append(
            ReadWindow(
                window.start,
                window.end,
                export.arn,
                changed.items,
                fed.quarantined,
                sorted(owed),
                len(changed.touched.keys() - manifest.days.keys()),
                logged,
                fed.rows if feed else None,
                sorted(leftovers.days),
                leftovers.asked,
            )
        )
        _log.info("window read", end=window.end.isoformat(), items=changed.items, owed=len(owed))
        return state

    def _feed(self, schema: TableSchema) -> ChangeFeed | None:
        """Let exports stamp their files, and return what writes change files; None where windows do not feed them."""
        if not can_be_fed(self._dataset, schema, stream_state(self._store, self._settings.prefix)):
            return None
        feed = ChangeFeed(self._settings, self._clients, self._clock)
        feed.begin()
        return feed

    def _files(self, window: PendingWindow, export: CompletedExport) -> tuple[Summary, tuple[ExportFile, ...]]:
        objects = Store(self._clients.s3, export.bucket)
        summary, files = read_files(objects, export, INCREMENTAL)
        stated = (summary.export_from_time, summary.export_to_time)
        require_window(export.arn, stated, summary.output_view, (window.start, window.end))
        listed = objects.objects(f"{self._settings.prefix}/{EXPORTS_TARGET}/")
        if missing := {file.key for file in files} - {found.key for found in listed}:
            raise SourceError(f"s3://{export.bucket}/{min(missing)} is missing: it was removed. Start another export")
        return summary, files

    def _items(self, export: CompletedExport, files: Sequence[ExportFile]) -> Iterator[list[ChangedItem]]:
        objects = Store(self._clients.s3, export.bucket)
        for file in files:
            yield from changed_items(objects, file)

    def _reader(
        self,
        window: PendingWindow,
        description: SourceDescription,
        schema: TableSchema,
        log: ItemLog,
        quarantine: Quarantine | None,
    ) -> WindowReader:
        dataset, now = self._dataset, window.end
        sort_key = SortKey(dataset.source.date_format, dataset.zone, description.sort_key_type, now.year + 1)
        placement = Placement(dataset, description, sort_key, schema)
        return WindowReader(dataset, description, placement, log, quarantine, now)

    def _tidy(self, changed: ChangedDays, manifest: Manifest, window: PendingWindow, report: ChangesReport) -> None:
        """Merge the change files of a window's days, and forget the keys of the window before it."""
        try:
            Compaction(self._store, self._settings.prefix, manifest, clock=self._clock).run(changed.touched.keys())
            for folder in (KEYS_FOLDER, ASKED_FOLDER):
                KnownKeys(self._store, self._settings.prefix, folder).forget_all_but(window.end)
        except ExportError as failure:
            report.warnings.append(f"change files could not be merged: {failure}. `compact` does it again.")

    def _remove(self, export: CompletedExport, files: Sequence[ExportFile]) -> None:
        """Remove an export that is recorded as read; its data files are not below its own folder."""
        folder, read = f"{export.summary_key.rpartition('/')[0]}/", {file.key for file in files}
        for found in self._store.objects(f"{self._settings.prefix}/{EXPORTS_TARGET}/"):
            if found.key in read or found.key.startswith(folder):
                self._store.remove(found.key, found.etag)


def _last(window: PendingWindow, summary: Summary) -> LastWindow:
    hours = (window.end - window.start) / dt.timedelta(hours=1)
    return LastWindow(hours=hours, items=summary.item_count, bytes=summary.billed_size_bytes)


_NO_DAYS = Manifest(dataset="", location="", time_zone="UTC", updated_at=dt.datetime(1970, 1, 1, tzinfo=dt.UTC))

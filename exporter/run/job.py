"""A request flows in, one run exports its days, a ledger entry flows out; the command and the Lambda both call this."""

import dataclasses
import datetime as dt
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from dataset_model import FilesSource
from dataset_model.records.changes import as_of, changes_of_day
from dataset_model.records.manifest import Manifest
from dataset_model.records.runs import RunEntry
from dataset_model.records.table_schema import TableSchema
from exporter.changes.state import stream_state
from exporter.clients import Clients
from exporter.decoding.key_hash import row_key
from exporter.derivations.awaited import AwaitedList, AwaitedRows
from exporter.derivations.opening import open_deriver
from exporter.errors import ExportError, Interrupted, NothingOwed
from exporter.planning.owed_days import EarlierRuns, died_runs
from exporter.planning.removal_policy import RemovalPolicy, expired_refusal, kept_warning
from exporter.planning.sort_key import SortKey
from exporter.run.account import Account, days_text, log_end, require_older, write_entry
from exporter.run.day_export import DayExport, Reading
from exporter.run.earlier_runs import earlier_runs
from exporter.run.key_log import KeyLog
from exporter.run.lease import Lease
from exporter.run.preflight import preflight
from exporter.run.reader import Reader
from exporter.run.reporting.metrics import emit_metrics
from exporter.run.reporting.progress import Progress, Quiet
from exporter.run.reporting.warnings import reading_warnings, run_warnings
from exporter.run.request import ExportRequest, lookback_days, planned_windows
from exporter.runtime.clock import utc_now
from exporter.runtime.memory import steady_memory
from exporter.runtime.workspace import workspace
from exporter.settings import Settings
from exporter.sources.description import SourceDescription
from exporter.sources.opening import OpenedSource, Opener, changed_days, export_source, files_source, way_of
from exporter.sources.rate_limiter import RateLimiter
from exporter.storage.glue_catalog import Catalog
from exporter.storage.object_store import Store
from exporter.storage.records import Records
from exporter.targets.published import Run
from exporter.targets.publisher import Publisher
from exporter.targets.quarantine import Quarantine

if TYPE_CHECKING:
    import pyarrow as pa

    from exporter.run.kept_rows import KeptRows
    from exporter.sources.files.substitute import Substitute
    from exporter.targets.change_log import ChangeLog

_log = structlog.get_logger()


@dataclass
class ExportJob:
    """One run of one dataset."""

    settings: Settings
    request: ExportRequest
    progress: Progress = field(default_factory=Quiet)
    stop: threading.Event = field(default_factory=threading.Event)
    """Set from a signal handler: the run ends after the page in hand."""
    clock: Callable[[], dt.datetime] = utc_now
    wanted: frozenset[bytes] = frozenset()
    """Digests of items that the caller looks for in the published rows."""
    substitute: "Substitute | None" = None
    """Rows to publish instead of those of the source."""
    reports_prefix: str = ""
    """Prefix of the CSV files, one of which the caller writes of the days published; empty: it writes none."""

    def __post_init__(self) -> None:
        self._clients = clients = Clients(self.settings.region)
        self._dataset = dataset = self.settings.dataset
        started_at = self.clock()
        self.run_id = f"{started_at:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
        self._store = Store(clients.s3, self.settings.bucket)
        self._records = Records(self._store, self.settings.prefix)
        self._lease = Lease(self._store, self.settings.prefix, self.run_id, clock=self.clock, stop=self.stop)
        self._catalog = Catalog(clients.glue, dataset, self.settings.location)
        self._limiter = RateLimiter(self.request.ranges, self.request.max_read_units)
        self._quarantine = Quarantine(self._store, self.settings.prefix, self.run_id)
        self._account = Account(
            self.run_id, dataset.name, self.request, started_at, self.clock, self._quarantine, self._limiter
        )
        self._way = way_of(dataset, self.request.source)
        self._has_changes = self._has_stream = False
        self.met: set[bytes] = set()  # of `wanted`
        if self.request.window is not None:
            self._account.windows = (self.request.window,)

    def run(self) -> RunEntry:
        """Run to the end and return the ledger entry, `failed` or `interrupted` where an anticipated error ended it.

        Any other error is written to the ledger and raised.
        """
        try:
            self._store.check()
            with self._lease.held(self.request.wait_minutes):
                self._account.started_at = self.clock()  # not before the wait: rows are as of this moment
                entry = self._outcome()
        except ExportError as refusal:
            # Without bucket or lease nothing was begun. A schedule does not ask for its days again, so they are owed.
            status = "interrupted" if isinstance(refusal, Interrupted) else "failed"
            owes = self.request.scheduled
            entry = write_entry(self._records, self._account.entry(status, str(refusal), owes=owes))
        log_end(entry)
        account = self._account
        emit_metrics(entry, account.done.manifest or account.manifest, self._dataset.zone, self.clock())
        return entry

    def _outcome(self) -> RunEntry:
        """Export, and write the result while this run still holds the lease."""
        account = self._account
        status, error = "succeeded", None
        try:
            with steady_memory():
                self._export()
            self._lease.require()
        except NothingOwed as nothing:
            account.warnings.append(str(nothing))
        except Interrupted as interruption:
            status, error = "interrupted", f"{interruption}; {self._remains()}"
            if self._lease.is_lost:  # which is what has stopped the reading
                status, error = "failed", self._lease.loss
        except ExportError as failure:
            status, error = "failed", str(failure)
        except BaseException as unforeseen:
            write_entry(self._records, account.entry("failed", f"{type(unforeseen).__name__}: {unforeseen}"))
            raise
        return write_entry(self._records, account.entry(status, error))

    def _remains(self) -> str:
        remaining = self._account.remaining
        if not remaining:
            return "the remaining days were not known yet; run again"
        return f"{days_text(remaining)} remain; run `export --resume` to continue with them"

    def _export(self) -> None:
        account = self._account
        manifest = account.manifest = self._records.manifest()
        state = stream_state(self._store, self.settings.prefix)
        self._has_changes, self._has_stream = state is not None, state is not None and state.fed_by == "stream"
        if self._has_changes:
            from exporter.changes.catalog import LiveCatalog

            self._catalog = LiveCatalog(self._clients.glue, self._dataset, self.settings.location)
        published = self.substitute.schema if self.substitute else self._records.schema()
        found = preflight(self._clients, self._dataset, self._catalog, published, account.started_at)
        description = found.description
        account.warnings += found.warnings
        earlier = earlier_runs(self._records, self.request, manifest, account.started_at)
        account.windows = planned_windows(
            self.request, self._dataset, manifest, account.started_at, self._without_dead(earlier),
            changed_days(self._store, self._dataset, manifest),
        )  # fmt: skip
        self._quarantine.once = len(account.windows) > 1
        if self.request.resume and not account.windows:  # the unfinished run was to read everything
            account.request = dataclasses.replace(self.request, resume=False)
        self._records.write_run(account.entry("running"))
        sort_key = SortKey(
            self._dataset.source.date_format, self._dataset.zone, description.sort_key_type, account.started_at.year + 1
        )
        if not sort_key.sorts and self._way == "index" and self.request.window is not None:
            _log.warning("sort key does not sort by time, so the whole key is read", sort_key=sort_key.date_format)
        opened = self._opened(description, sort_key)
        account.warnings += reading_warnings(account.windows, opened.source.capabilities)
        reader = Reader(opened.source, progress=self.progress, stop=self.stop)
        account.tally = reader.tally
        policy = RemovalPolicy.of(self._dataset, manifest, account.started_at, accept_empty=self.request.accept_empty)
        with workspace() as folder:
            keys = KeyLog(folder, self.wanted)
            self.met = keys.met
            publisher = self._publisher(published, folder, description, manifest, earlier.scheduled_from, keys, policy)
            account.done = publisher.done
            publisher.look({day.year for day in account.days} if account.windows else None)
            DayExport(
                self._dataset,
                account,
                Reading(sort_key, opened.source, opened.planner, reader),
                publisher,
                policy,
                self.progress,
                on_extent=lambda: self._records.write_run(account.entry("running")),
                probe=opened.probe,
                keys=keys,
                awaited=self._awaited(),
                deriver=open_deriver(self._dataset, self._clients),
            ).run()
        self._compact()
        account.warnings += run_warnings(self._dataset, manifest, publisher.done, reader.tally)
        account.warnings += opened.warnings(manifest, reader.tally.answered)
        if account.protected and policy.keeps_deleted:
            account.warnings.append(kept_warning(sorted(account.protected)))
        elif account.protected:
            raise expired_refusal(sorted(account.protected), policy.expires_after_days)

    def _opened(self, description: SourceDescription, sort_key: SortKey) -> OpenedSource:
        if self.substitute:
            self._account.warnings.append(self.substitute.note)
            return files_source(self._dataset, description, sort_key, self.substitute.rows(self._limiter), 1)
        if isinstance(self._dataset.source, FilesSource):
            from exporter.sources.files.day_files import DayFiles

            day_files = DayFiles(self._store, self._dataset.source, self._limiter, self._account.windows)
            return files_source(self._dataset, description, sort_key, day_files, self.request.ranges)
        if self._way == "scan" and self.request.converted:
            from exporter.run.table_export.scan_conversion import scanned_source

            record, opened = scanned_source(self.settings, self._clients, self._limiter, self.stop)
            self._account.started_at = record.started_at
            require_older(self._account)
            return opened
        if self._way != "table-export":
            opener = Opener(self._clients.dynamodb, self._dataset, self._limiter, self.stop)
            return opener.open(self._way, description, sort_key, self.request.segments)
        from exporter.run.table_export.exporting import export_to_read
        from exporter.sources.table_export.manifests import read_files

        account = self._account
        done = export_to_read(self._clients, self.settings, self.request.export_arn, self.stop)
        account.request = dataclasses.replace(account.request, export_arn=done.arn)
        objects = Store(self._clients.s3, done.bucket)
        summary, files = read_files(objects, done)
        _log.info("reading the export", arn=done.arn, items=summary.item_count, files=len(files))
        # Rows are as of the export: a day that was not over by then stays open, and a later reading is not replaced.
        account.started_at = dt.datetime.fromisoformat(summary.export_time)
        require_older(account)
        if self.request.converted:
            from exporter.run.table_export.export_conversion import Converter

            return Converter(self.settings, done).source(self.request.ranges)
        return export_source(self._dataset, description, sort_key, objects, files, self.request.ranges)

    def _publisher(
        self,
        published: TableSchema | None,
        folder: Path,
        description: SourceDescription,
        manifest: Manifest | None,
        scheduled_from: dt.date | None,
        keys: KeyLog,
        policy: RemovalPolicy,
    ) -> Publisher:
        started_at, key = self._account.started_at, row_key(self._dataset, description.table_key)
        items = self._account.tally.items_by_day
        again = lookback_days(self.request, self._dataset, manifest, started_at)
        return Publisher(
            Run(
                self.run_id,
                started_at,
                scheduled_from,
                self._has_changes,
                self._dataset.retention.keep_deleted,
                self.reports_prefix,
            ),
            self._dataset,
            published,
            store=self._store,
            records=self._records,
            catalog=self._catalog,
            quarantine=self._quarantine,
            folder=folder,
            fence=self._lease.require,
            lookback=self._change_log(folder, again, key) if again else None,
            key_attributes=key,
            stop=self.stop,
            observe=keys.add,
            mark_empty=self._mark_empty,
            kept=self._kept_rows(folder, description, policy),
            items_of=lambda day: items.get(day, {}),
        )

    def _kept_rows(self, folder: Path, description: SourceDescription, policy: RemovalPolicy) -> "KeptRows | None":
        if not policy.keeps_rows or (self._has_stream and not policy.keeps_deleted):
            return None  # a new file would overrule the stream's tombstone of an item that a person deleted
        from exporter.changes.present_keys import removed_keys
        from exporter.run.kept_rows import kept_rows

        def removed(day: dt.date) -> "pa.Array":
            record = manifest.days.get(day) if manifest else None
            return removed_keys(self._store, self.settings.prefix, day, record.as_of if record else None)

        manifest = self._account.manifest
        clients, limiter = self._clients, self._limiter
        return kept_rows(
            self._dataset, description, clients.dynamodb, self._store, folder, limiter, policy.is_expired,
            removed if self._has_changes else None,
        )  # fmt: skip

    def _change_log(self, folder: Path, again: set[dt.date], key: tuple[str, ...]) -> "ChangeLog":
        from exporter.targets.change_log import ChangeLog

        return ChangeLog(self._store, self.settings.prefix, self.run_id, folder, again, key)

    def _awaited(self) -> AwaitedRows:
        listed = AwaitedList(self._store, self.settings.prefix) if self._has_changes else None
        started_at = self._account.started_at
        return AwaitedRows(listed, as_of(started_at), started_at)

    def _mark_empty(self, day: dt.date) -> None:
        """Write since when changes count for an empty day, where there are any: it has no file that could say it."""
        from exporter.changes.change_files import write_empty_day

        prefix = self.settings.prefix
        if self._dataset.retention.keep_deleted:  # changes count, whatever was read later
            return
        if self._has_changes and next(self._store.objects(changes_of_day(prefix, day)), None) is not None:
            write_empty_day(self._store, prefix, day, as_of(self._account.started_at))

    def _compact(self) -> None:
        """Derive rows again that wait for it, merge change files, and remove those that an earlier run has replaced."""
        account = self._account
        if not self._has_changes:
            return
        from exporter.changes.compaction import Compaction

        try:
            if any(column.derive for column in self._dataset.columns):
                from exporter.changes.writer import ChangeWriter

                ChangeWriter(self.settings, self._clients, self.clock).derive_again()
            Compaction(self._store, self.settings.prefix, account.done.manifest or account.manifest).run()
        except ExportError as failure:
            account.warnings.append(f"change files could not be merged: {failure}. `compact` does it again.")

    def _without_dead(self, earlier: EarlierRuns) -> EarlierRuns:
        """Return the earlier runs; entries of runs that have died are rewritten."""
        died = {entry.run_id: entry for entry in died_runs(earlier.entries, self.run_id)}
        for entry in died.values():
            _log.warning("an earlier run has died", died=entry.run_id, owed=len(entry.owed))
            self._records.write_run(entry)
        return dataclasses.replace(earlier, entries=tuple(died.get(entry.run_id, entry) for entry in earlier.entries))

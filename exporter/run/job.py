"""A request flows in, one run exports its days, a ledger entry flows out; the command and the Lambda both call this."""

import dataclasses
import datetime as dt
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from dataset_model import Dataset
from dataset_model.manifest import Manifest
from dataset_model.runs import RunEntry
from dataset_model.table_schema import TableSchema
from exporter.clients import Clients
from exporter.decoding.decoder import PageDecoder
from exporter.decoding.schema import extended_schema
from exporter.errors import ExportError, Interrupted, NothingOwed, RowsTooLate, SourceError
from exporter.planning.owed_days import died_runs
from exporter.planning.planner import Planner
from exporter.planning.removal_policy import RemovalPolicy, expired_refusal
from exporter.planning.sort_key import SortKey
from exporter.planning.window import DayStride, Window, day_of, day_start
from exporter.run.account import Account, days_text, log_end, write_entry
from exporter.run.lease import Lease
from exporter.run.preflight import preflight
from exporter.run.reader import Reader, Sink
from exporter.run.reporting.metrics import emit_metrics
from exporter.run.reporting.progress import Progress, Quiet
from exporter.run.reporting.warnings import run_warnings
from exporter.run.request import ExportRequest, lookback_days, planned_windows
from exporter.runtime.memory import steady_memory
from exporter.runtime.workspace import workspace
from exporter.settings import Settings
from exporter.sources.base import Source
from exporter.sources.index import Index, IndexDescription
from exporter.sources.index_source import IndexSource
from exporter.sources.item_bodies import ItemKeys
from exporter.sources.probe import empty_value_warning, empty_values, probe_index, unreadable_reason
from exporter.sources.rate_limiter import RateLimiter
from exporter.sources.scan_source import ScanSource
from exporter.sources.table_scan import TableScan
from exporter.storage.glue_catalog import Catalog
from exporter.storage.object_store import Store
from exporter.storage.records import Records
from exporter.targets.change_log import ChangeLog
from exporter.targets.publisher import Publisher, Run
from exporter.targets.quarantine import Quarantine
from exporter.targets.spool import Spool

_log = structlog.get_logger()


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


@dataclass(frozen=True)
class _Reading:
    """What a run reads from."""

    sort_key: SortKey
    source: Source
    planner: Planner
    reader: Reader


class Decoders:
    """The decoder of the current schema; making one costs a few milliseconds, so each is made once."""

    def __init__(self, dataset: Dataset, reading: _Reading, between: tuple[dt.datetime, dt.datetime] | None) -> None:
        self._dataset, self._reading, self._between = dataset, reading, between
        self._made: tuple[TableSchema, PageDecoder] | None = None

    def of(self, schema: TableSchema) -> PageDecoder:
        """Return the decoder of a schema."""
        made = self._made
        if made is None or made[0] is not schema:
            reading = self._reading
            key = reading.source.description.table_key
            made = (schema, PageDecoder(schema, self._dataset, reading.sort_key, key, self._between))
            self._made = made
        return made[1]


@dataclass
class ExportJob:
    """One run of one dataset."""

    settings: Settings
    request: ExportRequest
    progress: Progress = field(default_factory=Quiet)
    stop: threading.Event = field(default_factory=threading.Event)
    """Set from a signal handler: the run ends after the page in hand."""
    clock: Callable[[], dt.datetime] = _now

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
        self._reader: Reader | None = None
        self._account = Account(
            self.run_id, dataset.name, self.request, started_at, self.clock, self._quarantine, self._limiter
        )
        if self.request.window is not None:
            self._account.windows = (self.request.window,)

    def run(self) -> RunEntry:
        """Run to the end and return the ledger entry, `failed` or `interrupted` where an anticipated error ended it.

        Any other error is written to the ledger and raised.
        """
        try:
            self._store.check()
            with self._lease.held(self.request.wait_minutes):
                self._account.started_at = self.clock()  # what is read is as of now, however long the wait was
                entry = self._outcome()
        except ExportError as refusal:
            # Without bucket or lease nothing was begun, so nothing more is owed than before.
            status = "interrupted" if isinstance(refusal, Interrupted) else "failed"
            entry = write_entry(self._records, self._account.entry(status, str(refusal), owes=False))
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
        published = self._records.schema()
        found = preflight(self._clients, self._dataset, self._catalog, published, account.started_at)
        description = found.description
        account.warnings += found.warnings
        account.windows = planned_windows(
            self.request, self._dataset, manifest, account.started_at, self._earlier_runs()
        )
        self._quarantine.once = len(account.windows) > 1
        if self.request.resume and not account.windows:  # the unfinished run was to read everything
            account.request = dataclasses.replace(self.request, resume=False)
        self._records.write_run(account.entry("running"))
        sort_key = SortKey(
            self._dataset.source.date_format, self._dataset.zone, description.sort_key_type, account.started_at.year + 1
        )
        if not sort_key.sorts and self.request.source == "index" and self.request.window is not None:
            _log.warning("sort key does not sort by time, so the whole key is read", sort_key=sort_key.date_format)
        index = Index(self._clients.dynamodb, self._dataset, description, self._limiter, stop=self.stop)
        planner = Planner(self._dataset, sort_key)
        by_index = IndexSource(index, self._dataset, planner)
        source: Source = self._scan_source(by_index, description) if self.request.source == "scan" else by_index
        self._reader = Reader(source, progress=self.progress, stop=self.stop)
        account.tally = self._reader.tally
        reading = _Reading(sort_key, source, planner, self._reader)
        policy = RemovalPolicy.of(self._dataset, manifest, account.started_at, accept_empty=self.request.accept_empty)
        with workspace() as folder:
            publisher = self._publisher(published, folder, description, manifest)
            account.done = publisher.done
            publisher.look({day.year for day in account.days} if account.windows else None)
            for window in account.windows or (None,):
                try:
                    self._export_window(window, reading, publisher, policy)
                except RowsTooLate as late:
                    account.done.days.discard(late.day)  # published without them, and so owed
                    raise
            self._require_readable(index, sort_key)
            self._settle_empty(publisher, policy, index, sort_key)
        account.warnings += run_warnings(self._dataset, manifest, publisher.done, self._reader.tally)
        declared, answered = self._dataset.source, self._reader.tally.answered
        account.warnings += [
            empty_value_warning(value, declared) for value in empty_values(index, declared, manifest, answered)
        ]
        if account.protected:
            raise expired_refusal(sorted(account.protected), policy.expires_after_days)

    def _scan_source(self, index: IndexSource, description: IndexDescription) -> ScanSource:
        declared = self._dataset.source
        if len(declared.partition_attributes) > 1:
            raise SourceError(
                f"a scan groups items by one partition key attribute; index {declared.index} has "
                f"{' and '.join(declared.partition_attributes)}. Read it with --source index."
            )
        keys = ItemKeys(
            declared.partition_attributes[0], description.partition_key_types[0], declared.partition_values,
            declared.sort_key, description.sort_key_type,
        )  # fmt: skip
        scan = TableScan(self._clients.dynamodb, declared.table, keys, description, self._limiter, self.stop)
        return ScanSource(scan, keys, index, self.request.ranges)

    def _publisher(
        self, published: TableSchema | None, folder: Path, description: IndexDescription, manifest: Manifest | None
    ) -> Publisher:
        started_at, key = self._account.started_at, description.table_key
        again = lookback_days(self.request, self._dataset, manifest, started_at)
        return Publisher(
            Run(self.run_id, started_at),
            self._dataset,
            published,
            store=self._store,
            records=self._records,
            catalog=self._catalog,
            quarantine=self._quarantine,
            folder=folder,
            fence=self._lease.require,
            lookback=ChangeLog(self._store, self.settings.prefix, self.run_id, folder, again, key) if again else None,
            key_attributes=key,
            stop=self.stop,
        )

    def _earlier_runs(self) -> list[RunEntry]:
        """Return recent ledger entries, newest first; entries of runs that have died are rewritten."""
        runs = self._records.runs_since(self._account.started_at - self.request.ledger_reach)
        died = {entry.run_id: entry for entry in died_runs(runs, self.run_id)}
        for entry in died.values():
            _log.warning("an earlier run has died", died=entry.run_id, owed=len(entry.owed))
            self._records.write_run(entry)
        return [died.get(entry.run_id, entry) for entry in runs]

    def _export_window(
        self, window: Window | None, reading: _Reading, publisher: Publisher, policy: RemovalPolicy
    ) -> None:
        account, source = self._account, reading.source
        reach = reading.planner.reach(window)
        if self._dataset.undeclared == "add":
            publisher.schema = extended_schema(publisher.schema, self._dataset, source.kinds(reach), account.started_at)
        decoders = Decoders(self._dataset, reading, self.request.between)
        latest = dt.date(reading.sort_key.latest_year, 12, 31)
        extent = window
        if window is None and source.capabilities.sorted_by_time:
            extent = source.extent(decoders.of(publisher.schema), latest)
        if extent:
            account.covered |= set(extent.days())
            self._record_extent(window)
        self.progress.plan(len(account.covered) if extent else None)
        years = extent or Window(self._today, self._today, self._dataset.zone)
        publisher.start(publisher.schema, (years.first.year, years.last.year))
        spool = Spool(publisher.folder, in_order=source.capabilities.in_key_order)
        stride, done = DayStride(), 0
        stretches = source.splits(reach, extent, stride)
        sink = Sink(spool, self._quarantine)
        for stretch in reading.reader.read(stretches, reach, lambda: decoders.of(publisher.schema), sink):
            complete = [day for day in spool.days() if self._is_complete(day, stretch.complete_to)]
            if complete:
                stride.learn(len(complete), sum(spool.size(day) for day in complete))
            elif not spool.days():  # rows that wait for the next stretch have no known weight yet
                stride.learn(stretch.days, 0)
            self._publish(complete, publisher, policy, spool)
            finished = self._days_finished(extent, stretch.complete_to) if extent else len(complete)
            self.progress.published(finished - done)  # the empty days as well
            done = finished if extent else 0

    def _record_extent(self, window: Window | None) -> None:
        """Write the days of a run over everything to the ledger as soon as they are known, in case it dies."""
        if window is None:
            self._records.write_run(self._account.entry("running"))

    def _publish(self, days: list[dt.date], publisher: Publisher, policy: RemovalPolicy, spool: Spool) -> None:
        for day in days:
            spooled = spool.day(day)
            if spooled is not None and policy.keeps(day, spooled.rows):
                self._account.protected.append(day)
                spool.drop(day)
        publisher.publish(days, spool)
        self._account.covered |= set(days)

    def _require_readable(self, index: Index, sort_key: SortKey) -> None:
        """Raise SourceError if the run has no row although the index has items, none of them with a readable date."""
        if self._required_reader.tally.rows or self.request.accept_empty:
            return
        declared = self._dataset.source
        reason = unreadable_reason(probe_index(index, declared, sort_key), declared, sort_key)
        if reason:
            if not self._account.windows:
                self._account.covered.clear()  # the days of a run over everything came from unreadable dates
            raise SourceError(reason)

    def _settle_empty(self, publisher: Publisher, policy: RemovalPolicy, index: Index, sort_key: SortKey) -> None:
        """Remove published days that have become empty, and record the other empty ones."""
        if self._append:
            return
        account = self._account
        settled = publisher.done.days | set(account.protected)
        wanted = publisher.published_days & account.covered if account.windows else publisher.published_days
        emptied = wanted - settled
        if emptied:
            answered = self._required_reader.tally.rows > 0
            policy.check(
                emptied,
                "readable days" if answered else probe_index(index, self._dataset.source, sort_key).answer,
            )
            publisher.remove(emptied)
        publisher.record_empty({day for day in account.covered if day <= self._today} - settled - emptied)

    def _days_finished(self, extent: Window, complete_to: dt.datetime | None) -> int:
        days = (extent.last - extent.first).days + 1
        if complete_to is None:
            return days
        return min(max((day_of(complete_to, self._dataset.zone) - extent.first).days, 0), days)

    def _is_complete(self, day: dt.date, complete_to: dt.datetime | None) -> bool:
        return complete_to is None or day_start(day + dt.timedelta(days=1), self._dataset.zone) <= complete_to

    @property
    def _append(self) -> bool:
        return self._dataset.target.overwrite_mode == "APPEND"

    @property
    def _today(self) -> dt.date:
        return day_of(self._account.started_at, self._dataset.zone)

    @property
    def _required_reader(self) -> Reader:
        if self._reader is None:
            raise AssertionError("the reader exists from the moment that anything is read")
        return self._reader

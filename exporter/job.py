"""One run, from a request to a report. The command, the Fargate task and the Lambda all come through here."""

import datetime as dt
import secrets
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from datasets import Dataset
from datasets.manifest import Manifest
from datasets.runs import RunEntry, RunWindow
from datasets.table_schema import TableSchema
from exporter.catalog import Catalog
from exporter.clients import Clients
from exporter.decode import PageDecoder
from exporter.errors import ExportError, Interrupted
from exporter.pace import Pace
from exporter.plan import Planner
from exporter.progress import Progress, Quiet
from exporter.publishing import Published, Publisher, Run
from exporter.quarantine import Quarantine
from exporter.reading import Reader, Sink
from exporter.records import Records
from exporter.removal import RemovalPolicy, expired_refusal, vanished_values
from exporter.request import ExportRequest, planned_windows
from exporter.schema import extended_schema
from exporter.settings import Settings
from exporter.sort_key import SortKey
from exporter.source import Index, IndexDescription, describe_index
from exporter.spool import Spool
from exporter.store import Store
from exporter.window import DayStride, Window, day_of, day_start

_log = structlog.get_logger()


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


@dataclass(frozen=True)
class _Source:
    """What a run reads from."""

    sort_key: SortKey
    description: IndexDescription
    planner: Planner
    reader: Reader


class Decoders:
    """The decoder of the schema as it is now; making one costs a few milliseconds, so each is made once."""

    def __init__(self, dataset: Dataset, source: _Source, between: tuple[dt.datetime, dt.datetime] | None) -> None:
        self._dataset, self._source, self._between = dataset, source, between
        self._made: tuple[TableSchema, PageDecoder] | None = None

    def of(self, schema: TableSchema) -> PageDecoder:
        """Return the decoder of a schema."""
        made = self._made
        if made is None or made[0] is not schema:
            source = self._source
            key = source.description.table_key
            made = (schema, PageDecoder(schema, self._dataset, source.sort_key, key, self._between))
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
        clients = Clients(self.settings.region)
        self.started_at = self.clock()
        self.run_id = f"{self.started_at:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
        self._clients = clients
        self._dataset = self.settings.dataset
        self._store = Store(clients.s3, self.settings.bucket)
        self._records = Records(self._store, self.settings.prefix)
        self._catalog = Catalog(clients.glue, self._dataset, self.settings.location)
        self._pace = Pace(self.request.ranges, self.request.max_read_units)
        self._quarantine = Quarantine(self._store, self.settings.prefix, self.run_id)
        self._windows: tuple[Window, ...] = ()
        self._covered: set[dt.date] = set()
        self._done = Published()
        self._reader: Reader | None = None
        self._warnings: list[str] = []
        self._kept: list[dt.date] = []

    def run(self) -> RunEntry:
        """Run to the end and return the ledger entry, `failed` or `interrupted` where an anticipated error ended it.

        Anything unforeseen is written to the ledger and raised.
        """
        began = time.monotonic()
        log = _log.bind(run_id=self.run_id, dataset=self._dataset.name)
        status, error = "succeeded", None
        try:
            self._store.check()
            self._export()
        except Interrupted as interruption:
            status, error = "interrupted", str(interruption)
        except ExportError as failure:
            status, error = "failed", str(failure)
        except BaseException as unforeseen:
            self._write_entry("failed", f"{type(unforeseen).__name__}: {unforeseen}", began)
            raise
        entry = self._write_entry(status, error, began)
        log.info(status, rows=entry.rows, quarantined=entry.quarantined, read_units=entry.read_units, error=error)
        return entry

    def _export(self) -> None:
        description = describe_index(self._clients.dynamodb, self._dataset)
        self._check_projection(description)
        manifest = self._records.manifest()
        published = self._records.schema()
        self._catalog.check()
        self._windows = planned_windows(self.request, self._dataset, manifest, self.started_at)
        self._write_running()
        sort_key = SortKey(
            self._dataset.source.date_format, self._dataset.zone, description.sort_key_type, self.started_at.year + 1
        )
        if not sort_key.sorts and self.request.window is not None:
            _log.warning("sort key does not sort by time, so the whole key is read", sort_key=sort_key.date_format)
        index = Index(self._clients.dynamodb, self._dataset, description, self._pace)
        planner = Planner(self._dataset, sort_key)
        self._reader = Reader(index, self._dataset, planner, progress=self.progress, stop=self.stop)
        policy = RemovalPolicy(
            manifest, self._today, self._dataset.retention.expires_after_days, self.request.accept_empty
        )
        with tempfile.TemporaryDirectory(prefix="export-") as folder:
            publisher = Publisher(
                Run(self.run_id, self.started_at),
                self._dataset,
                published,
                store=self._store,
                records=self._records,
                catalog=self._catalog,
                quarantine=self._quarantine,
                folder=Path(folder),
            )
            self._done = publisher.done
            publisher.look(None if not self._windows else {day.year for day in self._days()})
            source = _Source(sort_key, description, planner, self._reader)
            for window in self._windows or (None,):
                self._export_window(window, source, publisher, policy)
            self._settle_empty(publisher, policy, index)
        self._warn(manifest)
        if self._kept:
            raise expired_refusal(sorted(self._kept), policy.expires_after_days)

    def _export_window(
        self, window: Window | None, source: _Source, publisher: Publisher, policy: RemovalPolicy
    ) -> None:
        reader, planner = source.reader, source.planner
        reach = planner.reach(window)
        if self._dataset.undeclared == "add":
            publisher.schema = extended_schema(publisher.schema, self._dataset, reader.kinds(reach), self.started_at)
        decoders = Decoders(self._dataset, source, self.request.between)
        latest = dt.date(source.sort_key.latest_year, 12, 31)
        extent = window
        if window is None and source.sort_key.sorts:
            extent = reader.extent(decoders.of(publisher.schema), latest)
        self._covered |= set(extent.days()) if extent else set()
        self.progress.plan(len(self._covered) if extent else None)
        years = extent or Window(self._today, self._today, self._dataset.zone)
        publisher.start(publisher.schema, (years.first.year, years.last.year))
        spool, stride = Spool(publisher.folder), DayStride()
        stretches = planner.stretches(reach, extent, stride)
        sink = Sink(spool, self._quarantine)
        for stretch in reader.read(stretches, reach, lambda: decoders.of(publisher.schema), sink):
            complete = [day for day in spool.days() if self._is_complete(day, stretch.complete_to)]
            stride.learn(stretch.days, sum(spool.size(day) for day in complete))
            self._publish(complete, publisher, policy, spool)

    def _publish(self, days: list[dt.date], publisher: Publisher, policy: RemovalPolicy, spool: Spool) -> None:
        for day in days:
            spooled = spool.day(day)
            if spooled is not None and policy.keeps(day, spooled.rows):
                self._kept.append(day)
                spool.drop(day)
        publisher.publish(days, spool)
        self._covered |= set(days)
        self.progress.published(len(days))

    def _settle_empty(self, publisher: Publisher, policy: RemovalPolicy, index: Index) -> None:
        """Remove published days that hold nothing any more, and record the other empty ones."""
        wanted = publisher.published_days if not self._windows else publisher.published_days & self._covered
        emptied = wanted - publisher.done.days - set(self._kept)
        if self._append:
            return
        if emptied:
            answered = bool(self._required_reader.tally.answered)
            policy.check(
                emptied,
                index_answers=answered or any(map(index.has_items, self._dataset.source.partition_values)),
            )
            publisher.remove(emptied)
        empty = {day for day in self._covered if day <= self._today} - publisher.done.days - set(self._kept)
        publisher.record_empty(empty)

    def _is_complete(self, day: dt.date, complete_to: dt.datetime | None) -> bool:
        return complete_to is None or day_start(day + dt.timedelta(days=1), self._dataset.zone) <= complete_to

    def _check_projection(self, description: IndexDescription) -> None:
        if description.projected is None:
            return
        source = self._dataset.source
        missing = [
            column.attribute for column in self._dataset.columns if column.attribute not in description.projected
        ]
        if missing:
            raise ExportError(
                f"index {source.index} does not carry {', '.join(missing)}, which the dataset declares, so every row "
                "would lack them. Project them into the index, or remove the columns."
            )
        carried = ", ".join(sorted(description.projected))
        self._warnings.append(f"index {source.index} carries only {carried}; other attributes are not exported")

    def _warn(self, manifest: Manifest | None) -> None:
        tally = self._required_reader.tally
        source = self._dataset.source
        vanished = vanished_values(manifest, self._done.days, source.partition_values, tally.answered)
        for value, rows in vanished.items():
            self._warnings.append(f"partition value {value} had {rows} rows on these days and has none in this run")
        inexact = dict(tally.inexact)
        for column, count in self._done.inexact.items():
            inexact[column] = inexact.get(column, 0) + count
        for column, count in sorted(inexact.items()):
            self._warnings.append(
                f"column {column}: {count} numbers are not exact as double; declare it decimal(p,s) or bigint"
            )
        for attribute, count in sorted(tally.ignored.items()):
            self._warnings.append(f"attribute {attribute} is not declared and was left out of {count} items")
        self._warnings += [
            f"{day} has data of an earlier run as well; APPEND counts both" for day in sorted(self._done.overlaps)
        ]

    def _write_running(self) -> None:
        self._records.write_run(self._entry("running", None, 0.0))

    def _write_entry(self, status: str, error: str | None, began: float) -> RunEntry:
        entry = self._entry(status, error, time.monotonic() - began)
        try:
            self._records.write_run(entry)
        except ExportError as failure:
            # Without a bucket there is no ledger; what happened is still told to the caller and the log.
            _log.error("the ledger could not be written", error=str(failure))
        return entry

    def _entry(self, status: str, error: str | None, seconds: float) -> RunEntry:
        tally = self._reader.tally if self._reader else None
        days = self._days()
        owed = tuple(sorted(set(days) - self._done.days)) if status in {"failed", "interrupted"} else ()
        return RunEntry.model_validate(
            {
                "run_id": self.run_id,
                "dataset": self._dataset.name,
                "status": status,
                "window": RunWindow(start=min(days), end=max(days)) if days else None,
                "rows": self._done.rows,
                "bytes": self._done.bytes,
                "quarantined": self._quarantine.items,
                "partitions": tuple(self._done.partitions),
                "removed": tuple(self._done.removed),
                "warnings": tuple(self._warnings),
                "read_units": round(self._pace.units, 1),
                "seconds": round(seconds, 3),
                "started_at": self.started_at,
                "finished_at": None if status == "running" else self.clock(),
                "items": (tally.rows if tally else 0) + self._quarantine.withheld,
                "withheld": self._quarantine.withheld,
                "nulled": self._quarantine.nulled,
                "error": error,
                "owed": owed,
                "manifest_version": self._done.manifest_version,
                "options": self._options(),
            }
        )

    def _options(self) -> dict[str, str]:
        request = self.request
        scope = "all" if request.window is None else "scheduled" if request.scheduled else "window"
        return {"scope": scope, **({"accept_empty": "true"} if request.accept_empty else {})}

    def _days(self) -> list[dt.date]:
        if self._windows:
            return [day for window in self._windows for day in window.days()]
        return sorted(self._covered)

    @property
    def _append(self) -> bool:
        return self._dataset.target.overwrite_mode == "APPEND"

    @property
    def _today(self) -> dt.date:
        return day_of(self.started_at, self._dataset.zone)

    @property
    def _required_reader(self) -> Reader:
        if self._reader is None:
            raise AssertionError("the reader exists from the moment that anything is read")
        return self._reader

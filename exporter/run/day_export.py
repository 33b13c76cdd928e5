"""Windows flow in, their days are read, published, settled and accounted for."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from dataset_model import Dataset
from dataset_model.records.table_schema import TableSchema
from exporter.decoding.decoder import PageDecoder
from exporter.decoding.schema import extended_schema
from exporter.derivations.awaited import AwaitedRows
from exporter.errors import ExportError, RowsTooLate, RowsUnaccounted, SourceError
from exporter.planning.planner import Planner
from exporter.planning.removal_policy import RemovalPolicy
from exporter.planning.sort_key import SortKey
from exporter.planning.window import DayStride, Window, day_end, day_of
from exporter.run.account import Account, days_text
from exporter.run.key_log import KeyLog
from exporter.run.reader import Reader, Sink
from exporter.run.reporting.progress import Progress
from exporter.sources.base import Source
from exporter.sources.partial_reads.probe import Probe, unreadable_reason
from exporter.targets.publisher import Publisher
from exporter.targets.spool import Spool

if TYPE_CHECKING:
    from exporter.decoding.derivations import Deriver

_log = structlog.get_logger()


@dataclass(frozen=True)
class Reading:
    """What a run reads from."""

    sort_key: SortKey
    source: Source
    planner: Planner
    reader: Reader


class Decoders:
    """The decoder of the current schema; making one costs a few milliseconds, so each is made once."""

    def __init__(
        self,
        dataset: Dataset,
        reading: Reading,
        between: tuple[dt.datetime, dt.datetime] | None,
        deriver: "Deriver | None",
    ) -> None:
        self._dataset, self._reading, self._between, self._deriver = dataset, reading, between, deriver
        self._made: tuple[TableSchema, PageDecoder] | None = None

    def of(self, schema: TableSchema) -> PageDecoder:
        """Return the decoder of a schema."""
        made = self._made
        if made is None or made[0] is not schema:
            reading = self._reading
            key = reading.source.description.table_key
            made = (schema, PageDecoder(schema, self._dataset, reading.sort_key, key, self._between, self._deriver))
            self._made = made
        return made[1]


@dataclass(frozen=True)
class DayExport:
    """Exports the days of one run."""

    dataset: Dataset
    account: Account
    reading: Reading
    publisher: Publisher
    policy: RemovalPolicy
    progress: Progress
    on_extent: Callable[[], None]
    """Called when the days of a run over everything are known."""
    probe: Callable[[], Probe]
    """Asks the index whether it holds anything at all."""
    keys: KeyLog
    """The keys of the rows that are published."""
    awaited: AwaitedRows
    """Rows with a derived value that may come later."""
    deriver: "Deriver | None" = None
    """The functions of the derived columns."""

    def run(self) -> None:
        """Export every window; raise RowsTooLate or RowsUnaccounted after marking the days in question as owed."""
        try:
            for window in self.account.windows or (None,):
                self._export(window)
            self._require_readable()
            self._settle_empty()
            self._account_for_rows()
            self._reopen_repeated()
            self._reopen_awaited()
        except RowsTooLate as late:
            self._reopen({late.day})
            raise
        except RowsUnaccounted as unaccounted:
            self._reopen(set(unaccounted.days))
            raise
        self.account.warnings += self.publisher.renew_targets()
        self.publisher.confirm_catalog()

    def _export(self, window: Window | None) -> None:
        account, source, publisher = self.account, self.reading.source, self.publisher
        reach = self.reading.planner.reach(window)
        if self.dataset.undeclared == "add":
            publisher.schema = extended_schema(publisher.schema, self.dataset, source.kinds(reach), account.started_at)
        decoders = Decoders(self.dataset, self.reading, account.request.between, self.deriver)
        latest = dt.date(self.reading.sort_key.latest_year, 12, 31)
        extent = window
        if window is None and source.capabilities.sorted_by_time:
            extent = source.extent(decoders.of(publisher.schema), latest)
        self._cover(window, extent)
        years = extent or Window(self._today, self._today, self.dataset.zone)
        publisher.start(publisher.schema, (years.first.year, years.last.year))
        spool = Spool(publisher.folder, in_order=source.capabilities.in_key_order)
        stride, done = DayStride(), 0
        stretches = source.splits(reach, extent, stride)
        sink = Sink(spool, account.quarantine, self.awaited.add)
        for stretch in self.reading.reader.read(stretches, reach, lambda: decoders.of(publisher.schema), sink):
            complete = [day for day in spool.days() if self._is_complete(day, stretch.complete_to)]
            if complete:
                stride.learn(len(complete), sum(spool.size(day) for day in complete))
            elif not spool.days():  # the size of rows that wait for the next stretch is not known yet
                stride.learn(stretch.days, 0)
            self._publish(complete, spool)
            finished = self._days_finished(extent, stretch.complete_to) if extent else len(complete)
            self.progress.published(finished - done)  # the empty days as well
            done = finished if extent else 0

    def _cover(self, window: Window | None, extent: Window | None) -> None:
        """Note the days of a window; a run over everything also settles published days outside the extent."""
        covered = self.account.covered
        if extent:
            covered |= set(extent.days())
            if window is None and not self._append:
                covered |= self.publisher.published_days
            if window is None:
                self.on_extent()
        source = self.reading.source
        described = source.description
        expected = 0 if source.capabilities.sorted_by_time else described.items or described.table_items
        self.progress.plan(len(covered) if extent else None, expected or None)

    def _publish(self, days: list[dt.date], spool: Spool) -> None:
        for day in days:
            spooled = spool.day(day)
            if spooled is not None and self._protects(day, spooled.rows):
                self.account.protected.append(day)
                spool.drop(day)
        self.publisher.publish(days, spool)
        self.account.covered |= set(days)

    def _protects(self, day: dt.date, rows: int) -> bool:
        policy, publisher = self.policy, self.publisher
        can_tell = publisher.keeps_deleted_rows(day)
        if policy.keeps_deleted and can_tell:
            return False
        etags = publisher.etags(day)
        return policy.keeps(day, rows, etags, lambda: publisher.rows_in_objects(day), can_tell=can_tell)

    def _require_readable(self) -> None:
        """Raise SourceError if the run has no row although the index has items, none of them with a readable date."""
        account = self.account
        if account.tally.items or account.request.accept_empty:
            return
        reading = self.reading
        others = reading.source.description.other_indexes
        reason = unreadable_reason(self.probe(), self.dataset.source, reading.sort_key, others)
        if reason:
            if not account.windows:
                account.covered.clear()  # the days of a run over everything came from unreadable dates
            raise SourceError(reason)

    def _settle_empty(self) -> None:
        """Remove published days that have become empty, and record the other empty ones."""
        if self._append:
            return
        account, publisher = self.account, self.publisher
        settled = publisher.done.days | set(account.protected)
        wanted = publisher.published_days & account.covered if account.windows else publisher.published_days
        emptied = wanted - settled
        account.covered |= emptied  # so that they are owed where they cannot be removed
        if emptied and self.policy.keeps_deleted and not account.request.accept_empty:
            account.protected += sorted(emptied)
        elif emptied:
            self.policy.check(emptied, "readable days" if account.tally.items else self.probe().answer)
            publisher.remove(emptied)
        publisher.record_empty({day for day in account.covered if day <= self._today} - settled - emptied)

    def _account_for_rows(self) -> None:
        """Raise RowsUnaccounted unless every row that was read is in the footer of its day's file."""
        written = self.publisher.done.file_rows
        protected = set(self.account.protected)
        wrong = {
            day: (rows, written.get(day, 0))
            for day, rows in self.account.tally.rows_by_day.items()
            if day not in protected and rows != written.get(day, 0)
        }
        if wrong:
            raise RowsUnaccounted(wrong)

    def _reopen_repeated(self) -> None:
        """Leave the days open of items that were read twice: each of them moved, and another may have been missed."""
        repeats = self.keys.repeats()
        if not repeats.rows:
            return
        days = days_text(sorted(repeats.days))
        moved = f"{repeats.rows:,} items were read twice, because their keys changed while the run read ({days})"
        if self._append:
            self.account.warnings.append(f"{moved}; both rows were added")
            return
        self.account.warnings.append(f"{moved}; these days stay open and are read again by the next scheduled run")
        self._reopen(set(repeats.days))

    def _reopen_awaited(self) -> None:
        """List the rows with a derived value that may come later, or leave their days open."""
        self.awaited.flush()
        days = self.awaited.days & self.publisher.done.days
        if days and not self._append:
            self.account.warnings.append(
                f"derived values of {days_text(sorted(days))} may come later; these days stay open and are read again "
                "by the next scheduled run"
            )
            self._reopen(days)

    def _reopen(self, days: set[dt.date]) -> None:
        self.account.covered |= days
        try:
            self.publisher.reopen(days)
        except ExportError as failure:  # the ledger still says that these days are owed
            _log.warning("incomplete days could not be marked in the manifest", error=str(failure))

    def _days_finished(self, extent: Window, complete_to: dt.datetime | None) -> int:
        days = (extent.last - extent.first).days + 1
        if complete_to is None:
            return days
        return min(max((day_of(complete_to, self.dataset.zone) - extent.first).days, 0), days)

    def _is_complete(self, day: dt.date, complete_to: dt.datetime | None) -> bool:
        return complete_to is None or day_end(day, self.dataset.zone) <= complete_to

    @property
    def _append(self) -> bool:
        return self.dataset.target.overwrite_mode == "APPEND"

    @property
    def _today(self) -> dt.date:
        return day_of(self.account.started_at, self.dataset.zone)

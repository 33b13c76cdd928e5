"""Settings and a request flow in, an estimate of the export's cost flows out."""

import datetime as dt
import threading
from collections.abc import Iterator
from dataclasses import dataclass

from dataset_model import Dataset, IndexSource
from dataset_model.records.manifest import Manifest
from exporter.clients import Clients
from exporter.errors import UsageError
from exporter.estimates.changes_cost import changes_cost
from exporter.estimates.cost import (
    Assumptions,
    Cost,
    Estimate,
    costs,
    known_rows,
    table_costs,
    widening,
)
from exporter.estimates.prices import READ_UNIT_BYTES
from exporter.estimates.query_cost import query_cost
from exporter.planning.planner import Planner
from exporter.planning.sort_key import SortKey
from exporter.planning.window import Window
from exporter.run.backfill import closed_days
from exporter.run.earlier_runs import earlier_runs
from exporter.run.incremental.window_state import WindowRecord
from exporter.run.preflight import preflight
from exporter.run.request import ExportRequest, planned_windows
from exporter.settings import Settings
from exporter.sources.description import SourceDescription
from exporter.sources.index import Index
from exporter.sources.partial_reads.probe import empty_value_warning, empty_values, probe_index, unreadable_reason
from exporter.sources.partial_reads.sampler import ITEMS_PER_PAGE, MOST_VALUES, Sampler, Samples
from exporter.sources.rate_limiter import RateLimiter
from exporter.sources.table_export.recovery import table_is_recoverable
from exporter.sources.table_scan import TableScan
from exporter.storage.glue_catalog import Catalog
from exporter.storage.object_store import Store
from exporter.storage.records import Records


@dataclass(frozen=True)
class _Guess:
    items: float
    read: float
    """Items that are read to find them."""
    basis: tuple[str, ...]
    samples: Samples | None = None


@dataclass(frozen=True)
class _Finding:
    """Sizes of a source, with their origin."""

    guess: _Guess
    basis: tuple[str, ...]
    pages: int
    units: float
    """What the estimate itself has read."""
    costs: tuple[Cost, ...]
    warnings: tuple[str, ...]


class _Estimator:
    """Sizes of one index from the manifest, DescribeTable or samples, in that order."""

    def __init__(
        self,
        settings: Settings,
        index: Index,
        description: SourceDescription,
        sort_key: SortKey,
        manifest: Manifest | None,
    ) -> None:
        self._description = description
        self._manifest = manifest
        self.sort_key = sort_key
        self._planner = Planner(settings.dataset, sort_key)
        self._sampler = Sampler(index, settings.dataset, sort_key, self._planner)

    def widening(self, windows: tuple[Window, ...]) -> float:
        return widening(windows, self._planner)

    def items(self, windows: tuple[Window, ...]) -> _Guess:
        if not windows:
            return self._whole()
        known = known_rows((day for window in windows for day in window.days()), self._manifest)
        basis = (f"{known.known} days from the manifest",) if known.known else ()
        if known.unknown and known.mean is not None:
            basis = (*basis, f"{known.unknown} days by the mean of the known days nearest to them")
        if known.unknown and known.mean is None:
            return self._sampled(windows)
        items = known.rows + known.unknown * (known.mean or 0.0)
        if self.sort_key.sorts:
            return _Guess(items, items * self.widening(windows), basis)
        whole = self._whole()
        return _Guess(items, whole.read, (*basis, *whole.basis), whole.samples)

    def _sampled(self, windows: tuple[Window, ...]) -> _Guess:
        if not self.sort_key.sorts:
            whole = self._whole()
            return _Guess(whole.items, whole.read, (*whole.basis, "how many belong to these days is not known"))
        longest = max(windows, key=lambda window: window.end - window.start)
        samples = self._sampler.sample(self._planner.reach(longest))
        share = sum(1 for window in windows for _ in window.days()) / sum(1 for _ in longest.days())
        return _Guess(
            samples.items_in_window * share, samples.items_in_reach * share, (_sample_basis(samples),), samples
        )

    def _whole(self) -> _Guess:
        described = self._description
        if count := described.items or described.table_items:
            where = "index" if described.items else "table (the index itself is not counted yet)"
            counted = f"{count:,} items in the {where} as DynamoDB last counted them, up to six hours ago"
            return _Guess(count, count, (counted,))
        samples = self._sampler.sample(self._planner.reach(None))
        return _Guess(samples.items_in_reach, samples.items_in_reach, (_sample_basis(samples),), samples)

    def units_per_item(self, guess: _Guess) -> tuple[float, Samples | None, str]:
        """Return read units an item, the sample used, and where they come from."""
        described = self._description
        if described.items and described.bytes:
            size = described.bytes / described.items
            basis = f"{size:,.0f} bytes an item as DynamoDB last measured the index"
            return size / READ_UNIT_BYTES, guess.samples, basis
        samples = guess.samples or self._sampler.sample(self._planner.reach(None))
        return samples.units / max(samples.items, 1), samples, "read units an item as the sampled pages cost"


def estimate(
    settings: Settings,
    request: ExportRequest,
    assumed: Assumptions,
    now: dt.datetime,
    days: tuple[Window, ...] | None = None,
) -> Estimate:
    """Return what an export would cost; raise the errors of an export that cannot start.

    `days` are those of the request that are read; None for what a run of it would read.
    """
    clients = Clients(settings.region)
    store = Store(clients.s3, settings.bucket)
    store.check()
    records = Records(store, settings.prefix)
    dataset = settings.dataset
    if not dataset.source.is_table:
        raise UsageError(
            f"dataset {dataset.name} is read from {dataset.source.named}, so there are no read units to estimate. "
            "`export --dry-run` shows which days an export would replace"
        )
    catalog = Catalog(clients.glue, dataset, settings.location)
    found = preflight(clients, dataset, catalog, records.schema(), now)
    description = found.description
    manifest = records.manifest()
    if days is None:
        days = planned_windows(request, dataset, manifest, now, earlier_runs(records, request, manifest, now))
    windows = days
    sort_key = SortKey(dataset.source.date_format, dataset.zone, description.sort_key_type, now.year + 1)
    is_recoverable = table_is_recoverable(clients.dynamodb, dataset.source.table)
    if isinstance(dataset.source, IndexSource):
        # A ceiling on read units would reduce these small pages to single items, which allow no estimate.
        index = Index(clients.dynamodb, dataset, description, RateLimiter(1))
        estimator = _Estimator(settings, index, description, sort_key, manifest)
        finding = _of_index(estimator, index, dataset, windows, assumed, manifest, is_recoverable=is_recoverable)
    else:
        scan = TableScan(clients.dynamodb, dataset.source.table, None, None, RateLimiter(1), threading.Event())
        finding = _of_table(scan, description, windows, manifest, assumed, is_recoverable=is_recoverable)
    wanted = {day for window in windows for day in window.days()} or (manifest.days.keys() if manifest else set())
    closed = len(closed_days(wanted, manifest)) if dataset.target.overwrite_mode == "OVERWRITE" else 0
    state = WindowRecord(store, settings.prefix).read() if closed else None
    of_changes = [changes_cost(closed, state, now, assumed, is_recoverable=is_recoverable)] if closed else []
    return Estimate(
        dataset=dataset.name,
        index=dataset.source.place,
        partition_values=dataset.source.partition_values,
        days=tuple(sorted({day for window in windows for day in window.days()})) if windows else None,
        items=round(finding.guess.items),
        items_read=round(finding.guess.read),
        basis=(*finding.guess.basis, *finding.basis),
        sampled_pages=finding.pages,
        sampled_units=round(finding.units, 1),
        costs=(*finding.costs, *of_changes),
        warnings=(*finding.warnings, *found.warnings, *_size_warnings(description)),
        assumptions=assumed,
        query=query_cost(round(finding.guess.items), description, manifest),
        is_provisioned=description.provisioned_read_units is not None,
    )


def _of_index(
    estimator: _Estimator,
    index: Index,
    dataset: Dataset,
    windows: tuple[Window, ...],
    assumed: Assumptions,
    manifest: Manifest | None,
    *,
    is_recoverable: bool | None,
) -> _Finding:
    guess = estimator.items(windows)
    units_per_item, samples, unit_basis = estimator.units_per_item(guess)
    warnings = [*_setting_warnings(index, dataset, estimator.sort_key, manifest)]
    warnings += _key_warnings(estimator.sort_key, windows, estimator.widening(windows))
    looked_at = len(dataset.source.partition_values) if dataset.undeclared == "add" else 0
    ways = costs(guess.read, units_per_item, index.description, looked_at, assumed, is_recoverable=is_recoverable)
    return _Finding(
        guess=guess,
        basis=(unit_basis,),
        pages=samples.pages if samples else 0,
        units=index.limiter.units,
        # A scan and an export group items by one attribute; they refuse an index with several.
        costs=ways if len(dataset.source.partition_attributes) == 1 else ways[:1],
        warnings=tuple(warnings),
    )


def _of_table(
    scan: TableScan,
    description: SourceDescription,
    windows: tuple[Window, ...],
    manifest: Manifest | None,
    assumed: Assumptions,
    *,
    is_recoverable: bool | None,
) -> _Finding:
    """Return what is stated about a table that is always read whole."""
    items, pages = description.table_items, 0
    basis = f"{items:,} items in the table as DynamoDB last counted them, up to six hours ago"
    if not items:
        page = scan.page(0, 1)
        pages, items = 1, page.scanned
        more = "and there are more: DynamoDB has not counted them yet" if page.cursor else "which are all"
        basis = f"the first page holds {items:,} items, {more}"
    known = known_rows((day for window in windows for day in window.days()), manifest)
    wanted, days = float(items), "every item of the table"
    if windows and (known.mean is not None or not known.unknown):
        wanted = known.rows + known.unknown * (known.mean or 0.0)
        days = f"{known.known} days from the manifest, {known.unknown} by the mean of those nearest to them"
    elif windows:
        days = "how many items belong to these days is not known before the first export"
    return _Finding(
        guess=_Guess(wanted, items, (basis,)),
        basis=(days,),
        pages=pages,
        units=scan.limiter.units,
        costs=table_costs(description, assumed, is_recoverable=is_recoverable),
        warnings=("a table without an index is read whole for any number of days",) if windows else (),
    )


def _sample_basis(samples: Samples) -> str:
    if samples.complete:
        return "the sampled pages held every item"
    return (
        f"an estimate from {samples.pages} pages of at most {ITEMS_PER_PAGE} items, first and last of at most "
        f"{MOST_VALUES} partition values"
    )


def _setting_warnings(index: Index, dataset: Dataset, sort_key: SortKey, manifest: Manifest | None) -> Iterator[str]:
    """Yield what the ends of the index show about wrong settings; reads a few items."""
    source = dataset.index_source
    for value in empty_values(index, source, manifest):
        yield empty_value_warning(value, source)
    if manifest is not None and manifest.rows:
        return  # the format has read this index before
    others = index.description.other_indexes
    if reason := unreadable_reason(probe_index(index, source, sort_key), source, sort_key, others):
        yield reason


def _key_warnings(sort_key: SortKey, windows: tuple[Window, ...], factor: float) -> Iterator[str]:
    if windows and not sort_key.sorts:
        yield f"{sort_key.date_format} keys do not sort by time: the whole key is read for any number of days"
    elif factor > 1:
        yield f"text keys may carry offsets, so neighbouring days are read too: {factor:.1f} times as much"


def _size_warnings(description: SourceDescription) -> Iterator[str]:
    if not description.table_bytes:
        yield "DynamoDB has not measured the table yet (it does every six hours): the other ways cannot be priced"
    if (provisioned := description.provisioned_read_units) is not None:
        yield (
            f"the source is provisioned with {provisioned:,} read units a second ({2 * provisioned:,} eventually "
            "consistent): reading within them has no extra cost, and reading faster is throttled"
        )

"""Sizes of a window's days flow in, read units, dollars and minutes of each way to read them flow out."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from dataset_model.records.manifest import Manifest
from exporter.estimates import prices
from exporter.estimates.query_cost import QueryCost
from exporter.planning.planner import Planner
from exporter.planning.window import Window
from exporter.sources.description import SourceDescription
from exporter.sources.index import FULL_PAGE_UNITS

SECONDS_PER_PAGE = 0.1
"""A full page of a Query, from the request to its last byte; an assumption, for a task in the table's region."""

ITEMS_PER_SECOND = 60_000
"""What one vCPU decodes and writes; an assumption for items of about 1 KB."""

NEAR_DAYS = 28
"""Number of known days that give the mean for an unknown day: four of each weekday."""

Way = Literal["index query", "table scan", "export to S3", "changes"]


@dataclass(frozen=True)
class Assumptions:
    """Assumptions of an estimate."""

    dollars_per_million_read_units: float = prices.DOLLARS_PER_MILLION_READ_UNITS
    dollars_per_exported_gb: float = prices.DOLLARS_PER_EXPORTED_GB
    ranges: int = 8
    max_read_units: float | None = None


@dataclass(frozen=True)
class Cost:
    """One way to read the items."""

    way: Way
    read_units: float | None
    dollars: float | None
    minutes: float | None
    """Each is None if it is unknown."""
    remark: str
    arithmetic: str = ""
    """The calculation of the dollars, as text."""
    task_dollars: float = 0.0
    """Of the Fargate task that decodes the items and writes the files."""
    loses: str = ""
    """What this way does not show, or not at once."""
    is_ready: bool = True
    """Whether it can be used as the table is now."""

    @property
    def total(self) -> float | None:
        """Dollars with those of the task; None if the reading has no price."""
        return None if self.dollars is None else self.dollars + self.task_dollars


@dataclass(frozen=True)
class Estimate:
    """What a window would cost."""

    dataset: str
    index: str
    """`table/index`, or the table that is scanned."""
    partition_values: tuple[str, ...]
    days: tuple[dt.date, ...] | None
    """None: every day that the source holds."""
    items: int
    """Items of these days."""
    items_read: int
    """Items that have to be read to find them."""
    basis: tuple[str, ...]
    """Where the figures come from."""
    sampled_pages: int
    sampled_units: float
    """What the estimate itself has cost."""
    costs: tuple[Cost, ...]
    """First what `export` does: the index query, or the scan of a table without an index."""
    warnings: tuple[str, ...] = ()
    assumptions: Assumptions = field(default_factory=Assumptions)
    query: QueryCost | None = None
    """What one query over all these rows costs in Athena, however they came; None where their size is not known."""
    is_provisioned: bool = False
    """Whether the source pays for its capacity by the hour, so that read units are no dollars."""

    @property
    def cheapest(self) -> Cost | None:
        """The way of fewest dollars, the task's included, the first of equal ones; None if no price is known."""
        priced = [cost for cost in self.costs if cost.total is not None]
        return min(priced, key=lambda cost: cost.total or 0.0, default=None)

    def plain(self) -> dict[str, Any]:
        """Return the estimate as plain values."""
        return asdict(self) | {"cheapest": self.cheapest.way if self.cheapest else None}


@dataclass(frozen=True)
class KnownRows:
    """What the manifest says of the days wanted."""

    rows: int
    """Of the days that it knows."""
    known: int
    unknown: int
    mean: float | None
    """Rows of a day, of the known days nearest to the window; None where no day is known."""


def known_rows(days: Iterable[dt.date], manifest: Manifest | None) -> KnownRows:
    """Return what the manifest says of some days."""
    wanted = set(days)
    records = dict(manifest.days) if manifest else {}
    known = wanted & records.keys()
    middle = sorted(wanted)[len(wanted) // 2] if wanted else dt.date.min
    near = sorted(records, key=lambda day: abs((day - middle).days))[:NEAR_DAYS]
    mean = sum(records[day].rows for day in near) / len(near) if near else None
    return KnownRows(sum(records[day].rows for day in known), len(known), len(wanted) - len(known), mean)


def widening(windows: Iterable[Window], planner: Planner) -> float:
    """Return the ratio of the key range read to the key range wanted."""
    wanted = read = dt.timedelta()
    for window in windows:
        reach = planner.reach(window)
        if reach.start is None or reach.end is None:
            return 1.0
        wanted += window.end - window.start
        read += reach.end - reach.start
    return read / wanted if wanted else 1.0


def costs(
    items_read: float,
    units_per_item: float,
    description: SourceDescription,
    values: int,
    assumed: Assumptions,
    *,
    is_recoverable: bool | None = None,
) -> tuple[Cost, ...]:
    """Return what an index query, a scan of the table and a native export of it would cost.

    `is_recoverable` is whether point-in-time recovery is on; None if that is not known.
    """
    units = items_read * units_per_item
    # Types are learned from the first and last page of each partition value, of which the first is not read again.
    looks = FULL_PAGE_UNITS * values if units / max(values, 1) > FULL_PAGE_UNITS else 0.0
    remark = "the days wanted, and what `export` does"
    query = _read("index query", units + looks, items_read, assumed, remark, description.provisioned_read_units)
    return query, *table_costs(description, assumed, is_recoverable=is_recoverable)


def table_costs(
    description: SourceDescription, assumed: Assumptions, *, is_recoverable: bool | None = None
) -> tuple[Cost, Cost]:
    """Return what a scan of the table and a native export of it would cost; `is_recoverable` as for `costs`."""
    whole, native = "always the whole table", "the whole table, read by `backfill --source table-export`"
    if not description.table_bytes:
        return Cost("table scan", None, None, None, whole), Cost("export to S3", None, None, None, native)
    scan = description.table_bytes / prices.READ_UNIT_BYTES
    gigabytes = description.table_bytes / prices.GB
    exported = gigabytes * assumed.dollars_per_exported_gb
    arithmetic = f"{gigabytes:,.3f} GB x ${assumed.dollars_per_exported_gb:g} a GB"
    if is_recoverable is False:
        exported += gigabytes * prices.DOLLARS_PER_RECOVERABLE_GB
        arithmetic += f" + {gigabytes:,.3f} GB x ${prices.DOLLARS_PER_RECOVERABLE_GB:g} for a month of recovery"
    return (
        _read("table scan", scan, description.table_items, assumed, whole, description.table_read_units),
        Cost(
            "export to S3", 0.0, exported, None, f"{native}; {RECOVERY[is_recoverable]}", arithmetic,
            _task_dollars(description.table_items), LOSES["export to S3"],
            is_ready=is_recoverable is True,
        ),
    )  # fmt: skip


RECOVERY = {
    None: "needs point-in-time recovery",
    True: "point-in-time recovery is on",
    False: "point-in-time recovery is off, and a month of it is counted",
}

LOSES: dict[Way, str] = {
    "index query": "when an item was deleted",
    "table scan": "when an item was deleted, nor any day before the whole table has been read and sorted",
    "changes": "a day that was never exported, nor more than the first and last state of an item in a window",
    "export to S3": "when an item was deleted, nor what was written after its time; DynamoDB promises no duration",
}


def _task_dollars(items: float) -> float:
    return items / ITEMS_PER_SECOND / 3600 * prices.DOLLARS_PER_TASK_HOUR


def _read(way: Way, units: float, items: float, assumed: Assumptions, remark: str, provisioned: int | None) -> Cost:
    """`provisioned` are the read units a second that there are; None for on-demand."""
    seconds = [items / ITEMS_PER_SECOND, units / FULL_PAGE_UNITS * SECONDS_PER_PAGE / assumed.ranges]
    seconds += [units / ceiling for ceiling in (assumed.max_read_units, provisioned) if ceiling]
    dollars = units / 1_000_000 * assumed.dollars_per_million_read_units
    arithmetic = f"{units:,.1f} read units x ${assumed.dollars_per_million_read_units:g} a million"
    minutes = round(max(seconds) / 60, 2)
    return Cost(way, round(units, 1), dollars, minutes, remark, arithmetic, _task_dollars(items), LOSES[way])


def dollars_text(amount: float | None) -> str:
    """Return dollars for people; "-" where they are not known."""
    if amount is None:
        return "-"
    return f"${amount:,.2f}" if amount >= 0.01 or amount == 0 else f"${amount:.6f}"

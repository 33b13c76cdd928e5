"""`exporter discover`: reads a sample of a table and returns a proposal for its dataset file."""

import datetime as dt
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace

from dataset_model import Dataset, IndexSource
from exporter.clients import Clients
from exporter.discovery.naming import snake_case
from exporter.discovery.profile import Item, Sampled, items_of, sampled
from exporter.discovery.proposal import Proposal, proposed_columns, proposed_format, today_next_year
from exporter.discovery.table_survey import MOST_VALUES, IndexKeys, index_keys, partition_values, table_keys
from exporter.errors import UsageError
from exporter.planning.key_ranges import EVERY_KEY
from exporter.sources.description import describe_source
from exporter.sources.index import Index
from exporter.sources.item_bodies import WholeBodies
from exporter.sources.rate_limiter import RateLimiter
from exporter.sources.table_scan import TableScan

SAMPLED_SEGMENTS = 8
"""Segments of a table of which the first page, of at most 128 read units, is read."""

SAMPLED_VALUES = 20
"""Most partition values of which pages are read: two pages of at most 128 read units each."""


@dataclass(frozen=True)
class Discovery:
    """A proposal and the sample that it rests on."""

    proposal: Proposal
    sample: Sampled
    read_units: float


@dataclass(frozen=True)
class DiscoveryRequest:
    """The table to look at."""

    region: str
    table: str
    index: str | None
    """None: the table's only one."""
    values: tuple[str, ...] = ()
    """Partition values; none: those that a bounded scan finds."""
    scan: bool = False
    """Scan for further values, although some are given."""
    date_format: str | None = None
    """Preferred where others read no more."""
    date_attribute: str | None = None
    """Attribute with the time, for a table that is scanned; None: an index is read."""


def discover(request: DiscoveryRequest, now: dt.datetime) -> Discovery:
    """Return the proposal for a table; raise UsageError where it has no partition values, or too many."""
    clients, limiter = Clients(request.region), RateLimiter(1)
    if request.date_attribute is not None:
        keys = table_keys(clients.dynamodb, request.table, request.date_attribute)
        return _discovery(request, keys, _first_pages(clients, keys.table, limiter), limiter, now)
    keys = index_keys(clients.dynamodb, request.table, request.index)
    wanted, reason, scanned = request.values, "as given", 0.0
    if request.scan or not wanted:
        met = partition_values(clients.dynamodb, keys)
        wanted, scanned = tuple(dict.fromkeys((*wanted, *met.values))), met.units
        reason = _scan_reason(met.items, complete=met.complete)
    if not wanted:
        raise UsageError(
            f"index {keys.index} of table {keys.table} is empty, so no dataset can be proposed. Load items first, "
            "or choose another index"
        )
    if len(wanted) > MOST_VALUES:
        raise UsageError(
            f"index {keys.index} has more than {MOST_VALUES} partition values, such as {', '.join(wanted[:3])}: name "
            "those to export by --partition-value, or take an index with few partition values"
        )
    limiter.units = scanned
    bodies = _bodies(clients, keys, wanted, limiter)
    return _discovery(request, keys, bodies, limiter, now, wanted, reason)


def _discovery(
    request: DiscoveryRequest,
    keys: IndexKeys,
    bodies: Sequence[bytes],
    limiter: RateLimiter,
    now: dt.datetime,
    wanted: tuple[str, ...] = (),
    reason: str = "",
) -> Discovery:
    latest = today_next_year(now)
    items = items_of(bodies, keys.table_key)
    sample = sampled(items, latest)
    if not keys.index:
        keys = _with_type(keys, sample)
    date_format, date_reason = proposed_format(_sort_keys(items, keys), keys, latest.year, request.date_format)
    proposal = Proposal(
        name=snake_case(keys.table),
        keys=keys,
        partition_values=wanted,
        values_reason=reason,
        date_format=date_format,
        date_reason=date_reason,
        columns=proposed_columns(sample, keys, date_format),
        items=sample.items,
    )
    return Discovery(proposal, sample, round(limiter.units, 1))


def _with_type(keys: IndexKeys, sample: Sampled) -> IndexKeys:
    """Return a table's keys with the type that most values of the date attribute have."""
    found = sample.attributes.get(keys.sort_key)
    kinds = {kind: found.kinds[kind] for kind in ("S", "N")} if found else {}
    if not any(kinds.values()):
        raise UsageError(
            f"no item sampled from table {keys.table} has a text or a number in {keys.sort_key}; it has: "
            f"{', '.join(sorted(sample.attributes)) or 'no items'}. Correct --date-attribute"
        )
    return replace(keys, sort_key_type=max(kinds, key=lambda kind: kinds[kind]))


def _first_pages(clients: Clients, table: str, limiter: RateLimiter) -> list[bytes]:
    """Return the first page of some segments of a table."""
    scan = TableScan(clients.dynamodb, table, None, None, limiter, threading.Event())
    pages = [scan.page(segment, SAMPLED_SEGMENTS) for segment in range(SAMPLED_SEGMENTS)]
    return [body for page in pages for _, body in WholeBodies().split(page.items)]


def _scan_reason(items: int, *, complete: bool) -> str:
    if complete:
        return f"all values, in {items:,} items scanned"
    return f"those found in {items:,} items scanned from every part of the index; there may be more"


def _bodies(clients: Clients, keys: IndexKeys, values: Sequence[str], limiter: RateLimiter) -> list[bytes]:
    """Return the first and last page of each value; a first page that is everything stands alone."""
    source = IndexSource(
        table=keys.table,
        index=keys.index,
        partition_key=keys.partition_key,
        partition_values=tuple(values),
        sort_key=keys.sort_key,
        date_format="EPOCH" if keys.sort_key_type == "N" else "ISO",
    )
    dataset = Dataset(name="discovered", source=source)
    index = Index(clients.dynamodb, dataset, describe_source(clients.dynamodb, dataset), limiter)
    bodies: list[bytes] = []
    for value in values[:SAMPLED_VALUES]:
        first = index.first_page(value, EVERY_KEY)
        bodies += first.bodies
        if first.more:
            bodies += index.last_page(value, EVERY_KEY).bodies
    return bodies


def _sort_keys(items: Sequence[Item], keys: IndexKeys) -> list[str]:
    found = [item.get(keys.sort_key) for item in items]
    return [text for value in found if value is not None and (text := value.N or value.S)]

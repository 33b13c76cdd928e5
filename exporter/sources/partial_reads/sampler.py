"""A reach of the index flows in, an estimate of its items from a few small pages flows out."""

import datetime as dt
from dataclasses import dataclass

import msgspec

from dataset_model import Dataset
from exporter.errors import UnreadableDate
from exporter.planning.planner import Planner, Reach
from exporter.planning.sort_key import SortKey
from exporter.sources.index import Index

MOST_VALUES = 3
"""Partition values that are sampled; the others count as their mean."""

ITEMS_PER_PAGE = 200
"""A page of items of 1 KB each costs 25 read units."""

_HOUR = dt.timedelta(hours=1)


class _Key(msgspec.Struct):
    S: str | None = None
    N: str | None = None


class _Page(msgspec.Struct):
    Items: list[dict[str, msgspec.Raw]] = []
    LastEvaluatedKey: dict[str, msgspec.Raw] | None = None
    ConsumedCapacity: dict[str, msgspec.Raw] = {}


_page = msgspec.json.Decoder(_Page)
_key = msgspec.json.Decoder(_Key)


@dataclass(frozen=True)
class Samples:
    """What the sampled pages say."""

    pages: int
    items: int
    units: float
    items_in_reach: float
    """Estimated items of every partition value in the reach."""
    items_in_window: float
    """Those that belong to the reach's own days; with an open reach, all of them."""
    complete: bool
    """Whether the pages held everything, so that the numbers are exact."""


class Sampler:
    """Samples one index."""

    def __init__(self, index: Index, dataset: Dataset, sort_key: SortKey, planner: Planner) -> None:
        self._index = index
        self._values = dataset.source.partition_values
        self._attribute = dataset.source.sort_key
        self._sort_key = sort_key
        self._planner = planner
        self._pages = self._items = 0

    def sample(self, reach: Reach) -> Samples:
        """Return what the first page of each sampled value says, and the last where the reach is open."""
        units = self._index.limiter.units
        self._pages = self._items = 0
        sampled = self._values[:MOST_VALUES]
        found = [self._of_value(value, reach) for value in sampled]
        scale = len(self._values) / len(sampled)
        return Samples(
            pages=self._pages,
            items=self._items,
            units=self._index.limiter.units - units,
            items_in_reach=sum(in_reach for in_reach, _, _ in found) * scale,
            items_in_window=sum(in_window for _, in_window, _ in found) * scale,
            complete=all(is_whole for _, _, is_whole in found) and len(sampled) == len(self._values),
        )

    def _of_value(self, value: str, reach: Reach) -> tuple[float, float, bool]:
        """Return a value's items in the reach and in its window, and whether they were all seen."""
        ranges = self._planner.ranges(reach)
        first = self._look(self._index.first_items(value, ranges[0], ITEMS_PER_PAGE))
        window = reach.window
        if len(ranges) == 1 and first.LastEvaluatedKey is None:
            instants = self._instants(first)
            inside = sum(window.start <= instant < window.end for instant in instants) if window else len(first.Items)
            return len(first.Items), inside, True
        last = self._look(self._index.last_items(value, ranges[-1], ITEMS_PER_PAGE))
        densities = [density for page in (first, last) if (density := self._density(page)) is not None]
        begun, ended = self._instants(first)[:1], self._instants(last)[:1]
        start = reach.start or (begun[0] if begun else None)
        end = reach.end or (ended[0] if ended else None)
        if not densities or start is None or end is None:
            seen = float(len(first.Items) + len(last.Items))
            return seen, seen, False
        density = sum(densities) / len(densities)
        in_reach = density * max((end - start) / _HOUR, 1.0)
        return in_reach, density * ((window.end - window.start) / _HOUR) if window else in_reach, False

    def _look(self, body: bytes) -> _Page:
        page = _page.decode(body)
        self._pages += 1
        self._items += len(page.Items)
        return page

    def _density(self, page: _Page) -> float | None:
        """Return items per hour, or None where a page spans no time."""
        instants = self._instants(page)
        hours = (max(instants) - min(instants)) / _HOUR if instants else 0
        return (len(instants) - 1) / hours if hours > 0 else None

    def _instants(self, page: _Page) -> list[dt.datetime]:
        found: list[dt.datetime] = []
        for item in page.Items:
            key = _key.decode(item[self._attribute])
            text = key.N if self._sort_key.attribute_type == "N" else key.S
            try:
                found.append(self._sort_key.instant(text or ""))
            except UnreadableDate:
                continue
        return found

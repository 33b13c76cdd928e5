"""The index as a source: a reach of days flows in, decoded pages of its pieces flow out, each item read once.

First pages that the sample has read are reused, so that they are neither read nor paid for again.
"""

import datetime as dt
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import pyarrow as pa
import pyarrow.compute as pc

from dataset_model import Dataset
from exporter.decoding.batch import DAY, DecodedPage
from exporter.decoding.decoder import PageDecoder
from exporter.decoding.page import texts_at_ends
from exporter.decoding.schema import kinds_in_page
from exporter.planning.key_ranges import KeyRange
from exporter.planning.planner import Piece, Planner, Reach, Stretch
from exporter.planning.window import DayStride, Window
from exporter.sources.base import Capabilities
from exporter.sources.description import SourceDescription
from exporter.sources.index import Index, Sample

_EARLIEST = dt.date(2000, 1, 1)
_EARLIEST_REACH = Reach(None, dt.datetime(1999, 12, 31, tzinfo=dt.UTC), None)  # a key of that day, with any offset
_PROBED_ITEMS = 50  # the first of which may be unreadable

CACHED_SAMPLES = 32
"""Most sampled pages, of at most 1 MB each, that are cached because they would be read again."""


@dataclass(frozen=True)
class _FirstPage:
    """A partition value's first page: no key is before its first item, and all keys up to its last are in it."""

    body: bytes | None
    """None once it has been used."""
    first: str
    """The first item's sort key."""
    last: str
    """As `first`."""


class QueriedIndex:
    """One index as a source."""

    def __init__(self, index: Index, dataset: Dataset, planner: Planner) -> None:
        self._index = index
        self._values = dataset.source.partition_values
        self._sort_attribute = dataset.source.sort_key
        self._zone = dataset.zone
        self._planner = planner
        self._answers: dict[str, bytes] = {}
        self._claimed: dict[tuple[int, int], bytes] = {}
        self._first: dict[str, _FirstPage] = {}
        self._ends: dict[str, list[dt.date]] = {}
        self._lock = threading.Lock()

    @property
    def description(self) -> SourceDescription:
        """What DescribeTable says about the index."""
        return self._index.description

    @property
    def capabilities(self) -> Capabilities:
        """A key that sorts allows single days; a query for keys counts them; an index shows no deletion."""
        return Capabilities(
            sorted_by_time=self._planner.sort_key.sorts, in_key_order=True, cheap_count=True, deletes=False
        )

    @property
    def concurrency(self) -> int:
        """Pieces that are read at the same time."""
        return self._index.limiter.most

    def kinds(self, reach: Reach) -> dict[str, set[str]]:
        """Return attribute -> DynamoDB types on the first and last page of each partition value.

        First pages are cached. Of those that are not the whole answer, density and days are remembered.
        """
        found: dict[str, set[str]] = {}
        self._answers, self._first, self._ends = {}, {}, {}
        ranges = self._planner.ranges(reach)
        with ThreadPoolExecutor(self.concurrency, thread_name_prefix="sample") as pool:
            for kinds in pool.map(lambda value: self._sampled(value, ranges), self._values):
                for attribute, tags in kinds.items():
                    found.setdefault(attribute, set()).update(tags)
        return found

    def _sampled(self, value: str, ranges: tuple[KeyRange, ...]) -> dict[str, set[str]]:
        first = self._index.first_page(value, ranges[0])
        bodies = [*first.bodies]
        if len(ranges) > 1 or first.more:
            last = self._index.last_page(value, ranges[-1])
            bodies += last.bodies
            self._look_at_ends(value, first, last.bodies[0], whole=len(ranges) == 1)
        elif len(bodies) == 1:
            with self._lock:
                if self._may_cache:
                    self._answers[value] = bodies[0]
        found: dict[str, set[str]] = {}
        for body in bodies:
            for attribute, tags in kinds_in_page(body).items():
                found.setdefault(attribute, set()).update(tags)
        return found

    @property
    def _may_cache(self) -> bool:
        return len(self._answers) + len(self._first) < CACHED_SAMPLES

    def _look_at_ends(self, value: str, first: Sample, last: bytes, *, whole: bool) -> None:
        """Learn from a first and a last page; with `whole`, the keys between them are one range."""
        key = self._planner.sort_key
        ends = [
            texts_at_ends(body, self._sort_attribute, key.attribute_type, _PROBED_ITEMS)
            for body in (first.bodies[0], last)
        ]
        if len(first.bodies) == 1:
            begun, ended = ends[0]
            self._planner.learn_page(value, first.units, begun, ended)
            with self._lock:
                if whole and self._may_cache and len(begun):
                    self._first[value] = _FirstPage(first.bodies[0], begun[0].as_py(), ended[-1].as_py())
        days = [_extent(key.days(texts)) for texts, _ in ends]
        if all(days):
            self._ends[value] = [day for found in days for day in found]

    def extent(self, decoder: PageDecoder, latest: dt.date) -> Window | None:
        """Return the days between the first and last readable item of the index, or None where it has none.

        `latest` stands for the last day where the last items have no readable one.
        """
        ranges = self._planner.ranges(_EARLIEST_REACH)
        days: list[dt.date] = []
        for value in self._values:
            if value in self._answers:
                days += _days_of(decoder.decode(self._answers[value]), _EARLIEST)
                continue
            if value in self._ends:
                days += self._ends[value]
                continue
            days += self._probed(value, decoder, self._index.first_items, ranges, _EARLIEST)
            days += self._probed(value, decoder, self._index.last_items, ranges[::-1], latest)
        return Window(min(days), max(days), self._zone) if days else None

    def _probed(
        self,
        value: str,
        decoder: PageDecoder,
        probe: Callable[[str, KeyRange, int], bytes],
        ranges: Iterable[KeyRange],
        unreadable: dt.date,
    ) -> list[dt.date]:
        for keys in ranges:
            if days := _days_of(decoder.decode(probe(value, keys, _PROBED_ITEMS)), unreadable):
                return days
        return []

    def splits(self, reach: Reach, extent: Window | None, stride: DayStride) -> Iterator[Stretch]:
        """Yield the stretches of a reach in key order; `extent` stands for the window if the reach has none."""
        for stretch in self._planner.stretches(reach, extent, stride):
            for piece in stretch.pieces:
                self._claim(piece)
            yield stretch

    def _claim(self, piece: Piece) -> None:
        """Give a cached answer to the first piece of its value; the others have nothing to read.

        If a later stretch used it, the days of the first would be published without its rows.
        """
        if (body := self._answers.get(piece.value)) is not None:
            self._claimed[piece.order] = body
            self._answers[piece.value] = b""

    def pages(self, split: Piece, decoder: PageDecoder) -> Iterator[DecodedPage]:
        """Yield the decoded pages of a piece, in key order."""
        cached = self._claimed.pop(split.order, None)
        if cached is not None:
            if cached:
                yield decoder.decode(cached)
            return
        units, items = 0.0, 0
        for keys in split.ranges:
            first, is_empty = self._first_page(split.value, keys)
            if not is_empty:
                for page in self._index.pages(split.value, keys, decoder, first):
                    units += page.read_units
                    items += page.items
                    yield page
        # Keys outside a value's first and last item are empty, which shows nothing about those between.
        if items and split.hours is not None:
            self._planner.density.learn(split.value, units, split.hours)

    def _first_page(self, value: str, keys: KeyRange) -> tuple[bytes | None, bool]:
        """Return the first page of a range if it has been read, once; and whether it showed that there is none."""
        kind = self._planner.sort_key.attribute_type
        with self._lock:
            found = self._first.get(value)
            place = keys.place_of(found.first, kind) if found else -1
            if found is None or place:
                return None, place > 0
            self._first[value] = replace(found, body=None)
        # A page that reaches further holds items of the next range, too, and is read again.
        return None if keys.place_of(found.last, kind) else found.body, False


def _days_of(page: DecodedPage, unreadable: dt.date) -> list[dt.date]:
    """Return the first and last day on a page; `unreadable` if it holds items and no readable day."""
    if page.items_by_day:
        return [min(page.items_by_day), max(page.items_by_day)]
    return _extent(page.rows.column(DAY)) or ([unreadable] if page.items else [])


def _extent(days: pa.Date32Array) -> list[dt.date]:
    """Return the first and last day that is not null, if any is."""
    found = pc.min_max(days).as_py()
    return [] if found["min"] is None else [found["min"], found["max"]]
